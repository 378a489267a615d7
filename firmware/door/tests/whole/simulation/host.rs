//! The host's end of the line. It does the handshake by itself before its first request.

use std::{cell::Cell, rc::Rc};

use audit::{Chain, Entry, Verifier};
use crypto::{
    Entropy, Generator, Key, Release,
    handshake::Initiator,
    pairing,
    session::{HEAD, HostSession},
};
use ed25519_dalek::{Signer, SigningKey};
use embassy_time::{Duration, with_timeout};
use protocol::{
    Deframer, Enrolment, Error, IdempotencyKey, Kind, Label, MAX_BODY, MAX_CHUNK, MAX_FRAME, ModelInfo,
    ModelKind, Pairing, PixelFormat, Request, Response, Role, Signature, Source, VERSION, pack_request,
};
use sha2::{Digest, Sha256};

use super::{
    World,
    engine::picture,
    line::Line,
    parts::{SIDE, Wires},
};

/// The signing key that the board trusts once it is paired.
pub fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[0x51; 32])
}

/// A request that begins a transfer, signed by `key`.
pub fn begin(key: &SigningKey, kind: ModelKind, image: &[u8], sequence: u64) -> Request<'static> {
    let (length, sha256) = (image.len() as u32, Sha256::digest(image).into());
    let release = Release { kind: kind as u8, sequence, length, sha256 };
    let signature = Signature::new(&key.sign(&release.signed()).to_bytes());
    Request::BeginModel { kind, length, sha256, sequence, signature }
}

/// A host.
pub struct Host {
    line: Line,
    wires: Rc<Wires>,
    deframer: Box<Deframer>,
    id: u16,
    /// The secret of the key by which the board knows this host.
    secret: Key,
    random: Generator,
    session: Option<HostSession>,
    /// What a pairing code is bound to, and the board's key.
    pub binding: [u8; 32],
    pub board: [u8; 32],
    /// The frame sent last.
    pub last: Vec<u8>,
    /// The number of the next release.
    pub sequence: u64,
    /// The idempotency key of the request sent last.
    pub idempotency: IdempotencyKey,
}

/// An idempotency key that no request of this test had, in none of its boots.
fn next_key() -> IdempotencyKey {
    thread_local!(static LAST: Cell<u64> = const { Cell::new(0) });
    LAST.set(LAST.get() + 1);
    LAST.get().to_le_bytes()
}

/// A reply, or silence.
pub type Reply = Result<Response, Error>;

impl Host {
    pub fn new(line: Line, wires: Rc<Wires>) -> Self {
        let seed = Key::new([3; 32]);
        Self {
            line,
            wires,
            deframer: Box::new(Deframer::new()),
            id: 0,
            secret: Key::new([7; 32]),
            random: Generator::new(&seed, b"host"),
            session: None,
            binding: [0; 32],
            board: [0; 32],
            last: Vec::new(),
            sequence: 1,
            idempotency: [0; 8],
        }
    }

    /// Becomes the host with that secret, without a session.
    pub fn become_host(&mut self, secret: u8) {
        self.secret = Key::new([secret; 32]);
        self.session = None;
    }

    /// The key by which the board knows this host.
    pub fn key(&self) -> [u8; 32] {
        crypto::handshake::public_key(&self.secret)
    }

    /// Does the handshake. Returns the role.
    pub async fn connect(&mut self) -> Option<Role> {
        let (initiator, first) = Initiator::begin(self.secret.clone(), self.random.key(), VERSION);
        self.send_kind(Kind::Handshake, &first);
        let second = self.receive_handshake().await;
        let (established, third) = initiator.answer(&second).unwrap();
        (self.binding, self.board) = (established.binding, established.peer);
        self.session = Some(established.session);
        self.send_kind(Kind::Handshake, &third);
        match self.receive().await.1 {
            Ok(Response::Session { role, .. }) => role,
            other => panic!("{other:?}"),
        }
    }

    async fn receive_handshake(&mut self) -> Vec<u8> {
        loop {
            while let Some(byte) = self.line.host_receives() {
                if let Some(Ok(packet)) = self.deframer.push(byte) {
                    assert_eq!((packet.kind, packet.id), (Kind::Handshake, self.id));
                    return packet.body.to_vec();
                }
            }
            embassy_time::Timer::after_millis(1).await;
        }
    }

    /// Sends a body under the next id.
    pub fn send_kind(&mut self, kind: Kind, body: &[u8]) -> u16 {
        self.id += 1;
        let mut frame = [0; MAX_FRAME];
        self.last = protocol::encode_bytes(kind, self.id, body, &mut frame).unwrap().to_vec();
        self.line.host_sends(&self.last);
        self.id
    }

    /// Sends a request that is not sealed.
    pub fn send_plain(&mut self, request: &Request<'_>) -> u16 {
        self.id += 1;
        let mut frame = [0; MAX_FRAME];
        self.line.host_sends(protocol::encode(self.id, request, &mut frame).unwrap());
        self.id
    }

    /// Begins a pairing up to the code on the display: presses the pairing button once. Returns the code.
    pub async fn begin_pairing(&mut self, role: Role, label: &str) -> Result<u32, Error> {
        if self.session.is_none() {
            self.connect().await;
        }
        let mut nonce = [0; 32];
        self.random.fill(&mut nonce);
        let commitment = pairing::commitment(&nonce);
        let label = Label::try_from(label).unwrap();
        let requested = self.ask(Request::BeginPairing { role, label, commitment }).await?;
        assert!(matches!(requested, Response::Pairing(Pairing::Requested { left_ms: 59_000..=60_000 })));
        self.wires.press_pairing().await;
        let theirs = match self.ask(Request::PollPairing).await? {
            Response::PairingNonce { nonce } => nonce,
            other => panic!("{other:?}"),
        };
        let signer = Some(signing_key().verifying_key().to_bytes());
        let waiting = self.ask(Request::Pair { nonce, signer }).await?;
        assert!(matches!(waiting, Response::Pairing(Pairing::Shown { left_ms: 59_000..=60_000 })));
        Ok(pairing::code(&self.binding, &nonce, &theirs))
    }

    /// Puts bytes on the line.
    pub fn send_bytes(&self, bytes: &[u8]) {
        self.line.host_sends(bytes);
    }

    /// Sends a request and returns its id.
    pub fn send(&mut self, request: &Request<'_>) -> u16 {
        self.idempotency = next_key();
        self.send_keyed(request)
    }

    /// Sends a request with the idempotency key of the last one: it is the same request once more.
    pub fn send_keyed(&mut self, request: &Request<'_>) -> u16 {
        let mut room = [0; MAX_BODY];
        let length = pack_request(&self.idempotency, request, &mut room[HEAD..]).unwrap();
        let session = self.session.as_mut().expect("connected");
        let sealed = session.seal(self.id + 1, &mut room, length).unwrap().to_vec();
        self.send_kind(Kind::Sealed, &sealed)
    }

    /// Sends the same frame again.
    pub fn send_again(&mut self) {
        self.line.host_sends(&self.last);
    }

    /// Waits for the next reply, and its id.
    pub async fn receive(&mut self) -> (u16, Reply) {
        let receive = async {
            loop {
                while let Some(byte) = self.line.host_receives() {
                    let Some(packet) = self.deframer.push(byte) else { continue };
                    let packet = packet.unwrap();
                    let mut body = packet.body.to_vec();
                    let within = match packet.kind {
                        Kind::Sealed => {
                            let opened = self.session.as_ref().unwrap().open(packet.id, &mut body);
                            packet.inner(opened.expect("sealed for this host")).unwrap()
                        }
                        _ => packet,
                    };
                    let reply = match within.kind {
                        Kind::Response => Ok(within.message().unwrap()),
                        Kind::Error => Err(within.message().unwrap()),
                        kind => panic!("the board sends {kind:?}"),
                    };
                    return (packet.id, reply);
                }
                embassy_time::Timer::after_millis(1).await;
            }
        };
        with_timeout(Duration::from_secs(10), receive).await.expect("no reply")
    }

    /// Whether the board is silent for this time.
    pub async fn hears_nothing(&mut self, ms: u64) -> bool {
        embassy_time::Timer::after_millis(ms).await;
        self.line.host_receives().is_none()
    }

    /// Sends a request and waits for the reply.
    pub async fn ask(&mut self, request: Request<'_>) -> Reply {
        if self.session.is_none() {
            self.connect().await;
        }
        let id = self.send(&request);
        let (answered, reply) = self.receive().await;
        assert_eq!(answered, id);
        reply
    }

    /// Transfers a model and makes it active.
    pub async fn flash(&mut self, kind: ModelKind, image: &[u8]) -> Result<ModelInfo, Error> {
        let begun = self.ask(begin(&signing_key(), kind, image, self.sequence)).await?;
        let Response::Progress { mut next } = begun else { panic!("{begun:?}") };
        while (next as usize) < image.len() {
            let end = image.len().min(next as usize + MAX_CHUNK);
            let data = &image[next as usize..end];
            match self.ask(Request::ModelChunk { offset: next, data }).await? {
                Response::Progress { next: now } => next = now,
                other => panic!("{other:?}"),
            }
        }
        match self.ask(Request::CommitModel).await? {
            Response::ModelActive(info) => Ok(info),
            other => panic!("{other:?}"),
        }
    }

    /// Stages a frame.
    pub async fn stage(&mut self, bytes: &[u8]) {
        let format = PixelFormat::Yuyv;
        self.ask(Request::BeginFrame { width: SIDE, height: SIDE, format }).await.unwrap();
        let reply = self.ask(Request::FrameChunk { offset: 0, data: bytes }).await;
        assert_eq!(reply, Ok(Response::Progress { next: bytes.len() as u32 }));
    }

    /// Enrols a new person from one frame.
    pub async fn enrol(&mut self, name: &str, person: u8) -> Reply {
        self.enrol_as(name, person, 0, Enrolment::NewPerson).await
    }

    /// Enrols a person from a frame.
    pub async fn enrol_as(&mut self, name: &str, person: u8, view: u8, enrolment: Enrolment) -> Reply {
        self.enrol_from(name, &picture(person, view), enrolment).await
    }

    /// Enrols whoever a frame shows.
    pub async fn enrol_from(&mut self, name: &str, frame: &[u8], enrolment: Enrolment) -> Reply {
        self.stage(frame).await;
        let name = protocol::Name::try_from(name).unwrap();
        self.ask(Request::Enrol { name, source: Source::Staged, enrolment }).await
    }

    /// The whole audit log. Checks its chain.
    pub async fn log(&mut self) -> Vec<(u32, Entry)> {
        let (mut entries, mut verifier, mut from) = (Vec::new(), Verifier::new(), Some(0));
        while let Some(first) = from {
            let reply = self.ask(Request::ReadLog { from: first }).await;
            let Ok(Response::Log { entries: page, next, .. }) = reply else { panic!("{reply:?}") };
            for read in page {
                verifier.check(read.number, &read.entry, Chain(read.chain)).unwrap();
                entries.push((read.number, Entry::from_bytes(&read.entry).unwrap()));
            }
            from = next;
        }
        entries
    }

    /// The kinds of all entries of the audit log.
    pub async fn kinds(&mut self) -> Vec<audit::Kind> {
        self.log().await.into_iter().map(|(_, entry)| entry.kind).collect()
    }

    /// The names of all people enrolled, in order.
    pub async fn users(&mut self) -> Vec<String> {
        let (mut names, mut from) = (Vec::new(), 0);
        loop {
            match self.ask(Request::ListUsers { from }).await {
                Ok(Response::Users { users, next }) => {
                    names.extend(users.iter().map(|user| user.name.to_string()));
                    match next {
                        Some(next) => from = next,
                        None => return names,
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Pairs the host with its board, which must not have a host yet.
pub async fn pair(world: &mut World) {
    let code = world.host.begin_pairing(Role::Installer, "workshop").await.unwrap();
    assert_eq!(world.wires.code.get(), Some(code));
    world.confirm().await;
    let paired = world.host.ask(Request::PollPairing).await;
    assert_eq!(paired, Ok(Response::Pairing(Pairing::Paired { role: Role::Installer })));
    assert_eq!(world.wires.code.get(), None);
}
