//! A session over a line on which somebody drops, repeats and forges frames, and boards are reset.

use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;
use std::{
    io::{Read, Write},
    sync::{Arc, Mutex},
};

use client::protocol::{
    Deframer, Error, IdempotencyKey, Kind, MAX_BODY, MAX_FRAME, Packet, Request, Response, Role, VERSION,
    encode, encode_bytes, pack,
};
use client::{Credentials, Device, Patience};
use crypto::handshake::{FIRST, Responder, SECOND, public_key};
use crypto::session::{BoardSession, HEAD};
use crypto::{Entropy, Generator, Key};

use crate::device::hello;

/// What the board is told to do with the frames that it sends, and what it has seen.
pub struct Board {
    pub secret: u8,
    /// The version of the protocol that it speaks.
    pub version: u16,
    /// What the computer of the session may do.
    pub role: Arc<Mutex<Option<Role>>>,
    /// What it does with a request: the bytes of its reply, from the kind on. Otherwise it says that all is done.
    pub act: Option<Act>,
    /// Requests that were opened, and those that were not.
    pub opened: usize,
    pub refused: usize,
    /// Forgets its session before it opens so many requests more.
    pub reset_after: Option<usize>,
    /// Sends these frames before its own reply to a sealed request.
    pub forge: Vec<Response>,
    /// Says in the open, in the place of so many replies in turn, that it is busy, and that there is no session.
    pub deny: usize,
    /// The idempotency keys of the requests that were opened.
    pub keys: Vec<IdempotencyKey>,
    /// Leaves every second reply unsent.
    pub lossy: bool,
    /// Answers handshakes with bytes that are none.
    pub break_handshakes: bool,
    /// Requests that came in the open, after the first, which says hello.
    pub plain: Vec<Vec<u8>>,
}

/// What a board does with a request.
pub type Act = Box<dyn FnMut(&mut u16, &Request<'_>) -> Vec<u8> + Send>;

impl Default for Board {
    fn default() -> Self {
        Self {
            secret: 0,
            version: VERSION,
            role: Arc::new(Mutex::new(Some(Role::Operator))),
            act: None,
            opened: 0,
            refused: 0,
            reset_after: None,
            forge: Vec::new(),
            deny: 0,
            keys: Vec::new(),
            lossy: false,
            break_handshakes: false,
            plain: Vec::new(),
        }
    }
}

/// A board that shakes hands and says that all is done.
pub fn start(board: &Arc<Mutex<Board>>) -> UnixStream {
    let (line, mut there) = UnixStream::pair().expect("a socket pair");
    let board = board.clone();
    thread::spawn(move || {
        let mut random = Generator::new(&Key::new([8; 32]), b"board");
        let (mut deframer, mut handshake, mut session) = (Deframer::new(), None, None::<BoardSession>);
        let (mut last, mut sent) = (None::<(u16, u32, Vec<u8>)>, 0);
        let mut buffer = [0; 512];
        while let Ok(taken @ 1..) = there.read(&mut buffer) {
            for byte in buffer.iter().take(taken).copied() {
                let Some(Ok(packet)) = deframer.push(byte) else { continue };
                let mut board = board.lock().expect("no panic");
                let (kind, id, mut body) = (packet.kind, packet.id, packet.body.to_vec());
                let mut room = [0; MAX_BODY];
                let mut frame = [0; MAX_FRAME];
                let reply = match (&last, kind) {
                    (Some((of, checksum, frame)), _) if (*of, *checksum) == (id, packet.checksum) => {
                        frame.clone()
                    }
                    (_, Kind::Request) if body.first() == Some(&0) => {
                        encode(id, &hello(board.version), &mut frame).expect("it fits").to_vec()
                    }
                    (_, Kind::Request) => {
                        board.plain.push(body.clone());
                        encode(id, &Response::Done, &mut frame).expect("it fits").to_vec()
                    }
                    (_, Kind::Handshake) if board.break_handshakes => {
                        encode_bytes(Kind::Handshake, id, &[7; SECOND], &mut frame).expect("it fits").to_vec()
                    }
                    (_, Kind::Handshake) if body.len() == FIRST => {
                        let secret = Key::new([board.secret; 32]);
                        match Responder::answer(secret, random.key(), board.version, &body) {
                            Ok((next, second)) => {
                                handshake = Some(next);
                                let frame = encode_bytes(Kind::Handshake, id, &second, &mut frame);
                                frame.expect("it fits").to_vec()
                            }
                            Err(_) => encode(id, &Error::NoSession, &mut frame).expect("it fits").to_vec(),
                        }
                    }
                    (_, Kind::Handshake) => match handshake.take().expect("begun").finish(&body) {
                        Ok(done) => {
                            let mut answering = done.session;
                            let role = *board.role.lock().expect("no panic");
                            let reply = Response::Session { role, clock: true };
                            let length = pack(&reply, &mut room[HEAD..]).expect("it fits");
                            let sealed = answering.seal(id, &mut room, length).expect("owed");
                            let frame = encode_bytes(Kind::Sealed, id, sealed, &mut frame);
                            session = Some(answering);
                            frame.expect("it fits").to_vec()
                        }
                        Err(_) => encode(id, &Error::NoSession, &mut frame).expect("it fits").to_vec(),
                    },
                    _ => {
                        if board.reset_after == Some(board.opened) {
                            board.reset_after = None;
                            session = None;
                        }
                        match session.as_mut().map(|session| {
                            let packed = session.open(id, &mut body)?;
                            let outer = Packet { kind, id, checksum: 0, body: &[] };
                            let (key, request) = outer.inner_request(packed).expect("a request");
                            board.keys.push(key);
                            let Board { act, version, .. } = &mut *board;
                            let act = act.as_mut();
                            Ok::<_, crypto::Error>(
                                act.map(|act| act(version, &request.message().expect("a request"))),
                            )
                        }) {
                            Some(Ok(reply)) => {
                                board.opened += 1;
                                let done = pack(&Response::Done, &mut room[HEAD..]).expect("it fits");
                                let length = reply.map_or(done, |reply| {
                                    room[HEAD..HEAD + reply.len()].copy_from_slice(&reply);
                                    reply.len()
                                });
                                let session = session.as_mut().expect("a session");
                                let sealed = session.seal(id, &mut room, length).expect("owed");
                                encode_bytes(Kind::Sealed, id, sealed, &mut frame).expect("it fits").to_vec()
                            }
                            _ => {
                                board.refused += 1;
                                encode(id, &Error::NoSession, &mut frame).expect("it fits").to_vec()
                            }
                        }
                    }
                };
                last = Some((id, packet.checksum, reply.clone()));
                if kind == Kind::Sealed {
                    for forged in &board.forge {
                        let mut frame = [0; MAX_FRAME];
                        let _ = there.write_all(encode(id, forged, &mut frame).expect("it fits"));
                    }
                }
                sent += 1;
                if kind == Kind::Sealed && board.deny > 0 {
                    board.deny -= 1;
                    let lie = if board.deny.is_multiple_of(2) { Error::NoSession } else { Error::Busy };
                    let _ = there.write_all(encode(id, &lie, &mut frame).expect("it fits"));
                    continue;
                }
                if !(board.lossy && sent % 2 == 0) {
                    let _ = there.write_all(&reply);
                }
            }
        }
    });
    line
}

pub fn credentials(board: u8) -> Credentials {
    Credentials {
        secret: Key::new([7; 32]),
        board: public_key(&Key::new([board; 32])),
        next: None,
        log: None,
    }
}

pub fn login(line: UnixStream, credentials: &Credentials) -> Result<Device, client::Error> {
    let patience = Patience { repeat: Duration::from_millis(60), give_up: Duration::from_secs(20) };
    Device::open(Box::new(line), patience, patience)?.login(credentials)
}

/// Somebody on the line says that there is no session, and spoils the handshake for another one. Whoever keeps the device and
/// asks again must not ask in the open, nor believe what comes in the open.
#[test]
fn nothing_goes_in_the_open_after_a_session_that_cannot_be_renewed() {
    let board = Arc::new(Mutex::new(Board { secret: 5, ..Board::default() }));
    let mut device = login(start(&board), &credentials(5)).expect("a session");
    {
        let mut board = board.lock().expect("no panic");
        (board.deny, board.break_handshakes) = (1, true);
    }
    for _ in 0..3 {
        assert!(matches!(device.reboot(), Err(client::Error::Handshake)));
    }
    board.lock().expect("no panic").break_handshakes = false;
    device.reboot().expect("a new session, and done");
    assert!(board.lock().expect("no panic").plain.is_empty());
}

/// A computer that is not paired sends what needs no pairing, and nothing else: no PIN, no key, no photograph.
#[test]
fn a_computer_without_a_key_sends_no_request_that_needs_one() {
    let board = Arc::new(Mutex::new(Board::default()));
    let patience = Patience { repeat: Duration::from_millis(60), give_up: Duration::from_secs(20) };
    let mut device = Device::open(Box::new(start(&board)), patience, patience).expect("it says hello");
    assert!(matches!(device.reboot(), Err(client::Error::Refused(Error::Unpaired))));
    assert!(board.lock().expect("no panic").plain.is_empty());
    let _ = device.status();
    assert_eq!(board.lock().expect("no panic").plain.len(), 1);
}

#[test]
fn a_session_stands_a_line_that_loses_every_second_frame() {
    let board = Arc::new(Mutex::new(Board { secret: 5, lossy: true, ..Board::default() }));
    let mut device = login(start(&board), &credentials(5)).expect("a session");
    assert_eq!(device.role(), Some(Role::Operator));
    for _ in 0..20 {
        device.reboot().expect("done");
    }
    let board = board.lock().expect("no panic");
    assert_eq!((board.opened, board.refused), (20, 0), "each was done once");
}

#[test]
fn another_board_is_told_before_this_computer_says_who_it_is() {
    let board = Arc::new(Mutex::new(Board { secret: 6, ..Board::default() }));
    let other = login(start(&board), &credentials(5));
    assert!(matches!(other.err(), Some(client::Error::OtherBoard)));
}

#[test]
fn what_is_not_sealed_is_passed_over_in_a_session() {
    let forge =
        vec![Response::Progress { next: 7 }, Response::Session { role: Some(Role::Installer), clock: true }];
    let board = Arc::new(Mutex::new(Board { secret: 5, forge, ..Board::default() }));
    let mut device = login(start(&board), &credentials(5)).expect("a session");
    device.reboot().expect("the sealed reply is taken, and not what came before it");
    assert_eq!(device.role(), Some(Role::Operator));
}

#[test]
fn a_board_that_was_reset_gets_a_new_session_and_the_request_again() {
    let board = Arc::new(Mutex::new(Board { secret: 5, reset_after: Some(2), ..Board::default() }));
    let mut device = login(start(&board), &credentials(5)).expect("a session");
    for _ in 0..5 {
        device.reboot().expect("done");
    }
    let board = board.lock().expect("no panic");
    assert_eq!((board.opened, board.refused), (5, 1));
}

#[test]
fn a_request_keeps_its_key_when_somebody_says_busy_or_no_session_and_the_next_has_another() {
    let board = Arc::new(Mutex::new(Board { secret: 5, deny: 4, ..Board::default() }));
    let mut device = login(start(&board), &credentials(5)).expect("a session");
    device.reboot().expect("done");
    device.reboot().expect("done");
    let board = board.lock().expect("no panic");
    let [first @ .., last] = &board.keys[..] else { panic!("requests were opened") };
    assert_eq!(first.len(), 5, "four lies, and then the reply");
    assert!(first.iter().all(|key| *key == first[0]), "one request has one key");
    assert_ne!(*last, first[0], "another request has another");
}
