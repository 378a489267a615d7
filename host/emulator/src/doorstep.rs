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
    camera: Camera,
    agreement: u32,
}

impl<'a> Doorstep<'a> {
    /// Takes the place in front of the door.
    ///
    /// # Errors
    /// As [`Board::connect`].
    pub fn new(board: &'a Board) -> Result<Self> {
        Ok(Self {
            board,
            camera: board.camera()?,
            agreement: board.connect()?.settings()?.agreement_frames.into(),
        })
    }

    /// Shows `empty`, a scene without a face, and waits until the door is locked. Earlier pictures then do not
    /// influence the next decision.
    ///
    /// # Errors
    /// [`Error::NotTaken`] if the door takes no picture or stays open; as any request.
    pub fn leave(&mut self, empty: &Picture<'_>) -> Result<()> {
        let mut device = self.board.connect()?;
        self.watch(&mut device, empty, &[], 1)?;
        let until = Instant::now() + PATIENCE;
        while device.status()?.door != Door::Locked {
            wait(until)?;
        }
        Ok(())
    }

    /// Shows a sequence of pictures until the door has opened or has assessed all of them, and returns its decision.
    ///
    /// The last picture is repeated until the number of frames that must agree is reached.
    ///
    /// # Errors
    /// [`Error::NotTaken`] if the door takes no picture; as any request.
    pub fn show(&mut self, first: &Picture<'_>, others: &[Picture<'_>]) -> Result<Decision> {
        let mut device = self.board.connect()?;
        let frames = (1 + others.len() as u32).max(self.agreement);
        self.watch(&mut device, first, others, frames)
    }

    /// Shows pictures until the door has opened or has assessed this number of frames; the last picture is repeated.
    fn watch(
        &mut self,
        device: &mut Device,
        first: &Picture<'_>,
        mut others: &[Picture<'_>],
        frames: u32,
    ) -> Result<Decision> {
        let mut after = device.events(u32::MAX)?.1;
        let first = self.camera.show(first)?;
        let mut shown = first;
        let mut decision: Option<Decision> = None;
        let mut opened = false;
        let mut until = Instant::now() + PATIENCE;
        let mut lock_until = None;
        loop {
            let (events, newest) = device.events(after)?;
            // The board was reset meanwhile, so its sequence numbers start again.
            after = if newest < after { 0 } else { after };
            for event in events {
                after = event.sequence;
                opened |= is_opening(&event, first, shown);
                decision = assessed(event, first, shown, decision);
            }
            if let Some(decision) = &mut decision {
                decision.opened = opened;
                let known = matches!(decision.result, FrameResult::Known(_));
                if decision.pictures >= frames || opened {
                    if opened || !known {
                        return Ok(decision.clone());
                    }
                    // The lock opens shortly after the decisive result.
                    let uptime = device.status()?.uptime_ms;
                    if uptime >= *lock_until.get_or_insert(uptime.saturating_add(LOCK_PATIENCE)) {
                        return Ok(decision.clone());
                    }
                }
            }
            let seen = decision.as_ref().map_or(0, |decision| decision.pictures);
            if seen < frames && self.camera.is_taken(shown)? && self.next_is_due(first, shown, seen) {
                // Each picture has the full time of its own.
                until = Instant::now() + PATIENCE;
                shown = match others.split_first() {
                    Some((next, rest)) => {
                        others = rest;
                        self.camera.show(next)?
                    }
                    None => self.camera.hold()?,
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

/// Whether the lock opened because of a picture from `first` to `last`.
fn is_opening(event: &Event, first: u32, last: u32) -> bool {
    matches!(event.kind, EventKind::Opened { frame, .. } if is_between(frame, first, last))
}

/// The decision after an event, if the event is about a picture from `first` to `last`.
fn assessed(event: Event, first: u32, last: u32, before: Option<Decision>) -> Option<Decision> {
    match event.kind {
        EventKind::FrameAssessed {
            frame, result, faces, face, threshold, instructions, liveness, ..
        } if is_between(frame, first, last) => Some(Decision {
            result,
            faces,
            face,
            threshold,
            opened: before.as_ref().is_some_and(|before| before.opened),
            pictures: before.map_or(0, |before| before.pictures) + 1,
            instructions,
            liveness,
        }),
        _ => before,
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
