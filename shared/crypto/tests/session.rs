//! Sessions over a line on which an attacker reads, changes, replays and reorders messages.

use crypto::handshake::{Established, FIRST, Initiator, Responder, SECOND, THIRD, public_key};
use crypto::session::{BoardSession, HEAD, HostSession, SEALING};
use crypto::{Entropy, Error, Generator, Key, pairing};

fn random(seed: u8) -> Generator {
    Generator::new(&Key::new([seed; 32]), b"test")
}

/// Runs a handshake; `between` may change each message on the way.
fn shake(
    versions: [u16; 2],
    mut between: impl FnMut(usize, &mut Vec<u8>),
) -> Result<(Established<HostSession>, Established<BoardSession>), Error> {
    let (mut host, mut board) = (random(1), random(2));
    let (host_secret, board_secret) = (host.key(), board.key());
    let (initiator, first) = Initiator::begin(host_secret, host.key(), versions[0]);
    let mut message = first.to_vec();
    between(0, &mut message);
    let (responder, second) = Responder::answer(board_secret, board.key(), versions[1], &message)?;
    let mut message = second.to_vec();
    between(1, &mut message);
    let (host, third) = initiator.answer(&message)?;
    let mut message = third.to_vec();
    between(2, &mut message);
    Ok((host, responder.finish(&message)?))
}

fn connected() -> (HostSession, BoardSession) {
    let (host, board) = shake([2, 2], |_, _| {}).unwrap();
    (host.session, board.session)
}

fn sealed(message: &[u8], seal: impl FnOnce(&mut [u8], usize) -> Result<Vec<u8>, Error>) -> Vec<u8> {
    let mut buffer = vec![0; message.len() + SEALING];
    buffer[HEAD..][..message.len()].copy_from_slice(message);
    seal(&mut buffer, message.len()).unwrap()
}

fn ask(host: &mut HostSession, id: u16, message: &[u8]) -> Vec<u8> {
    sealed(message, |buffer, length| host.seal(id, buffer, length).map(<[u8]>::to_vec))
}

fn answer(board: &mut BoardSession, id: u16, message: &[u8]) -> Vec<u8> {
    sealed(message, |buffer, length| board.seal(id, buffer, length).map(<[u8]>::to_vec))
}

#[test]
fn both_sides_authenticate_and_agree_on_the_binding() {
    let (host, board) = shake([2, 2], |_, _| {}).unwrap();
    assert_eq!(host.peer, public_key(&random(2).key()));
    assert_eq!(board.peer, public_key(&random(1).key()));
    assert_eq!(host.binding, board.binding);
}

#[test]
fn a_modified_handshake_fails() {
    for (step, length) in [FIRST, SECOND, THIRD].into_iter().enumerate() {
        for byte in 0..length {
            let changed = shake([2, 2], |at, message| {
                if at == step {
                    message[byte] ^= 0x10;
                }
            });
            assert!(changed.is_err(), "byte {byte} of message {step}");
        }
        for cut in [0, 1, length - 1] {
            let shortened = shake([2, 2], |at, message| {
                if at == step {
                    message.truncate(cut);
                }
            });
            assert_eq!(shortened.err(), Some(Error::Length), "{cut} bytes of message {step}");
        }
    }
}

#[test]
fn a_handshake_between_two_versions_fails() {
    assert_eq!(shake([2, 1], |_, _| {}).err(), Some(Error::Forged));
}

#[test]
fn a_key_of_small_order_is_refused() {
    let zero = shake([2, 2], |at, message| {
        if at == 0 {
            message.fill(0);
        }
    });
    assert_eq!(zero.err(), Some(Error::Forged));
}

#[test]
fn a_replayed_handshake_gets_no_session() {
    // A recorded handshake contains all messages, but no secrets.
    let mut recorded = Vec::new();
    shake([2, 2], |_, message| recorded.push(message.clone())).unwrap();
    let mut board = random(2);
    let secret = board.key();
    let mut again = random(9);
    let (responder, second) = Responder::answer(secret, again.key(), 2, &recorded[0]).unwrap();
    assert_ne!(second[..], recorded[1][..]);
    assert_eq!(responder.finish(&recorded[2]).err(), Some(Error::Forged));
}

#[test]
fn a_request_is_opened_once_and_its_reply_belongs_to_it() {
    let (mut host, mut board) = connected();
    for round in 0..300u16 {
        let mut request = ask(&mut host, round, &round.to_le_bytes());
        let recorded = request.clone();
        assert_eq!(board.open(round, &mut request).unwrap(), round.to_le_bytes());
        assert_eq!(board.open(round, &mut recorded.clone()), Err(Error::Replayed));
        let mut reply = answer(&mut board, round, b"done");
        assert_eq!(board.seal(round, &mut [0; 64], 4), Err(Error::OutOfTurn), "one reply per request");
        assert_eq!(host.open(round, &mut reply).unwrap(), b"done");
    }
}

#[test]
fn a_lost_request_leaves_a_gap_and_a_late_one_is_refused() {
    let (mut host, mut board) = connected();
    let mut first = ask(&mut host, 1, b"first");
    let mut second = ask(&mut host, 2, b"second");
    assert_eq!(board.open(2, &mut second).unwrap(), b"second");
    assert_eq!(board.open(1, &mut first), Err(Error::Replayed), "reordered");
    let mut reply = answer(&mut board, 2, b"to the second");
    let mut third = ask(&mut host, 3, b"third");
    assert_eq!(host.open(2, &mut reply), Err(Error::Replayed), "the third request was sealed since");
    assert_eq!(board.open(3, &mut third).unwrap(), b"third");
}

#[test]
fn a_changed_bit_or_id_or_direction_is_refused() {
    let (mut host, mut board) = connected();
    let request = ask(&mut host, 1, b"enrol");
    for bit in 0..request.len() * 8 {
        let mut changed = request.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(board.open(1, &mut changed), Err(Error::Forged), "bit {bit}");
    }
    assert_eq!(board.open(2, &mut request.clone()), Err(Error::Forged));
    assert_eq!(host.open(1, &mut request.clone()), Err(Error::Forged), "reflected to its sender");
    for length in 0..SEALING {
        assert_eq!(board.open(1, &mut request[..length].to_vec()), Err(Error::Length));
    }
    // The rejected messages changed nothing.
    assert_eq!(board.open(1, &mut request.clone()).unwrap(), b"enrol");
}

#[test]
fn a_message_of_one_session_is_refused_in_the_next() {
    let (mut host, _) = connected();
    let mut request = ask(&mut host, 1, b"open");
    let mut board = random(2);
    let secret = board.key();
    let (initiator, first) = Initiator::begin(random(1).key(), random(8).key(), 2);
    let (responder, second) = Responder::answer(secret, random(9).key(), 2, &first).unwrap();
    let (_, third) = initiator.answer(&second).unwrap();
    let mut next = responder.finish(&third).unwrap().session;
    assert_eq!(next.open(1, &mut request), Err(Error::Forged));
}

#[test]
fn a_man_in_the_middle_has_two_bindings_and_two_codes() {
    let middle = random(50).key();
    let (host, board) = (random(1).key(), random(2).key());
    // The man in the middle acts as the board towards the host, and as the host towards the board.
    let (initiator, first) = Initiator::begin(host, random(3).key(), 2);
    let (responder, second) = Responder::answer(middle.clone(), random(4).key(), 2, &first).unwrap();
    let (at_host, third) = initiator.answer(&second).unwrap();
    responder.finish(&third).unwrap();
    let (initiator, first) = Initiator::begin(middle, random(5).key(), 2);
    let (responder, second) = Responder::answer(board, random(6).key(), 2, &first).unwrap();
    let (_, third) = initiator.answer(&second).unwrap();
    let at_board = responder.finish(&third).unwrap();
    assert_ne!(at_host.binding, at_board.binding);
    let nonces = ([1; 32], [2; 32]);
    let code = |binding| pairing::code(binding, &nonces.0, &nonces.1);
    assert_ne!(code(&at_host.binding), code(&at_board.binding));
}

#[test]
fn a_nonce_must_match_its_commitment_and_codes_have_six_digits() {
    let commitment = pairing::commitment(&[1; 32]);
    assert!(pairing::is_committed(&commitment, &[1; 32]));
    assert!(!pairing::is_committed(&commitment, &[2; 32]));
    let mut draw = random(1);
    let codes: Vec<u32> = (0..1000)
        .map(|_| pairing::code(draw.key().bytes(), draw.key().bytes(), draw.key().bytes()))
        .collect();
    assert!(codes.iter().all(|code| *code < pairing::CODES));
    assert!(codes.iter().filter(|code| **code < pairing::CODES / 2).count().abs_diff(500) < 80);
}
