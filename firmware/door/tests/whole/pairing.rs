//! Attacks on a pairing: the code is ground, or a press is taken for another session.

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
