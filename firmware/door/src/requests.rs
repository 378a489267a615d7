//! The host's requests.

use board_api::{Board, Capture, System as _};
use embassy_time::{Duration, Instant};
use heapless::Vec;
use liveness::single_frame_verdict;
use protocol::{
    Comparison, Door, Enrolment, Error, Hash, PersonId, Request, Response, Settings, Source, Status,
    USERS_PER_PAGE, User, VERSION,
};
use template::Template;
use vision::{Face, MAX_FACES};

use crate::{
    back::IdleSlots,
    desk::Desk,
    engine::{Aligned, Engine},
    flashing::Announced,
    recognition::{Judged, Models, find, judge, measure, probe},
    settings,
    shot::{Shot, picture},
    translate::{self, refusal, text},
};

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

impl<B: Board, E: Engine> Desk<'_, '_, B, E> {
    /// Does what a request asks, of a host that may ask it.
    ///
    /// `shot` is the camera's picture, or why there is none; only who asks for one looks at it. Nothing here awaits:
    /// a state machine of all that a host may ask would take twice the code.
    pub(crate) fn handle(
        &mut self,
        request: Request<'_>,
        shot: Shot<'_>,
        models: &Models<'_, E>,
        idle: &mut IdleSlots<'_, B::Flash>,
    ) -> Result<Response, Error> {
        match request {
            Request::Hello { .. } => Ok(Response::Hello {
                protocol: VERSION,
                firmware: text(env!("CARGO_PKG_VERSION")),
                board: text(self.system.name()),
            }),
            Request::Status => Ok(Response::Status(self.status(models))),
            Request::GetSettings => Ok(Response::Settings(self.settings)),
            Request::SetSettings(settings) => self.set_settings(settings),
            Request::BeginFrame { width, height, format } => {
                self.staging.begin(width, height, format).map(|()| Response::Done)
            }
            Request::FrameChunk { offset, data } => {
                self.staging.chunk(offset, data).map(|next| Response::Progress { next })
            }
            Request::Detect { source } => self.detect(source, shot, models),
            Request::Embed { source } => self.embed(source, shot, models),
            Request::Enrol { name, source, enrolment } => self.enrol(&name, source, enrolment, shot, models),
            Request::Verify { name, source } => {
                self.compare(Some(&name), source, shot, models).map(Response::Verified)
            }
            Request::Identify { source } => {
                self.compare(None, source, shot, models).map(Response::Identified)
            }
            Request::ListUsers { from } => self.list(from),
            Request::Remove { name } => self.remove(&name),
            Request::BeginModel { kind, length, sha256, sequence, signature } => {
                self.begin_model(Announced { kind, length, sha256, sequence }, &signature, idle)
            }
            Request::ModelChunk { offset, data } => {
                let (transfer, storage) = self.transfer()?;
                let slot = idle.of(transfer.kind);
                let next = transfer.chunk(offset, data, slot.flash, storage)?;
                Ok(Response::Progress { next })
            }
            Request::CommitModel => self.commit_model(models, idle).map(Response::ModelActive),
            Request::NextEvents { after } => {
                let (newest, events) = self.link.events(after);
                Ok(Response::Events { newest, events })
            }
            Request::Reboot => Ok(Response::Done),
            Request::PauseDoor { ms } => {
                let pause = Duration::from_millis(ms.into()).min(LONGEST_PAUSE);
                self.paused_until = Instant::now() + pause;
                self.begin_anew();
                Ok(Response::Done)
            }
            Request::BeginPairing { role, label, commitment } => self.begin_pairing(role, label, commitment),
            Request::Pair { nonce, signer } => self.pair(nonce, signer),
            Request::PollPairing => self.poll_pairing(),
            Request::Invite { role } => Ok(self.invite(role)),
            Request::ListHosts => Ok(Response::Hosts(self.access.hosts().cloned().collect())),
            Request::RemoveHost { key } => self.remove_host(key),
            Request::ReplaceKey { key } => self.replace_key(key),
            Request::SetSigner { signer } => {
                self.storage()?.set_signer(&signer)?;
                Ok(Response::Done)
            }
            Request::Firmware => Ok(Response::Firmware(self.updates.state()?)),
            Request::ReadLog { from } => self.journal.page(from),
            Request::GetRule { name } => self.rule(&name),
            Request::SetRule { name, rule } => {
                let person = self.person(&name)?;
                let reason = "the settings partition is too small";
                let storage = self.storage.as_mut();
                let storage = storage.ok_or_else(|| Error::Internal { reason: text(reason) })?;
                self.rules.set(person, rule, storage)?;
                self.policy.forget(person);
                self.rule(&name)
            }
            Request::SetOsdp { osdp } => self.set_osdp(osdp),
            Request::SetClock { unix_ms } => {
                let host = self.access.session.as_ref().map(|session| session.peer);
                self.journal.set_clock(unix_ms, host).map(|()| Response::Done)
            }
        }
    }

    /// The number of a person.
    fn person(&self, name: &str) -> Result<PersonId, Error> {
        let person = self.gallery()?.find(name).ok_or(gallery::Error::NotFound);
        Ok(person.map_err(|error| refusal(error, name, self.room()))?.id())
    }

    /// What holds for a person.
    fn rule(&self, name: &str) -> Result<Response, Error> {
        let person = self.person(name)?;
        let rule = self.rules.of(person).ok_or(Error::Flash)?;
        Ok(Response::Rule {
            person,
            schedule: rule.schedule,
            pin: rule.pin.is_some(),
            duress_pin: rule.duress_pin.is_some(),
        })
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
            board: text(self.system.name()),
            firmware: text(env!("CARGO_PKG_VERSION")),
            uptime_ms: now.as_millis(),
            instructions: self.system.instructions(),
            reset: translate::reset_reason(&self.system),
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
            clock: translate::clock(self.journal.clock.now()),
            log_lost: self.journal.lost(),
            osdp: self.link.osdp(),
        }
    }

    fn set_settings(&mut self, settings: Settings) -> Result<Response, Error> {
        settings::check(&settings)?;
        self.storage()?.set_settings(&settings)?;
        self.apply(settings);
        Ok(Response::Settings(settings))
    }

    fn detect(&mut self, source: Source, shot: Shot<'_>, models: &Models<'_, E>) -> Result<Response, Error> {
        let (pair, _) = models.pair()?;
        let capture = picture(source, shot, &self.staging)?;
        let started = self.system.instructions();
        let mut faces: Vec<protocol::Face, MAX_FACES> = Vec::new();
        for face in &find(&mut self.engine, pair, &capture.frame)? {
            let mut aligned = self.engine.align(pair, &capture.frame, face)?;
            // No more come out than went in.
            let _ = faces.push(measure(face, &mut aligned));
        }
        let instructions = self.system.instructions().saturating_sub(started);
        Ok(Response::Faces { faces, instructions })
    }

    fn embed(&mut self, source: Source, shot: Shot<'_>, models: &Models<'_, E>) -> Result<Response, Error> {
        let (pair, info) = models.pair()?;
        let capture = picture(source, shot, &self.staging)?;
        let started = self.system.instructions();
        let faces = find(&mut self.engine, pair, &capture.frame)?;
        let largest = faces.first().ok_or(Error::NoFace)?;
        let mut aligned = self.engine.align(pair, &capture.frame, largest)?;
        let face = measure(largest, &mut aligned);
        let template = aligned.encode()?;
        let instructions = self.system.instructions().saturating_sub(started);
        Ok(Response::Embedding {
            face,
            faces: faces.len() as u8,
            encoder: info.identity.0,
            template: template.values().iter().copied().collect(),
            instructions,
        })
    }

    fn enrol(
        &mut self,
        name: &str,
        source: Source,
        enrolment: Enrolment,
        shot: Shot<'_>,
        models: &Models<'_, E>,
    ) -> Result<Response, Error> {
        let name = gallery::Name::new(name).map_err(|_| Error::BadName)?;
        let (pair, info) = models.pair()?;
        let compared = self.gallery()?.templates();
        let threshold = models.threshold(self.settings.far_one_in, compared)?.similarity;
        let capture = picture(source, shot, &self.staging)?;
        let started = self.system.instructions();
        let Largest { faces, face, template, .. } = encode_largest(&mut self.engine, pair, &capture)?;
        let probe = probe(&template, info);
        let room = self.room();
        let gallery = self.gallery_mut()?;
        let enrolled = match enrolment {
            Enrolment::NewPerson => gallery.enrol(&name, probe, threshold).map(|_| ()),
            Enrolment::AddTemplate => gallery.add_template(&name, probe, threshold).map(|_| ()),
        };
        enrolled.map_err(|error| refusal(error, &name, room))?;
        let (person, templates) = match self.gallery()?.find(&name) {
            Some(person) => (person.id(), person.templates() as u8),
            None => return Err(Error::Internal { reason: text("the person enrolled is not there") }),
        };
        self.begin_anew();
        let instructions = self.system.instructions().saturating_sub(started);
        Ok(Response::Enrolled { person, templates, faces, face, instructions })
    }

    /// 1:1 with the person of a name, or 1:N.
    fn compare(
        &mut self,
        name: Option<&str>,
        source: Source,
        shot: Shot<'_>,
        models: &Models<'_, E>,
    ) -> Result<Comparison, Error> {
        let (pair, info) = models.pair()?;
        let alive = models.liveness(self.settings.liveness)?;
        let gallery = self.gallery()?;
        let compared = match name {
            None => gallery.templates(),
            Some(name) => {
                let person = gallery.find(name).ok_or(gallery::Error::NotFound);
                person.map_err(|error| refusal(error, name, self.room()))?.templates()
            }
        };
        let threshold = models.threshold(self.settings.far_one_in, compared)?.similarity;
        let capture = picture(source, shot, &self.staging)?;
        let started = self.system.instructions();
        let Largest { faces, found, face, template } = encode_largest(&mut self.engine, pair, &capture)?;
        let mut liveness = None;
        if let Some(network) = alive {
            let score = self.engine.live(network, &capture.frame, &found)?;
            liveness = Some(translate::liveness(&single_frame_verdict(score)));
        }
        if liveness.is_some_and(|liveness| liveness.reject.is_some()) {
            return Ok(Comparison {
                best: None,
                threshold: translate::similarity(threshold),
                accepted: false,
                faces,
                face,
                instructions: self.system.instructions().saturating_sub(started),
                liveness,
            });
        }
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
            faces,
            face,
            instructions: self.system.instructions().saturating_sub(started),
            liveness,
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

    fn remove(&mut self, name: &str) -> Result<Response, Error> {
        let room = self.room();
        let removed = self.gallery_mut()?.remove(name);
        let person = removed.map_err(|error| refusal(error, name, room))?;
        let (id, templates) = (person.id(), person.templates() as u8);
        self.begin_anew();
        self.policy.forget(id);
        if let Some(storage) = &mut self.storage {
            // The person is gone, and their number is never given again: a rule that stays holds for nobody.
            let _ = self.rules.set(id, policy::Rule::default(), storage);
        }
        Ok(Response::Removed { person: id, templates })
    }
}

/// The largest face of a picture.
struct Largest {
    /// How many faces there are.
    faces: u8,
    /// As the detector found it.
    found: Face,
    /// As the protocol has it.
    face: protocol::Face,
    template: Template,
}

/// Encodes the largest face, which must be good enough to compare.
fn encode_largest<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    capture: &Capture<'_>,
) -> Result<Largest, Error> {
    let faces = find(engine, pair, &capture.frame)?;
    let largest = faces.first().ok_or(Error::NoFace)?;
    let Judged { found, face, template, .. } = judge(engine, pair, &capture.frame, largest)?;
    let template = template.map_err(|flaw| Error::PoorFace { flaw })?;
    Ok(Largest { faces: faces.len() as u8, found, face, template })
}
