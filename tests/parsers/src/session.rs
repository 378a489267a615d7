//! Any bytes in place of a sealed message: no panic, only sealed messages open, and the session goes on.
//!
//! All inputs share one session: a refused message changes nothing in it but the counter, which only rises.

use std::cell::RefCell;

use crypto::handshake::{Established, Initiator, Responder};
use crypto::session::{BoardSession, HEAD, HostSession, SEALING};
use crypto::{Error, Key};

/// Most bytes of a message here.
const MOST: usize = 512;
const ID: u16 = 7;

struct Ends {
    host: Established<HostSession>,
    board: Established<BoardSession>,
}

thread_local! {
    static ENDS: RefCell<Ends> = RefCell::new(shake_hands());
}

fn shake_hands() -> Ends {
    let [host, board, host_ephemeral, board_ephemeral] = [1, 2, 3, 4].map(|byte| Key::new([byte; 32]));
    let (initiator, first) = Initiator::begin(host, host_ephemeral, 2);
    let (responder, second) = Responder::answer(board, board_ephemeral, 2, &first).expect("a key");
    let (host, third) = initiator.answer(&second).expect("the board");
    let board = responder.finish(&third).expect("the host");
    Ends { host, board }
}

/// The first byte chooses how the rest is used.
pub fn check(input: &[u8]) {
    let Some((chosen, rest)) = input.split_first() else { return };
    let rest = rest.get(..rest.len().min(MOST)).unwrap_or_default();
    ENDS.with_borrow_mut(|ends| {
        match chosen % 4 {
            0 => {
                let refused = ends.board.session.open(ID, &mut rest.to_vec()).map(<[u8]>::len);
                assert!(matches!(refused, Err(Error::Length | Error::Forged)));
            }
            1 => {
                let refused = ends.host.session.open(ID, &mut rest.to_vec()).map(<[u8]>::len);
                assert!(matches!(refused, Err(Error::Length | Error::Forged)));
            }
            2 => changed(ends, rest),
            _ => sealed(ends, rest),
        }
        sealed(ends, b"still");
    });
}

/// A message opens once, unchanged.
fn sealed(ends: &mut Ends, message: &[u8]) {
    let request = seal(ends, message);
    assert_eq!(ends.board.session.open(ID, &mut request.clone()), Ok(message));
    let again = ends.board.session.open(ID, &mut request.clone()).map(<[u8]>::len);
    assert_eq!(again, Err(Error::Replayed));
    let mut buffer = [0; MOST + SEALING];
    buffer[HEAD..][..message.len()].copy_from_slice(message);
    let reply = ends.board.session.seal(ID, &mut buffer, message.len()).expect("it is owed").to_vec();
    assert!(ends.host.session.open(ID ^ 1, &mut reply.clone()).is_err());
    assert_eq!(ends.host.session.open(ID, &mut reply.clone()), Ok(message));
}

/// A message whose bits are flipped, or which is made longer, does not open.
fn changed(ends: &mut Ends, bits: &[u8]) {
    let request = seal(ends, b"a message that somebody changes on its way");
    let mut due = request.clone();
    due.resize(request.len().max(bits.len()), 0);
    due.iter_mut().zip(bits).for_each(|(to, bits)| *to ^= bits);
    let opens = due == request;
    assert_eq!(ends.board.session.open(ID, &mut due).is_ok(), opens);
}

fn seal(ends: &mut Ends, message: &[u8]) -> Vec<u8> {
    let mut buffer = [0; MOST + SEALING];
    buffer[HEAD..][..message.len()].copy_from_slice(message);
    ends.host.session.seal(ID, &mut buffer, message.len()).expect("there is room").to_vec()
}
