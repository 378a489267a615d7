//! From a claim to the door: what the policy makes of a face, of a stranger, and of a code that is typed.
//!
//! A picture is no claim yet. A face claims when enough pictures in a row agree; a stranger, or what is no living
//! face, when it was refused in as many pictures in a row, so that a bad look or two of somebody known are no
//! failure.

use core::sync::atomic::Ordering;

use audit::Kind;
use board_api::Board;
use embassy_time::{Duration, Instant};
use policy::{AuthEvent, Decision, Pin, Reason};
use protocol::{EventKind, FrameResult, Matching, Name, PersonId, RejectReason};

use crate::{
    controller::Passed, desk::Desk, door::Cause, engine::Engine, journal::Say, link::Order, translate,
    wiegand::Frame,
};

impl<B: Board, E: Engine> Desk<'_, '_, B, E> {
    /// The claim that a picture makes, if enough before it agree.
    pub(crate) fn event_of(&mut self, judgement: &FrameResult, agreed: bool) -> Option<AuthEvent> {
        let failure = match judgement {
            FrameResult::Stranger(_) => AuthEvent::Stranger,
            FrameResult::Known(who) => {
                self.misses = 0;
                let person = who.person;
                return agreed.then_some(match self.settings.matching {
                    Matching::Verify => AuthEvent::Verified { person },
                    _ => AuthEvent::Face { person },
                });
            }
            // Too poor a look says nothing of who it is, and neither do looks that are too few yet.
            FrameResult::Poor(_) => return None,
            FrameResult::NotLive(reason) if reason.is_pending() => return None,
            // That was decided over many looks.
            FrameResult::NotLive(RejectReason::ChallengeFailed) => {
                self.misses = 0;
                return Some(AuthEvent::Spoof);
            }
            FrameResult::NotLive(_) => AuthEvent::Spoof,
            _ => {
                self.misses = 0;
                return None;
            }
        };
        self.misses += 1;
        if self.misses < self.settings.agreement_frames {
            return None;
        }
        self.misses = 0;
        Some(failure)
    }

    /// The claim that a code makes.
    pub(crate) fn event_of_pin(&self, pin: Pin) -> AuthEvent {
        if self.settings.matching != Matching::Verify {
            return AuthEvent::Pin(pin);
        }
        let owner = self.rules.owner(&pin);
        AuthEvent::Identity {
            person: owner.map(|(person, _)| person),
            duress: owner.is_some_and(|(_, duress)| duress),
        }
    }

    /// Decides of a claim, tells of it, and opens the door if it may be. `score` is the similarity of the face.
    pub(crate) async fn decide(&mut self, claim: AuthEvent, score: i16) {
        let now = Instant::now().as_millis();
        let time = self.journal.clock.now();
        let clock = time.exact.then_some(time.unix_ms);
        if self.link.uncovered.load(Ordering::Relaxed) {
            let person = match claim {
                AuthEvent::Face { person } | AuthEvent::Verified { person } => Some(person),
                AuthEvent::Identity { person, .. } => person,
                _ => self.policy.pin_requested(now),
            };
            if person.is_some() {
                self.deny(person, Reason::Cover, score);
            }
            return;
        }
        if let AuthEvent::Face { person } | AuthEvent::Verified { person } = claim
            && self.rules.of(person).is_none()
        {
            return self.deny(Some(person), Reason::Unreadable, score);
        }
        let rule = |person| self.rules.of(person).unwrap_or_default();
        let was_shut = self.policy.locked_out_until(now).is_some();
        let asked = self.policy.pin_requested(now);
        let decision = self.policy.decide(now, clock, claim, &self.settings.limits, rule);
        let who = match claim {
            AuthEvent::Face { person } | AuthEvent::Verified { person } => Some(person),
            AuthEvent::Identity { person, .. } => person,
            AuthEvent::Pin(_) => asked,
            _ => None,
        };
        match decision {
            Decision::Open { person, duress } => self.admit(person, duress, score).await,
            Decision::AskPin { person } => {
                if asked != Some(person) {
                    self.link.record(EventKind::PinRequested { person, name: self.name_of(person) });
                }
            }
            Decision::AskFace { person } => {
                self.link.record(EventKind::FaceRequested { person, name: self.name_of(person) });
            }
            Decision::Refused(reason) => {
                if who.is_some() {
                    self.deny(who, reason, score);
                } else if reason == Reason::WrongPin {
                    self.journal.refused(reason, 0, None);
                }
                if !was_shut && self.policy.locked_out_until(now).is_some() {
                    self.deny(None, Reason::LockedOut, 0);
                }
            }
            Decision::Ignored => {}
        }
    }

    /// Tells that somebody may not pass, or that nobody may.
    fn deny(&mut self, person: Option<PersonId>, reason: Reason, score: i16) {
        self.journal.refused(reason, score, person);
        self.link.refused.store(true, Ordering::Relaxed);
        let name = person.map(|person| self.name_of(person)).unwrap_or_default();
        self.link.record(EventKind::Denied { person, name, reason });
    }

    /// Opens the door to somebody. Those who are forced to open it are told of, and nothing at the door shows it.
    async fn admit(&mut self, person: PersonId, duress: bool, score: i16) {
        let name = self.name_of(person);
        let say = Say { score, person: Some(person), ..Say::reason(duress.into()) };
        self.journal.write(Kind::Admitted, say.count(self.camera_sequence));
        if duress {
            self.link.record(EventKind::Duress { person, name: name.clone() });
        }
        if let Some(frame) = Frame::new(self.settings.wiegand, person) {
            self.link.wiegand.signal(frame);
        }
        if let Some(passed) = Passed::new(&self.settings, person) {
            self.link.passed.signal(passed);
        }
        let cause = Cause::Person { frame: self.camera_sequence, person, name };
        let time = Duration::from_millis(self.settings.open_ms.into());
        self.link.orders.send(Order::Grant { cause, time }).await;
    }

    fn name_of(&self, person: PersonId) -> Name {
        let person = self
            .gallery()
            .ok()
            .and_then(|gallery| gallery.next_person(person).filter(|next| next.id() == person));
        person.map(|person| translate::name(person.name())).unwrap_or_default()
    }
}
