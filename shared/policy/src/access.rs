//! What follows from who stands at the door.
//!
//! Claims are looked at in this order; the first that applies decides.
//!
//! | state | claim | next state | decision |
//! |---|---|---|---|
//! | shut by [`Lockout`] | any | the same | refused: locked out |
//! | any | a stranger, or no living face | the same | refused; counts as a failure |
//! | any | a known face, not in its schedule, or no clock to tell | idle | refused; no failure |
//! | any | a known face that came in within the anti-passback time | idle | refused; no failure |
//! | any | a known face, no pin in its rule | idle | open |
//! | idle | a known face with a pin in its rule | pin asked of this person, for a time | ask |
//! | pin asked of this person | their face again | the same | ask, the time goes on |
//! | pin asked of another person | a known face with a pin | pin asked of the new one | ask |
//! | pin asked | the pin | idle | open |
//! | pin asked | the duress pin | idle | open, with the silent alarm |
//! | pin asked | another pin | the same | refused; counts as a failure |
//! | pin asked, time is over | any pin | idle | ignored |
//! | idle | a pin | idle | ignored |
//!
//! A door that verifies does not ask who somebody is; they say so first, with their pin ([`AuthEvent::Identity`]), and then
//! their face is compared with theirs alone:
//!
//! | state | claim | next state | decision |
//! |---|---|---|---|
//! | any | a pin of one person | face awaited of this person, for a time | ask for the face |
//! | any | a pin of nobody, or of several | idle | refused; counts as a failure |
//! | face awaited | their face, and they may pass | idle | open; with the silent alarm, if it was the duress pin |
//! | face awaited | their face, and they may not pass | idle | refused; no failure |
//! | face awaited | another face | the same | refused; counts as a failure |
//! | idle, or of another person, or time is over | a face that was verified | the same | ignored |
//!
//! Opening ends the count of failures. A pin alone never opens: two factors are two.

use serde::{Deserialize, Serialize};

use crate::{LocalTime, Lockout, Passback, Pin, Rule};

/// Limits of the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Failures in a row that shut the door to claims.
    pub failures: u8,
    /// For how long the first time; twice as long each time after.
    pub lockout_ms: u32,
    /// Within what time nobody comes in twice; 0 for none.
    pub passback_ms: u32,
    /// How long a pin is waited for.
    pub pin_ms: u32,
    /// Minutes by which clocks at the door are ahead of UTC.
    pub utc_offset_minutes: i16,
    /// For how long the door may stand open; 0 for as long as it likes.
    pub held_ms: u32,
    /// Whether the lock holds the door while it has current, and lets it go when the power goes, or on a fault.
    pub fail_safe: bool,
}

impl Default for Limits {
    /// Ten failures shut for half a minute at first; a pin within 15 seconds; no anti-passback; UTC; a door
    /// that stands open for half a minute at most, and a lock that stays closed without power.
    fn default() -> Self {
        Self {
            failures: 10,
            lockout_ms: 30_000,
            passback_ms: 0,
            pin_ms: 15_000,
            utc_offset_minutes: 0,
            held_ms: 30_000,
            fail_safe: false,
        }
    }
}

/// What somebody at the door shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthEvent {
    /// A living face that is known.
    Face {
        /// Whose.
        person: u32,
    },
    /// A face that nobody's template matches.
    Stranger,
    /// A face that is not alive.
    Spoof,
    /// A pin typed.
    Pin(Pin),
    /// A pin typed where faces are only compared with whose it is.
    Identity {
        /// Whose; none if it is nobody's, or that of several.
        person: Option<u32>,
        /// Whether it is their duress pin.
        duress: bool,
    },
    /// A living face that is the one of whom a pin was typed.
    Verified {
        /// Whose.
        person: u32,
    },
}

/// Why somebody is refused. Numbers are never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Reason {
    /// Nobody known.
    Stranger = 1,
    /// Not alive.
    NotLive = 2,
    /// Not at this time.
    Schedule = 3,
    /// There is a schedule, and the board does not know the time.
    Clock = 4,
    /// Too many failures in a row.
    LockedOut = 5,
    /// They came in already.
    Passback = 6,
    /// Not their pin.
    WrongPin = 7,
    /// Their rule is lost, and nobody knows what it said.
    Unreadable = 8,
    /// The board's cover is open.
    Cover = 9,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Stranger,
        Self::NotLive,
        Self::Schedule,
        Self::Clock,
        Self::LockedOut,
        Self::Passback,
        Self::WrongPin,
        Self::Unreadable,
        Self::Cover,
    ];

    /// In one word.
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
        }
    }
}

/// What the door does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Decision {
    /// Open.
    Open {
        /// To whom.
        person: u32,
        /// Whether they are forced to: open like always, and tell those outside.
        duress: bool,
    },
    /// Ask for this person's pin.
    AskPin {
        /// Of whom.
        person: u32,
    },
    /// Ask for this person's face.
    AskFace {
        /// Of whom.
        person: u32,
    },
    /// Stay locked.
    Refused(Reason),
    /// Nothing: nobody was asked for a pin.
    Ignored,
}

/// The state of a door's policy. Times are in milliseconds since boot.
#[derive(Debug, Clone, Default)]
pub struct AccessPolicy {
    lockout: Lockout,
    passback: Passback,
    /// Whose pin is asked for, and until when.
    pin_request: Option<(u32, u64)>,
    /// Whose face is awaited, until when, and whether they are forced to open.
    face_request: Option<(u32, u64, bool)>,
}

impl AccessPolicy {
    /// Nobody came yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { lockout: Lockout::new(), passback: Passback::new(), pin_request: None, face_request: None }
    }

    /// Decides of `claim`. `rule` gives the rule of a person; `clock` is the time since 1970 in milliseconds,
    /// UTC, if the board knows it.
    pub fn decide(
        &mut self,
        now: u64,
        clock: Option<u64>,
        event: AuthEvent,
        limits: &Limits,
        rule: impl FnOnce(u32) -> Rule,
    ) -> Decision {
        if self.lockout.locked_out_until(now).is_some() {
            (self.pin_request, self.face_request) = (None, None);
            return Decision::Refused(Reason::LockedOut);
        }
        self.face_request = self.face_request.filter(|(_, until, _)| now < *until);
        self.pin_request = self.pin_request.filter(|(_, until)| now < *until);
        match event {
            AuthEvent::Stranger => self.fail(now, limits, Reason::Stranger),
            AuthEvent::Spoof => self.fail(now, limits, Reason::NotLive),
            AuthEvent::Face { person } => self.face(now, clock, person, limits, &rule(person)),
            AuthEvent::Pin(pin) => match self.pin_request {
                Some((person, _)) => self.pin(now, clock, person, &pin, limits, &rule(person)),
                None => Decision::Ignored,
            },
            AuthEvent::Identity { person: None, .. } => {
                self.face_request = None;
                self.fail(now, limits, Reason::WrongPin)
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

    /// Until when nobody is let in, if so.
    #[must_use]
    pub fn locked_out_until(&self, now: u64) -> Option<u64> {
        self.lockout.locked_out_until(now)
    }

    /// Whose pin is asked for.
    #[must_use]
    pub fn pin_requested(&self, now: u64) -> Option<u32> {
        self.pin_request.filter(|(_, until)| now < *until).map(|(person, _)| person)
    }

    /// Whose face is awaited.
    #[must_use]
    pub fn face_requested(&self, now: u64) -> Option<u32> {
        self.face_request.filter(|(_, until, _)| now < *until).map(|(person, ..)| person)
    }

    /// A person is no longer enrolled, or has another rule.
    pub fn forget(&mut self, person: u32) {
        self.passback.forget(person);
        self.pin_request = self.pin_request.filter(|(asked, _)| *asked != person);
        self.face_request = self.face_request.filter(|(awaited, ..)| *awaited != person);
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
        // Both are compared, so that the time does not tell which it was.
        let own = rule.pin.is_some_and(|own| own == *pin);
        let duress = rule.duress_pin.is_some_and(|duress| duress == *pin);
        if own | duress {
            return self.open(now, person, duress);
        }
        self.fail(now, limits, Reason::WrongPin)
    }

    fn may_pass(
        &self,
        now: u64,
        clock: Option<u64>,
        person: u32,
        limits: &Limits,
        rule: &Rule,
    ) -> Result<(), Reason> {
        if !rule.schedule.is_always() {
            let time = LocalTime::new(clock.ok_or(Reason::Clock)?, limits.utc_offset_minutes);
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
        self.lockout.succeed();
        self.passback.enter(person, now);
        self.pin_request = None;
        Decision::Open { person, duress }
    }

    fn fail(&mut self, now: u64, limits: &Limits, reason: Reason) -> Decision {
        if self.lockout.fail(now, limits.failures, limits.lockout_ms).is_some() {
            (self.pin_request, self.face_request) = (None, None);
        }
        Decision::Refused(reason)
    }
}
