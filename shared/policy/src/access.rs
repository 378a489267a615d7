//! The access decision: what the door does with an authentication event.
//!
//! Rules are evaluated in this order; the first that applies decides.
//!
//! | state | event | next state | decision |
//! |---|---|---|---|
//! | any | a known face of somebody who is suspended | nothing requested from them | refused: suspended; no failure |
//! | any | a known face or PIN of somebody who is locked out | nothing requested from them | refused: locked out; no failure |
//! | any | a face that looks like nobody: a stranger, or a spoof | unchanged | refused; a failure of nobody's face |
//! | any | a spoof that looks like somebody | unchanged | refused; a failure of their face |
//! | any | a known face outside its schedule, or a schedule without a clock | idle | refused; no failure |
//! | any | a known face that came in within the anti-passback time | idle | refused; no failure |
//! | any | a known face, no PIN in its rule | idle | open |
//! | idle | a known face with a PIN in its rule | PIN requested from this person, until a timeout | request the PIN |
//! | PIN requested | the face of the same person | unchanged, the timeout keeps running | request the PIN |
//! | PIN requested | a known face of another person with a PIN | PIN requested from that person | request the PIN |
//! | PIN requested | the PIN | idle | open |
//! | PIN requested | the duress PIN | idle | open, with the silent alarm |
//! | PIN requested | another PIN | unchanged | refused; a failure of this person's PIN |
//! | PIN requested, timeout elapsed | any PIN | idle | ignored |
//! | idle | a PIN | idle | ignored |
//!
//! A door in 1:1 mode does not search for a face. The person first types their PIN ([`AuthEvent::Identity`]);
//! then their face is compared with their own templates only:
//!
//! | state | event | next state | decision |
//! |---|---|---|---|
//! | any | a PIN while PINs of unknown owners are locked out | unchanged | refused: locked out; no failure |
//! | any | the PIN of exactly one person | face requested from this person, until a timeout | request the face |
//! | any | a PIN of nobody, or of several people | idle | refused; a failure of nobody's PIN |
//! | face requested | their face, and the rule allows access | idle | open; with the silent alarm after the duress PIN |
//! | face requested | their face, and the rule denies access | idle | refused; no failure |
//! | face requested | another face, or a spoof | unchanged | refused; a failure of this person's face |
//! | idle, face requested from another person, or timeout elapsed | a verified face | unchanged | ignored |
//!
//! A decision to open clears the failures of that person, in both factors, and of nobody else ([`Tallies`]). A PIN alone
//! never opens the door: two factors are required.

use serde::{Deserialize, Serialize};

use crate::{Factor, Limits, LocalTime, Passback, Pin, Rule, Tallies};

/// An authentication event: what somebody presents at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthEvent {
    /// A living face that matches an enrolled person.
    Face {
        /// The person.
        person: u32,
    },
    /// A face that matches no template.
    Stranger,
    /// A face that failed liveness.
    Spoof {
        /// The enrolled person that it resembles, or claimed to be when it was first looked at, if any.
        like: Option<u32>,
    },
    /// A PIN, typed after a face (1:N mode).
    Pin(Pin),
    /// A PIN, typed before the face (1:1 mode).
    Identity {
        /// The owner of the PIN; `None` if it belongs to nobody, or to several people.
        person: Option<u32>,
        /// Whether it is their duress PIN.
        duress: bool,
    },
    /// A living face that matches the person whose PIN was typed.
    Verified {
        /// The person.
        person: u32,
    },
}

/// Why access is refused. A number never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Reason {
    /// The face matches no template.
    Stranger = 1,
    /// The face failed liveness.
    NotLive = 2,
    /// Outside the schedule.
    Schedule = 3,
    /// The rule has a schedule, but the board does not know the time.
    Clock = 4,
    /// Too many failures of this person, or of nobody.
    LockedOut = 5,
    /// Within the anti-passback time.
    Passback = 6,
    /// Not their PIN.
    WrongPin = 7,
    /// Their rule in flash cannot be read.
    Unreadable = 8,
    /// The cover of the board is open.
    Cover = 9,
    /// The person is suspended.
    Suspended = 10,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 10] = [
        Self::Stranger,
        Self::NotLive,
        Self::Schedule,
        Self::Clock,
        Self::LockedOut,
        Self::Passback,
        Self::WrongPin,
        Self::Unreadable,
        Self::Cover,
        Self::Suspended,
    ];

    /// The name in one word, for logs and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::NotLive => "not-live",
            Self::Schedule => "schedule",
            Self::Clock => "clock",
            Self::LockedOut => "locked-out",
            Self::Passback => "passback",
            Self::WrongPin => "wrong-pin",
            Self::Unreadable => "unreadable",
            Self::Cover => "cover",
            Self::Suspended => "suspended",
        }
    }
}

/// What the door does after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Decision {
    /// Open.
    Open {
        /// The person who enters.
        person: u32,
        /// Whether the duress PIN was typed: open as usual and raise the silent alarm.
        duress: bool,
    },
    /// Request a PIN.
    AskPin {
        /// The person whose PIN is requested.
        person: u32,
    },
    /// Request a face.
    AskFace {
        /// The person whose face is requested.
        person: u32,
    },
    /// Stay locked.
    Refused(Reason),
    /// Nothing: the event answers no request.
    Ignored,
}

/// The access policy of one door, as a state machine. Times are in milliseconds since boot.
#[derive(Debug)]
pub struct AccessPolicy<'m> {
    tallies: Tallies<'m>,
    passback: Passback,
    /// The person whose PIN is requested, and the deadline.
    pin_request: Option<(u32, u64)>,
    /// The person whose face is requested, the deadline, and whether their duress PIN was typed.
    face_request: Option<(u32, u64, bool)>,
}

impl<'m> AccessPolicy<'m> {
    /// The idle state, with these failures and without entries.
    #[must_use]
    pub const fn new(tallies: Tallies<'m>) -> Self {
        Self { tallies, passback: Passback::new(), pin_request: None, face_request: None }
    }

    /// Decides on `event`. `rule` looks up the rule of a person. `clock` is the UTC time in milliseconds
    /// since 1970, if the board knows it.
    pub fn decide(
        &mut self,
        now: u64,
        clock: Option<u64>,
        event: AuthEvent,
        limits: &Limits,
        rule: impl FnOnce(u32) -> Rule,
    ) -> Decision {
        self.face_request = self.face_request.filter(|(_, until, _)| now < *until);
        self.pin_request = self.pin_request.filter(|(_, until)| now < *until);
        match event {
            AuthEvent::Stranger => self.fail(now, limits, (self.claimed(), Factor::Face), Reason::Stranger),
            AuthEvent::Spoof { like } => {
                self.fail(now, limits, (like.or(self.claimed()), Factor::Face), Reason::NotLive)
            }
            AuthEvent::Face { person } => self.face(now, clock, person, limits, &rule(person)),
            AuthEvent::Pin(pin) => match self.pin_request {
                Some((person, _)) => self.pin(now, clock, person, &pin, limits, &rule(person)),
                None => Decision::Ignored,
            },
            AuthEvent::Identity { .. } if self.locked_out_until(None, Factor::Pin, now).is_some() => {
                Decision::Refused(Reason::LockedOut)
            }
            AuthEvent::Identity { person: None, .. } => {
                self.face_request = None;
                self.fail(now, limits, (None, Factor::Pin), Reason::WrongPin)
            }
            AuthEvent::Identity { person: Some(person), .. } if self.tallies.is_locked_out(person, now) => {
                Decision::Refused(Reason::LockedOut)
            }
            AuthEvent::Identity { person: Some(person), duress } => {
                self.face_request = Some((person, now.saturating_add(limits.pin_ms.into()), duress));
                Decision::AskFace { person }
            }
            AuthEvent::Verified { person } => match self.face_request {
                Some((awaited, _, duress)) if awaited == person => {
                    self.face_request = None;
                    match self.may_pass(now, clock, person, limits, &rule(person)) {
                        Ok(()) => self.open(now, person, duress),
                        Err(reason) => Decision::Refused(reason),
                    }
                }
                _ => Decision::Ignored,
            },
        }
    }

    /// The end of the lockout of a person, or of nobody, in a factor; `None` if there is none.
    #[must_use]
    pub fn locked_out_until(&self, person: Option<u32>, factor: Factor, now: u64) -> Option<u64> {
        self.tallies.locked_out_until(person, factor, now)
    }

    /// The failures so far. They must be kept over a reset.
    #[must_use]
    pub fn tallies(&self) -> &Tallies<'m> {
        &self.tallies
    }

    /// The failures, to take those from before a reset, or to keep them.
    pub fn tallies_mut(&mut self) -> &mut Tallies<'m> {
        &mut self.tallies
    }

    /// The person whose PIN is requested.
    #[must_use]
    pub fn pin_requested(&self, now: u64) -> Option<u32> {
        self.pin_request.filter(|(_, until)| now < *until).map(|(person, _)| person)
    }

    /// The person with whose PIN one that is typed now is compared; `None` if it is compared with nothing.
    pub fn pin_at_stake(
        &self,
        now: u64,
        clock: Option<u64>,
        limits: &Limits,
        rule: impl FnOnce(u32) -> Rule,
    ) -> Option<u32> {
        let person = self.pin_requested(now)?;
        self.may_pass(now, clock, person, limits, &rule(person)).ok().map(|()| person)
    }

    /// The person whose face is requested.
    #[must_use]
    pub fn face_requested(&self, now: u64) -> Option<u32> {
        self.face_request.filter(|(_, until, _)| now < *until).map(|(person, ..)| person)
    }

    /// Drops the state of a person who is no longer enrolled, or who has a new rule.
    pub fn forget(&mut self, person: u32) {
        self.passback.forget(person);
        self.pin_request = self.pin_request.filter(|(asked, _)| *asked != person);
        self.face_request = self.face_request.filter(|(awaited, ..)| *awaited != person);
    }

    /// Drops the failures of a person who is no longer enrolled.
    pub fn remove(&mut self, person: u32) {
        self.tallies.clear(person);
        self.forget(person);
    }

    /// The person that a face claims to be: the one of the PIN that was typed before.
    fn claimed(&self) -> Option<u32> {
        self.face_request.map(|(person, ..)| person)
    }

    fn face(&mut self, now: u64, clock: Option<u64>, person: u32, limits: &Limits, rule: &Rule) -> Decision {
        if let Err(reason) = self.may_pass(now, clock, person, limits, rule) {
            self.pin_request = None;
            return Decision::Refused(reason);
        }
        if rule.pin.is_none() {
            return self.open(now, person, false);
        }
        let until = match self.pin_request {
            Some((asked, until)) if asked == person => until,
            _ => now.saturating_add(limits.pin_ms.into()),
        };
        self.pin_request = Some((person, until));
        Decision::AskPin { person }
    }

    fn pin(
        &mut self,
        now: u64,
        clock: Option<u64>,
        person: u32,
        pin: &Pin,
        limits: &Limits,
        rule: &Rule,
    ) -> Decision {
        if let Err(reason) = self.may_pass(now, clock, person, limits, rule) {
            self.pin_request = None;
            return Decision::Refused(reason);
        }
        // Both are always compared, so that timing does not reveal which one matched.
        let own = rule.pin.is_some_and(|own| own == *pin);
        let duress = rule.duress_pin.is_some_and(|duress| duress == *pin);
        if own | duress {
            return self.open(now, person, duress);
        }
        self.fail(now, limits, (Some(person), Factor::Pin), Reason::WrongPin)
    }

    fn may_pass(
        &self,
        now: u64,
        clock: Option<u64>,
        person: u32,
        limits: &Limits,
        rule: &Rule,
    ) -> Result<(), Reason> {
        if rule.suspended {
            return Err(Reason::Suspended);
        }
        if self.tallies.is_locked_out(person, now) {
            return Err(Reason::LockedOut);
        }
        if !rule.schedule.is_always() {
            let clock = clock.ok_or(Reason::Clock)?;
            let time = LocalTime::new(clock, limits.zone.offset_at(clock));
            if !rule.schedule.allows(time) {
                return Err(Reason::Schedule);
            }
        }
        if self.passback.is_back(person, now, limits.passback_ms) {
            return Err(Reason::Passback);
        }
        Ok(())
    }

    fn open(&mut self, now: u64, person: u32, duress: bool) -> Decision {
        self.tallies.succeed(person);
        self.passback.enter(person, now);
        self.pin_request = None;
        Decision::Open { person, duress }
    }

    fn fail(
        &mut self,
        now: u64,
        limits: &Limits,
        (person, factor): (Option<u32>, Factor),
        reason: Reason,
    ) -> Decision {
        if self.locked_out_until(person, factor, now).is_some() {
            return Decision::Refused(Reason::LockedOut);
        }
        if self.tallies.fail(person, factor, now, limits.failures, limits.lockout_ms).is_some() {
            self.pin_request = self.pin_request.filter(|(asked, _)| Some(*asked) != person);
            self.face_request = self.face_request.filter(|(awaited, ..)| Some(*awaited) != person);
        }
        Decision::Refused(reason)
    }
}
