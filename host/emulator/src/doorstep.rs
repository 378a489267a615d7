//! Shows pictures to the door of an emulated board and reports the door's decision.

use std::time::{Duration, Instant};

use client::{Device, Picture};
use protocol::{CosineScore, Door, Event, EventKind, Face, FrameResult, Liveness};

use crate::{Board, Camera, Error, Result};

/// How often the board is asked for events.
const POLL: Duration = Duration::from_millis(30);

/// How long the lock may take after the decisive picture, in milliseconds of the board's clock: on a busy host the board is
/// slow.
const LOCK_PATIENCE: u64 = 2_000;

/// The same if enough pictures agreed on a person without a PIN: then the board opens, or says why it does not, however busy
/// the host is.
const ANSWER_PATIENCE: u64 = 120_000;

/// How long the door may take for one picture, and to lock again.
const PATIENCE: Duration = Duration::from_secs(120);

/// The door's decision on a presentation.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The result of the last picture.
    pub result: FrameResult,
    /// Faces in that picture.
    pub faces: u8,
    /// The largest face.
    pub face: Option<Face>,
    /// The similarity threshold; `None` without an encoder.
    pub threshold: Option<CosineScore>,
    /// Whether the lock opened.
    pub opened: bool,
    /// What the board answered to a person who was known or locked out: that they are denied, or that it waits for
    /// their PIN or face. The last one of the presentation.
    pub answer: Option<EventKind>,
    /// Frames in a row that agreed, and that must.
    pub agreement: [u32; 2],
    /// Pictures assessed until then.
    pub pictures: u32,
    /// Instructions spent on the last picture.
    pub instructions: u64,
    /// The liveness score over the frames that count together; `None` if it was not assessed.
    pub liveness: Option<Liveness>,
}

/// The place in front of the door of an emulated board.
pub struct Doorstep<'a> {
    board: &'a Board,
    /// The camera, from [`leave`](Self::leave) to the end of the presentation: meanwhile no other program uses it.
    camera: Option<Camera>,
    agreement: u32,
}

impl<'a> Doorstep<'a> {
    /// Takes the place in front of the door.
    ///
    /// # Errors
    /// As [`Board::connect`].
    pub fn new(board: &'a Board) -> Result<Self> {
        Ok(Self { board, camera: None, agreement: board.connect()?.settings()?.agreement_frames.into() })
    }

    /// Shows `empty`, a scene without a face, and waits until the door is locked. Earlier pictures then do not
    /// influence the next decision.
    ///
    /// # Errors
    /// [`Error::NotTaken`] if the door takes no picture or stays open; as any request.
    pub fn leave(&mut self, empty: &Picture<'_>) -> Result<()> {
        let camera = self.taken_camera()?;
        let mut device = self.board.connect()?;
        self.watch(&mut device, &camera, empty, &[], 1)?;
        self.camera = Some(camera);
        let until = Instant::now() + PATIENCE;
        while device.status()?.door != Door::Locked {
            device.give_way();
            wait(until)?;
        }
        Ok(())
    }

    /// The camera. It is taken before the line, so that nobody who waits for it keeps its owner from the line.
    fn taken_camera(&mut self) -> Result<Camera> {
        match self.camera.take() {
            Some(camera) => Ok(camera),
            None => self.board.camera(None),
        }
    }

    /// Shows a sequence of pictures until the door has opened or has assessed all of them, and returns its decision.
    ///
    /// The last picture is repeated until the number of frames that must agree is reached.
    ///
    /// # Errors
    /// [`Error::NotTaken`] if the door takes no picture; as any request.
    pub fn show(&mut self, first: &Picture<'_>, others: &[Picture<'_>]) -> Result<Decision> {
        let camera = self.taken_camera()?;
        let mut device = self.board.connect()?;
        let frames = (1 + others.len() as u32).max(self.agreement);
        let decision = self.watch(&mut device, &camera, first, others, frames);
        drop(device);
        camera.pass_on();
        decision
    }

    /// Shows pictures until the door has opened or has assessed this number of frames; the last picture is repeated.
    fn watch(
        &mut self,
        device: &mut Device,
        camera: &Camera,
        first: &Picture<'_>,
        mut others: &[Picture<'_>],
        frames: u32,
    ) -> Result<Decision> {
        let mut after = device.events(u32::MAX)?.1;
        let first = camera.show(first)?;
        let mut shown = first;
        let mut seen = Seen::default();
        let mut until = Instant::now() + PATIENCE;
        let mut lock_until = None;
        loop {
            let (events, newest) = device.events(after)?;
            // The board was reset meanwhile, so its sequence numbers start again.
            after = if newest < after { 0 } else { after };
            for event in events {
                after = event.sequence;
                seen.take(event, first, shown);
            }
            if let Some(decision) = seen.decision(self.agreement) {
                let (opened, assessed) = (decision.opened, seen.results.len() as u32);
                let known = seen.knows();
                if assessed >= frames || opened {
                    if opened || !known || decision.answer.is_some() {
                        return Ok(decision);
                    }
                    // The board answers shortly after the decisive result, unless it has asked for a PIN before.
                    let uptime = device.status()?.uptime_ms;
                    let patience = match seen.agrees(self.agreement) {
                        Some(name) if !device.rule(&name).is_ok_and(|rule| rule.pin) => ANSWER_PATIENCE,
                        _ => LOCK_PATIENCE,
                    };
                    if uptime >= *lock_until.get_or_insert(uptime.saturating_add(patience)) {
                        return Ok(decision);
                    }
                }
            }
            device.give_way();
            let assessed = seen.results.len() as u32;
            if assessed < frames && camera.is_taken(shown)? && self.next_is_due(first, shown, assessed) {
                // Each picture has the full time of its own.
                until = Instant::now() + PATIENCE;
                shown = match others.split_first() {
                    Some((next, rest)) => {
                        others = rest;
                        camera.show(next)?
                    }
                    None => camera.hold()?,
                };
            }
            wait(until)?;
        }
    }

    /// Whether all pictures so far were assessed. Sequence numbers rise by two.
    fn next_is_due(&self, first: u32, shown: u32, seen: u32) -> bool {
        shown.wrapping_sub(first) / 2 < seen
    }
}

/// What the door said of the pictures of one presentation.
#[derive(Debug, Default)]
struct Seen {
    /// The result of each picture that was assessed, by the number of its frame.
    results: Vec<(u32, Decision)>,
    /// The frame for which the lock opened.
    opened_by: Option<u32>,
    /// The last answer to a person.
    answer: Option<EventKind>,
}

impl Seen {
    /// Takes an event, if it is about a picture from `first` to `last`.
    fn take(&mut self, event: Event, first: u32, last: u32) {
        match event.kind {
            EventKind::Opened { frame, .. } if is_between(frame, first, last) => self.opened_by = Some(frame),
            EventKind::FrameAssessed {
                frame,
                result,
                faces,
                face,
                threshold,
                instructions,
                liveness,
                agreement,
            } if is_between(frame, first, last) => {
                let pictures = self.results.len() as u32 + 1;
                let decision = Decision {
                    result,
                    faces,
                    face,
                    threshold,
                    opened: false,
                    answer: None,
                    agreement: [agreement.into(), 0],
                    pictures,
                    instructions,
                    liveness,
                };
                self.results.push((frame, decision));
            }
            answer @ (EventKind::Denied { .. }
            | EventKind::PinRequested { .. }
            | EventKind::FaceRequested { .. }) => self.answer = Some(answer),
            _ => {}
        }
    }

    /// The person that this number of pictures in a row agreed on.
    fn agrees(&self, needed: u32) -> Option<String> {
        self.results.iter().find_map(|(_, decision)| match &decision.result {
            FrameResult::Known(best) if decision.agreement[0] >= needed => Some(best.name.to_string()),
            _ => None,
        })
    }

    /// Whether somebody was known in a picture, so that the lock may be about to open.
    fn knows(&self) -> bool {
        self.results.iter().any(|(_, decision)| matches!(decision.result, FrameResult::Known(_)))
    }

    /// The decision: on the picture for which the lock opened, else on the newest that tells why it did not: one for which liveness
    /// waits for more says nothing. A door that is fast has assessed one more
    /// picture before it says that it is open, and begins with that one from the start.
    /// `needed` is the number of frames that must agree.
    fn decision(&self, needed: u32) -> Option<Decision> {
        let opening = self.results.iter().find(|(frame, _)| Some(*frame) == self.opened_by);
        let waits =
            |decision: &Decision| matches!(decision.result, FrameResult::NotLive(why) if why.is_pending());
        let telling = self.results.iter().rev().find(|(_, decision)| !waits(decision));
        let (_, decision) = opening.or(telling).or(self.results.last())?;
        let agreement = [decision.agreement[0], needed];
        let answer = self.answer.clone();
        Some(Decision { opened: self.opened_by.is_some(), answer, agreement, ..decision.clone() })
    }
}

fn is_between(frame: u32, first: u32, last: u32) -> bool {
    frame.wrapping_sub(first) <= last.wrapping_sub(first)
}

fn wait(until: Instant) -> Result<()> {
    if Instant::now() >= until {
        return Err(Error::NotTaken { seconds: PATIENCE.as_secs() });
    }
    std::thread::sleep(POLL);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::protocol::RejectReason;

    fn result(instructions: u64) -> Decision {
        let result = FrameResult::Stranger(None);
        let (face, threshold, liveness) = (None, None, None);
        Decision {
            result,
            faces: 1,
            face,
            threshold,
            opened: false,
            answer: None,
            agreement: [1, 0],
            pictures: 1,
            instructions,
            liveness,
        }
    }

    #[test]
    fn a_decision_is_on_the_picture_that_opened_and_not_on_the_next_one() {
        let mut seen =
            Seen { results: vec![(4, result(40)), (6, result(60))], opened_by: None, answer: None };
        let decision = seen.decision(3).expect("a decision");
        assert_eq!((decision.instructions, decision.opened), (60, false));
        seen.opened_by = Some(4);
        let decision = seen.decision(3).expect("a decision");
        assert_eq!((decision.instructions, decision.opened), (40, true));
        seen.opened_by = Some(8);
        let decision = seen.decision(3).expect("a decision");
        assert_eq!((decision.instructions, decision.opened), (60, true));
        assert!(Seen::default().decision(3).is_none());
    }

    #[test]
    fn who_stays_outside_is_told_why_and_not_that_the_door_waits_for_more() {
        let mut waits = result(80);
        waits.result = FrameResult::NotLive(RejectReason::TooFewSamples);
        let mut seen = Seen { results: vec![(4, result(40)), (6, waits)], opened_by: None, answer: None };
        assert_eq!(seen.decision(3).map(|decision| decision.instructions), Some(40));
        seen.results.remove(0);
        assert_eq!(seen.decision(3).map(|decision| decision.instructions), Some(80), "it says nothing else");
    }
}
