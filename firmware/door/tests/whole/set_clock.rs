//! A clock that is set, and lockouts, which flash keeps by that clock.

use crate::{
    guesses::{WRONG, enters, guarded, guess},
    simulation::{World, supply::Cut},
};
use protocol::{Error, Matching, Request, Response};

/// Flash has the end of a lockout on the clock: whichever of both is new, it has not come.
#[test]
fn a_power_cut_while_the_clock_is_set_ends_no_lockout() {
    const START: u64 = 1_800_000_000_000;
    const HOURS: u64 = 3 * 3_600_000;
    for back in [false, true] {
        let mut whole = guarded(Matching::Identify, 1);
        whole.boot(async |world: &mut World| {
            world.host.ask(Request::SetClock { unix_ms: START + 2 * HOURS }).await.unwrap();
        });
        guess(&mut whole, Matching::Identify, WRONG, None);
        assert!(!enters(&mut whole.copy(), Matching::Identify), "back {back}: locked out");
        let mut cuts = 0;
        for operation in 1.. {
            let mut board = whole.copy();
            let supply = board.supply.clone();
            board.boot(async |world: &mut World| {
                world.wait(1_500).await;
                supply.operations.set(0);
                supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
                let request = match back {
                    false => Request::SetClock { unix_ms: START + 3 * HOURS },
                    true => Request::SetClockBack { unix_ms: START },
                };
                let _ = world.host.ask(request).await;
            });
            let over = supply.is_on();
            assert!(!enters(&mut board, Matching::Identify), "back {back}, operation {operation}");
            if over {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 1, "{cuts} cuts");
    }
}

/// Nor is it set where the new end cannot be written: the next boot would go on from it.
#[test]
fn a_clock_is_not_set_while_the_lockouts_cannot_be_written() {
    const START: u64 = 1_800_000_000_000;
    const HOURS: u64 = 3 * 3_600_000;
    let mut board = guarded(Matching::Identify, 1);
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: START }).await.unwrap();
    });
    guess(&mut board, Matching::Identify, WRONG, None);
    board.boot(async |world: &mut World| {
        world.wait(1_500).await;
        world.supply.broken.set(Some("settings"));
        for _ in 0..2 {
            let set = world.host.ask(Request::SetClock { unix_ms: START + HOURS }).await;
            assert_eq!(set.map(drop), Err(Error::Flash));
        }
        let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!("no status") };
        assert!(status.clock.unix_ms < START + HOURS, "the clock is what it was");
        world.supply.broken.set(None);
    });
    assert!(!enters(&mut board.copy(), Matching::Identify), "locked out");
    board.boot(async |world: &mut World| {
        world.wait(1_500).await;
        world.host.ask(Request::SetClock { unix_ms: START + HOURS }).await.unwrap();
    });
    assert!(!enters(&mut board, Matching::Identify), "locked out by the new clock, too");
}
