//! A rule that was lost for a boot, and is there again beside the one that its person was given meanwhile.

use crate::simulation::rules::{board, code, comes, set_rule, two_factors};
use crate::simulation::{Board, World, supply::Cut};
use crate::stored_rules::{records, suspend};
use audit::Kind;
use policy::Rule;
use protocol::{Error, Name, Request};

/// A rule that Ann is given in place of a lost one.
fn another() -> Rule {
    Rule { pin: code("7777"), duress_pin: None, ..two_factors() }
}

/// The record of a rule cannot be read for a boot, as flash failed or somebody damaged it, and can be read later. The rule that was
/// given meanwhile has another place. So Ann has two.
fn board_with_two_rules_of_ann() -> Board {
    let mut board = board();
    let before = board.settings.clone();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
    });
    let lost = records(&board.settings, &before, 0x0300);
    let flip = |settings: &mut [u8]| lost.iter().for_each(|at| settings[at + 10] = !settings[at + 10]);
    flip(&mut board.settings);
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", another()).await.unwrap();
        suspend(world, "Ann", true).await.unwrap();
    });
    flip(&mut board.settings);
    board
}

/// By the rule of before nobody passes.
#[test]
fn a_lost_rule_that_comes_back_beside_the_one_that_was_given_since_counts_no_more() {
    let mut board = board_with_two_rules_of_ann();
    board.boot(async |world: &mut World| {
        let faults = world.host.kinds().await.into_iter().filter(|kind| *kind == Kind::Fault);
        assert_eq!(faults.count(), 2, "one where it was lost, and one now");
        assert!(!comes(world, 1).await);
        for pin in ["1234#", "7777#"] {
            world.type_keys(pin).await;
            assert!(!world.is_open(), "{pin}");
        }
        let name = Name::try_from("Ann").unwrap();
        assert_eq!(world.host.ask(Request::GetRule { name }).await, Err(Error::RuleLost));
        assert!(comes(world, 2).await, "nobody else is touched");
        set_rule(world, "Ann", another()).await.unwrap();
        suspend(world, "Ann", false).await.unwrap();
    });
    board.boot(async |world: &mut World| {
        assert!(!comes(world, 1).await);
        world.type_keys("1234#").await;
        assert!(!world.is_open(), "the PIN of before");
        assert!(!comes(world, 1).await);
        world.type_keys("7777#").await;
        assert!(world.is_open());
    });
}

/// Ann is to need no more than her face, and the power is cut: the rule of before is not left alone.
#[test]
fn no_cut_while_two_rules_are_taken_away_leaves_one_of_them() {
    let whole = board_with_two_rules_of_ann();
    for operation in 1.. {
        let mut board = whole.copy();
        let supply = board.supply.clone();
        board.boot(async |world: &mut World| {
            world.wait(1_500).await;
            supply.operations.set(0);
            supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
            let _ = set_rule(world, "Ann", Rule::default()).await;
        });
        let over = supply.is_on();
        supply.cut.set(None);
        board.boot(async |world: &mut World| {
            if comes(world, 1).await {
                return;
            }
            for pin in ["1234#", "7777#"] {
                world.type_keys(pin).await;
                assert!(!world.is_open(), "operation {operation}: {pin}");
            }
        });
        if over {
            break;
        }
    }
}
