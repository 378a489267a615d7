//! Any bytes where a handshake or something sealed is due: no panic, no session, nothing opened, and the
//! session that there was goes on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets::handshake::{FIRST, Initiator, Responder};
use secrets::session::{HEAD, SEALING};
use secrets::{Error, Key};

const VERSION: u16 = 2;

fn keys() -> [Key; 4] {
    [1, 2, 3, 4].map(|byte| Key::new([byte; 32]))
}

// The first byte chooses what is due, the rest is what comes.
fuzz_target!(|input: &[u8]| {
    let Some((chosen, message)) = input.split_first() else {
        return;
    };
    let [host, board, host_ephemeral, board_ephemeral] = keys();
    let (initiator, first) = Initiator::begin(host, host_ephemeral, VERSION);
    match chosen % 4 {
        0 => {
            let answered = Responder::answer(board, board_ephemeral, VERSION, message);
            // A first message is any key; who made it must yet prove who they are.
            assert!(answered.is_err() || message.len() == FIRST);
            if let Ok((responder, second)) = answered {
                assert!(responder.finish(&second[..64]).is_err());
            }
        }
        1 => assert!(initiator.answer(message).is_err()),
        _ => {
            let (responder, second) =
                Responder::answer(board, board_ephemeral, VERSION, &first).expect("a key");
            let (mut at_host, third) = initiator.answer(&second).expect("the board");
            if chosen % 4 == 2 {
                assert_eq!(responder.finish(message).is_ok(), *message == third);
                return;
            }
            let mut at_board = responder.finish(&third).expect("the host");
            let mut sealed = message.to_vec();
            let refused = at_board.session.open(7, &mut sealed).map(<[u8]>::len);
            assert!(matches!(refused, Err(Error::Length | Error::Forged)));
            let mut sealed = message.to_vec();
            assert!(at_host.session.open(7, &mut sealed).is_err());
            let mut buffer = [0; 5 + SEALING];
            buffer[HEAD..][..5].copy_from_slice(b"still");
            let mut sealed = at_host.session.seal(7, &mut buffer, 5).expect("room").to_vec();
            assert_eq!(at_board.session.open(7, &mut sealed), Ok(&b"still"[..]));
        }
    }
});
