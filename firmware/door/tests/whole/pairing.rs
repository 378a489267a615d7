//! Attacks on a pairing: the code is ground, a press is taken for another session, or for another answer.

use crate::simulation::{Board, World};
use crypto::pairing::commitment;
use protocol::{Error, Label, Pairing, Request, Response, Role};

const INSTALLER: Role = Role::Installer;

fn begin(nonce: &[u8; 32]) -> Request<'static> {
    let label = Label::try_from("thief").unwrap();
    Request::BeginPairing { role: INSTALLER, label, commitment: commitment(nonce) }
}

/// A man in the middle who needs a certain code gets one try a press, and without a press none.
#[test]
fn a_code_cannot_be_ground_without_a_press_for_each_try() {
    Board::unpaired().boot(async |world: &mut World| {
        world.host.become_host(66);
        world.host.connect().await;
        let nonce = [9; 32];
        for _ in 0..200 {
            let requested = world.host.ask(begin(&nonce)).await;
            assert!(matches!(requested, Ok(Response::Pairing(Pairing::Requested { .. }))), "{requested:?}");
            let polled = world.host.ask(Request::PollPairing).await;
            assert!(matches!(polled, Ok(Response::Pairing(Pairing::Requested { .. }))), "{polled:?}");
            assert_eq!(world.host.ask(Request::Pair { nonce, signer: None }).await, Err(Error::NoPairing));
            // The refused request ended the pairing; the next one begins again.
        }
        let mut disclosed = Vec::new();
        for presses in 1..=3 {
            world.host.ask(begin(&nonce)).await.unwrap();
            world.wires.press_pairing().await;
            for _ in 0..5 {
                let polled = world.host.ask(Request::PollPairing).await;
                let Ok(Response::PairingNonce { nonce }) = polled else { panic!("{polled:?}") };
                disclosed.push(nonce);
            }
            disclosed.dedup();
            assert_eq!(disclosed.len(), presses, "one nonce a press");
        }
    });
}

/// The press that a user means for the code compared does not confirm a session that was swapped in.
#[test]
fn a_press_confirms_only_the_session_whose_code_was_shown() {
    Board::unpaired().boot(async |world: &mut World| {
        world.host.become_host(7);
        let honest = world.host.begin_pairing(INSTALLER, "honest").await.unwrap();
        assert_eq!(world.wires.code.get(), Some(honest), "the user compares: equal");
        // On the way to the button another session comes in.
        world.host.become_host(66);
        world.host.connect().await;
        assert_eq!(world.wires.code.get(), None, "the code that was compared is gone");
        world.host.ask(begin(&[9; 32])).await.unwrap();
        world.wires.press_pairing().await;
        let polled = world.host.ask(Request::PollPairing).await;
        assert!(matches!(polled, Ok(Response::PairingNonce { .. })), "the press shows a code, no more");
        let shown = world.host.ask(Request::Pair { nonce: [9; 32], signer: None }).await;
        assert!(matches!(shown, Ok(Response::Pairing(Pairing::Shown { .. }))), "{shown:?}");
        assert_ne!(world.wires.code.get(), Some(honest));
        for _ in 0..3 {
            world.wires.press_pairing().await;
        }
        let polled = world.host.ask(Request::PollPairing).await;
        assert!(matches!(polled, Ok(Response::Pairing(Pairing::Shown { .. }))), "too early to be compared");
        world.wait(4_000).await;
        let polled = world.host.ask(Request::PollPairing).await;
        assert!(
            matches!(polled, Ok(Response::Pairing(Pairing::Waiting { .. }))),
            "early presses do not count"
        );
        assert_eq!(world.host.ask(Request::GetSettings).await, Err(Error::Unpaired));
    });
}

/// The pairing of a session, as its host sees it.
async fn polled(world: &mut World) -> Pairing {
    match world.host.ask(Request::PollPairing).await {
        Ok(Response::Pairing(state)) => state,
        other => panic!("{other:?}"),
    }
}

/// A pairing whose code was shown for long enough: the button counts.
async fn until_it_counts(world: &mut World) {
    world.host.begin_pairing(INSTALLER, "desk").await.unwrap();
    world.wait(4_000).await;
    assert!(matches!(polled(world).await, Pairing::Waiting { .. }));
}

/// Somebody on the cable keeps the pairing of the user's computer from the board, and asks for one of his own. That computer tells
/// its user to press for a code. So the user presses, sees no code there, and presses again, and compares none.
#[test]
fn whoever_presses_for_a_code_confirms_no_code_of_somebody_else() {
    Board::unpaired().boot(async |world: &mut World| {
        world.host.become_host(66);
        world.host.begin_pairing(INSTALLER, "thief").await.unwrap();
        assert!(world.wires.code.get().is_some(), "the first press shows the thief's code");
        // The user is told to press once more, and does it before the code counts, and after.
        world.wires.press_pairing().await;
        world.wait(4_000).await;
        assert!(matches!(polled(world).await, Pairing::Waiting { .. }));
        world.wires.press_pairing().await;
        world.wait(2_000).await;
        assert_eq!(world.wires.code.get(), None, "the second press ends it, whether or not the thief asks");
        for press in 0..3 {
            assert_eq!(polled(world).await, Pairing::None, "{press}");
            world.wires.hold_pairing(2_100).await;
        }
        assert_eq!(polled(world).await, Pairing::None, "it stays ended");
        assert_eq!(world.host.ask(Request::GetSettings).await, Err(Error::Unpaired));
        // The board can be paired all the same.
        world.host.become_host(7);
        until_it_counts(world).await;
        world.wires.hold_pairing(2_100).await;
        assert_eq!(polled(world).await, Pairing::Paired { role: INSTALLER });
        assert_eq!(world.wires.code.get(), None);
    });
}

#[test]
fn a_button_that_is_let_go_within_two_seconds_declines() {
    for ms in [50, 1_000, 1_900] {
        Board::unpaired().boot(async |world: &mut World| {
            until_it_counts(world).await;
            world.wires.hold_pairing(ms).await;
            assert_eq!(polled(world).await, Pairing::None, "{ms}");
            assert_eq!(world.wires.code.get(), None, "{ms}");
            // Nor does a hold that follows before anybody has looked.
            until_it_counts(world).await;
            world.wires.press_pairing().await;
            world.wires.hold_pairing(2_100).await;
            assert_eq!(polled(world).await, Pairing::None, "{ms}");
        });
    }
    Board::unpaired().boot(async |world: &mut World| {
        until_it_counts(world).await;
        world.wires.pairing_button.set(true);
        world.wait(1_900).await;
        assert!(matches!(polled(world).await, Pairing::Waiting { .. }), "two seconds are not over");
        world.wait(200).await;
        assert_eq!(polled(world).await, Pairing::Paired { role: INSTALLER }, "also while it is down");
    });
}

#[test]
fn a_press_that_began_before_the_code_could_be_compared_confirms_nothing_however_long() {
    Board::unpaired().boot(async |world: &mut World| {
        // The press for the code goes on.
        let nonce = [9; 32];
        world.host.connect().await;
        world.host.ask(begin(&nonce)).await.unwrap();
        world.wires.pairing_button.set(true);
        world.wait(100).await;
        assert!(matches!(world.host.ask(Request::PollPairing).await, Ok(Response::PairingNonce { .. })));
        world.host.ask(Request::Pair { nonce, signer: None }).await.unwrap();
        world.wait(10_000).await;
        assert!(matches!(polled(world).await, Pairing::Waiting { .. }));
        world.wires.pairing_button.set(false);
        world.wait(100).await;
        assert!(matches!(polled(world).await, Pairing::Waiting { .. }), "nor is it an answer when it ends");
        assert!(world.wires.code.get().is_some());
        world.wires.hold_pairing(2_100).await;
        assert_eq!(polled(world).await, Pairing::Paired { role: INSTALLER }, "the next one is");
    });
    Board::unpaired().boot(async |world: &mut World| {
        // It begins while the code is shown, and too early.
        world.host.begin_pairing(INSTALLER, "desk").await.unwrap();
        world.wait(1_000).await;
        world.wires.hold_pairing(10_000).await;
        assert!(matches!(polled(world).await, Pairing::Waiting { .. }));
        world.wires.press_pairing().await;
        assert_eq!(polled(world).await, Pairing::None);
    });
}
