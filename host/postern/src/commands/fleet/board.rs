//! The board of a door in a fleet: what is asked of it, and what becomes of what it refuses.
//!
//! | refusal | what becomes of it |
//! |---|---|
//! | of the pictures, the name, the rule, or for want of room | it stays, until the record or the board is changed |
//! | the board or the line does nothing at the moment, or allows no more changes | everything waits, for as long as the board says |
//! | anything else | it is tried again, with pauses, and other people are not kept waiting |

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ::fleet::door::{Again, Door, State, Trouble};
use ::fleet::record::{Encoder, LogHead, Person};
use ::fleet::setup::Release;
use client::Device;
use client::protocol::{Error as Refusal, ModelKind, Role, Rule};
use imaging::Photo;

use super::installing::Signed;
use super::number::told_number;
use crate::commands::enroll::Enrolling;
use crate::commands::rule::parse_pin;
use crate::commands::settings::Changes;
use crate::commands::watch::is_interruption;
use crate::device::DeviceArgs;
use crate::hours;
use crate::interrupt::Interrupt;
use crate::output::hearing;

/// How long the door is paused: the longest that a board takes.
const PAUSE: Duration = Duration::from_secs(60);
/// How much of a pause must be left for another enrolment.
const ENOUGH: Duration = Duration::from_secs(45);
/// In which time a board allows one change more (`firmware/door/src/journal/ration.rs`).
const REFILL: Duration = Duration::from_secs(60);

/// The board.
pub struct Board {
    args: DeviceArgs,
    line: Option<Device>,
    /// Until when the door is paused.
    paused: Option<Instant>,
}

impl Board {
    /// The board that these options choose.
    pub const fn of(args: DeviceArgs) -> Self {
        Self { args, line: None, paused: None }
    }

    /// Asks the board for what needs an installer.
    fn install_with<T>(
        &mut self,
        what: &str,
        ask: impl FnOnce(&DeviceArgs, &mut Device) -> anyhow::Result<T>,
    ) -> Result<T, Trouble> {
        let asked = self.ask(|args, device| match device.role() {
            Some(Role::Installer) => ask(args, device).map(Ok),
            role => Ok(Err(lacks_role(what, role))),
        });
        asked?
    }

    /// Asks the board, over the line that is open or a new one.
    fn ask<T>(
        &mut self,
        ask: impl FnOnce(&DeviceArgs, &mut Device) -> anyhow::Result<T>,
    ) -> Result<T, Trouble> {
        let mut is_open = false;
        let asked = || {
            let mut device = match self.line.take() {
                Some(device) => device,
                None => self.args.connect()?,
            };
            is_open = true;
            let answer = ask(&self.args, &mut device);
            // After a refusal the session goes on, unless it is of the session.
            if answer.as_ref().map_or_else(|error| again(error) != Again::All(None), |_| true) {
                self.line = Some(device);
            }
            answer
        };
        asked().map_err(|error| {
            let again = match error.downcast_ref::<client::Error>() {
                // It takes firmware, which may be next.
                Some(client::Error::Version { .. }) if is_open => Again::Alone,
                _ => again(&error),
            };
            Trouble { sentence: format!("{error:#}"), again }
        })
    }
}

/// What only an installer may ask, where this computer is none.
fn lacks_role(what: &str, role: Option<Role>) -> Trouble {
    let is = role.map_or_else(|| "not paired".to_owned(), |role| role.to_string());
    let sentence = format!(
        "the door's computer is {is} at its board, and {what} need an installer: `postern keys invite installer` at an installer's \
         computer, then `postern pair --role installer` here"
    );
    Trouble { sentence, again: Again::Never }
}

/// Whether something that failed is tried again.
fn again(error: &anyhow::Error) -> Again {
    let of_board = match error.downcast_ref::<emulator::Error>() {
        Some(emulator::Error::Client(error)) => Some(error),
        _ => None,
    };
    match error.downcast_ref::<client::Error>().or(of_board) {
        Some(client::Error::Refused(refusal)) => again_after(refusal),
        Some(client::Error::NameTooLong { .. } | client::Error::OtherSignature) => Again::Never,
        Some(client::Error::RolledBack { .. }) => Again::NotRun,
        // The line, the handshake, another version; or a file of this computer that cannot be read.
        _ => Again::All(None),
    }
}

/// Whether an enrolment failed for what the pictures show, and neither for the board nor for a file.
fn is_of_pictures(error: &anyhow::Error) -> bool {
    error.downcast_ref::<client::Error>().is_none()
        && error.downcast_ref::<emulator::Error>().is_none()
        && !is_interruption(error)
        && !error.chain().any(|cause| cause.is::<std::io::Error>())
}

/// Whether a request that the board refused is tried again.
const fn again_after(refusal: &Refusal) -> Again {
    match refusal {
        Refusal::NoFace
        | Refusal::PoorFace { .. }
        | Refusal::NotAlive
        | Refusal::Unlike { .. }
        | Refusal::SamePicture { .. }
        | Refusal::FrameSize { .. }
        | Refusal::BadName
        | Refusal::DuplicateName { .. }
        | Refusal::DuplicateFace { .. }
        | Refusal::TooManyTemplates { .. }
        | Refusal::ForeignGallery { .. }
        | Refusal::UnprovenRate { .. }
        | Refusal::BadRule
        | Refusal::BadSetting { .. }
        // What the fleet does not set would be defaults. Each check of the settings asks again.
        | Refusal::SettingsLost
        | Refusal::BadModel { .. }
        | Refusal::SlotSize { .. }
        | Refusal::Unsigned { .. }
        | Refusal::TooOld { .. }
        | Refusal::NoBootLoader
        // Somebody must be removed first; then who was refused is tried again.
        | Refusal::GalleryFull { .. }
        | Refusal::RulesFull { .. } => Again::Never,
        Refusal::TooManyChanges { seconds } => Again::All(Some(Duration::from_secs(*seconds as u64))),
        Refusal::Busy
        | Refusal::NoSession
        | Refusal::Unpaired
        | Refusal::Forbidden { .. }
        | Refusal::NoModel { .. }
        | Refusal::NoCalibration
        | Refusal::HostsLost => Again::All(None),
        // Tampered, as a volume whose people are gone and that takes nobody, Flash, Interrupted, Internal, a person who is gone, and what nobody has thought of.
        _ => Again::Alone,
    }
}

/// A fault of a record itself.
fn bad_record(error: &anyhow::Error) -> Trouble {
    Trouble { sentence: format!("{error:#}"), again: Again::Never }
}

impl Door for Board {
    fn number(&mut self, name: &str) -> Result<Option<u32>, Trouble> {
        self.ask(|_, device| {
            if let Some(number) = told_number(device.rule(name).map(|rule| rule.person))? {
                return Ok(number);
            }
            Ok(device.users()?.into_iter().find(|user| user.name == name).map(|user| user.person))
        })
    }

    fn people(&mut self) -> Result<Vec<(u32, String)>, Trouble> {
        self.ask(|_, device| {
            Ok(device.users()?.into_iter().map(|user| (user.person, user.name.to_string())).collect())
        })
    }

    fn pause(&mut self) -> Result<(), Trouble> {
        if self.paused.is_some_and(|until| until > Instant::now() + ENOUGH) {
            return Ok(());
        }
        self.ask(|_, device| {
            // Until the rule is there, and not just until the pictures are withdrawn.
            device.hold_pause(true);
            Ok(device.pause_door(PAUSE.as_millis() as u32)?)
        })?;
        self.paused = Some(Instant::now() + PAUSE);
        Ok(())
    }

    fn end_pause(&mut self) -> Result<(), Trouble> {
        if self.paused.take().is_none_or(|until| until < Instant::now()) {
            return Ok(());
        }
        self.ask(|_, device| {
            device.hold_pause(false);
            Ok(device.pause_door(0)?)
        })
    }

    fn enrol(&mut self, name: &str, pictures: &[Vec<u8>]) -> Result<u32, Trouble> {
        let named = |number: usize| PathBuf::from(format!("picture {number}"));
        let photos = pictures.iter().enumerate().map(|(at, bytes)| {
            let path = named(at + 1);
            let photo = Photo::decode(bytes, &path, imaging::MAX_PIXELS)?;
            anyhow::Ok((path, photo))
        });
        let photos = photos.collect::<anyhow::Result<Vec<_>>>().map_err(|error| bad_record(&error))?;
        let enrolled = self.ask(|args, device| {
            let enrolling = Enrolling { name, add: false, force: false, device: args };
            let (done, _) = hearing(|| enrolling.run(device, photos, &Interrupt::default()));
            match done {
                Ok(done) => Ok(Ok(done.first().map_or(0, |(_, enrolled)| enrolled.person))),
                // What the pictures show, as this program says it.
                Err(error) if is_of_pictures(&error) => Ok(Err(bad_record(&error))),
                Err(error) => Err(error),
            }
        });
        enrolled?
    }

    fn remove(&mut self, name: &str) -> Result<(), Trouble> {
        self.ask(|_, device| match device.remove(name) {
            Ok(_) | Err(client::Error::Refused(Refusal::UnknownPerson { .. })) => Ok(()),
            Err(error) => Err(error.into()),
        })
    }

    fn rename(&mut self, name: &str, new: &str) -> Result<(), Trouble> {
        self.ask(|_, device| Ok(device.rename(name, new)?))
    }

    fn is_suspended(&mut self, name: &str) -> Result<bool, Trouble> {
        self.ask(|_, device| match device.rule(name) {
            Ok(rule) => Ok(rule.suspended),
            // It is not known, and whoever gets a rule again is suspended.
            Err(client::Error::Refused(Refusal::RuleLost)) => Ok(true),
            Err(error) => Err(error.into()),
        })
    }

    fn suspend(&mut self, name: &str, person: &Person) -> Result<(), Trouble> {
        let is_lost = self.ask(|_, device| match device.suspend(name, true) {
            Ok(_) => Ok(false),
            Err(client::Error::Refused(Refusal::RuleLost)) => Ok(true),
            Err(error) => Err(error.into()),
        })?;
        match is_lost {
            true => self
                .rule(&Person { name: name.to_owned(), suspended: true, ..person.clone() }, false)
                .map(drop),
            false => Ok(()),
        }
    }

    fn rule(&mut self, person: &Person, resumes: bool) -> Result<bool, Trouble> {
        let pin = |what: &str, digits: &Option<String>| {
            let digits = digits.as_ref().map(|digits| parse_pin(what, digits)).transpose();
            digits.map_err(|error| bad_record(&error))
        };
        let schedule = hours::parse(&person.hours);
        let schedule = schedule.map_err(|why| bad_record(&anyhow::Error::msg(why)))?;
        let (pin, duress_pin) = (pin("PIN", &person.pin)?, pin("Duress PIN", &person.duress_pin)?);
        self.ask(|_, device| {
            // A board that lost a rule takes the person for suspended when it gets another one.
            let was_suspended = match device.rule(&person.name) {
                Err(client::Error::Refused(Refusal::RuleLost)) => true,
                before => before?.suspended,
            };
            // A suspension comes first, and ends last. What is so already takes nothing from the account of changes.
            if person.suspended && !was_suspended {
                device.suspend(&person.name, true)?;
            }
            device.set_rule(&person.name, Rule { schedule, pin, duress_pin, suspended: false })?;
            if !person.suspended && was_suspended && resumes {
                device.suspend(&person.name, false)?;
            }
            Ok(person.suspended || was_suspended && !resumes)
        })
    }

    fn set(&mut self, settings: &BTreeMap<String, String>) -> Result<(), Trouble> {
        let changes = Changes::of(settings).map_err(|error| bad_record(&error))?;
        self.install_with("settings", |_, device| {
            let before = device.settings()?;
            let mut wanted = before;
            changes.make(&mut wanted);
            if wanted != before {
                device.set_settings(wanted)?;
            }
            Ok(())
        })
    }

    fn wants(&mut self, release: &Release) -> Result<bool, Trouble> {
        let signed = Signed::of(release).map_err(|error| bad_record(&error))?;
        let wanted =
            self.install_with(release.kind.word(), |_, device| Ok(signed.is_wanted(release, device)))?;
        wanted.map_err(|error| bad_record(&error))
    }

    fn install(&mut self, release: &Release, image: &[u8]) -> Result<(), Trouble> {
        let signed = Signed::of(release).map_err(|error| bad_record(&error))?;
        signed.check(release, image).map_err(|error| bad_record(&error))?;
        self.install_with(release.kind.word(), |args, device| signed.install(image, args, device))
    }

    fn refill(&self) -> Duration {
        REFILL
    }

    fn state(&mut self) -> Result<State, Trouble> {
        self.ask(|_, device| {
            let status = device.status()?;
            let encoder = status.models.iter().find(|model| model.kind == ModelKind::Encoder);
            let encoder = encoder.map(|model| Encoder { name: model.name.to_string(), sha256: model.sha256 });
            let active = super::installing::active(device, &status.models)?;
            // A board enrols nobody beside somebody of another encoder, so it is nobody or everybody.
            let foreign = match status.foreign_templates {
                0 => Vec::new(),
                _ => device.users()?.iter().map(|user| user.person).collect(),
            };
            Ok(State { encoder, log: log_head(device)?, active, foreign })
        })
    }

    fn rest(&mut self) {
        if let Some(device) = &mut self.line {
            device.give_way();
        }
    }
}

/// The newest entry of the log, signed; `None` for an empty log.
fn log_head(device: &mut Device) -> anyhow::Result<Option<LogHead>> {
    let end = device.log(u32::MAX)?.end;
    let Some(last) = end.checked_sub(1) else { return Ok(None) };
    let head = device.log_head(last)?;
    let entries = device.log(head.first)?.entries;
    let Some(first) = entries.into_iter().find(|entry| entry.number == head.first) else { return Ok(None) };
    // An entry may have come in between; then the head is that of more than one, and the next acknowledgement has one.
    if head.first != head.last {
        return Ok(None);
    }
    Ok(Some(LogHead {
        number: head.last,
        entry: first.entry.to_vec(),
        chain: head.chain,
        unix_ms: head.clock.unix_ms,
        exact: head.clock.exact,
        signer: head.signer,
        signature: head.signature.bytes().to_vec(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A revocation that the board refuses once is not given up.
    #[test]
    fn what_a_board_may_do_later_is_asked_again() {
        for refusal in [Refusal::Flash, Refusal::Interrupted] {
            let error = anyhow::Error::from(client::Error::Refused(refusal)).context("while removing Ada");
            assert_eq!(again(&error), Again::Alone, "{error:#}");
        }
        let dry = client::Error::Refused(Refusal::TooManyChanges { seconds: 37 });
        assert_eq!(again(&dry.into()), Again::All(Some(Duration::from_secs(37))));
        assert_eq!(again(&client::Error::Refused(Refusal::Busy).into()), Again::All(None));
        assert_eq!(again(&client::Error::Silent { seconds: 5 }.into()), Again::All(None));
        for refusal in [Refusal::NoFace, Refusal::BadRule] {
            assert_eq!(again(&client::Error::Refused(refusal).into()), Again::Never);
        }
        assert!(is_of_pictures(&anyhow::anyhow!("there are two faces in picture 1 of Ada")));
        assert!(!is_of_pictures(&client::Error::Silent { seconds: 5 }.into()));
    }
}
