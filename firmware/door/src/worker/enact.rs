//! Does what is decided: frames and events in, commands, entries and events out.
//!
//! An entry of the audit log is written before the lock opens.

use audit::{Fault, Kind};
use board_api::{Board, Capture, System as _};
use embassy_time::{Duration, Instant};
use embedded_storage::nor_flash::NorFlash;
use liveness::{RejectReason, STEPS};
use policy::{Pin, Reason};
use protocol::Error;

use crate::{
    decide::{Decision, Evidence, Situation},
    journal::{ClockChange, EntryFields, Journal},
    link::{Cause, Command, IoEvent, Link, Stamped},
    pipeline::{self, Against, Engine, FrameResult, Models, Observation, Scene},
    session::{configure, translate::similarity},
    store::{Clocks, Rules, Storage, Written, write_tallies},
};

use super::parts::Parts;

/// How long a write of failures rests after one that failed.
const RETRY: Duration = Duration::from_secs(10);

impl<B: Board, E: Engine> Parts<'_, '_, B, E> {
    /// Assesses a frame of the camera, records it, and does what is decided. While the cover is open none is assessed: nobody would come
    /// in, so nothing would count as a failure, and whoever looks for a picture that passes would look for nothing.
    pub(crate) async fn take_frame(&mut self, models: &Models<'_, E>, capture: Capture<'_>) {
        let Capture { sequence, frame } = capture;
        self.camera_sequence = sequence;
        let started = self.system.instructions();
        let now = Instant::now();
        if self.link.state.get().cover_open {
            let unable = Observation::unable(pipeline::Error::CoverOpen);
            self.events.record_frame(sequence, &unable, 0, 0);
            self.next_sample = now + Duration::from_millis(B::SAMPLE_MS);
            return;
        }
        let requested = self.decider.requested(now);
        // What was seen while a PIN was requested was no try of its person. A challenge is of somebody else.
        if self.decider.is_request_new(now) && !self.pipeline.is_asking() {
            self.begin_frames();
        }
        let against = match self.decider.config.verify {
            true => Against::Person(self.decider.awaited(now)),
            false => Against::Everybody,
        };
        let scene = Scene { models, people: &self.people, against, now_ms: now.as_millis() };
        let system = &mut self.system;
        let mut is_drawn = false;
        let mut observation = self.pipeline.step(&scene, &frame, || {
            let mut random = [0; STEPS];
            system.fill_random(&mut random);
            is_drawn = true;
            random
        });
        if is_drawn {
            let asked = self.pipeline.asked(&scene);
            let is_known = asked.is_some() && asked == requested;
            let shut = asked.filter(|person| self.decider.shut_until(*person, now).is_some());
            if is_known || shut.is_some() || !self.stake_challenge(asked) {
                // What would not count, or lead no further, shows nothing.
                self.pipeline.interrupt();
                if let FrameResult::NotLive(reason @ RejectReason::ChallengeRequested(_)) =
                    &mut observation.result
                {
                    *reason = RejectReason::TooFewSamples;
                }
                if shut.is_some() {
                    self.deny(shut, Reason::LockedOut, 0);
                }
            }
        }
        let instructions = self.system.instructions().saturating_sub(started);
        if observation.liveness.is_some() {
            self.next_sample = now + Duration::from_millis(B::SAMPLE_MS);
        }
        let result = &observation.result;
        let evidence = Evidence::Frame { sequence, result, like: observation.like };
        let may_be_there = |person| self.people.may_have(person);
        let at = situation(&self.journal, &self.rules, &may_be_there, self.link);
        let answer = self.decider.on(evidence, &at);
        self.keep_tallies_in_time();
        let refused = result.is_refusal();
        let is_known = observation.like.is_some() && observation.like == requested;
        // Also where this frame shows nothing of it: the face is turned too far to be assessed, or the network refuses the frame.
        let gesture = self.pipeline.requested();
        self.link.config.update(|config| (config.refused, config.gesture) = (refused && !is_known, gesture));
        let score = match result {
            FrameResult::Known(found) => similarity(found.similarity),
            _ => 0,
        };
        match result {
            FrameResult::Stranger(best) => {
                let score = best.as_ref().map_or(0, |best| similarity(best.similarity));
                self.journal.refused(Reason::Stranger, score, None);
            }
            FrameResult::NotLive(_) if refused => {
                self.journal.refused(Reason::NotLive, 0, observation.like);
            }
            _ => {}
        }
        self.events.record_frame(sequence, &observation, answer.agreement, instructions);
        if answer.spent {
            self.restart_frames();
        }
        self.enact(answer.decision, score).await;
    }

    /// Takes an event of io: records it, and decides about a PIN.
    pub(crate) async fn take_event(&mut self, stamped: Stamped) {
        let lost = self.newly_lost();
        self.journal.record_event(&stamped, lost);
        self.events.record_io(&stamped);
        if let IoEvent::Pin(pin) = stamped.event {
            self.take_pin(pin).await;
        }
    }

    /// Decides about a PIN. A failure is in flash before the PIN is compared, and is taken back if it is right. So whoever
    /// listens to the flash, cuts the power, or keeps the flash from being written, gains nothing by a guess: until the guess
    /// counts, right and wrong are the same. The failure that was none stays in flash until the next change there: a reset
    /// leaves one failure to whoever came in last, and their next entry clears it. A PIN that nobody asked for, or that comes while
    /// PINs are locked out, is compared with nothing and wears no flash; one beyond the ration is refused as if they were. Count
    /// and comparison go by the same moment, so none is compared that was not counted.
    async fn take_pin(&mut self, pin: Pin) {
        if self.paused_until > Instant::now() {
            return;
        }
        if self.uncounted && self.storage.as_mut().is_some_and(Storage::can_settle) {
            self.write_tallies();
        }
        if self.uncounted {
            self.deny(None, Reason::Unreadable, 0);
            return;
        }
        let may_be_there = |person| self.people.may_have(person);
        let at = situation(&self.journal, &self.rules, &may_be_there, self.link);
        let stake = self.decider.stake(&at);
        let Situation { now, clock, cover_open, .. } = at;
        let Ok(stake) = stake else {
            self.deny(None, Reason::LockedOut, 0);
            return;
        };
        let staked = stake.is_some();
        if let Some(stake) = stake {
            self.write_tallies();
            self.decider.tallies_mut().give_back(stake);
        }
        if self.uncounted {
            self.deny(None, Reason::Unreadable, 0);
            return;
        }
        let may_be_there = |person| self.people.may_have(person);
        let at = Situation { now, clock, cover_open, rules: &self.rules, may_be_there: &may_be_there };
        let answer = self.decider.on(Evidence::Pin(pin), &at);
        if answer.spent {
            self.restart_frames();
        }
        if let Decision::RequestFace { .. } = answer.decision {
            // What was seen before was of another claim, or of none. So nothing of it counts now.
            self.begin_frames();
        }
        match answer.decision {
            Decision::Refuse { person: None, reason: Reason::LockedOut, .. } => {
                self.deny(None, Reason::LockedOut, 0);
            }
            // Flash has this failure.
            Decision::Refuse { reason: Reason::WrongPin, .. } if staked => {
                self.decider.tallies_mut().kept();
            }
            _ => self.keep_tallies(),
        }
        self.enact(answer.decision, 0).await;
    }

    /// Forgets the frames so far: they were of another claim, or before the cover was opened. A challenge that is under way has failed.
    pub(crate) fn begin_frames(&mut self) {
        self.pipeline.reset();
        self.decider.reset();
        self.ask(None);
    }

    /// Does what is decided. `score` is the similarity of the face.
    async fn enact(&mut self, decision: Decision, score: i16) {
        match decision {
            Decision::None => {}
            Decision::Admit { person, duress } => self.admit(person, duress, score).await,
            Decision::RequestPin { person } => {
                self.events.record_pin_request(person, self.people.name(person));
            }
            Decision::RequestFace { person } => {
                self.events.record_face_request(person, self.people.name(person));
            }
            Decision::Refuse { person, reason, locked_out } => {
                // The frames of a stranger or of a picture are in the audit log already.
                let of_frames = matches!(reason, Reason::Stranger | Reason::NotLive);
                match person {
                    Some(_) if !of_frames => self.deny(person, reason, score),
                    None if reason == Reason::WrongPin => self.journal.refused(reason, 0, None),
                    _ => {}
                }
                if locked_out {
                    self.deny(person, Reason::LockedOut, 0);
                    if let (None, Some(until)) = (person, self.decider.slowed_until(Instant::now())) {
                        self.pipeline.hold(until);
                    }
                }
            }
        }
    }

    /// As [`Self::keep_tallies`], within the ration of faces, or because a lockout began. Whoever shows pictures of many people in
    /// turn fails as often as they like, and the counter has so many steps. What is beyond the ration comes with the next write.
    pub(crate) fn keep_tallies_in_time(&mut self) {
        if self.tallies_wait()
            && self.decider.tallies_mut().is_written(Instant::now().as_millis())
            && !self.write_tallies()
        {
            // Else the next try would wait for the ration, which flash has not as used up: the next boot would doubt nobody.
            self.decider.tallies_mut().not_written();
        }
    }

    /// Writes the failures to flash if they changed: before anything shows how the attempt ended.
    pub(crate) fn keep_tallies(&mut self) {
        if self.tallies_wait() {
            self.write_tallies();
        }
    }

    /// Whether failures are to be written to flash. Where that fails, each try is a write of flash, and frames come without end.
    fn tallies_wait(&self) -> bool {
        let rests = self.rests_until.is_some_and(|until| Instant::now() < until);
        self.decider.tallies().is_changed() && !rests && self.may_write_tallies()
    }

    /// While everybody is locked out because failures were lost, nothing is written: it would end that at the next reset. Nor where the
    /// gallery does not open: whose failures may be lost is not known then, and the next boot would doubt nobody.
    fn may_write_tallies(&self) -> bool {
        self.rules.suspended_until.is_none() && self.people.gallery().is_ok()
    }

    /// Writes the failures to flash. As long as that fails, a guess would not count after a reset, so no PIN is heard. Nor is one where
    /// the counter cannot be raised: flash has the failures then, and whoever writes it has those of before count again.
    /// Returns whether flash has them.
    pub(crate) fn write_tallies(&mut self) -> bool {
        self.uncounted = !self.may_write_tallies();
        !self.uncounted && self.put_tallies()
    }

    /// Follows the board's own clock, if it has one that is right.
    pub(crate) fn follow_clock(&mut self) {
        let change = self.system.unix_ms().and_then(|unix_ms| self.journal.follow_clock(unix_ms));
        if let Some(change) = change {
            // If it cannot be kept, it is followed later.
            let _ = self.keep_clock(&change, None);
        }
    }

    /// Writes a clock that was set, and when lockouts end by it. Whichever a power cut leaves unwritten, no lockout ends: of two ends
    /// the later one comes first, and none is farther away than the longest lockout.
    ///
    /// # Errors
    /// [`Error::Flash`]: the lockouts could not be written, and the clock is what it was.
    pub(crate) fn keep_clock(&mut self, change: &ClockChange, host: Option<[u8; 32]>) -> Result<(), Error> {
        if change.is_back {
            self.journal.record_clock(change, host);
            self.move_lockouts();
        } else if self.move_lockouts() {
            self.journal.record_clock(change, host);
        } else {
            self.journal.restore_clock(change);
            return Err(Error::Flash);
        }
        Ok(())
    }

    /// Writes when lockouts end: flash has that on the clock, which was set. That is also done where the gallery does not open, and soon
    /// after a write that failed. Flash keeps what else the next boot knows of failures that may be lost. Returns whether flash has it.
    fn move_lockouts(&mut self) -> bool {
        self.decider.tallies_mut().touch();
        let waits = self.rules.suspended_until.is_none() && self.decider.tallies().is_changed();
        !waits || self.put_tallies()
    }

    /// Returns whether flash has them.
    fn put_tallies(&mut self) -> bool {
        let clocks = Clocks { now: Instant::now(), unix_ms: self.journal.now().unix_ms };
        let (tallies, known) = (self.decider.tallies_mut(), self.people.gallery().is_ok());
        let written = self.storage.as_mut().map(|storage| write_tallies(storage, tallies, clocks, known));
        let is_written = matches!(written, Some(Ok(_)));
        let (lost, counted, rest) = match written {
            Some(Ok(Written { lost, counted })) => (lost, counted, Duration::MIN),
            _ => (false, false, RETRY),
        };
        self.uncounted = !counted;
        // One entry tells of all tries until one succeeds.
        if lost || !counted && self.rests_until.is_none() {
            self.journal.record(Kind::Fault, EntryFields::reason(Fault::Settings as u8));
        }
        self.rests_until = (!counted).then(|| Instant::now() + rest);
        is_written
    }

    /// Reports that a person may not pass, or with `None` that a face that is nobody's is slowed.
    fn deny(&mut self, person: Option<u32>, reason: Reason, score: i16) {
        self.journal.refused(reason, score, person);
        self.link.config.update(|config| config.refused = true);
        let name = person.and_then(|person| self.people.name(person));
        let left_ms = match reason {
            Reason::LockedOut => self.decider.lockout_left(person, Instant::now()),
            _ => 0,
        };
        self.events.record_denial(person, name, reason, left_ms);
    }

    /// Opens the door to a person. Under duress nothing at the door shows the silent alarm.
    async fn admit(&mut self, person: u32, duress: bool, score: i16) {
        let name = self.people.name(person);
        let fields = EntryFields { score, person: Some(person), ..EntryFields::reason(duress.into()) };
        self.journal.record(Kind::Admitted, fields.count(self.camera_sequence));
        if duress {
            self.events.record_duress(person, name.clone());
        }
        self.link.commands.send(Command::Report(configure::report(&self.settings, person))).await;
        let cause = Cause::Person { frame: self.camera_sequence, person, name };
        let time = configure::open_time(&self.settings);
        self.link.commands.send(Command::Open { cause, time }).await;
    }
}

/// How things stand now.
fn situation<'r, F: NorFlash>(
    journal: &Journal<F>,
    rules: &'r Rules<'_>,
    may_be_there: &'r dyn Fn(u32) -> bool,
    link: &Link,
) -> Situation<'r> {
    let time = journal.now();
    Situation {
        now: Instant::now(),
        clock: time.exact.then_some(time.unix_ms),
        cover_open: link.state.get().cover_open,
        rules,
        may_be_there,
    }
}
