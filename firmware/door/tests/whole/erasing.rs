//! Attacks on the way to erase a board: a press meant for something else, the accounts of the log, an order of before.

use crate::insider::join;
use crate::lost::erase;
use crate::simulation::{
    Board, World,
    host::{self, Reply},
    rules::{board, comes, set_rule, two_factors},
    supply::Cut,
};
use audit::{Fault, Kind};
use crypto::pairing::commitment;
use protocol::{Error, Label, Pairing, Request, Response, Role};

/// Asks for the board to be erased.
async fn ask(world: &mut World) -> Reply {
    world.host.ask(Request::Erase).await
}

/// How many presses are missing, and whether one counts now; `None` if the board is not to be erased.
async fn missing(world: &mut World) -> Option<(u8, bool)> {
    match world.host.ask(Request::PollPairing).await.unwrap() {
        Response::Pairing(Pairing::Erasing { presses, counts, .. }) => Some((presses, counts)),
        Response::Pairing(Pairing::None) => None,
        other => panic!("{other:?}"),
    }
}

fn begin(role: Role) -> Request<'static> {
    Request::BeginPairing { role, label: Label::try_from("desk").unwrap(), commitment: commitment(&[9; 32]) }
}

#[test]
fn an_erasure_is_shown_and_takes_two_presses_that_come_late_enough() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        for presses in [2, 1] {
            if presses == 2 {
                ask(world).await.unwrap();
            }
            assert_eq!(missing(world).await, Some((presses, false)));
            assert!(world.wires.erase_shown.get() && world.wires.code.get().is_none());
            for _ in 0..3 {
                world.wires.press_pairing().await;
            }
            assert_eq!(missing(world).await, Some((presses, false)), "too early to be read");
            world.wait(4_000).await;
            assert_eq!(missing(world).await, Some((presses, true)), "early presses do not count");
            if presses == 2 {
                world.wires.press_pairing().await;
            }
        }
        assert!(world.wires.erase_shown.get(), "until the second press");
        world.wait(20_000).await;
        world.wires.press_pairing().await;
        assert_eq!(missing(world).await, None, "the second press comes soon, or never");
        assert!(!world.wires.erase_shown.get());
        // A button that is held is one press.
        ask(world).await.unwrap();
        world.wait(4_500).await;
        world.wires.pairing_button.set(true);
        world.wait(10_000).await;
        assert_eq!(missing(world).await, Some((1, true)));
        world.wires.pairing_button.set(false);
        world.wait(15_000).await;
        assert_eq!(world.wires.restarts.get(), 0);
        assert_eq!(world.host.users().await, ["Ann", "Bob"]);
    });
    assert!(board.boot(async |world: &mut World| comes(world, 1).await), "nothing is erased");
}

#[test]
fn a_press_that_is_meant_for_a_pairing_erases_nothing_nor_the_reverse() {
    board().boot(async |world: &mut World| {
        let role = Role::Operator;
        world.host.ask(Request::Invite { role }).await.unwrap();
        // Neither waits for the button while the other does.
        let awaited = Err(Error::ButtonAwaited);
        world.host.ask(begin(role)).await.unwrap();
        assert_eq!(ask(world).await, awaited, "the first press is awaited");
        world.wires.press_pairing().await;
        assert!(matches!(world.host.ask(Request::PollPairing).await, Ok(Response::PairingNonce { .. })));
        assert_eq!(ask(world).await, awaited, "the board has told its nonce");
        world.host.ask(Request::Pair { nonce: [9; 32], signer: None }).await.unwrap();
        let code = world.wires.code.get();
        assert_eq!(ask(world).await, awaited, "the code is shown");
        world.wait(4_500).await;
        assert_eq!(ask(world).await, awaited, "the second press is awaited");
        assert!(code.is_some() && world.wires.code.get() == code && !world.wires.erase_shown.get());
        world.host.connect().await;
        ask(world).await.unwrap();
        world.wait(4_500).await;
        assert_eq!(world.host.ask(begin(role)).await, awaited, "the board is to be erased");
        assert_eq!(missing(world).await, Some((2, true)));
        // Somebody compares a code. Another session asks for the board to be erased just before the press.
        world.host.become_host(8);
        world.host.begin_pairing(role, "desk").await.unwrap();
        world.wait(4_500).await;
        world.host.become_host(7);
        world.host.connect().await;
        ask(world).await.unwrap();
        assert!(world.wires.code.get().is_none() && world.wires.erase_shown.get(), "that is seen");
        world.wires.press_pairing().await;
        world.wires.press_pairing().await;
        assert_eq!(missing(world).await, Some((2, false)));
        world.wait(61_000).await;
        assert_eq!((missing(world).await, world.wires.restarts.get()), (None, 0));
    });
}

/// Changes until the account has no entry left. Returns how many there were.
async fn spend(world: &mut World, most: u32) -> u32 {
    for done in 0..most {
        match world.host.ask(Request::Invite { role: Role::Auditor }).await {
            Ok(_) => {}
            Err(Error::TooManyChanges { .. }) => return done,
            other => panic!("{other:?}"),
        }
    }
    most
}

#[test]
fn an_erasure_gives_no_account_of_the_log_back_wherever_the_power_is_cut() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        for _ in 0..70 {
            world.press().await;
        }
        join(world, Role::Operator, 8).await;
        for _ in 0..60 {
            set_rule(world, "Bob", two_factors()).await.unwrap();
        }
        world.host.become_host(7);
        assert_eq!(spend(world, 850).await, 850);
        erase(world).await;
    });
    let ordered = board;
    for operation in 1.. {
        let mut board = ordered.copy();
        let supply = board.supply.clone();
        supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
        board.boot(async |world: &mut World| world.wait(100).await);
        let cut = !supply.is_on();
        supply.cut.set(None);
        board.boot(async |world: &mut World| {
            let buttons = async |world: &mut World| {
                let kinds = world.host.kinds().await;
                kinds.iter().filter(|kind| **kind == Kind::Button).count()
            };
            host::pair(world).await;
            let before = buttons(world).await;
            for _ in 0..10 {
                world.press().await;
            }
            let presses = buttons(world).await - before;
            assert!(presses <= 2, "operation {operation}: {presses} presses of the exit button");
            // 910 were used, and it costs three to erase.
            let left = spend(world, 200).await;
            assert!((1..90).contains(&left), "operation {operation}: {left} of 1,000");
        });
        if !cut || operation > 12 {
            assert!(operation > 5);
            break;
        }
    }
}

#[test]
fn who_has_no_entry_left_does_not_have_the_board_erased() {
    board().boot(async |world: &mut World| {
        spend(world, 1_000).await;
        assert!(matches!(ask(world).await, Err(Error::TooManyChanges { .. })));
        assert!(!world.wires.erase_shown.get());
        // A stranger hears nothing of the accounts.
        world.host.become_host(66);
        world.host.connect().await;
        assert_eq!(ask(world).await, Err(Error::Forbidden { needed: Role::Installer }));
    });
}

/// A board that was never paired has no installer either, and has lost none. Whoever is at its line erases nothing.
#[test]
fn a_board_that_was_never_paired_is_erased_for_nobody() {
    let mut board = Board::unpaired();
    board.boot(async |world: &mut World| {
        world.host.become_host(66);
        world.host.connect().await;
        assert_eq!(ask(world).await, Err(Error::Forbidden { needed: Role::Installer }));
        assert!(!world.wires.erase_shown.get());
        assert_eq!(missing(world).await, None);
        world.wait(4_500).await;
        world.wires.press_pairing().await;
        world.wait(4_500).await;
        world.wires.press_pairing().await;
        world.wait(2_000).await;
        assert_eq!(world.wires.restarts.get(), 0);
        // It can be paired all the same.
        host::pair(world).await;
        assert!(!world.host.kinds().await.contains(&Kind::Erased));
    });
}

#[test]
fn an_order_of_before_that_is_put_back_erases_nothing_and_is_logged() {
    let mut board = board();
    board.boot(async |world: &mut World| erase(world).await);
    let order = board.log.clone();
    board.boot(host::pair);
    board.log = order;
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.connect().await, Some(Role::Installer), "the board is as it was");
        let log = world.host.log().await;
        let fault =
            |entry: &audit::Entry| entry.kind == Kind::Fault && entry.reason == Fault::RolledBack as u8;
        assert_eq!(log.iter().filter(|(_, entry)| fault(entry)).count(), 1);
    });
    board.boot(async |world: &mut World| assert_eq!(world.host.connect().await, Some(Role::Installer)));
}

#[test]
fn an_erasure_that_the_log_cannot_take_down_is_refused_and_told() {
    let mut board: Board = board();
    board.boot(async |world: &mut World| {
        ask(world).await.unwrap();
        world.confirm().await;
        world.supply.broken.set(Some("log"));
        world.confirm().await;
        world.wait(2_000).await;
        assert_eq!(world.wires.restarts.get(), 0, "it does not restart for nothing");
        assert_eq!(world.host.ask(Request::PollPairing).await, Err(Error::Flash));
        assert_eq!(missing(world).await, None);
        world.supply.broken.set(None);
        erase(world).await;
    });
    board.boot(async |world: &mut World| {
        host::pair(world).await;
        assert_eq!(world.host.users().await, [""; 0]);
    });
}

/// The flash says that the order failed, and has it all the same: the computer is told that nothing is erased, and so it is.
#[test]
fn an_order_that_is_said_to_have_failed_erases_nothing_at_the_next_boot() {
    let mut board: Board = board();
    board.boot(async |world: &mut World| {
        ask(world).await.unwrap();
        world.confirm().await;
        world.supply.unsure.set(Some("log"));
        world.confirm().await;
        world.wait(2_000).await;
        assert_eq!((world.supply.unsure.get(), world.wires.restarts.get()), (None, 0));
        assert_eq!(world.host.ask(Request::PollPairing).await, Err(Error::Flash));
    });
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.connect().await, Some(Role::Installer), "the board is as it was");
    });
}
