//! The requests to a board, one method each.

use crypto::Key;
use protocol::{
    Basis, Comparison, Enrolment, Event, Face, Hash, Name, PersonId, Request, Response, Role, Settings,
    Source, Status, Text, User, VERSION,
};

use crate::link::{Greeting, Identity, Link};
use crate::pause::Pause;
use crate::time::unix_ms;
use crate::{Address, Credentials, Error, Patience, Result, Task, Transport};

/// A board that answered.
pub struct Device {
    pub(crate) link: Link,
    board: Text,
    role: Option<Role>,
    pub(crate) ended_pairing: bool,
    pub(crate) pause: Pause,
}

/// Faces in a picture, and what finding them cost.
#[derive(Clone, Debug)]
pub struct Faces {
    /// The faces, the largest first.
    pub faces: Vec<Face>,
    /// Instructions spent.
    pub instructions: u64,
}

/// A template that the board made.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// The face encoded.
    pub face: Face,
    /// Faces in the picture.
    pub faces: u8,
    /// Hash of the encoder.
    pub encoder: Hash,
    /// The template's values.
    pub template: Vec<i8>,
    /// Instructions spent.
    pub instructions: u64,
}

/// A person just enrolled.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The person's number.
    pub person: PersonId,
    /// Templates the person has now.
    pub templates: u8,
    /// Faces in the picture; the largest was enrolled.
    pub faces: u8,
    /// The face enrolled.
    pub face: Face,
    /// Instructions spent.
    pub instructions: u64,
    /// How the door's threshold is known for the gallery as it is now.
    pub basis: Basis,
    /// Whether the liveness network takes the face for a living one; none if liveness is off.
    pub alive: Option<bool>,
    /// The number of the template, for [`Device::remove_enrolled`].
    pub template: u16,
}

/// Takes the one variant that answers a request.
macro_rules! expect {
    ($reply:expr, $pattern:pat => $value:expr) => {
        match $reply? {
            $pattern => Ok($value),
            _ => Err(Error::Garbled),
        }
    };
}

impl Device {
    /// Opens the line to `address` and says hello; with credentials, begins a session. A board that speaks the version of the protocol
    /// before or after takes firmware, and refuses everything else with [`Error::Version`].
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Silent`], [`Error::Version`], and as [`login`](Self::login).
    pub fn connect(address: &Address, credentials: Option<&Credentials>) -> Result<Self> {
        let device = Self::over(<dyn Transport>::open(address)?)?;
        match credentials {
            Some(credentials) => device.login(credentials),
            None => Ok(device),
        }
    }

    /// Begins a session with the board that this computer is paired with. A board that does not know the
    /// time is told it, if this computer may do that.
    ///
    /// # Errors
    /// [`Error::OtherBoard`] if it is another one; [`Error::Handshake`].
    pub fn login(mut self, credentials: &Credentials) -> Result<Self> {
        let mut greeting = self.greet(&credentials.secret, Some(credentials.board))?;
        if let (None, Some(next)) = (greeting.role, &credentials.next) {
            greeting = self.greet(next, Some(credentials.board))?;
        }
        self.welcomed(greeting)
    }

    /// Keeps what this computer may do; tells the time where the board asks for it.
    pub(crate) fn welcomed(mut self, greeting: Greeting) -> Result<Self> {
        self.role = greeting.role;
        if !greeting.clock && self.link.spoken.version == VERSION && self.role >= Some(Role::Operator) {
            match self.set_clock(unix_ms()) {
                // This computer's clock is behind the board's. Only a person can decide which one is right.
                Ok(()) | Err(Error::Refused(protocol::Error::ClockBackwards { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self)
    }

    /// Begins a session as who holds `secret`.
    pub(crate) fn greet(&mut self, secret: &Key, board: Option<[u8; 32]>) -> Result<Greeting> {
        self.link.identity = Some(Identity { secret: secret.clone(), board });
        self.link.shake_hands()
    }

    /// The secret of the key that this computer showed to the board.
    pub fn secret(&self) -> Option<Key> {
        self.link.identity.as_ref().map(|identity| identity.secret.clone())
    }

    /// What this computer may do: none if it is not paired.
    pub fn role(&self) -> Option<Role> {
        self.role
    }

    /// Says hello over a line that is open.
    ///
    /// # Errors
    /// [`Error::Silent`], [`Error::Version`].
    pub fn over(transport: Box<dyn Transport>) -> Result<Self> {
        Self::open(transport, Patience::QUICK, Patience::SLOW)
    }

    /// Lets every request go without a session, to a board that serves anybody. No board of this project does; it is for
    /// tests of the line. After [`login`](Self::login) every request is sealed all the same.
    #[must_use]
    pub fn unsealed(mut self) -> Self {
        self.link.unseal();
        self
    }

    /// As [`over`](Self::over), with other timeouts.
    ///
    /// # Errors
    /// [`Error::Silent`], [`Error::Version`].
    pub fn open(transport: Box<dyn Transport>, quick: Patience, slow: Patience) -> Result<Self> {
        let mut link = Link::new(transport);
        (link.quick, link.slow) = (quick, slow);
        let board = link.hello()?;
        Ok(Self { link, board, role: None, ended_pairing: false, pause: Pause::default() })
    }

    /// Lets another program use the line, if one waits for it. For a long job, between two requests that do not depend on
    /// each other.
    pub fn give_way(&mut self) {
        self.link.give_way();
    }

    /// Runs `task` at short intervals while `ask` waits for replies, such as a camera that goes on
    /// delivering frames.
    ///
    /// # Errors
    /// What `ask` returns, and the error of the task.
    pub fn with_task<T>(&mut self, task: Task, ask: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.link.task = Some(task);
        let asked = ask(self);
        self.link.task = None;
        asked
    }

    /// The board's name, such as "an547".
    pub fn board(&self) -> &str {
        &self.board
    }

    /// The firmware's version.
    pub fn firmware(&self) -> &str {
        &self.link.spoken.firmware
    }

    /// The board's state.
    ///
    /// # Errors
    /// As any request: [`Error::Refused`], [`Error::Silent`], [`Error::Line`].
    pub fn status(&mut self) -> Result<Status> {
        expect!(self.link.ask(&Request::Status), Response::Status(status) => status)
    }

    /// The active settings.
    ///
    /// # Errors
    /// As any request; refused with `SettingsLost` where the board has none.
    pub fn settings(&mut self) -> Result<Settings> {
        expect!(self.link.ask(&Request::GetSettings), Response::Settings(settings) => settings)
    }

    /// Changes the settings and returns those that are now active.
    ///
    /// # Errors
    /// As any request; refused with `BadSetting` out of range, and with `SettingsLost` where the board has none to change.
    pub fn set_settings(&mut self, settings: Settings) -> Result<Settings> {
        let request = Request::SetSettings(settings);
        expect!(self.link.ask(&request), Response::Settings(settings) => settings)
    }

    /// Sets all settings, also where the board lost them, and returns those that are now active.
    ///
    /// # Errors
    /// As any request; refused with `BadSetting` out of range.
    pub fn restore_settings(&mut self, settings: Settings) -> Result<Settings> {
        let request = Request::RestoreSettings(settings);
        expect!(self.link.ask(&request), Response::Settings(settings) => settings)
    }

    /// Finds the faces in a picture. A frame of the camera stays on the board as [`Source::Staged`], until another host
    /// comes, so that what is enrolled is what was looked at.
    ///
    /// # Errors
    /// As any request; refused with `NoFrame`, `NoModel`.
    pub fn detect(&mut self, source: Source) -> Result<Faces> {
        expect!(self.link.ask(&Request::Detect { source }),
        Response::Faces { faces, instructions } => Faces {
            faces: faces.to_vec(),
            instructions,
        })
    }

    /// The template of the largest face.
    ///
    /// # Errors
    /// As any request; refused with `NoFace`, `NoFrame`, `NoModel`.
    pub fn embed(&mut self, source: Source) -> Result<Embedding> {
        expect!(self.link.ask(&Request::Embed { source }),
        Response::Embedding { face, faces, encoder, template, instructions } => Embedding {
            face,
            faces,
            encoder,
            template: template.to_vec(),
            instructions,
        })
    }

    /// Enrols the largest face under `name`.
    ///
    /// # Errors
    /// As any request; refused for a name or a face that is known, no face, a poor one, a full
    /// gallery or one of another encoder.
    pub fn enrol(&mut self, name: &str, source: Source, enrolment: Enrolment) -> Result<Enrolled> {
        let request = Request::Enrol { name: person_name(name)?, source, enrolment };
        expect!(self.link.ask(&request),
        Response::Enrolled { person, templates, faces, face, instructions, basis, alive, template } => Enrolled {
            person,
            templates,
            faces,
            face,
            instructions,
            basis,
            alive,
            template,
        })
    }

    /// 1:1: is the largest face the person's of that `name`?
    ///
    /// # Errors
    /// As any request; refused for a name that is not known, no face, a poor one.
    pub fn verify(&mut self, name: &str, source: Source) -> Result<Comparison> {
        let request = Request::Verify { name: person_name(name)?, source };
        expect!(self.link.ask(&request), Response::Verified(comparison) => comparison)
    }

    /// Identifies the largest face (1:N).
    ///
    /// # Errors
    /// As any request; refused for no face or a poor one.
    pub fn identify(&mut self, source: Source) -> Result<Comparison> {
        expect!(self.link.ask(&Request::Identify { source }),
            Response::Identified(comparison) => comparison)
    }

    /// Everybody enrolled, by ascending number.
    ///
    /// # Errors
    /// As any request.
    pub fn users(&mut self) -> Result<Vec<User>> {
        let mut everybody: Vec<User> = Vec::new();
        let mut from = Some(0);
        while let Some(first) = from {
            let reply = self.link.ask(&Request::ListUsers { from: first });
            let (page, next) = expect!(reply, Response::Users { users, next } => (users, next))?;
            everybody.extend(page);
            // A page that does not lead on would be asked for without end.
            from = next.filter(|next| *next > first);
        }
        Ok(everybody)
    }

    /// Forgets a person; returns how many templates went.
    ///
    /// # Errors
    /// As any request; refused for a name that is not known.
    pub fn remove(&mut self, name: &str) -> Result<u8> {
        let request = Request::Remove { name: person_name(name)? };
        expect!(self.link.ask(&request), Response::Removed { templates, .. } => templates)
    }

    /// Gives a person another name.
    ///
    /// # Errors
    /// As any request; refused for a name that is not known, and for a new one that somebody else has.
    pub fn rename(&mut self, name: &str, new: &str) -> Result<()> {
        let request = Request::Rename { name: person_name(name)?, new: person_name(new)? };
        expect!(self.link.ask(&request), Response::Renamed { .. } => ())
    }

    /// Forgets one template of a person, counted from 0 in the order in which they were added.
    ///
    /// # Errors
    /// As any request; refused for a name or a template that is not there, and for the person's only one.
    pub fn remove_template(&mut self, name: &str, index: u8) -> Result<()> {
        let request = Request::RemoveTemplate { name: person_name(name)?, index };
        expect!(self.link.ask(&request), Response::Removed { .. } => ())
    }

    /// Forgets the template that an enrolment added, whatever was added or removed since; returns how many went: none if it is
    /// not there any more.
    ///
    /// # Errors
    /// As any request; refused with `NoTemplate` for the person's only one.
    pub fn remove_enrolled(&mut self, enrolled: &Enrolled) -> Result<u8> {
        let request = Request::RemoveEnrolled { person: enrolled.person, template: enrolled.template };
        expect!(self.link.ask(&request), Response::Removed { templates, .. } => templates)
    }

    /// Door events after the one numbered `after`, and the number of the newest.
    ///
    /// # Errors
    /// As any request.
    pub fn events(&mut self, after: u32) -> Result<(Vec<Event>, u32)> {
        expect!(self.link.ask(&Request::NextEvents { after }),
            Response::Events { newest, events } => (events.into_iter().collect(), newest))
    }

    /// Resets the board. The line stays; the next request may have to wait for the boot.
    ///
    /// # Errors
    /// As any request.
    pub fn reboot(&mut self) -> Result<()> {
        expect!(self.link.ask(&Request::Reboot), Response::Done => ())
    }
}

/// A person's name as the board takes it.
pub(crate) fn person_name(name: &str) -> Result<Name> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Error::Refused(protocol::Error::BadName));
    }
    Name::try_from(name).map_err(|_| Error::NameTooLong { bytes: name.len() })
}
