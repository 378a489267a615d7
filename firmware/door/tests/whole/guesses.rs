//! Guesses of a PIN by somebody who listens to the flash and cuts the power: right and wrong are the same until it counts.

use crate::simulation::{
    Board, World, engine,
    rules::{board, comes, denials, set_rule, settings, two_factors},
    supply::Cut,
};
use policy::Reason;
use protocol::{Limits, Matching, Request, Settings};
use std::sync::atomic::Ordering::Relaxed;

const RIGHT: &str = "1234#";
pub const WRONG: &str = "4321#";

/// A board where Ann has a PIN, and so many failures lock out for an hour.
pub fn guarded(matching: Matching, failures: u8) -> Board {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let limits = Limits { failures, lockout_ms: 3_600_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, matching, ..settings() })).await.unwrap();
        set_rule(world, "Ann", two_factors()).await.unwrap();
    });
    board
}

/// What somebody outside sees of a guess: what began in flash, and the door.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    flash: Vec<(&'static str, usize)>,
    opened: bool,
    refused: bool,
}

/// Presents what is needed of Ann, and types a PIN. The power fails at an operation of the flash since then.
pub fn guess(board: &mut Board, matching: Matching, pin: &str, cut: Option<Cut>) -> Seen {
    let supply = board.supply.clone();
    board.boot(async |world: &mut World| {
        if matching == Matching::Identify {
            assert!(!comes(world, 1).await);
        }
        world.wait(1_500).await;
        supply.operations.set(0);
        supply.cut.set(cut);
        supply.trace.replace(Some(Vec::new()));
        world.type_keys(pin).await;
        world.wait(50).await;
        let flash = supply.trace.replace(None).unwrap();
        Seen { flash, opened: world.is_open(), refused: world.wires.refused.get() }
    })
}

/// Whether Ann comes in with her PIN.
pub fn enters(board: &mut Board, matching: Matching) -> bool {
    board.supply.cut.set(None);
    board.boot(async |world: &mut World| {
        if matching == Matching::Identify {
            assert!(!comes(world, 1).await);
        }
        world.type_keys(RIGHT).await;
        world.is_open() || comes(world, 1).await
    })
}

#[test]
fn right_and_wrong_are_the_same_until_the_guess_counts_wherever_the_power_is_cut() {
    for matching in [Matching::Identify, Matching::Verify] {
        let whole = guarded(matching, 1);
        let (mut free, mut counted) = (0, 0);
        for operation in 1.. {
            let cut = Some(Cut { operation, half: operation % 2 == 0 });
            let [mut right, mut wrong] = [whole.copy(), whole.copy()];
            let of_right = guess(&mut right, matching, RIGHT, cut);
            let of_wrong = guess(&mut wrong, matching, WRONG, cut);
            let over = wrong.supply.is_on();
            if enters(&mut wrong, matching) {
                assert_eq!(of_right, of_wrong, "{matching:?}, operation {operation}: a guess for nothing");
                free += 1;
            } else {
                counted += 1;
            }
            if over {
                break;
            }
        }
        assert!(free > 2 && counted > 2, "{matching:?}: {free} did not count, {counted} did");
        // The failure that was none shuts nobody out.
        let mut board = whole.copy();
        let seen = guess(&mut board, matching, RIGHT, None);
        assert!(!seen.refused && enters(&mut board, matching), "{matching:?}");
    }
}

/// What a PIN costs: one step of the counter, and the same records, whether it is right or wrong.
#[test]
fn a_right_pin_costs_what_a_wrong_one_does() {
    for matching in [Matching::Identify, Matching::Verify] {
        let cost = |pin: &str| {
            let mut board = guarded(matching, 10);
            let counter = board.counter.clone().unwrap();
            board.boot(async |world: &mut World| {
                // The first change of a boot has a step of its own.
                world.host.ask(Request::SetSettings(Settings { matching, ..settings() })).await.unwrap();
                assert!(!comes(world, 1).await);
                world.wait(1_500).await;
                let before = counter.load(Relaxed);
                world.supply.trace.replace(Some(Vec::new()));
                world.type_keys(pin).await;
                world.wait(50).await;
                let flash = world.supply.trace.replace(None).unwrap().into_iter();
                (counter.load(Relaxed) - before, flash.filter(|(of, _)| *of != "log").collect::<Vec<_>>())
            })
        };
        let (right, wrong) = (cost(RIGHT), cost(WRONG));
        assert_eq!(right, wrong, "{matching:?}");
        let bytes: usize = right.1.iter().filter(|(of, _)| *of == "settings").map(|(_, bytes)| bytes).sum();
        assert_eq!(right.0, 1);
        // Five hundred a day fill the 64 sectors of the settings so often a year, of 100,000 that they endure.
        let erases = bytes * 500 * 365 / (64 * 3_500);
        assert!(erases < 1_000, "{erases}");
    }
}

/// Whoever knows a PIN, and types it again and again without the face, does not wear the counter out, by resets neither.
#[test]
fn right_pins_without_a_face_are_rationed_over_resets() {
    let mut board = guarded(Matching::Verify, 10);
    let counter = board.counter.clone().unwrap();
    let before = counter.load(Relaxed);
    board.boot(async |world: &mut World| {
        for _ in 0..1_100 {
            world.type_keys(RIGHT).await;
        }
    });
    let after = counter.load(Relaxed);
    assert!((1_000..1_020).contains(&(after - before)), "{before} {after}");
    board.boot(async |world: &mut World| {
        for _ in 0..20 {
            world.type_keys(RIGHT).await;
        }
        assert!(!comes(world, 1).await);
        let denied = denials(world, &mut 0).await;
        assert!(denied.iter().all(|denied| *denied == (None, Reason::LockedOut)), "{denied:?}");
        assert_eq!(denied.len(), 20);
        world.wait(120_000).await;
        world.type_keys(RIGHT).await;
        assert!(comes(world, 1).await, "one every two minutes");
    });
    assert!(counter.load(Relaxed) - after < 5);
}

/// Whoever shows pictures of several people in turn does not wear the counter out. All failures count: lockouts come as ever.
#[test]
fn failures_of_faces_are_written_as_often_as_their_ration_has_it() {
    let mut board = Board::with_two_people();
    let counter = board.counter.clone().unwrap();
    let limits = Limits { failures: 100, lockout_ms: 3_600_000, ..Limits::default() };
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
        let before = counter.load(Relaxed);
        // The person on the picture is another one each time.
        for picture in 0..120 {
            fail(world, 1 + picture % 2).await;
        }
        let steps = counter.load(Relaxed) - before;
        assert!((40..70).contains(&steps), "{steps}");
        // What waits is written when there is a step for it.
        for _ in 0..100 {
            world.wait(3_000).await;
            world.scene.show_bytes(engine::picture(0, 0));
        }
        assert_eq!(counter.load(Relaxed) - before, steps + 1);
        for picture in 0..120 {
            fail(world, 1 + picture % 2).await;
        }
        let denied = denials(world, &mut 0).await;
        for person in [1, 2] {
            assert!(denied.contains(&(Some(person), Reason::LockedOut)), "they count without being written");
        }
        assert!(counter.load(Relaxed) - before <= steps + 4);
    });
    // And so it outlives a reset.
    board.boot(async |world: &mut World| {
        world.show(1).await;
        for _ in 0..10 {
            world.show(1).await;
        }
        assert!(denials(world, &mut 0).await.contains(&(Some(1), Reason::LockedOut)));
    });
}

/// A board whose ration of writes is used up by pictures of Ann and Bob in turn: thirty failures each.
fn used_up(failures: u8) -> Board {
    let mut board = Board::with_two_people();
    let limits = Limits { failures, lockout_ms: 3_600_000, ..Limits::default() };
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
        use_up(world).await;
    });
    board
}

/// Sixty failures of Ann and Bob in turn.
async fn use_up(world: &mut World) {
    for picture in 0..60 {
        fail(world, 1 + picture % 2).await;
    }
}

/// Looks at a picture of somebody that are one failure.
async fn fail(world: &mut World, person: u8) {
    for _ in 0..3 {
        world.scene.show_bytes(engine::photograph(person));
        world.wait(50).await;
    }
}

/// Whether one more failure by a picture of somebody locks them out.
async fn locked_out_by_one_more(world: &mut World, person: u8) -> bool {
    fail(world, person).await;
    denials(world, &mut 0).await == [(Some(person.into()), Reason::LockedOut)]
}

#[test]
fn a_lockout_that_begins_beyond_the_ration_is_written_all_the_same() {
    let mut board = Board::with_two_people();
    board.boot(async |world: &mut World| {
        let limits = Limits { failures: 40, lockout_ms: 3_600_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
        use_up(world).await;
        for _ in 0..10 {
            fail(world, 1).await;
        }
    });
    board.boot(async |world: &mut World| {
        for _ in 0..12 {
            world.show(1).await;
        }
        assert!(!world.is_open(), "Ann is locked out");
        for _ in 0..12 {
            world.show(2).await;
        }
        assert!(world.is_open(), "and Bob is not");
    });
}

#[test]
fn a_restart_on_request_keeps_the_failures_that_wait() {
    let mut board = Board::with_two_people();
    let counter = board.counter.clone().unwrap();
    board.boot(async |world: &mut World| {
        let limits = Limits { failures: 100, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
        use_up(world).await;
        for _ in 0..5 {
            fail(world, 1).await;
        }
        let before = counter.load(Relaxed);
        world.host.ask(Request::Reboot).await.unwrap();
        world.wait(1_000).await;
        assert_eq!(world.wires.restarts.get(), 1);
        assert!(counter.load(Relaxed) > before);
    });
}

/// Whoever switches the power gains no look: everybody is one failure below the limit, until they come in.
#[test]
fn failures_that_a_power_cut_may_have_lost_are_doubted_until_all_is_written() {
    let mut board = used_up(100);
    board.boot(async |world: &mut World| fail(world, 1).await);
    board.copy().boot(async |world: &mut World| assert!(locked_out_by_one_more(world, 1).await));
    board.copy().boot(async |world: &mut World| {
        for _ in 0..12 {
            world.show(2).await;
        }
        assert!(world.is_open(), "Bob comes in, which ends his failures");
        assert!(!locked_out_by_one_more(world, 2).await);
    });
    // Quiet time fills the ration, and what is written then is not doubted any more.
    let mut board = used_up(100);
    board.boot(async |world: &mut World| world.wait(1_000_000).await);
    board.boot(async |world: &mut World| world.wait(100).await);
    board.boot(async |world: &mut World| {
        // Both were at the limit but for one when the doubt was written.
        assert!(locked_out_by_one_more(world, 1).await);
    });
    let mut board = used_up(100);
    board.boot(async |world: &mut World| {
        for person in [1, 2] {
            for _ in 0..12 {
                world.show(person).await;
            }
            assert!(world.is_open());
            world.wait(6_000).await;
        }
        world.wait(900_000).await;
    });
    board.boot(async |world: &mut World| assert!(!locked_out_by_one_more(world, 1).await));
}

/// Who writes flash lets the gallery not open for a boot, which then knows nobody to doubt.
#[test]
fn a_boot_without_a_gallery_ends_no_doubt() {
    let mut board = used_up(100);
    let gallery = board.gallery.clone();
    board.gallery.fill(0);
    board.boot(async |world: &mut World| {
        assert!(world.host.ask(Request::ListUsers { from: 0 }).await.is_err(), "the gallery does not open");
        world.wait(1_000_000).await;
    });
    board.gallery = gallery;
    board.boot(async |world: &mut World| assert!(locked_out_by_one_more(world, 1).await));
}

/// Pictures and power cuts in turn make no more steps than pictures alone.
#[test]
fn power_cuts_do_not_begin_the_ration_of_writes_again() {
    let mut board = used_up(100);
    let counter = board.counter.clone().unwrap();
    let before = counter.load(Relaxed);
    for _ in 0..20 {
        board.boot(use_up);
    }
    // A lockout of each.
    assert!(counter.load(Relaxed) - before < 10, "{}", counter.load(Relaxed) - before);
}

/// A right PIN is a failure of nobody in flash for a while. Resets make no lockout of that.
#[test]
fn right_pins_do_not_add_up_over_resets() {
    let mut board = guarded(Matching::Verify, 3);
    for _ in 0..3 {
        board.boot(async |world: &mut World| {
            world.type_keys(RIGHT).await;
            world.wait(601_000).await;
        });
    }
    board.boot(async |world: &mut World| {
        world.type_keys(WRONG).await;
        world.type_keys(RIGHT).await;
        assert!(comes(world, 1).await, "one typing error");
    });
}

/// Whoever cuts the power after each look has no looks that count for nothing.
#[test]
fn a_look_that_is_refused_after_a_power_cut_is_a_failure() {
    let mut board = Board::with_two_people();
    let limits = Limits { failures: 3, lockout_ms: 3_600_000, ..Limits::default() };
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(Settings { limits, ..Settings::default() })).await.unwrap();
    });
    let mut whole = board.copy();
    for boot in 0..3 {
        let denied = board.boot(async |world: &mut World| {
            world.scene.show_bytes(engine::photograph(1));
            world.wait(50).await;
            denials(world, &mut 0).await
        });
        let expected = if boot == 2 { &[(Some(1), Reason::LockedOut)][..] } else { &[] };
        assert_eq!(denied, expected, "boot {boot}");
    }
    // Who is looked at as they are comes in, and then has all looks again.
    whole.boot(async |world: &mut World| {
        for moment in 0..liveness::MIN_SAMPLES as u8 + 2 {
            world.scene.show_bytes(engine::moment(1, moment));
            world.wait(50).await;
        }
        assert!(world.is_open());
        for _ in 0..8 {
            world.scene.show_bytes(engine::photograph(1));
            world.wait(50).await;
        }
        assert_eq!(denials(world, &mut 0).await, [], "eight looks are two failures");
    });
}

/// The end of a lockout is kept on the clock. Who writes flash lets the gallery not open for a boot, in which a host sets the clock.
#[test]
fn a_clock_that_is_set_while_the_gallery_does_not_open_ends_no_lockout() {
    let mut board = guarded(Matching::Identify, 1);
    guess(&mut board, Matching::Identify, WRONG, None);
    let gallery = board.gallery.clone();
    board.gallery.fill(0);
    board.boot(async |world: &mut World| {
        assert!(world.host.ask(Request::ListUsers { from: 0 }).await.is_err(), "the gallery does not open");
        world.host.ask(Request::SetClock { unix_ms: 1_800_000_000_000 }).await.unwrap();
    });
    board.gallery = gallery;
    assert!(!enters(&mut board, Matching::Identify), "the hour is not over");
    // And what may be lost is doubted as before.
    let mut board = used_up(100);
    let gallery = board.gallery.clone();
    board.gallery.fill(0);
    board.boot(async |world: &mut World| {
        world.wait(1_000_000).await;
        world.host.ask(Request::SetClock { unix_ms: 1_800_000_000_000 }).await.unwrap();
    });
    board.gallery = gallery;
    board.boot(async |world: &mut World| assert!(locked_out_by_one_more(world, 1).await));
}
