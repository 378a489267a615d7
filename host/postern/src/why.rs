//! Why the door did not open: one sentence for each reason, the same in `show`, `watch` and `log`, and beside it a word for
//! programs.
//!
//! A reason comes from a frame (nobody was recognised), from the board's answer to a person (`Denied`, or a request), or from
//! an entry of the log. What the board's answer leaves out (the hours, the time at the door) is asked for here.

use std::fmt;

use audit::{Entry, Kind};
use client::Device;
use client::protocol::{EventKind, Flaw, FrameResult, Reason, RejectReason, Schedule};
use emulator::Decision;

use crate::device::real;
use crate::zone::Names;
use crate::{hours, zone};

#[cfg(test)]
mod tests;

/// Why the door stayed locked.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// Nobody was there.
    NoFace,
    /// The face fails the quality gate.
    Poor(Flaw),
    /// Nobody's template is similar enough.
    Stranger {
        /// The most similar person and the similarity, if anybody is enrolled.
        best: Option<(String, f64)>,
        /// The similarity of a match, if it is known.
        threshold: Option<f64>,
    },
    /// The face failed liveness.
    NotLive {
        /// The check that it failed, if it is known.
        reason: Option<RejectReason>,
    },
    /// The door asked for a gesture and was still waiting for it, or for more pictures.
    Undecided(RejectReason),
    /// The door compares a face only with the owner of the PIN that was typed before.
    Unclaimed,
    /// The board cannot assess pictures.
    Unable,
    /// A person was recognised in too few pictures in a row.
    Agreement {
        /// The person.
        name: String,
        /// Pictures in a row in which they were recognised.
        frames: u32,
        /// Pictures that are needed.
        needed: u32,
    },
    /// The door waits for the person's PIN.
    PinMissing {
        /// The person.
        name: String,
        /// For how many seconds, if it is known.
        seconds: Option<u32>,
    },
    /// The door waits for the person's face, after their PIN.
    FaceMissing {
        /// The person.
        name: String,
    },
    /// It is not within the person's hours.
    Schedule {
        /// The person.
        name: Option<String>,
        /// The hours and the time at the door, if they are known.
        hours: Option<Hours>,
    },
    /// The person has hours, and the board does not know the time.
    Clock {
        /// The person.
        name: Option<String>,
    },
    /// Too many failures.
    LockedOut {
        /// The person; `None` for faces or PINs that are nobody's.
        name: Option<String>,
        /// Milliseconds that are left, if it is known.
        left_ms: Option<u32>,
    },
    /// The person came in a moment ago.
    Passback {
        /// The person.
        name: Option<String>,
        /// The anti-passback time in seconds, if it is known.
        seconds: Option<u32>,
    },
    /// A PIN that is not the person's, or nobody's.
    WrongPin {
        /// The person.
        name: Option<String>,
    },
    /// The person's rule in flash is damaged.
    Unreadable {
        /// The person.
        name: Option<String>,
    },
    /// The person is suspended.
    Suspended {
        /// The person.
        name: Option<String>,
    },
    /// The cover of the board is open.
    Cover,
}

/// The hours of a person, and the time at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The hours.
    pub hours: String,
    /// The weekday and the time at the door.
    pub now: String,
    /// The zone of both: its name, if that is known, and its offset.
    pub zone: String,
}

impl Why {
    /// Why a presentation did not open the door. `device` is asked for what the board's answer leaves out, and `names` for the zone's.
    pub fn of_decision(decision: &Decision, device: &mut Device, names: &Names) -> Option<Self> {
        if decision.opened {
            return None;
        }
        if let Some(answer) = &decision.answer
            && let Some(why) = Self::of_event(answer, device, names)
        {
            return Some(why);
        }
        let [frames, needed] = decision.agreement;
        Some(match &decision.result {
            // The PIN was asked for in an earlier presentation, and the time for it still runs.
            FrameResult::Known(best) if device.rule(&best.name).is_ok_and(|rule| rule.pin) => {
                Self::PinMissing { name: best.name.to_string(), seconds: None }
            }
            FrameResult::Known(best) => Self::Agreement { name: best.name.to_string(), frames, needed },
            other => Self::of_frame(other, decision.threshold),
        })
    }

    /// Why a frame alone opens nothing.
    fn of_frame(result: &FrameResult, threshold: Option<i16>) -> Self {
        match result {
            FrameResult::NoFace => Self::NoFace,
            FrameResult::Poor(flaw) => Self::Poor(*flaw),
            FrameResult::Stranger(best) => Self::Stranger {
                best: best.as_ref().map(|best| (best.name.to_string(), real(best.similarity))),
                threshold: threshold.map(real),
            },
            FrameResult::NotLive(reason) if reason.is_pending() => Self::Undecided(*reason),
            FrameResult::NotLive(reason) => Self::NotLive { reason: Some(*reason) },
            FrameResult::Unclaimed => Self::Unclaimed,
            FrameResult::Known(best) => Self::Agreement { name: best.name.to_string(), frames: 1, needed: 1 },
            FrameResult::Unable => Self::Unable,
        }
    }

    /// Why a person has to wait, by the board's answer; `None` for another event.
    pub fn of_event(event: &EventKind, device: &mut Device, names: &Names) -> Option<Self> {
        match event {
            EventKind::PinRequested { name, .. } => {
                let time = device.settings().ok().map(|settings| settings.limits.pin_ms / 1000);
                Some(Self::PinMissing { name: name.to_string(), seconds: time })
            }
            EventKind::FaceRequested { name, .. } => Some(Self::FaceMissing { name: name.to_string() }),
            EventKind::Denied { person, name, reason, left_ms } => {
                let name = person.map(|_| name.to_string());
                let why = Self::of_reason(*reason, name.clone());
                Some(match why {
                    Self::Schedule { .. } => {
                        Self::Schedule { hours: hours_of(name.as_deref(), device, names), name }
                    }
                    Self::LockedOut { .. } => {
                        Self::LockedOut { name, left_ms: (*left_ms > 0).then_some(*left_ms) }
                    }
                    Self::Passback { .. } => {
                        let time = device.settings().ok().map(|settings| settings.limits.passback_ms / 1000);
                        Self::Passback { name, seconds: time }
                    }
                    other => other,
                })
            }
            _ => None,
        }
    }

    /// Why an entry of the log says that somebody was refused; `None` for another entry.
    pub fn of_entry(entry: &Entry, name: Option<String>) -> Option<Self> {
        let reason = Reason::ALL.into_iter().find(|reason| *reason as u8 == entry.reason)?;
        let person = entry.person.map(|person| name.unwrap_or_else(|| format!("person {person}")));
        (entry.kind == Kind::Refused).then(|| Self::of_reason(reason, person))
    }

    /// The sentence of a reason when nothing else is known, as of an entry of the log.
    pub fn of_reason(reason: Reason, name: Option<String>) -> Self {
        match reason {
            Reason::Stranger => Self::Stranger { best: None, threshold: None },
            Reason::NotLive => Self::NotLive { reason: None },
            Reason::Schedule => Self::Schedule { name, hours: None },
            Reason::Clock => Self::Clock { name },
            Reason::LockedOut => Self::LockedOut { name, left_ms: None },
            Reason::Passback => Self::Passback { name, seconds: None },
            Reason::WrongPin => Self::WrongPin { name },
            Reason::Unreadable => Self::Unreadable { name },
            Reason::Cover => Self::Cover,
            Reason::Suspended => Self::Suspended { name },
        }
    }

    /// The reason in one word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoFace => "no-face",
            Self::Poor(_) => "poor",
            Self::Stranger { .. } => Reason::Stranger.name(),
            Self::NotLive { .. } => Reason::NotLive.name(),
            Self::Undecided(_) => "liveness-undecided",
            Self::Unclaimed => "unclaimed",
            Self::Unable => "unable",
            Self::Agreement { .. } => "agreement",
            Self::PinMissing { .. } => "pin-requested",
            Self::FaceMissing { .. } => "face-requested",
            Self::Schedule { .. } => Reason::Schedule.name(),
            Self::Clock { .. } => Reason::Clock.name(),
            Self::LockedOut { .. } => Reason::LockedOut.name(),
            Self::Passback { .. } => Reason::Passback.name(),
            Self::WrongPin { .. } => Reason::WrongPin.name(),
            Self::Unreadable { .. } => Reason::Unreadable.name(),
            Self::Cover => Reason::Cover.name(),
            Self::Suspended { .. } => Reason::Suspended.name(),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = |name: &Option<String>| name.clone().unwrap_or_else(|| "a person".to_owned());
        match self {
            Self::NoFace => f.write_str("no face"),
            Self::Poor(flaw) => write!(f, "a face {flaw}"),
            Self::Stranger { best: Some((name, similarity)), threshold: Some(threshold) } => write!(
                f,
                "a stranger: most similar is {name} with {similarity:.3}, and a match needs {threshold:.3}"
            ),
            Self::Stranger { best: Some((name, similarity)), .. } => {
                write!(f, "a stranger: most similar is {name} with {similarity:.3}")
            }
            Self::Stranger { best: None, .. } => f.write_str("a stranger"),
            Self::NotLive { reason: Some(reason) } => write!(f, "no living face: it {reason}"),
            Self::NotLive { reason: None } => f.write_str("no living face"),
            Self::Undecided(RejectReason::ChallengeRequested(gesture)) => {
                write!(f, "a face, and the door asks it to {gesture}")
            }
            Self::Undecided(reason) => write!(f, "a face whose liveness is not decided: it {reason}"),
            Self::Unclaimed => f.write_str(
                "a face, and nobody typed a PIN before it: this door compares a face only with the owner of the PIN \
                 (`postern settings --matching`)",
            ),
            Self::Unable => f.write_str("no result: models or people are missing, or do not fit each other, or the cover of the board is open"),
            Self::Agreement { name, frames, needed } => write!(
                f,
                "{name} was recognised in {frames} pictures in a row, and {needed} are needed \
                 (`postern settings --agreement`)"
            ),
            Self::PinMissing { name, seconds: Some(seconds) } => {
                write!(f, "{name} is recognised, and the door waits {seconds} s for their PIN")
            }
            Self::PinMissing { name, seconds: None } => {
                write!(f, "{name} is recognised, and the door waits for their PIN")
            }
            Self::FaceMissing { name } => write!(f, "the door waits for the face of {name}"),
            Self::Schedule { name, hours: Some(Hours { hours, now, zone }) } => {
                write!(f, "{} may pass {hours}, and it is {now} at the door ({zone})", who(name))
            }
            Self::Schedule { name, hours: None } => {
                write!(f, "{} came outside their hours (`postern rule NAME` shows them)", who(name))
            }
            Self::Clock { name } => write!(
                f,
                "{} has hours, and the board does not know the time (`postern board clock --set`)",
                who(name)
            ),
            Self::LockedOut { name, left_ms } => {
                match name {
                    Some(name) => write!(f, "{name} is locked out after too many failures")?,
                    None => f.write_str("faces and PINs that belong to nobody here are locked out after too many failures")?,
                }
                match left_ms {
                    Some(left) => write!(f, ", for {} more", duration(*left)),
                    None => Ok(()),
                }
            }
            Self::Passback { name, seconds: Some(seconds) } => {
                write!(f, "{} came in within the last {seconds} s (`postern settings --passback`)", who(name))
            }
            Self::Passback { name, seconds: None } => {
                write!(f, "{} came in a moment ago (`postern settings --passback`)", who(name))
            }
            Self::WrongPin { name: Some(name) } => write!(f, "this is not the PIN of {name}"),
            Self::WrongPin { name: None } => f.write_str("this is nobody's PIN"),
            Self::Unreadable { name } => {
                write!(f, "the rule of {} is damaged: set it again with `postern rule`", who(name))
            }
            Self::Suspended { name } => {
                write!(f, "{} is suspended (`postern resume NAME` ends that)", who(name))
            }
            Self::Cover => f.write_str("the cover of the board is open: close it"),
        }
    }
}

/// What a picture shows, in words, whether the door opens or not.
pub fn seen_text(result: &FrameResult) -> String {
    match result {
        FrameResult::Known(best) => format!("{} ({:.3})", best.name, real(best.similarity)),
        other => Why::of_frame(other, None).to_string(),
    }
}

/// Milliseconds as people say them.
fn duration(ms: u32) -> String {
    match ms.div_ceil(1000) {
        seconds @ ..=119 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

/// The hours of a person and the time at the door, if the board tells them.
fn hours_of(name: Option<&str>, device: &mut Device, names: &Names) -> Option<Hours> {
    let rule = device.rule(name?).ok()?;
    let status = device.status().ok()?;
    let (now, zone) = (status.clock.unix_ms, status.settings.limits.zone);
    Some(Hours::at(&rule.schedule, now, (names.name(&zone).as_deref(), zone.offset_at(now))))
}

impl Hours {
    /// The hours of a schedule at a time, in milliseconds since 1970, in a zone of this name and at an offset from UTC in minutes.
    pub fn at(schedule: &Schedule, unix_ms: u64, (name, offset): (Option<&str>, i16)) -> Self {
        const DAYS: [&str; 7] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
        let minutes = i64::try_from(unix_ms / 60_000).unwrap_or(0) + i64::from(offset);
        let (day, minute) = (minutes.div_euclid(24 * 60), minutes.rem_euclid(24 * 60));
        let weekday = DAYS[day.rem_euclid(7) as usize];
        Self {
            hours: hours::text(schedule),
            now: format!("{weekday} {:02}:{:02}", minute / 60, minute % 60),
            zone: zone::offset_with_name(name, offset),
        }
    }
}
