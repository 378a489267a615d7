//! A removal that fails half-way, or is cut short: who is gone passes no more, and their PIN is somebody else's.

use crate::simulation::rules::{board, code, comes, denials, set_rule, settings, two_factors};
use crate::simulation::{Board, World, engine, supply::Cut};
use policy::{Reason, Rule};
use protocol::{Error, Limits, Matching, Name, Request, Response, Settings};

fn remove() -> Request<'static> {
    Request::Remove { name: Name::try_from("Ann").unwrap() }
}

/// A board on which Ann has a PIN.
fn with_a_pin() -> Board {
    let mut board = board();
    board.boot(async |world: &mut World| set_rule(world, "Ann", two_factors()).await.map(drop)).unwrap();
    board
}

#[test]
fn whoever_was_asked_for_a_pin_and_is_removed_does_not_pass_wherever_flash_fails() {
    let whole = with_a_pin();
    let (mut stayed, mut gone) = (0, 0);
    for operations in 0.. {
        let done = whole.copy().boot(async |world: &mut World| {
            assert!(!comes(world, 1).await, "the PIN is asked for");
            world.supply.lasts.set(Some(("gallery", operations)));
            let reply = world.host.ask(remove()).await;
            world.supply.lasts.set(None);
            let is_there = world.host.users().await.contains(&"Ann".to_owned());
            world.type_keys("1234#").await;
            assert!(!world.is_open(), "{operations}: what was asked before counts no more");
            assert!(!comes(world, 1).await, "{operations}: her face asks for the PIN, or is nobody's");
            if is_there {
                stayed += 1;
                return false;
            }
            gone += u32::from(reply.is_err());
            set_rule(world, "Bob", Rule { pin: code("1234"), ..Rule::default() }).await.unwrap();
            let settings = Settings { matching: Matching::Verify, ..settings() };
            world.host.ask(Request::SetSettings(settings)).await.unwrap();
            world.type_keys("1234#").await;
            assert!(comes(world, 2).await, "{operations}: the PIN is free at once");
            reply.is_ok()
        });
        if done {
            break;
        }
    }
    assert!(stayed > 0 && gone > 0, "{stayed} removals failed before she was gone, {gone} after");
}

#[test]
fn the_pin_of_a_removal_that_was_cut_short_is_free_for_somebody_else() {
    let mut whole = with_a_pin();
    whole.boot(async |world: &mut World| {
        let settings = Settings { matching: Matching::Verify, ..settings() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
    });
    let mut cut_short = 0;
    for operation in 1.. {
        let mut board = whole.copy();
        let supply = board.supply.clone();
        board.boot(async |world: &mut World| {
            // What the boot itself writes is no part of it.
            world.wait(100).await;
            supply.operations.set(0);
            supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
            let _ = world.host.ask(remove()).await;
        });
        let cut = !supply.is_on();
        supply.cut.set(None);
        board.boot(async |world: &mut World| {
            if world.host.users().await.contains(&"Ann".to_owned()) {
                return;
            }
            cut_short += u32::from(cut);
            set_rule(world, "Bob", Rule { pin: code("1234"), ..Rule::default() }).await.unwrap();
            world.type_keys("1234#").await;
            assert!(comes(world, 2).await, "operation {operation}: the PIN is Bob's");
            assert!(!comes(world, 1).await);
        });
        if !cut {
            break;
        }
    }
    assert!(cut_short > 1, "{cut_short} cuts after she was gone");
}

/// The board after somebody damaged Ann's record, so that she is unknown.
fn unknown(whole: &Board) -> Board {
    let users = async |world: &mut World| world.host.ask(Request::ListUsers { from: 0 }).await;
    let knows_bob_alone = async |world: &mut World| match users(world).await {
        Ok(Response::Users { users, .. }) => users.len() == 1 && users[0].name == *"Bob",
        _ => false,
    };
    let written = (0..whole.gallery.len()).filter(|at| whole.gallery[*at] != 0xff);
    let lost = written.step_by(5).find_map(|at| {
        let mut board = whole.copy();
        board.gallery[at] ^= 1;
        board.boot(knows_bob_alone).then_some(board)
    });
    lost.expect("a byte of Ann's record")
}

/// The board after a boot in which Ann was unknown, and her record was put back.
fn unknown_for_a_boot(whole: &Board) -> Board {
    let mut board = unknown(whole);
    board.boot(async |world: &mut World| world.wait(2_000).await);
    board.gallery.clone_from(&whole.gallery);
    board
}

/// Who writes flash makes a person unknown for a boot: their rule is there when they are known again.
#[test]
fn whoever_is_unknown_for_a_boot_comes_back_with_their_rule() {
    let mut board = unknown_for_a_boot(&with_a_pin());
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.users().await, ["Ann", "Bob"]);
        assert!(!comes(world, 1).await, "not by her face alone");
        world.type_keys("1234#").await;
        assert!(world.is_open());
    });
}

/// And so are their failures, and their lockout.
#[test]
fn whoever_is_unknown_for_a_boot_comes_back_with_their_failures() {
    let mut whole = with_a_pin();
    whole.boot(async |world: &mut World| {
        let limits = Limits { failures: 2, lockout_ms: 3_600_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
    });
    let mut tries = 0;
    for locked_out in [false, true] {
        whole.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await);
            world.type_keys("4321#").await;
            tries += 1;
        });
        whole = unknown_for_a_boot(&whole);
        whole.copy().boot(async |world: &mut World| {
            assert!(!comes(world, 1).await);
            world.type_keys("1234#").await;
            assert_eq!(world.is_open(), !locked_out, "after {tries} wrong PINs");
        });
    }
}

/// Ann's record is put back while the board runs. A change that fails has the gallery read again.
async fn comes_back(world: &mut World, whole: &Board) {
    assert_eq!(world.host.users().await, ["Bob"]);
    let [name, new] = ["Bob", "Rob"].map(|name| Name::try_from(name).unwrap());
    world.supply.broken.set(Some("gallery"));
    assert_eq!(world.host.ask(Request::Rename { name, new }).await, Err(Error::Flash));
    world.supply.broken.set(None);
    world.supply.put_back.replace(Some(("gallery", whole.gallery.clone())));
    assert_eq!(world.host.users().await, ["Ann", "Bob"]);
}

/// And so it is when they are known again within a boot: no flash is read for it then.
#[test]
fn whoever_comes_back_within_a_boot_comes_back_with_their_rule() {
    let whole = with_a_pin();
    unknown(&whole).boot(async |world: &mut World| {
        comes_back(world, &whole).await;
        assert!(!comes(world, 1).await, "not by her face alone");
        world.type_keys("1234#").await;
        assert!(world.is_open());
        let rule = world.host.ask(Request::GetRule { name: Name::try_from("Ann").unwrap() }).await;
        assert!(matches!(rule, Ok(Response::Rule { pin: true, .. })), "{rule:?}");
    });
}

/// It is not known how many looks at them were refused before the boot.
#[test]
fn a_look_at_whoever_comes_back_within_a_boot_is_a_failure() {
    let mut whole = Board::with_two_people();
    let limits = Limits { failures: 1, lockout_ms: 3_600_000, ..Limits::default() };
    whole.boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
    });
    unknown(&whole).boot(async |world: &mut World| {
        comes_back(world, &whole).await;
        world.scene.show_bytes(engine::photograph(1));
        world.wait(50).await;
        assert_eq!(denials(world, &mut 0).await, [(Some(1), Reason::LockedOut)]);
    });
}
