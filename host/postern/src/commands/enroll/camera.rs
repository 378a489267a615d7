//! Enrolment before the door's own camera. The command says what to change until a picture is good.
//!
//! The board looks at a frame and tells its faces and their flaws. Where one face without a flaw is there, the board is asked to
//! enrol this very frame, which it has kept. The door is paused meanwhile, so that it does not open to the person who is
//! being enrolled. If another program used the line for so long that the pause may be over, nothing is enrolled.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use client::protocol::{self, CameraState, Face, Point, Source};
use client::{Device, Enrolled, Error};

use super::{Enrolling, note_basis, photos};
use crate::camera_state::ALL_DARK;
use crate::interrupt::Interrupt;
use crate::output::note;

/// How long a person may take for each picture.
const PATIENCE: Duration = Duration::from_secs(45);

/// How long a person has to do what they heard, before the board refuses another picture.
const REST: Duration = Duration::from_millis(1500);

/// How many pictures the board may refuse for each that it takes.
const TRIES: usize = 8;

/// How long the door is paused, and at the most if this program ends unexpectedly. The longest pause that a board accepts.
const PAUSE: Duration = Duration::from_secs(60);

/// After how much of a pause the next one begins. The rest of it is for another program that uses the line meanwhile.
const RENEW: Duration = Duration::from_secs(10);

/// The door's pause: when the request for it went. For the board it begins later, and so ends later.
#[derive(Default)]
struct Pause(Option<Instant>);

impl Pause {
    /// Sees to it that the door is paused for a while longer.
    ///
    /// # Errors
    /// It is not any more: the door may have opened meanwhile. As any request.
    fn hold(&mut self, device: &mut Device) -> anyhow::Result<()> {
        let now = Instant::now();
        if is_due(self.0.map(|begun| now.saturating_duration_since(begun)))? {
            device.pause_door(PAUSE.as_millis() as u32)?;
            self.0 = Some(now);
        }
        Ok(())
    }
}

/// Whether the door is to be paused again, so long after it was; `None` if it was not yet.
fn is_due(passed: Option<Duration>) -> anyhow::Result<bool> {
    ensure!(passed.is_none_or(|passed| passed < PAUSE), OTHER_PROGRAM);
    Ok(passed.is_none_or(|passed| passed >= RENEW))
}

/// What is said if the pause is over.
const OTHER_PROGRAM: &str = "another program used the board's line for so long that the door went on by itself: end that \
     program, and enrol again";

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
        return Err(enrolling.undo(device, &all, error));
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
    let (mut guidance, mut pause) = (Guidance::default(), Pause::default());
    for done in 0..count {
        guidance.say(format!("Picture {} of {count}: look at the door's camera.", done + 1));
        next(enrolling, (device, &mut pause), interrupt, &mut guidance, all)?;
    }
    Ok(())
}

/// Waits for a good picture, and has it enrolled after those of `all`.
fn next(
    enrolling: &Enrolling<'_>,
    (device, pause): (&mut Device, &mut Pause),
    interrupt: &Interrupt,
    guidance: &mut Guidance,
    all: &mut Vec<Enrolled>,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    // The face that the board refused last. The log has an entry of each try, so it tries no face twice.
    let mut tried: Option<Face> = None;
    let (mut tries, mut rests_until) = (0, begun);
    while begun.elapsed() < PATIENCE && tries < TRIES {
        interrupt.check()?;
        pause.hold(device)?;
        device.give_way();
        pause.hold(device)?;
        let faces = device.detect(Source::Camera)?.faces;
        if let Some(remark) = remark(&faces) {
            let is_dark = faces.is_empty() && device.status()?.camera == CameraState::Dark;
            guidance.say(if is_dark { format!("No face: {ALL_DARK}") } else { remark });
            continue;
        }
        let has_moved = faces.first().zip(tried.as_ref()).is_none_or(|(face, tried)| has_moved(tried, face));
        if !has_moved || Instant::now() < rests_until {
            continue;
        }
        let refused = match device.enrol(enrolling.name, Source::Staged, enrolling.what(all.len())) {
            Ok(enrolled) => {
                let is_asked = is_of(&enrolled, &faces);
                all.push(enrolled);
                ensure!(is_asked, "the board enrolled another picture than the one that was looked at");
                return Ok(());
            }
            // The session of another computer made the board forget the picture.
            Err(Error::Refused(protocol::Error::NoFrame { .. })) => continue,
            Err(Error::Refused(refused)) => refused,
            Err(error) => return Err(error.into()),
        };
        tried = faces.into_iter().next();
        (tries, rests_until) = (tries + 1, Instant::now() + REST);
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
        "no good picture came in {} seconds and {tries} {}; the last was: {}",
        begun.elapsed().as_secs(),
        if tries == 1 { "try" } else { "tries" },
        guidance.0
    )
}

/// Whether a face was enrolled from the picture in which these faces were found.
fn is_of(enrolled: &Enrolled, faces: &[Face]) -> bool {
    usize::from(enrolled.faces) == faces.len()
        && faces.first().is_some_and(|largest| largest.landmarks == enrolled.face.landmarks)
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
pub fn remark(faces: &[Face]) -> Option<String> {
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
    fn the_pause_is_renewed_in_time_and_one_that_is_over_ends_the_enrolment() {
        let seconds = |seconds| is_due(Some(Duration::from_secs(seconds)));
        assert!(is_due(None).unwrap());
        assert_eq!([0, 9, 10, 59].map(|passed| seconds(passed).unwrap()), [false, false, true, true]);
        let error = seconds(60).unwrap_err().to_string();
        assert!(error.contains("another program used the board's line"), "{error}");
    }

    #[test]
    fn what_was_enrolled_is_the_picture_that_was_looked_at_with_as_many_faces() {
        let seen = face(1_600, None);
        let enrolled = |faces, face| Enrolled {
            person: 1,
            templates: 1,
            faces,
            face,
            instructions: 0,
            basis: client::protocol::Basis::Measured,
            alive: None,
            template: 0,
        };
        let mut other = seen;
        other.landmarks[2].x += 1;
        assert!(is_of(&enrolled(1, seen), &[seen]));
        assert!(!is_of(&enrolled(2, seen), &[seen]), "somebody came");
        assert!(!is_of(&enrolled(1, other), &[seen]), "another picture");
        assert!(!is_of(&enrolled(0, seen), &[]));
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
