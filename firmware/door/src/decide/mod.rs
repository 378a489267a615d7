//! From what the door sees and hears to what it does: agreement over frames, then the policy.
//!
//! A frame is no authentication event yet. A face becomes one when enough frames in a row agree. A stranger or a spoof
//! becomes one when as many frames refused it. These count by the person who the face claims to be, as failures do: the owner of
//! the PIN, or who it looks like, or nobody ([`Tallies::refuse`]). So one or two bad frames of an enrolled person are no failure.
//!
//! | frame | refused looks of the claimed person | event |
//! |---|---|---|
//! | known | the same | face, when enough frames agree. If the person comes in, theirs and nobody's are 0 |
//! | stranger | + 1 | stranger, when they are enough; then 0 |
//! | not live | + 1 | spoof, when they are enough; then 0 |
//! | not live, and looks like the person whose PIN is requested | the same | none |
//! | challenge failed | the same | spoof, at once: it was decided over many frames |
//! | poor, or liveness undecided | the same | none |
//! | no face, unclaimed, unable | the same | none |
//!
//! Whose PIN is requested has shown their face, and looks at the keypad, as still as a picture. Nothing that is seen of them
//! meanwhile leads further, so it is no try: a known face changes nothing, and what comes after the request begins with frames of
//! its own (`worker::enact`).
//!
//! So whoever withdraws a picture before it is refused often enough goes on with the count at the next one, whoever else shows
//! their face, or any other picture, in between.
//!
//! # Invariants
//! - A frame counts for one decision. What agreed is spent, and so is its liveness: the next decision needs new frames.
//! - While the cover is open, nobody is admitted.
//! - A person whose rule is lost is not admitted.
//! - Nothing here does what it decides; the worker does.

mod agreement;
#[cfg(test)]
mod tests;

use embassy_time::Instant;
use liveness::RejectReason;
use policy::{AccessPolicy, AuthEvent, Factor, Limits, Pin, Reason, Stake, Tallies};

use crate::{
    pipeline::{FrameResult, is_undecided},
    store::Rules,
};

use self::agreement::Agreement;

/// What the decisions go by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Config {
    /// Frames in a row that must agree.
    pub(crate) frames: u8,
    /// Whether a PIN comes first, and the face is compared with that person alone.
    pub(crate) verify: bool,
    pub(crate) limits: Limits,
}

/// What the door sees or hears.
pub(crate) enum Evidence<'o> {
    /// The result of the pipeline for the frame of this number.
    ///
    /// `like` is the person that a face that failed liveness resembles, or who was awaited when its challenge began.
    Frame { sequence: u32, result: &'o FrameResult, like: Option<u32> },
    /// A PIN was typed.
    Pin(Pin),
}

/// How things stand when evidence comes.
pub(crate) struct Situation<'r> {
    pub(crate) now: Instant,
    /// The time since 1970 in milliseconds, if it is known exactly.
    pub(crate) clock: Option<u64>,
    pub(crate) cover_open: bool,
    pub(crate) rules: &'r Rules<'r>,
    /// Whether a person who has a rule may be enrolled.
    pub(crate) may_be_there: &'r dyn Fn(u32) -> bool,
}

/// What the door does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing.
    None,
    /// Open. With `duress`, raise the silent alarm.
    Admit { person: u32, duress: bool },
    /// Ask for the PIN of a person.
    RequestPin { person: u32 },
    /// Ask for the face of a person.
    RequestFace { person: u32 },
    /// Stay locked.
    Refuse {
        /// Who, if it is known.
        person: Option<u32>,
        reason: Reason,
        /// Whether this failure began a lockout: of the person, or of a face that is nobody's.
        locked_out: bool,
    },
}

/// The answer to evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Frames in a row that agree; 0 for a PIN.
    pub(crate) agreement: u8,
    /// Whether the frames so far are spent: they agreed, or somebody is admitted.
    pub(crate) spent: bool,
    pub(crate) decision: Decision,
}

/// No PIN of the ration is left.
pub(crate) struct Rationed;

/// Decides about frames and PINs.
pub(crate) struct Decider<'m> {
    pub(crate) config: Config,
    agreement: Agreement,
    policy: AccessPolicy<'m>,
    /// The person whose PIN was requested at the last frame.
    requested: Option<u32>,
}

impl<'m> Decider<'m> {
    /// Nobody came yet, and there are these failures.
    pub(crate) const fn new(config: Config, tallies: Tallies<'m>) -> Self {
        Self { config, agreement: Agreement::new(), policy: AccessPolicy::new(tallies), requested: None }
    }

    /// Forgets the frames so far that agree. Looks that refused somebody, failures and lockouts stay.
    pub(crate) fn reset(&mut self) {
        self.agreement.reset();
    }

    /// The failures. If they changed, they must be written to flash before anything shows.
    pub(crate) fn tallies(&self) -> &Tallies<'m> {
        self.policy.tallies()
    }

    /// The failures, to read them from flash or to write them.
    pub(crate) fn tallies_mut(&mut self) -> &mut Tallies<'m> {
        self.policy.tallies_mut()
    }

    /// Until when faces that look like nobody are slowed, in milliseconds since boot.
    pub(crate) fn slowed_until(&self, now: Instant) -> Option<u64> {
        self.policy.locked_out_until(None, Factor::Face, now.as_millis())
    }

    /// Until when a person's face is locked out, in milliseconds.
    pub(crate) fn shut_until(&self, person: u32, now: Instant) -> Option<u64> {
        self.policy.locked_out_until(Some(person), Factor::Face, now.as_millis())
    }

    /// Milliseconds until the lockout of a person, or of nobody, ends; the ration of PINs is nobody's, too.
    pub(crate) fn lockout_left(&self, person: Option<u32>, now: Instant) -> u32 {
        let now = now.as_millis();
        let rationed = if person.is_none() { self.tallies().pins().until(now) } else { None };
        self.tallies()
            .shut_until(person, now)
            .max(rationed)
            .map_or(0, |until| until.saturating_sub(now) as u32)
    }

    /// Forgets a person who was removed.
    pub(crate) fn remove(&mut self, person: u32) {
        self.policy.remove(person);
    }

    /// Forgets what a person with another rule was asked for. Their failures stay.
    pub(crate) fn forget(&mut self, person: u32) {
        self.policy.forget(person);
    }

    /// The person whose face is awaited after their PIN.
    pub(crate) fn awaited(&self, now: Instant) -> Option<u32> {
        self.policy.face_requested(now.as_millis())
    }

    /// The person whose PIN is requested after their face.
    pub(crate) fn requested(&self, now: Instant) -> Option<u32> {
        self.policy.pin_requested(now.as_millis())
    }

    /// Whether that has changed since the last call.
    pub(crate) fn is_request_new(&mut self, now: Instant) -> bool {
        let requested = self.requested(now);
        core::mem::replace(&mut self.requested, requested) != requested
    }

    /// Counts a failure of whoever was in the middle of a challenge when the power was cut, as the settings have it, also if
    /// they are not known in this boot. Who is locked out passes nothing, so they fail nothing.
    pub(crate) fn count_cut(&mut self, asked: u64) {
        let Some(after) = asked.checked_sub(1) else { return };
        let person = after.checked_sub(1).map(|person| person as u32);
        let (now, limits) = (Instant::now().as_millis(), &self.config.limits);
        let tallies = self.policy.tallies_mut();
        if tallies.locked_out_until(person, Factor::Face, now).is_none() {
            tallies.fail(person, Factor::Face, now, limits.failures, limits.lockout_ms);
        }
    }

    /// Takes evidence and decides.
    pub(crate) fn on(&mut self, evidence: Evidence<'_>, situation: &Situation<'_>) -> Answer {
        let (agreement, event) = match evidence {
            Evidence::Frame { sequence, result, like } => {
                self.take_frame(sequence, situation.now, result, like)
            }
            Evidence::Pin(pin) => (0, Some(self.take_pin(pin, situation))),
        };
        let agreed = matches!(event, Some(AuthEvent::Face { .. } | AuthEvent::Verified { .. }));
        let decision = event.map_or(Decision::None, |event| self.decide(event, situation));
        let spent = agreed || matches!(decision, Decision::Admit { .. });
        Answer { agreement, spent, decision }
    }

    /// Counts a PIN that is typed now as a wrong one, before it is compared; `None` if it is compared with nothing.
    ///
    /// # Errors
    /// [`Rationed`]: then it must not be compared.
    pub(crate) fn stake(&mut self, situation: &Situation<'_>) -> Result<Option<Stake>, Rationed> {
        let (now, limits) = (situation.now.as_millis(), &self.config.limits);
        let rule = |person| situation.rules.of(person).unwrap_or_default();
        let person = match (self.config.verify, situation.cover_open) {
            (true, _) if self.hears_pins(situation) => None,
            (false, false) => match self.policy.pin_at_stake(now, situation.clock, limits, rule) {
                None => return Ok(None),
                person => person,
            },
            _ => return Ok(None),
        };
        if !self.policy.tallies_mut().pins_mut().take(now) {
            return Err(Rationed);
        }
        let (limit, first_ms) = (limits.failures, limits.lockout_ms);
        Ok(self.policy.tallies_mut().stake(person, Factor::Pin, now, limit, first_ms))
    }

    /// Whether a door that verifies looks up whose PIN is typed. While it does not, all PINs look alike: whoever types them
    /// learns nothing from what the door shows, logs, or takes time for.
    fn hears_pins(&self, situation: &Situation<'_>) -> bool {
        let now = situation.now.as_millis();
        !situation.cover_open && self.policy.locked_out_until(None, Factor::Pin, now).is_none()
    }

    /// Counts a frame. Returns how many agree, and the event that the frame completes.
    ///
    /// Where a PIN comes first, a face counts only while one is awaited: a picture alone is nobody's failure.
    fn take_frame(
        &mut self,
        sequence: u32,
        now: Instant,
        result: &FrameResult,
        like: Option<u32>,
    ) -> (u8, Option<AuthEvent>) {
        let awaited = self.awaited(now);
        let unclaimed = self.config.verify && awaited.is_none();
        let person = match result {
            FrameResult::Known(found) => Some(found.person),
            _ => None,
        };
        let seen = self.agreement.see(sequence, now, person, self.config.frames);
        let (claimed, failure) = match result {
            FrameResult::Poor(_) => return (seen.count, None),
            FrameResult::NotLive(reason) if is_undecided(*reason) => return (seen.count, None),
            // A challenge of a claim that has ended is of that claim.
            FrameResult::Stranger(_) | FrameResult::NotLive(_) if unclaimed && like.is_none() => {
                return (seen.count, None);
            }
            FrameResult::Stranger(_) => (awaited, AuthEvent::Stranger),
            FrameResult::NotLive(RejectReason::ChallengeFailed) => {
                return (seen.count, Some(AuthEvent::Spoof { like }));
            }
            FrameResult::NotLive(_) if like.is_some() && like == self.requested(now) => {
                return (seen.count, None);
            }
            FrameResult::NotLive(_) => (like.or(awaited), AuthEvent::Spoof { like }),
            FrameResult::Known(found) => {
                let person = found.person;
                let event = match self.config.verify {
                    true => AuthEvent::Verified { person },
                    false => AuthEvent::Face { person },
                };
                return (seen.count, seen.agreed.then_some(event));
            }
            FrameResult::NoFace | FrameResult::Unclaimed | FrameResult::Unable(_) => {
                return (seen.count, None);
            }
        };
        let fails = self.policy.tallies_mut().refuse(claimed, self.config.frames);
        (seen.count, fails.then_some(failure))
    }

    /// The event of a PIN. A door that verifies learns from it whose face to await.
    fn take_pin(&self, pin: Pin, situation: &Situation<'_>) -> AuthEvent {
        if !self.config.verify {
            return AuthEvent::Pin(pin);
        }
        let owner = || situation.rules.owner(&pin, situation.may_be_there);
        let owner = if self.hears_pins(situation) { owner() } else { None };
        AuthEvent::Identity {
            person: owner.map(|(person, _)| person),
            duress: owner.is_some_and(|(_, duress)| duress),
        }
    }

    fn decide(&mut self, event: AuthEvent, situation: &Situation<'_>) -> Decision {
        let now = situation.now.as_millis();
        let asked = self.policy.pin_requested(now);
        let person = match event {
            AuthEvent::Face { person } | AuthEvent::Verified { person } => Some(person),
            AuthEvent::Identity { person, .. } => person,
            AuthEvent::Pin(_) => asked,
            AuthEvent::Stranger | AuthEvent::Spoof { .. } => None,
        };
        if situation.cover_open {
            let person = person.or(asked.filter(|_| !matches!(event, AuthEvent::Identity { .. })));
            return match person {
                Some(_) => Decision::Refuse { person, reason: Reason::Cover, locked_out: false },
                None => Decision::None,
            };
        }
        if let AuthEvent::Face { person } | AuthEvent::Verified { person } = event
            && situation.rules.of(person).is_none()
        {
            let person = Some(person);
            return Decision::Refuse { person, reason: Reason::Unreadable, locked_out: false };
        }
        let rule = |person| situation.rules.of(person).unwrap_or_default();
        let (person, factor) = match event {
            AuthEvent::Stranger => (self.awaited(situation.now), Factor::Face),
            AuthEvent::Spoof { like } => (like.or(self.awaited(situation.now)), Factor::Face),
            AuthEvent::Face { .. } | AuthEvent::Verified { .. } => (person, Factor::Face),
            AuthEvent::Pin(_) | AuthEvent::Identity { .. } => (person, Factor::Pin),
        };
        let was_shut = self.policy.locked_out_until(person, factor, now).is_some();
        match self.policy.decide(now, situation.clock, event, &self.config.limits, rule) {
            policy::Decision::Open { person, duress } => Decision::Admit { person, duress },
            policy::Decision::AskPin { person } if asked == Some(person) => Decision::None,
            policy::Decision::AskPin { person } => Decision::RequestPin { person },
            policy::Decision::AskFace { person } => Decision::RequestFace { person },
            policy::Decision::Refused(reason) => {
                let locked_out = !was_shut && self.policy.locked_out_until(person, factor, now).is_some();
                Decision::Refuse { person, reason, locked_out }
            }
            policy::Decision::Ignored => Decision::None,
        }
    }
}
