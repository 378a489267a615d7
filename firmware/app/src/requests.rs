//! The host's requests.

use core::sync::atomic::Ordering;

use embassy_time::{Duration, Instant, with_timeout};
use embedded_storage_async::nor_flash::NorFlash;
use gallery::Template;
use heapless::Vec;
use protocol::{
    Comparison, Door, Enrolment, Error, Hash, Kind, Packet, Request, Response, Settings, Source, Status,
    USERS_PER_PAGE, User, VERSION, pack,
};
use secrets::{handshake::SECOND, session::HEAD};
use vision::MAX_FACES;

use crate::{
    access::Step,
    back::IdleSlots,
    board::{Camera, Capture, System},
    desk::Desk,
    engine::Engine,
    flashing::Announced,
    link::{Order, Pending, Ticket},
    recognition::{Measured, Models, encode, find, probe},
    settings,
    staging::Staging,
    translate::{self, refusal, text},
};

/// How long a request waits for the camera's next picture.
const CAMERA_PATIENCE: Duration = Duration::from_secs(2);

/// The longest that the host can pause the door.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What follows from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing: the next one, please.
    Serve,
    /// The models in force are others now.
    Reload,
    /// The board shall restart.
    Restart,
}

/// What came over the line.
enum Opened<'b> {
    /// A step of the handshake, and its answer.
    Step([u8; SECOND]),
    /// The handshake's last step: there is a session.
    Session,
    /// A request.
    Request(Packet<'b>),
}

/// Why what came is not answered as a request.
enum Refusal {
    /// It was sealed in no session that the board has.
    NoSession,
    /// It was answered before, and something newer since.
    Replay,
}

/// Faces of a picture, the largest first.
type Found = Vec<Measured, MAX_FACES>;

impl<E: Engine, S: System, G: NorFlash, T: NorFlash> Desk<'_, '_, E, S, G, T> {
    /// Answers what the front took: a request, sealed or not, or a step of the handshake.
    pub(crate) async fn answer<C: Camera, M: NorFlash>(
        &mut self,
        camera: &mut C,
        models: &Models<'_, E>,
        idle: &mut IdleSlots<'_, M>,
    ) -> Outcome {
        let link = self.link;
        let mut pending = link.request.lock().await;
        let Pending { kind, ticket, length, body } = &mut *pending;
        let (kind, ticket) = (*kind, *ticket);
        let received = body.get_mut(..*length).unwrap_or_default();
        let mut outcome = Outcome::Serve;
        let result = match self.receive(kind, ticket, received) {
            Ok(Opened::Step(message)) => {
                let mut reply = link.reply.lock().await;
                let _ = reply.answer_bytes(ticket.id, ticket.checksum, Kind::Handshake, &message);
                drop(reply);
                return self.replied(Some(ticket));
            }
            Ok(Opened::Session) => Ok(Response::Session { role: self.access.role() }),
            Ok(Opened::Request(packet)) => match packet.message::<Request<'_>>() {
                Ok(request) => {
                    outcome = match request {
                        Request::CommitModel => Outcome::Reload,
                        Request::Reboot => Outcome::Restart,
                        _ => Outcome::Serve,
                    };
                    match self.access.permit(&request, kind == Kind::Sealed) {
                        Ok(()) => self.handle(request, camera, models, idle).await,
                        Err(error) => Err(error),
                    }
                }
                Err(_) => Err(Error::Malformed),
            },
            // Somebody sends again what was answered long ago: no reply, and nothing changes.
            Err(Refusal::Replay) => return self.replied(None),
            Err(Refusal::NoSession) => {
                let mut reply = link.reply.lock().await;
                let _ = reply.answer(ticket.id, ticket.checksum, &Error::NoSession);
                drop(reply);
                return self.replied(Some(ticket));
            }
        };
        if result.is_err() {
            outcome = Outcome::Serve;
        }
        self.reply(kind, ticket, &result, body).await;
        self.replied(Some(ticket));
        outcome
    }

    /// Finds out what came: takes a step of the handshake, or opens what is sealed.
    fn receive<'b>(
        &mut self,
        kind: Kind,
        ticket: Ticket,
        received: &'b mut [u8],
    ) -> Result<Opened<'b>, Refusal> {
        let packet = |body| Packet { kind: Kind::Request, id: ticket.id, checksum: ticket.checksum, body };
        match kind {
            Kind::Handshake => {
                let ephemeral = self.system.key();
                match self.access.shake_hands(received, ephemeral) {
                    Ok(Step::Message(message)) => Ok(Opened::Step(message)),
                    Ok(Step::Done) => {
                        self.forget_pairing();
                        Ok(Opened::Session)
                    }
                    Err(_) => Err(Refusal::NoSession),
                }
            }
            Kind::Sealed => {
                let session = self.access.session.as_mut().ok_or(Refusal::NoSession)?;
                match session.answering.open(ticket.id, received) {
                    Ok(packed) => {
                        packet(&[]).within(packed).map(Opened::Request).map_err(|_| Refusal::NoSession)
                    }
                    Err(secrets::Error::Replayed) => Err(Refusal::Replay),
                    Err(_) => Err(Refusal::NoSession),
                }
            }
            _ => Ok(Opened::Request(packet(received))),
        }
    }

    /// Writes the reply as the request came: sealed or not. `room` is where the request was.
    async fn reply(&mut self, kind: Kind, ticket: Ticket, result: &Result<Response, Error>, room: &mut [u8]) {
        let mut reply = self.link.reply.lock().await;
        let too_long = Error::Internal { reason: text("the reply is too long") };
        if kind == Kind::Request {
            let written = match result {
                Ok(response) => reply.answer(ticket.id, ticket.checksum, response).map(|_| ()),
                Err(error) => reply.answer(ticket.id, ticket.checksum, error).map(|_| ()),
            };
            if written.is_err() {
                // No message of the table is too long; should one be, the host learns that.
                let _ = reply.answer(ticket.id, ticket.checksum, &too_long);
            }
            return;
        }
        let packing = room.get_mut(HEAD..).unwrap_or_default();
        let packed = match result {
            Ok(response) => pack(response, packing),
            Err(error) => pack(error, packing),
        };
        let length = packed.or_else(|_| pack(&too_long, packing)).unwrap_or(0);
        let session = self.access.session.as_mut();
        let sealed = session.and_then(|session| session.answering.seal(ticket.id, room, length).ok());
        let _ = match sealed {
            Some(sealed) => reply.answer_bytes(ticket.id, ticket.checksum, Kind::Sealed, sealed),
            None => reply.answer(ticket.id, ticket.checksum, &Error::NoSession),
        };
    }

    /// The request is done with: the front sends the reply, if there is one.
    fn replied(&mut self, ticket: Option<Ticket>) -> Outcome {
        self.link.busy.store(false, Ordering::Release);
        if let Some(ticket) = ticket {
            self.link.replied.signal(ticket);
        }
        Outcome::Serve
    }

    async fn handle<C: Camera, M: NorFlash>(
        &mut self,
        request: Request<'_>,
        camera: &mut C,
        models: &Models<'_, E>,
        idle: &mut IdleSlots<'_, M>,
    ) -> Result<Response, Error> {
        match request {
            Request::Hello { .. } => Ok(Response::Hello {
                protocol: VERSION,
                firmware: text(env!("CARGO_PKG_VERSION")),
                board: text(self.system.board()),
            }),
            Request::Status => Ok(Response::Status(self.status(models))),
            Request::GetSettings => Ok(Response::Settings(self.settings)),
            Request::SetSettings(settings) => self.set_settings(settings).await,
            Request::BeginFrame { width, height, format } => {
                self.staging.begin(width, height, format).map(|()| Response::Done)
            }
            Request::FrameChunk { offset, data } => {
                self.staging.chunk(offset, data).map(|next| Response::Progress { next })
            }
            Request::Detect { source } => self.detect(source, camera, models).await,
            Request::Embed { source } => self.embed(source, camera, models).await,
            Request::Enrol { name, source, enrolment } => {
                self.enrol(&name, source, enrolment, camera, models).await
            }
            Request::Verify { name, source } => {
                self.compare(Some(&name), source, camera, models).await.map(Response::Verified)
            }
            Request::Identify { source } => {
                self.compare(None, source, camera, models).await.map(Response::Identified)
            }
            Request::ListUsers { from } => self.list(from),
            Request::Remove { name } => self.remove(&name).await,
            Request::BeginModel { kind, length, sha256, sequence, signature } => {
                self.begin_model(Announced { kind, length, sha256, sequence }, &signature, idle).await
            }
            Request::ModelChunk { offset, data } => {
                let (transfer, storage) = self.transfer()?;
                let slot = idle.of(transfer.kind);
                let next = transfer.chunk(offset, data, slot.flash, storage).await?;
                Ok(Response::Progress { next })
            }
            Request::CommitModel => self.commit_model(models, idle).await.map(Response::ModelActive),
            Request::NextEvents { after } => {
                let (newest, events) = self.link.events(after);
                Ok(Response::Events { newest, events })
            }
            Request::Reboot => Ok(Response::Done),
            Request::PauseDoor { ms } => {
                let pause = Duration::from_millis(ms.into()).min(LONGEST_PAUSE);
                self.paused_until = Instant::now() + pause;
                self.agreement.reset();
                self.link.orders.send(Order::Lock).await;
                Ok(Response::Done)
            }
            Request::BeginPairing { role, label, commitment } => self.begin_pairing(role, label, commitment),
            Request::Pair { nonce, signer } => self.pair(nonce, signer),
            Request::PollPairing => self.poll_pairing().await,
            Request::Invite { role } => Ok(self.invite(role)),
            Request::ListHosts => Ok(Response::Hosts(self.access.hosts().cloned().collect())),
            Request::RemoveHost { key } => self.remove_host(key).await,
            Request::ReplaceKey { key } => self.replace_key(key).await,
            Request::SetSigner { signer } => {
                self.storage()?.set_signer(&signer).await?;
                Ok(Response::Done)
            }
            _ => Err(Error::Malformed),
        }
    }

    fn status(&self, models: &Models<'_, E>) -> Status {
        let now = Instant::now();
        let door = match self.link.open_until() {
            Some(end) if end > now => Door::Open { left_ms: (end - now).as_millis() as u32 },
            _ => Door::Locked,
        };
        let gallery = self.gallery().ok();
        let templates = gallery.map_or(0, |gallery| gallery.templates());
        let foreign = gallery.map_or(0, |gallery| match models.encoder_hash() {
            Some(running) => gallery.foreign_templates(running),
            None => 0,
        });
        let threshold = models.threshold(self.settings.far_one_in, templates).ok();
        Status {
            board: text(self.system.board()),
            firmware: text(env!("CARGO_PKG_VERSION")),
            uptime_ms: now.as_millis(),
            instructions: self.system.instructions(),
            reset: self.system.reset_reason(),
            door,
            models: models.infos.iter().cloned().collect(),
            people: gallery.map_or(0, |gallery| gallery.people().count()) as u16,
            templates: templates as u16,
            foreign_templates: foreign as u16,
            gallery_encoder: gallery.and_then(|gallery| gallery.encoder()).map(|hash| hash.0),
            free_bytes: self.room().free as u32,
            threshold: threshold.map(|threshold| translate::similarity(threshold.similarity)),
            settings: self.settings,
            camera_sequence: self.camera_sequence,
            hosts: self.access.hosts().count() as u8,
        }
    }

    async fn set_settings(&mut self, settings: Settings) -> Result<Response, Error> {
        settings::check(&settings)?;
        self.storage()?.set_settings(&settings).await?;
        self.apply(settings);
        Ok(Response::Settings(settings))
    }

    async fn detect<C: Camera>(
        &mut self,
        source: Source,
        camera: &mut C,
        models: &Models<'_, E>,
    ) -> Result<Response, Error> {
        let (pair, _) = models.pair()?;
        let capture = picture(source, camera, &self.staging).await?;
        let started = self.system.instructions();
        let faces = find(&mut self.engine, pair, &capture.frame)?;
        let instructions = self.system.instructions().saturating_sub(started);
        Ok(Response::Faces { faces: faces.iter().map(Measured::message).collect(), instructions })
    }

    async fn embed<C: Camera>(
        &mut self,
        source: Source,
        camera: &mut C,
        models: &Models<'_, E>,
    ) -> Result<Response, Error> {
        let (pair, info) = models.pair()?;
        let capture = picture(source, camera, &self.staging).await?;
        let started = self.system.instructions();
        let faces = find(&mut self.engine, pair, &capture.frame)?;
        let largest = faces.first().ok_or(Error::NoFace)?;
        let template = encode(&mut self.engine, pair, &capture.frame, largest)?;
        let instructions = self.system.instructions().saturating_sub(started);
        Ok(Response::Embedding {
            face: largest.message(),
            faces: faces.len() as u8,
            encoder: info.identity.0,
            template: template.values().iter().copied().collect(),
            instructions,
        })
    }

    async fn enrol<C: Camera>(
        &mut self,
        name: &str,
        source: Source,
        enrolment: Enrolment,
        camera: &mut C,
        models: &Models<'_, E>,
    ) -> Result<Response, Error> {
        let name = gallery::Name::new(name).map_err(|_| Error::BadName)?;
        let (pair, info) = models.pair()?;
        let compared = self.gallery()?.templates();
        let threshold = models.threshold(self.settings.far_one_in, compared)?.similarity;
        let capture = picture(source, camera, &self.staging).await?;
        let started = self.system.instructions();
        let (faces, template) = encode_largest(&mut self.engine, pair, &capture)?;
        let probe = probe(&template, info);
        let room = self.room();
        let gallery = self.gallery_mut()?;
        let enrolled = match enrolment {
            Enrolment::NewPerson => gallery.enrol(&name, probe, threshold).await.map(|_| ()),
            Enrolment::AddTemplate => gallery.add_template(&name, probe, threshold).await.map(|_| ()),
        };
        enrolled.map_err(|error| refusal(error, &name, room))?;
        let (person, templates) = match self.gallery()?.find(&name) {
            Some(person) => (person.id(), person.templates() as u8),
            None => return Err(Error::Internal { reason: text("the person enrolled is not there") }),
        };
        self.agreement.reset();
        let instructions = self.system.instructions().saturating_sub(started);
        let face = faces.first().ok_or(Error::NoFace)?.message();
        Ok(Response::Enrolled { person, templates, faces: faces.len() as u8, face, instructions })
    }

    /// 1:1 with the person of a name, or 1:N.
    async fn compare<C: Camera>(
        &mut self,
        name: Option<&str>,
        source: Source,
        camera: &mut C,
        models: &Models<'_, E>,
    ) -> Result<Comparison, Error> {
        let (pair, info) = models.pair()?;
        let gallery = self.gallery()?;
        let compared = match name {
            None => gallery.templates(),
            Some(name) => {
                let person = gallery.find(name).ok_or(gallery::Error::NotFound);
                person.map_err(|error| refusal(error, name, self.room()))?.templates()
            }
        };
        let threshold = models.threshold(self.settings.far_one_in, compared)?.similarity;
        let capture = picture(source, camera, &self.staging).await?;
        let started = self.system.instructions();
        let (faces, template) = encode_largest(&mut self.engine, pair, &capture)?;
        let probe = probe(&template, info);
        let gallery = self.gallery()?;
        let best = match name {
            None => gallery.identify(probe),
            Some(name) => gallery.verify(name, probe).map(Some),
        };
        let best = best.map_err(|error| refusal(error, name.unwrap_or_default(), self.room()))?;
        Ok(Comparison {
            accepted: best.is_some_and(|best| best.similarity >= threshold),
            best: best.map(translate::candidate),
            threshold: translate::similarity(threshold),
            faces: faces.len() as u8,
            face: faces.first().ok_or(Error::NoFace)?.message(),
            instructions: self.system.instructions().saturating_sub(started),
        })
    }

    fn list(&self, from: u32) -> Result<Response, Error> {
        let gallery = self.gallery()?;
        let mut users: Vec<User, USERS_PER_PAGE> = Vec::new();
        let mut next = gallery.next_person(from);
        while let Some(person) = next {
            let encoder: Hash = gallery.encoder_of(person).map_or([0; 32], |hash| hash.0);
            let user = User {
                person: person.id(),
                name: translate::name(person.name()),
                templates: person.templates() as u8,
                encoder,
            };
            if users.push(user).is_err() {
                break;
            }
            next = person.id().checked_add(1).and_then(|id| gallery.next_person(id));
        }
        Ok(Response::Users { users, next: next.map(|person| person.id()) })
    }

    async fn remove(&mut self, name: &str) -> Result<Response, Error> {
        let room = self.room();
        let removed = self.gallery_mut()?.remove(name).await;
        let person = removed.map_err(|error| refusal(error, name, room))?;
        self.agreement.reset();
        Ok(Response::Removed { person: person.id(), templates: person.templates() as u8 })
    }
}

/// The picture that a request is about.
async fn picture<'p, C: Camera>(
    source: Source,
    camera: &'p mut C,
    staging: &'p Staging<'_>,
) -> Result<Capture<'p>, Error> {
    match source {
        Source::Staged => staging.frame().map(|frame| Capture { sequence: 0, frame }),
        Source::Camera => with_timeout(CAMERA_PATIENCE, camera.next()).await.map_err(|_| Error::NoCamera),
    }
}

/// Encodes the largest face, which must be good enough to compare.
fn encode_largest<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    capture: &Capture<'_>,
) -> Result<(Found, Template), Error> {
    let faces = find(engine, pair, &capture.frame)?;
    let largest = faces.first().ok_or(Error::NoFace)?;
    if let Some(flaw) = largest.message().flaw {
        return Err(Error::PoorFace { flaw });
    }
    let template = encode(engine, pair, &capture.frame, largest)?;
    Ok((faces, template))
}
