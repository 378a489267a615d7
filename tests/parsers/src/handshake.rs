//! Any bytes in place of a handshake message: no panic, and a session only for the genuine message.
//!
//! The elliptic curve is replaced by addition, which also lets both sides agree on a value, and protects nothing. That
//! is enough here: the input does not depend on keys, and the subject is how messages are parsed.

use crypto::Key;
use crypto::handshake::{FIRST, InitiatorBy, ResponderBy, SECOND, THIRD};
use noise_protocol::DH;

const VERSION: u16 = 2;

/// A key agreement by addition, which takes no time.
enum Sum {}

impl DH for Sum {
    type Key = Key;
    type Pubkey = [u8; 32];
    type Output = Key;

    fn name() -> &'static str {
        "25519"
    }

    fn genkey() -> Key {
        Key::new([5; 32])
    }

    fn pubkey(secret: &Key) -> [u8; 32] {
        *secret.bytes()
    }

    fn dh(secret: &Key, public: &[u8; 32]) -> Result<Key, ()> {
        let mut sum = *public;
        sum.iter_mut().zip(secret.bytes()).for_each(|(to, from)| *to = to.wrapping_add(*from));
        if sum == [0; 32] { Err(()) } else { Ok(Key::new(sum)) }
    }
}

/// The first byte chooses which message is replaced, and whether the rest replaces it or flips bits of the genuine
/// one.
pub fn check(input: &[u8]) {
    let Some((chosen, rest)) = input.split_first() else { return };
    let [host, board, host_ephemeral, board_ephemeral] = [1, 2, 3, 4].map(|byte| Key::new([byte; 32]));
    let changes = chosen & 4 != 0;
    let (initiator, first) = InitiatorBy::<Sum>::begin(host, host_ephemeral, VERSION);
    let due = if changes { changed(&first, rest) } else { rest.to_vec() };
    let answer =
        |first: &[u8]| ResponderBy::<Sum>::answer(board.clone(), board_ephemeral.clone(), VERSION, first);
    if chosen % 4 == 0 {
        let answered = answer(&due);
        // Any key is a first message; its owner proves the identity later.
        assert!(answered.is_err() || due.len() == FIRST);
        if let Ok((responder, second)) = answered {
            assert!(responder.finish(second.get(..THIRD).unwrap_or_default()).is_err());
        }
        return;
    }
    let (responder, second) = answer(&first).expect("a key");
    if chosen % 4 == 1 {
        let due = if changes { changed(&second, rest) } else { rest.to_vec() };
        assert_eq!(initiator.answer(&due).is_ok(), due == second, "{} of {SECOND}", due.len());
        return;
    }
    let (at_host, third) = initiator.answer(&second).expect("the board");
    let due = if changes { changed(&third, rest) } else { rest.to_vec() };
    let finished = responder.finish(&due);
    assert_eq!(finished.is_ok(), due == third);
    if let Ok(at_board) = finished {
        assert_eq!(at_board.binding, at_host.binding);
    }
}

/// A genuine message with bits flipped; a longer input makes it longer.
fn changed(genuine: &[u8], bits: &[u8]) -> Vec<u8> {
    let mut message = genuine.to_vec();
    message.resize(genuine.len().max(bits.len()), 0);
    message.iter_mut().zip(bits).for_each(|(to, bits)| *to ^= bits);
    message
}
