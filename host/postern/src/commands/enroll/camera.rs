//! Enrolment before the door's own camera. The command says what to change until a picture is good.
//!
//! The board looks at one frame and tells its faces and their flaws. Where one face without a flaw is there, the board is
//! asked to enrol the next frame. The door is paused meanwhile, so that it does not open to the person who is being enrolled.

use std::time::{Duration, Instant};

use anyhow::bail;
use client::protocol::{self, Face, Point, Source};
use client::{Device, Enrolled, Error};

use super::{Enrolling, note_basis, photos};
use crate::interrupt::Interrupt;
use crate::output::note;

/// How long a person may take for each picture.
const PATIENCE: Duration = Duration::from_secs(45);

/// How many pictures the board may refuse for each that it takes.
const TRIES: usize = 8;

/// How long the door is paused for each picture, and at the most if this program ends unexpectedly. The longest pause that
/// a board accepts.
const PAUSE_MS: u32 = 60_000;
const _: () = assert!(PATIENCE.as_millis() < PAUSE_MS as u128);

/// What a person hears, each sentence once in a row.
#[derive(Default)]
struct Guidance(String);

impl Guidance {
    fn say(&mut self, sentence: String) {
        if sentence != self.0 {
            note!("{sentence}");
            self.0 = sentence;
        }
    }
}

/// Enrols a face from `count` frames of the door's camera: all of them or none.
///
/// # Errors
/// No good picture came in time, another face came, or the board refuses; nothing is kept then, or the error says what is.
pub fn enrol(
    enrolling: &Enrolling<'_>,
    device: &mut Device,
    count: u8,
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Enrolled>> {
    let mut all = Vec::new();
    let done = pictures(enrolling, device, count, interrupt, &mut all);
    // The pause ends by itself where the line is gone.
    let goes_on = device.pause_door(0);
    if let Err(error) = done {
        return Err(enrolling.undo(device, all.len(), error));
    }
    goes_on?;
    all.iter().for_each(note_basis);
    Ok(all)
}

fn pictures(
    enrolling: &Enrolling<'_>,
    device: &mut Device,
    count: u8,
    interrupt: &Interrupt,
    all: &mut Vec<Enrolled>,
) -> anyhow::Result<()> {
    let mut guidance = Guidance::default();
    for done in 0..count {
        guidance.say(format!("Picture {} of {count}: look at the door's camera.", done + 1));
        device.pause_door(PAUSE_MS)?;
        all.push(next(enrolling, device, done.into(), interrupt, &mut guidance)?);
    }
    Ok(())
}

/// Waits for a good picture, and has it enrolled after `done` others.
fn next(
    enrolling: &Enrolling<'_>,
    device: &mut Device,
    done: usize,
    interrupt: &Interrupt,
    guidance: &mut Guidance,
) -> anyhow::Result<Enrolled> {
    let begun = Instant::now();
    // The face that the board refused last. The log has an entry of each try, so it tries no face twice.
    let mut tried: Option<Face> = None;
    let mut tries = 0;
    while begun.elapsed() < PATIENCE && tries < TRIES {
        interrupt.check()?;
        device.give_way();
        let faces = device.detect(Source::Camera)?.faces;
        if let Some(remark) = remark(&faces) {
            guidance.say(remark);
            continue;
        }
        if faces.first().zip(tried.as_ref()).is_some_and(|(face, tried)| !has_moved(tried, face)) {
            continue;
        }
        let refused = match device.enrol(enrolling.name, Source::Camera, enrolling.what(done)) {
            Ok(enrolled) => return Ok(enrolled),
            Err(Error::Refused(refused)) => refused,
            Err(error) => return Err(error.into()),
        };
        tried = faces.into_iter().next();
        tries += 1;
        // The frame that is enrolled is a later one than that which was looked at.
        guidance.say(match refused {
            protocol::Error::NoFace => NOBODY.to_owned(),
            protocol::Error::PoorFace { flaw } => format!("The face is {flaw}."),
            protocol::Error::SamePicture { .. } => {
                "That is the picture before: turn the head a little, or move.".to_owned()
            }
            protocol::Error::NotAlive => {
                "This looks like a picture of somebody: move, in good light.".to_owned()
            }
            other => return Err(Error::Refused(other).into()),
        });
    }
    bail!(
        "no good picture came in {} seconds and {TRIES} tries; the last was: {}",
        PATIENCE.as_secs(),
        guidance.0
    )
}

/// Whether a face is another view than before: one of its landmarks has moved by a tenth of the distance of the eyes.
fn has_moved(before: &Face, now: &Face) -> bool {
    let between = |a: Point, b: Point| f64::from(a.x - b.x).hypot(f64::from(a.y - b.y));
    let eyes = between(before.landmarks[0], before.landmarks[1]);
    let moved = before.landmarks.iter().zip(&now.landmarks).map(|(before, now)| between(*before, *now));
    moved.fold(0.0, f64::max) * 10.0 > eyes
}

const NOBODY: &str = "No face: stand before the door's camera.";

/// What is wrong with a picture of these faces; `None` if it can be enrolled.
fn remark(faces: &[Face]) -> Option<String> {
    let Some(largest) = faces.first() else { return Some(NOBODY.to_owned()) };
    let sides: Vec<i32> = faces.iter().map(photos::side).collect();
    match photos::rivals(&sides) {
        0 => largest.flaw.map(|flaw| format!("The face is {flaw}.")),
        rivals => Some(format!("{} faces of about the same size: one person at a time.", rivals + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::protocol::Flaw;

    fn face(side: i32, flaw: Option<Flaw>) -> Face {
        Face { width: side, height: side, flaw, ..Face::default() }
    }

    #[test]
    fn a_face_that_stands_still_is_tried_once() {
        let at = |x: i32| Face {
            landmarks: [(0, 0), (800, 0), (400, 400), (100, 800), (700, 800)]
                .map(|(dx, y)| Point { x: x + dx, y }),
            ..face(1_600, None)
        };
        assert!(!has_moved(&at(0), &at(0)) && !has_moved(&at(0), &at(60)) && has_moved(&at(0), &at(100)));
        let mut turned = at(0);
        turned.landmarks[2].x += 100;
        assert!(has_moved(&at(0), &turned), "the nose alone");
    }

    #[test]
    fn a_picture_is_good_with_one_face_that_has_no_flaw() {
        assert_eq!(remark(&[face(1_600, None)]), None);
        assert_eq!(remark(&[face(1_600, None), face(900, None)]), None, "a bystander");
        let remarks = [
            remark(&[]),
            remark(&[face(1_600, None), face(1_500, None)]),
            remark(&[face(1_600, Some(Flaw::TooDark))]),
        ];
        let words = ["No face", "2 faces of about the same size", "too dark: add light"];
        for (remark, word) in remarks.iter().zip(words) {
            assert!(remark.as_ref().is_some_and(|remark| remark.contains(word)), "{remark:?}");
        }
    }
}
