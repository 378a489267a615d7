//! The host's end of the line.

use embassy_time::{Duration, with_timeout};
use protocol::{
    Deframer, Enrolment, Error, Kind, MAX_CHUNK, MAX_FRAME, ModelInfo, ModelKind, PixelFormat, Request,
    Response, Source,
};
use sha2::{Digest, Sha256};

use super::{
    engine::picture,
    parts::{Line, SIDE},
};

/// Asks the board.
pub struct Host {
    line: Line,
    deframer: Box<Deframer>,
    id: u16,
}

/// A reply, or silence.
pub type Reply = Result<Response, Error>;

impl Host {
    pub fn new(line: Line) -> Self {
        Self { line, deframer: Box::new(Deframer::new()), id: 0 }
    }

    /// Puts bytes on the line.
    pub fn send_bytes(&self, bytes: &[u8]) {
        self.line.host_sends(bytes);
    }

    /// Sends a request and returns its id.
    pub fn send(&mut self, request: &Request<'_>) -> u16 {
        self.id += 1;
        self.send_again(self.id, request);
        self.id
    }

    /// Sends a request under an id.
    pub fn send_again(&mut self, id: u16, request: &Request<'_>) {
        let mut frame = [0; MAX_FRAME];
        self.line.host_sends(protocol::encode(id, request, &mut frame).unwrap());
    }

    /// Waits for the next reply, and its id.
    pub async fn receive(&mut self) -> (u16, Reply) {
        let receive = async {
            loop {
                while let Some(byte) = self.line.host_receives() {
                    let Some(packet) = self.deframer.push(byte) else { continue };
                    let packet = packet.unwrap();
                    let reply = match packet.kind {
                        Kind::Response => Ok(packet.message().unwrap()),
                        Kind::Error => Err(packet.message().unwrap()),
                        Kind::Request => panic!("the board asks"),
                    };
                    return (packet.id, reply);
                }
                embassy_time::Timer::after_millis(1).await;
            }
        };
        with_timeout(Duration::from_secs(10), receive).await.expect("no reply")
    }

    /// Whether the board says nothing for so long.
    pub async fn hears_nothing(&mut self, ms: u64) -> bool {
        embassy_time::Timer::after_millis(ms).await;
        self.line.host_receives().is_none()
    }

    /// Asks and waits for the reply.
    pub async fn ask(&mut self, request: Request<'_>) -> Reply {
        let id = self.send(&request);
        let (answered, reply) = self.receive().await;
        assert_eq!(answered, id);
        reply
    }

    /// Transfers a model and puts it in force.
    pub async fn flash(&mut self, kind: ModelKind, image: &[u8]) -> Result<ModelInfo, Error> {
        let sha256 = Sha256::digest(image).into();
        let begun = self.ask(Request::BeginModel { kind, length: image.len() as u32, sha256 }).await?;
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

    /// Stages a picture.
    pub async fn stage(&mut self, bytes: &[u8]) {
        let format = PixelFormat::Yuyv;
        self.ask(Request::BeginFrame { width: SIDE, height: SIDE, format }).await.unwrap();
        let reply = self.ask(Request::FrameChunk { offset: 0, data: bytes }).await;
        assert_eq!(reply, Ok(Response::Progress { next: bytes.len() as u32 }));
    }

    /// Enrols a new person from one picture.
    pub async fn enrol(&mut self, name: &str, person: u8) -> Reply {
        self.enrol_as(name, person, 0, Enrolment::NewPerson).await
    }

    /// Enrols a person from a picture.
    pub async fn enrol_as(&mut self, name: &str, person: u8, view: u8, enrolment: Enrolment) -> Reply {
        self.stage(&picture(person, view)).await;
        let name = protocol::Name::try_from(name).unwrap();
        self.ask(Request::Enrol { name, source: Source::Staged, enrolment }).await
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
