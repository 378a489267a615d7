//! One request at a time, its reply, and repeats when nothing comes.
//!
//! If a frame is lost in either direction, the request is sent again with the same id and the same
//! bytes. The board recognises a repeat and repeats its reply without acting again, so that every
//! request can be repeated safely. Bytes that are not a reply to the open request are dropped: noise,
//! and late replies. With an [`Identity`] every frame is sealed in a session (`crypto`), and frames
//! that are not sealed are dropped too. A session that is lost is begun again; where that fails, nothing is sent. Without an
//! identity only the requests that need no pairing are sent: everything else would tell the line a secret for nothing.

use std::time::{Duration, Instant, SystemTime};

use crypto::Key;
use crypto::handshake::{Initiator, SECOND};
use crypto::session::{HEAD, HostSession};
use protocol::{
    DecodeError, Deframer, IdempotencyKey, Kind, MAX_BODY, MAX_FRAME, Packet, Request, Response, Role, Text,
    VERSION, encode_bytes, pack, pack_request,
};

use crate::credentials::{random_bytes, random_key};
use crate::transport::Ended;
use crate::version::{Spoken, translate};
use crate::{Error, Result, Task, Transport};

/// How long to wait for a reply.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Before a request is sent again.
    pub repeat: Duration,
    /// Before the board counts as silent.
    pub give_up: Duration,
}

impl Patience {
    /// For a request that only moves bytes. A board that is processing a picture answers late.
    pub const QUICK: Self = Self { repeat: Duration::from_secs(10), give_up: Duration::from_secs(60) };

    /// For a request that runs networks or erases flash: an emulated board takes seconds.
    pub const SLOW: Self = Self { repeat: Duration::from_secs(60), give_up: Duration::from_secs(300) };
}

/// How long to wait before a busy board is asked again.
const BUSY: Duration = Duration::from_millis(100);

/// How often the task runs while a reply is awaited.
const TASK: Duration = Duration::from_millis(50);

/// The key of this computer, and the key that the board must prove.
pub(crate) struct Identity {
    /// The secret of this computer's key.
    pub(crate) secret: Key,
    /// The board's key; none while they are being paired.
    pub(crate) board: Option<[u8; 32]>,
}

/// A line to a board, and the requests over it.
pub(crate) struct Link {
    transport: Box<dyn Transport>,
    deframer: Box<Deframer>,
    last_id: u16,
    /// What the board says of itself.
    pub(crate) spoken: Spoken,
    /// With an identity, every frame is sealed.
    pub(crate) identity: Option<Identity>,
    session: Option<HostSession>,
    /// Sessions that were begun.
    pub(crate) sessions: u32,
    /// Whether any request may go without a session.
    unsealed: bool,
    /// Runs at short intervals while a reply is awaited.
    pub(crate) task: Option<Task>,
    pub(crate) quick: Patience,
    pub(crate) slow: Patience,
}

/// The result of a handshake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Greeting {
    /// What this computer may do.
    pub(crate) role: Option<Role>,
    /// Whether the board's clock is set.
    pub(crate) clock: bool,
    /// The board's key.
    pub(crate) board: [u8; 32],
    /// What a pairing code is bound to.
    pub(crate) binding: [u8; 32],
}

/// The board's answer to a request.
type Answer = core::result::Result<Response, protocol::Error>;

impl Link {
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            transport,
            deframer: Box::default(),
            last_id: first_id(),
            spoken: Spoken::alike(),
            identity: None,
            session: None,
            sessions: 0,
            unsealed: false,
            task: None,
            quick: Patience::QUICK,
            slow: Patience::SLOW,
        }
    }

    /// Sends a request and waits for the reply. A board that is busy with another program's request is
    /// asked again. If the board lost the session, for example by a reset, a new one is started. The request
    /// keeps its idempotency key: whoever says that the board is busy, or knows no session, does not have it
    /// executed twice.
    ///
    /// # Errors
    /// As [`shake_hands`](Self::shake_hands) where there is no session; `Unpaired` for a request that needs one, if this computer
    /// has no identity; [`Error::Version`] for all but the transfer of firmware, if the board speaks another version.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> Result<Response> {
        self.spoken.check(request)?;
        let needs_none = matches!(request, Request::Hello { .. } | Request::Status);
        if self.identity.is_none() && !needs_none && !self.unsealed {
            return Err(Error::Refused(protocol::Error::Unpaired));
        }
        let give_up = Instant::now() + self.slow.give_up;
        let key = random_bytes()?;
        loop {
            if self.identity.is_some() && self.session.is_none() {
                self.shake_hands()?;
            }
            match self.ask_once(&key, request) {
                Err(Error::Refused(protocol::Error::Busy)) if Instant::now() < give_up => {
                    std::thread::sleep(BUSY);
                }
                Err(Error::Refused(protocol::Error::NoSession))
                    if self.session.is_some() && Instant::now() < give_up =>
                {
                    self.session = None;
                }
                reply => return reply,
            }
        }
    }

    /// Says hello in the open, and ends the session. Returns the name of the board, which may speak the version before or after.
    ///
    /// # Errors
    /// [`Error::Version`] for any other version; as [`ask`](Self::ask).
    pub(crate) fn hello(&mut self) -> Result<Text> {
        let identity = self.identity.take();
        self.session = None;
        let reply = self.ask(&Request::Hello { protocol: VERSION });
        self.identity = identity;
        let (spoken, board) = match reply {
            Ok(Response::Hello { protocol, firmware, board }) => {
                (Spoken { version: protocol, firmware }, board)
            }
            Err(Error::Refused(protocol::Error::Version { board, .. })) => {
                return Err(Spoken { version: board, firmware: Text::new() }.differs());
            }
            Ok(_) => return Err(Error::Garbled),
            Err(error) => return Err(error),
        };
        if !Spoken::is_near(spoken.version) {
            return Err(spoken.differs());
        }
        self.spoken = spoken;
        Ok(board)
    }

    /// Opens the line that broke again: `open` gives another one, or none yet. The old one is closed first, since some lines have room
    /// for one program. The session is begun again.
    pub(crate) fn reopen(&mut self, open: &mut dyn FnMut() -> Option<Link>) {
        self.transport = Box::new(Ended);
        self.session = None;
        if let Some(other) = open() {
            (self.transport, self.deframer) = (other.transport, other.deframer);
        }
    }

    /// Ends the session: from here on nobody is behind this end of the line.
    pub(crate) fn leave(&mut self) {
        (self.identity, self.session) = (None, None);
    }

    /// Lets every request go without a session, as long as there is no identity.
    pub(crate) fn unseal(&mut self) {
        self.unsealed = true;
    }

    /// Lets another program use the line between two requests, if one waits. Its session replaces this one, so the next
    /// request starts a session again.
    pub(crate) fn give_way(&mut self) {
        self.transport.give_way();
    }

    /// Starts a session: from here on every frame is sealed. Another program's handshake between the messages of this one
    /// takes its place, so it is begun again.
    ///
    /// # Errors
    /// [`Error::OtherBoard`] if the board has another key than before; [`Error::Handshake`].
    pub(crate) fn shake_hands(&mut self) -> Result<Greeting> {
        let give_up = Instant::now() + self.slow.give_up;
        loop {
            match self.shake_hands_once() {
                Err(Error::Refused(protocol::Error::NoSession | protocol::Error::Busy))
                    if Instant::now() < give_up =>
                {
                    std::thread::sleep(BUSY);
                }
                done => return done,
            }
        }
    }

    fn shake_hands_once(&mut self) -> Result<Greeting> {
        let Some(Identity { secret, board }) = &self.identity else { return Err(Error::Handshake) };
        let (secret, pinned) = (secret.clone(), *board);
        self.session = None;
        let (initiator, first) = Initiator::begin(secret, random_key()?, self.spoken.version);
        let second = loop {
            let mut body = [0; SECOND];
            let came = self.exchange(Kind::Handshake, &first, self.quick, |packet| match packet.kind {
                Kind::Handshake if packet.body.len() == SECOND => {
                    body.copy_from_slice(packet.body);
                    Some(Ok(()))
                }
                Kind::Error => packet.message().ok().map(Err),
                _ => None,
            })?;
            match came {
                Ok(()) => break body,
                Err(protocol::Error::Busy) => std::thread::sleep(BUSY),
                Err(_) => return Err(Error::Handshake),
            }
        };
        let (established, third) = initiator.answer(&second).map_err(|_| Error::Handshake)?;
        // Check the board's key before the third message reveals the key of this computer.
        if pinned.is_some_and(|pinned| pinned != established.peer) {
            return Err(Error::OtherBoard);
        }
        let (session, version) = (established.session, self.spoken.version);
        let answer = |packet: &Packet<'_>| opened(&session, version, packet);
        let reply = self.exchange(Kind::Handshake, &third, self.quick, answer)?;
        match reply.map_err(Error::Refused)? {
            Response::Session { role, clock } => {
                self.session = Some(session);
                self.sessions += 1;
                Ok(Greeting { role, clock, board: established.peer, binding: established.binding })
            }
            _ => Err(Error::Garbled),
        }
    }

    fn ask_once(&mut self, key: &IdempotencyKey, request: &Request<'_>) -> Result<Response> {
        let patience = if request.is_slow() { self.slow } else { self.quick };
        let version = self.spoken.version;
        let mut room = [0; MAX_BODY];
        let reply = match self.session.take() {
            Some(mut session) => {
                let length = pack_request(key, request, room.get_mut(HEAD..).unwrap_or_default());
                let length = length.map_err(|_| Error::TooLong)?;
                let id = self.last_id.wrapping_add(1);
                let sealed = session.seal(id, &mut room, length).map_err(|_| Error::TooLong)?;
                let answer = |packet: &Packet<'_>| opened(&session, version, packet);
                let reply = self.exchange(Kind::Sealed, sealed, patience, answer);
                self.session = Some(session);
                reply
            }
            None if self.identity.is_some() => return Err(Error::Handshake),
            None => {
                let length = pack(request, &mut room).map_err(|_| Error::TooLong)?;
                let body = room.get(1..length).unwrap_or_default();
                let mut garbled = false;
                let reply = self.exchange(Kind::Request, body, patience, |packet| {
                    let reply = match packet.kind {
                        Kind::Response => response(version, packet).map(Ok),
                        Kind::Error => packet.message().map(Err),
                        _ => return None,
                    };
                    garbled = reply.is_err();
                    Some(reply.unwrap_or(Err(protocol::Error::Malformed)))
                });
                if garbled {
                    return Err(Error::Garbled);
                }
                reply
            }
        };
        reply?.map_err(Error::Refused)
    }

    /// Sends a body under the next id, and repeats it until `take` accepts a packet with that id.
    fn exchange<T>(
        &mut self,
        kind: Kind,
        body: &[u8],
        patience: Patience,
        mut take: impl FnMut(&Packet<'_>) -> Option<T>,
    ) -> Result<T> {
        self.last_id = self.last_id.wrapping_add(1);
        let mut buffer = [0; MAX_FRAME];
        let frame = encode_bytes(kind, self.last_id, body, &mut buffer).map_err(|_| Error::TooLong)?;
        let give_up = Instant::now() + patience.give_up;
        loop {
            self.transport.send(frame).map_err(Error::Line)?;
            let repeat = (Instant::now() + patience.repeat).min(give_up);
            if let Some(reply) = self.listen(repeat, &mut take)? {
                return Ok(reply);
            }
            if Instant::now() >= give_up {
                return Err(Error::Silent { seconds: patience.give_up.as_secs() });
            }
        }
    }

    /// Receives bytes until `take` accepts a packet, or until the time `until`.
    fn listen<T>(
        &mut self,
        until: Instant,
        take: &mut impl FnMut(&Packet<'_>) -> Option<T>,
    ) -> Result<Option<T>> {
        let mut buffer = [0; 1024];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let slice = match &mut self.task {
                Some(task) => {
                    task()?;
                    left.min(TASK)
                }
                None => left,
            };
            let taken = self.transport.receive(&mut buffer, slice).map_err(Error::Line)?;
            for byte in &buffer[..taken] {
                let packet = match self.deframer.push(*byte) {
                    Some(Ok(packet)) if packet.id == self.last_id => packet,
                    _ => continue,
                };
                if let Some(taken) = take(&packet) {
                    return Ok(Some(taken));
                }
            }
        }
    }
}

/// The answer in a packet of a session. Only a sealed packet counts, except for two errors: the board is
/// busy, or it has lost the session. Any other packet is ignored.
fn opened(session: &HostSession, version: u16, packet: &Packet<'_>) -> Option<Answer> {
    if packet.kind == Kind::Error {
        let error = packet.message::<protocol::Error>().ok()?;
        let harmless = matches!(error, protocol::Error::Busy | protocol::Error::NoSession);
        return harmless.then_some(Err(error));
    }
    if packet.kind != Kind::Sealed {
        return None;
    }
    let mut body = packet.body.to_vec();
    let packed = session.open(packet.id, &mut body).ok()?;
    let within = packet.inner(packed).ok()?;
    match within.kind {
        Kind::Response => response(version, &within).ok().map(Ok),
        Kind::Error => within.message().ok().map(Err),
        _ => None,
    }
}

/// The response in a packet of a board that speaks this version.
fn response(version: u16, packet: &Packet<'_>) -> core::result::Result<Response, DecodeError> {
    Packet { body: &translate(version, packet.body), ..*packet }.message()
}

/// The first id is taken from the clock, so that two consecutive connections rarely use the same ids.
fn first_id() -> u16 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| (since.as_micros() & 0xFFFF) as u16)
}
