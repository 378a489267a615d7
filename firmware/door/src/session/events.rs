//! The newest door events, kept in memory for the host to ask for. Here the door's own types become events of the protocol.

use embassy_time::Instant;
use heapless::Deque;
use policy::{Alarm, Reason};
use protocol::{EVENTS_PER_PAGE, Event, EventKind, FrameResult, Name};

use crate::{
    link::{Cause, IoEvent, Stamped},
    log::{log, log_private},
    pipeline::{self, Observation},
    text::text,
};

use super::translate::{candidate, face, flaw, liveness, name_or_empty, reject_reason, similarity};

/// Events kept. Older ones are dropped; a host sees that from a gap in the numbers.
const KEPT: usize = 64;

/// The newest events, numbered from 1.
#[derive(Debug)]
pub(crate) struct EventLog {
    kept: Deque<Event, KEPT>,
    newest: u32,
}

impl EventLog {
    /// No events.
    pub(crate) const fn new() -> Self {
        Self { kept: Deque::new(), newest: 0 }
    }

    /// Drops all events, as after a boot.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.newest = 0;
    }

    /// Adds an event of now.
    pub(crate) fn record(&mut self, kind: EventKind) {
        self.push(Instant::now().as_millis(), kind);
    }

    /// Adds an event of io, at the time when it happened.
    pub(crate) fn record_io(&mut self, Stamped { event, at }: &Stamped) {
        let kind = match event {
            IoEvent::Opened { cause: Cause::Command, time } => {
                EventKind::OpenedByCommand { open_ms: time.as_millis() as u32 }
            }
            IoEvent::Opened { cause, time } => {
                let (frame, person, name) = match cause {
                    Cause::Button | Cause::Command => (0, None, Name::new()),
                    Cause::Person { frame, person, name } => {
                        (*frame, Some(*person), name_or_empty(name.clone()))
                    }
                };
                EventKind::Opened { frame, person, name, open_ms: time.as_millis() as u32 }
            }
            IoEvent::Locked => EventKind::Locked,
            IoEvent::Alarm(alarm) => EventKind::Alarm { alarm: *alarm, over: false },
            IoEvent::CoverClosed => EventKind::Alarm { alarm: Alarm::Cover, over: true },
            IoEvent::LockFailed | IoEvent::Pin(_) => return,
        };
        self.push(at.as_millis(), kind);
    }

    /// Adds the observation of a frame, and logs it in one line.
    pub(crate) fn record_frame(
        &mut self,
        frame: u32,
        observation: &Observation,
        agreement: u8,
        instructions: u64,
    ) {
        let threshold = observation.threshold.map(similarity);
        let result = frame_result(frame, &observation.result);
        trace(frame, &result, threshold.unwrap_or_default(), agreement);
        self.record(EventKind::FrameAssessed {
            frame,
            result,
            faces: observation.faces,
            face: observation.face.as_ref().map(face),
            threshold,
            agreement,
            instructions,
            liveness: observation.liveness.as_ref().map(liveness),
        });
    }

    /// Adds that the PIN of a person is asked for.
    pub(crate) fn record_pin_request(&mut self, person: u32, name: Option<gallery::Name>) {
        self.record(EventKind::PinRequested { person, name: name_or_empty(name) });
    }

    /// Adds that the face of a person is asked for.
    pub(crate) fn record_face_request(&mut self, person: u32, name: Option<gallery::Name>) {
        self.record(EventKind::FaceRequested { person, name: name_or_empty(name) });
    }

    /// Adds that a person was not admitted, or with `None` that a lockout began. `left_ms` is the time until a lockout ends.
    pub(crate) fn record_denial(
        &mut self,
        person: Option<u32>,
        name: Option<gallery::Name>,
        reason: Reason,
        left_ms: u32,
    ) {
        self.record(EventKind::Denied { person, name: name_or_empty(name), reason, left_ms });
    }

    /// Adds a silent alarm.
    pub(crate) fn record_duress(&mut self, person: u32, name: Option<gallery::Name>) {
        self.record(EventKind::Duress { person, name: name_or_empty(name) });
    }

    /// The number of the newest event, 0 if there was none, and a page of the events after `after`.
    pub(crate) fn page(&self, after: u32) -> (u32, heapless::Vec<Event, EVENTS_PER_PAGE>) {
        let events = self.kept.iter().filter(|event| event.sequence > after);
        (self.newest, events.take(EVENTS_PER_PAGE).cloned().collect())
    }

    /// Adds an event and gives it the next number.
    fn push(&mut self, uptime_ms: u64, kind: EventKind) {
        self.newest = self.newest.saturating_add(1);
        if self.kept.is_full() {
            self.kept.pop_front();
        }
        let event = Event { sequence: self.newest, uptime_ms, kind };
        // There is room now.
        let _ = self.kept.push_back(event);
    }
}

/// What a frame shows, as the host sees it.
fn frame_result(frame: u32, result: &pipeline::FrameResult) -> FrameResult {
    match result {
        pipeline::FrameResult::NoFace => FrameResult::NoFace,
        pipeline::FrameResult::Poor(worst) => FrameResult::Poor(flaw(*worst)),
        pipeline::FrameResult::NotLive(reason) => FrameResult::NotLive(reject_reason(*reason)),
        pipeline::FrameResult::Stranger(best) => FrameResult::Stranger(best.as_ref().map(candidate)),
        pipeline::FrameResult::Known(found) => FrameResult::Known(candidate(found)),
        pipeline::FrameResult::Unclaimed => FrameResult::Unclaimed,
        pipeline::FrameResult::Unable(error) => {
            log!(warn, "a frame cannot be assessed");
            log_private!(warn, "frame {=u32}: {=str}", frame, text(error).as_str());
            FrameResult::Unable
        }
    }
}

/// Logs the result of a frame in one line, in development firmware.
fn trace(frame: u32, result: &FrameResult, threshold: i16, agreement: u8) {
    match result {
        FrameResult::Known(who) => log_private!(
            info,
            "frame {=u32}: {=str}, similarity {=i16} of {=i16} Q15, {=u8} in a row",
            frame,
            who.name.as_str(),
            who.similarity,
            threshold,
            agreement
        ),
        FrameResult::Stranger(Some(who)) => log_private!(
            info,
            "frame {=u32}: a stranger, most like {=str}: {=i16} of {=i16} Q15",
            frame,
            who.name.as_str(),
            who.similarity,
            threshold
        ),
        FrameResult::Stranger(None) => {
            log_private!(info, "frame {=u32}: a stranger; nobody is enrolled", frame)
        }
        FrameResult::Poor(flaw) => {
            log_private!(info, "frame {=u32}: the face is {=str}", frame, text(flaw).as_str());
        }
        FrameResult::NotLive(reason) => {
            log_private!(info, "frame {=u32}: the face {=str}", frame, text(reason).as_str());
        }
        FrameResult::NoFace => log_private!(debug, "frame {=u32}: no face", frame),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_the_oldest_are_dropped() {
        let mut events = EventLog::new();
        assert_eq!(events.page(0), (0, heapless::Vec::new()));
        for time in 0..KEPT as u64 + 10 {
            events.push(time, EventKind::Locked);
        }
        let (newest, page) = events.page(0);
        assert_eq!(newest, KEPT as u32 + 10);
        assert_eq!(page.first().map(|event| (event.sequence, event.uptime_ms)), Some((11, 10)));
        let (_, next) = events.page(page.last().unwrap().sequence);
        assert_eq!(next.first().unwrap().sequence, page.last().unwrap().sequence + 1);
        assert!(events.page(newest).1.is_empty());
        assert!(events.page(u32::MAX).1.is_empty());
    }
}
