//! Whoever cuts the power in the middle of a challenge has failed it: no order is drawn for nothing.

use crate::challenge::{Visitor, asked, board, settings};
use crate::simulation::engine::Pose;
use crate::simulation::{
    Board, World,
    rules::{denials, set_rule, two_factors},
    supply::Cut,
};
use policy::Reason;
use protocol::{Limits, Matching, Request, Settings};
use std::sync::atomic::Ordering::Relaxed;

/// A board with the challenge active, where Ann is locked out for an hour after so many failures.
fn guarded(failures: u8) -> Board {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let limits = Limits { failures, lockout_ms: 3_600_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
    });
    board
}

/// Shows a face until a gesture is asked of it, and returns whether one was. Then the power is cut, or at an operation before.
fn begins(board: &mut Board, person: u8, cut: Option<Cut>) -> bool {
    let supply = board.supply.clone();
    supply.cut.set(None);
    board.boot(async |world: &mut World| {
        world.wait(1_500).await;
        supply.operations.set(0);
        supply.cut.set(cut);
        stands_until_asked(world, person).await
    })
}

async fn stands_until_asked(world: &mut World, person: u8) -> bool {
    let mut visitor = Visitor::of(person);
    for _ in 0..40 {
        visitor.step(world, Pose::default()).await;
        if asked(world).is_some() {
            return true;
        }
    }
    false
}

/// Whether Ann, who does what is asked, comes in. The power is cut this long after.
fn passes(board: &mut Board, after_ms: u64) -> bool {
    board.supply.cut.set(None);
    board.boot(async |world: &mut World| {
        Visitor::default().visit(world, 150, Some).await;
        let opens = world.is_open();
        world.wait(after_ms).await;
        opens
    })
}

#[test]
fn a_power_cut_at_any_operation_of_a_challenge_is_a_failure_or_nothing_was_shown() {
    let whole = guarded(1);
    assert!(passes(&mut whole.copy(), 0));
    let (mut shown, mut hidden) = (0, 0);
    for operation in 1.. {
        let mut board = whole.copy();
        let is_shown = begins(&mut board, 1, Some(Cut { operation, half: operation % 2 == 0 }));
        let over = board.supply.is_on();
        if is_shown {
            shown += 1;
            assert!(!passes(&mut board, 0), "operation {operation}: an order for nothing");
        } else {
            hidden += 1;
        }
        if over {
            break;
        }
    }
    assert!(shown > 0 && hidden > 0, "{shown} shown, {hidden} not");
}

#[test]
fn cuts_in_the_boots_that_follow_take_no_failure_back() {
    let mut whole = guarded(1);
    assert!(begins(&mut whole, 1, None));
    for operation in 1.. {
        let mut board = whole.copy();
        let supply = board.supply.clone();
        supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
        board.boot(async |world: &mut World| world.wait(1_500).await);
        let over = supply.is_on();
        assert!(!passes(&mut board, 0), "operation {operation}");
        if over {
            break;
        }
    }
}

/// As many orders as failures, whatever is cut.
#[test]
fn so_many_power_cuts_lock_out_whose_face_was_asked() {
    let mut board = guarded(4);
    for _ in 0..4 {
        assert!(begins(&mut board.copy(), 1, None) && passes(&mut board.copy(), 0));
        assert!(begins(&mut board, 1, None));
    }
    assert!(!passes(&mut board, 0));
}

#[test]
fn who_passed_has_no_failure_and_a_cut_at_once_is_one_until_they_come_in_again() {
    let mut board = guarded(1);
    for _ in 0..3 {
        assert!(passes(&mut board, 1_000), "its end is in flash");
    }
    let mut board = guarded(2);
    for _ in 0..5 {
        assert!(passes(&mut board, 0), "failures do not add up");
    }
}

#[test]
fn a_restart_on_request_in_the_middle_is_nobodys_failure() {
    let mut board = guarded(1);
    board.boot(async |world: &mut World| {
        assert!(stands_until_asked(world, 1).await);
        world.host.ask(Request::Reboot).await.unwrap();
        world.wait(1_000).await;
        assert_eq!(world.wires.restarts.get(), 1);
    });
    assert!(passes(&mut board, 0));
}

/// A boot does not know which faces it would pass over.
#[test]
fn a_face_that_looks_like_nobody_is_asked_nothing_while_those_are_locked_out() {
    let mut board = guarded(2);
    for _ in 0..2 {
        assert!(begins(&mut board, 9, None));
    }
    for _ in 0..2 {
        assert!(!begins(&mut board, 9, None), "an order for nothing");
    }
    assert!(passes(&mut board, 0), "and nobody else is slowed");
}

/// Else orders could be drawn during a lockout, for nothing, until one suits a recording.
#[test]
fn whoevers_face_is_locked_out_is_asked_nothing() {
    let mut board = guarded(1);
    assert!(begins(&mut board, 1, None));
    board.boot(async |world: &mut World| {
        assert!(!stands_until_asked(world, 1).await);
        let reasons = denials(world, &mut 0).await;
        assert!(reasons.contains(&(Some(1), Reason::LockedOut)), "{reasons:?}");
        world.wait(3_600_000).await;
        assert!(stands_until_asked(world, 1).await);
    });
}

/// Else whoever opens the cover sees as many orders as they like, and closes it when one suits a recording.
#[test]
fn an_open_cover_draws_no_order_and_fails_a_challenge_that_is_under_way() {
    let mut board = guarded(1);
    board.boot(async |world: &mut World| {
        world.wires.cover.set(true);
        world.wait(100).await;
        assert!(!stands_until_asked(world, 1).await, "an order for nothing");
        world.wires.cover.set(false);
        world.wait(100).await;
        assert!(stands_until_asked(world, 1).await);
        world.wires.cover.set(true);
        world.wait(100).await;
        assert_eq!(asked(world), None);
        world.wires.cover.set(false);
        world.wait(100).await;
        assert!(!stands_until_asked(world, 1).await, "who was asked has failed, and is locked out");
    });
    let mut board = guarded(1);
    board.boot(async |world: &mut World| {
        assert!(stands_until_asked(world, 1).await);
        world.wires.cover.set(true);
        world.wait(100).await;
    });
    assert!(!passes(&mut board, 0), "also where the power is cut before it is closed");
}

#[test]
fn nothing_is_asked_while_it_cannot_be_counted() {
    let mut board = guarded(1);
    board.boot(async |world: &mut World| {
        world.supply.broken.set(Some("settings"));
        assert!(!stands_until_asked(world, 1).await);
        world.supply.broken.set(None);
        assert!(stands_until_asked(world, 1).await);
    });
}

/// Where a PIN comes first, it is the failure of whoever's PIN it was, whatever face was shown.
#[test]
fn after_a_pin_a_power_cut_is_a_failure_of_who_was_claimed() {
    let mut board = guarded(1);
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
        let limits = Limits { failures: 1, lockout_ms: 3_600_000, ..Limits::default() };
        let settings = Settings { limits, matching: Matching::Verify, ..settings() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
    });
    let enters = |board: &mut Board| {
        board.boot(async |world: &mut World| {
            world.type_keys("1234#").await;
            Visitor::default().visit(world, 150, Some).await;
            world.is_open()
        })
    };
    assert!(enters(&mut board.copy()));
    board.boot(async |world: &mut World| {
        world.type_keys("1234#").await;
        assert!(stands_until_asked(world, 9).await);
    });
    assert!(!enters(&mut board));
}

/// Failures of faces are written as often as their ration has it. The record of a challenge goes when its failure is in flash.
#[test]
fn a_failure_that_waits_to_be_written_leaves_the_record_of_its_challenge() {
    let whole = guarded(100);
    let fails_in_vain = |board: &mut Board, then_ms: u64| {
        let counter = board.counter.clone().unwrap();
        board.boot(async |world: &mut World| {
            for failure in 0.. {
                assert!(failure < 90, "each of them was written");
                let before = counter.load(Relaxed);
                assert!(stands_until_asked(world, 1).await, "{failure}");
                world.glance(0).await;
                world.wait(4_000).await;
                if counter.load(Relaxed) == before {
                    break;
                }
            }
            world.wait(then_ms).await;
        });
    };
    // Where failures may have waited, everybody is one failure below the limit, and the record is that one.
    let mut board = whole.copy();
    fails_in_vain(&mut board, 0);
    assert!(!passes(&mut board, 0), "the boot counts it");
    let mut board = whole.copy();
    fails_in_vain(&mut board, 900_000);
    assert!(passes(&mut board, 0), "it was written, and the record went");
}

#[test]
fn a_challenge_wears_little_flash_and_no_counter() {
    let mut board = guarded(10);
    let (counter, supply) = (board.counter.clone().unwrap(), board.supply.clone());
    board.boot(async |world: &mut World| {
        world.wait(1_500).await;
        let before = counter.load(Relaxed);
        supply.trace.replace(Some(Vec::new()));
        Visitor::default().visit(world, 150, Some).await;
        assert!(world.is_open());
        world.wait(1_000).await;
        let trace = supply.trace.replace(None).unwrap();
        let bytes: usize = trace.iter().filter(|(of, _)| *of == "settings").map(|(_, bytes)| bytes).sum();
        assert!((1..=140).contains(&bytes), "{bytes}");
        assert_eq!(counter.load(Relaxed), before);
    });
}
