//! What is shown to a door that asks for movements.
//!
//! Who answers begins when the door has seen enough to ask, and takes for every movement as long as people do:
//! some tenths of a second to understand, out, a short rest, and back. The times do not depend on what the door
//! makes of it: who is not seen to have moved fails.

use fastrand::Rng;
use imaging::Photo;
use liveness::{Gesture, MOTION_SAMPLES, STEPS};

use crate::attack_type::{AttackType, RATE, glaring, held, times};
use crate::camera::{Camera, room};
use crate::head::Head;
use crate::medium;
use crate::motion::{Pose, Turn};
use crate::picture::Picture;
use crate::subject::Subject;

/// How far a head turns to a side, and up or down, in degrees: at least, and at most.
pub(crate) const HEAD: [[f32; 2]; 2] = [[23.0, 31.0], [13.0, 21.0]];

/// How far an attacker tilts a sheet, in degrees: at least, and at most.
pub(crate) const SHEET: [[f32; 2]; 2] = [[25.0, 45.0], [10.0, 25.0]];

/// How far an attacker moves it up or down meanwhile, in distances of the eyes in the photograph.
pub(crate) const MOVED: f32 = 0.4;

/// How long it closes its eyes: on the way, all the way, and back, in seconds at least and at most.
const CLOSED: [[f32; 2]; 3] = [[0.08, 0.15], [0.6, 1.2], [0.1, 0.2]];

/// What stands before a door that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// A living head that does what is asked.
    Follows,
    /// A living head that does not: it looks into the camera and sways a little.
    Ignores,
    /// A living head that does something else.
    Other,
    /// A print that is turned, tilted, and moved up and down as is asked.
    Print,
    /// The same, bent about the vertical axis to be rounder.
    Bent,
    /// A print that is turned as is asked, before whose eyes a strip of the colour of its skin is held when they are
    /// to be closed.
    Covered,
    /// A screen that shows a head which does something else: what was asked when it was recorded.
    Recorded,
    /// A screen that shows a head which does what is asked: a recording that happens to fit, or one that is made
    /// to measure.
    Fitting,
}

impl Answer {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Follows,
        Self::Ignores,
        Self::Other,
        Self::Print,
        Self::Bent,
        Self::Covered,
        Self::Recorded,
        Self::Fitting,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Follows => "bona-fide",
            Self::Ignores => "ignores",
            Self::Other => "other",
            Self::Print => "print-tilted",
            Self::Bent => "bent-tilted",
            Self::Covered => "print-covered",
            Self::Recorded => "replay-other",
            Self::Fitting => "replay-fitting",
        }
    }
}

/// The `count` pictures of one answer of `subject` to what is `asked`, five a second.
pub fn answer(subject: &Subject, answer: Answer, asked: &[Gesture], seed: u64, count: usize) -> Vec<Photo> {
    let mut random = Rng::with_seed(seed);
    let random = &mut random;
    let mut camera = Camera::new(random);
    let other = another(asked, random);
    let pictures = match answer {
        Answer::Follows => turning(subject, asked, random, count),
        Answer::Ignores => turning(subject, &[], random, count),
        Answer::Other => turning(subject, &other, random, count),
        Answer::Print | Answer::Bent | Answer::Covered => tilted(subject, answer, asked, random, count),
        Answer::Recorded => shown(subject, &other, random, count),
        Answer::Fitting => shown(subject, asked, random, count),
    };
    pictures.into_iter().map(|picture| camera.take(picture).photo()).collect()
}

/// The bytes of which a door draws what it asks for.
pub fn draw(seed: u64) -> [u8; STEPS] {
    let mut random = Rng::with_seed(seed.wrapping_add(0x5eed));
    [(); STEPS].map(|()| random.u8(..))
}

/// Other movements than those asked, as many.
fn another(asked: &[Gesture], random: &mut Rng) -> Vec<Gesture> {
    loop {
        let mut other: Vec<Gesture> = Vec::new();
        while other.len() < asked.len() {
            let next = Gesture::ALL[random.usize(..Gesture::ALL.len())];
            if other.last() != Some(&next) {
                other.push(next);
            }
        }
        if other != asked || asked.is_empty() {
            return other;
        }
    }
}

/// A head that makes these movements, and else looks into the camera.
fn turning(subject: &Subject, gestures: &[Gesture], random: &mut Rng, count: usize) -> Vec<Picture> {
    let mut pose = Pose::new(random, [3.0, 2.0, 1.5], 3.0);
    let closings = follow(&mut pose, gestures, HEAD, random);
    let mut head = Head::posed(subject, pose, random, count as f32 / RATE);
    head.close(closings);
    times(count).map(|time| head.at(time)).collect()
}

/// A print in somebody's hands, which they turn and tilt instead of a head, and before which they may hold a strip.
fn tilted(
    subject: &Subject,
    answer: Answer,
    gestures: &[Gesture],
    random: &mut Rng,
    count: usize,
) -> Vec<Picture> {
    let scene = room(random);
    let attack_type = if answer == Answer::Bent { AttackType::Bent } else { AttackType::Print };
    let mut sheet = held(subject, attack_type, random);
    sheet.pose = Pose::new(random, [3.0, 2.0, 1.5], 4.0);
    let closings = follow(&mut sheet.pose, gestures, SHEET, random);
    sheet.pose.move_with_pitch(MOVED * subject.eye_distance());
    let print = medium::print(&subject.picture, random, 0.04);
    let seen = times(count).map(|time| {
        let covered: f32 = closings.iter().map(|closing| closing.at(time)).sum();
        if answer == Answer::Covered && covered > 0.0 {
            sheet.before(&scene, &medium::covered(&print, subject, covered), time)
        } else {
            sheet.before(&scene, &print, time)
        }
    });
    seen.collect()
}

/// A head that makes these movements, on a screen.
fn shown(subject: &Subject, gestures: &[Gesture], random: &mut Rng, count: usize) -> Vec<Picture> {
    let scene = room(random);
    let mut sheet = held(subject, AttackType::Replay, random);
    // Held as still as hands can: the recording is to move, not the screen.
    sheet.pose = Pose::new(random, [2.0, 1.5, 1.0], 2.0);
    let lamp = [random.f32() * 320.0, random.f32() * 240.0];
    let recording = turning(subject, gestures, random, count);
    let seed = random.u64(..);
    let seen = times(count).zip(recording).map(|(time, picture)| {
        let screen = medium::screen(&picture, &mut Rng::with_seed(seed));
        glaring(sheet.before(&scene, &screen, time), lamp)
    });
    seen.collect()
}

/// Adds the movements to a pose, which go as far as `range` says to the sides, and up and down; returns when the
/// eyes are to be closed.
fn follow(pose: &mut Pose, gestures: &[Gesture], range: [[f32; 2]; 2], random: &mut Rng) -> Vec<Turn> {
    let mut begin = MOTION_SAMPLES as f32 / RATE;
    let mut closings = Vec::new();
    let mut between = |[low, high]: [f32; 2]| low + (high - low) * random.f32();
    for gesture in gestures {
        let (turns, range, sign) = match gesture {
            Gesture::Left => (&mut pose.yaw.turns, range[0], 1.0),
            Gesture::Right => (&mut pose.yaw.turns, range[0], -1.0),
            Gesture::Down => (&mut pose.pitch.turns, range[1], 1.0),
            Gesture::Up => (&mut pose.pitch.turns, range[1], -1.0),
            Gesture::Blink => (&mut closings, [1.0f32.to_degrees(); 2], 1.0),
        };
        let (amplitude, start) = (sign * between(range).to_radians(), begin + between([0.4, 0.9]));
        let phases = match gesture {
            Gesture::Blink => CLOSED,
            _ => [[1.0, 1.4], [0.3, 0.6], [1.0, 1.4]],
        };
        let turn = Turn { amplitude, begin: start, phases: phases.map(&mut between) };
        begin = turn.end();
        turns.push(turn);
    }
    closings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_order_is_never_the_one_that_is_asked_for() {
        let mut random = Rng::with_seed(1);
        for seed in 0..200 {
            let asked = liveness::order(draw(seed));
            let other = another(&asked, &mut random);
            assert_ne!(other, asked);
            assert_eq!(other.len(), asked.len());
        }
    }

    #[test]
    fn a_head_follows_to_the_side_that_is_asked_for_and_comes_back() {
        let mut random = Rng::with_seed(1);
        let mut pose = Pose::new(&mut random, [0.0; 3], 0.0);
        follow(&mut pose, &[Gesture::Right, Gesture::Down], HEAD, &mut random);
        let turned: Vec<[f32; 2]> =
            times(60).map(|time| [&pose.yaw, &pose.pitch].map(|axis| axis.at(time).to_degrees())).collect();
        assert!(turned[..10].iter().flatten().all(|angle| angle.abs() < 0.01), "not before it can know");
        let [right, down] = [0, 1].map(|axis| {
            turned
                .iter()
                .map(|angles| angles[axis])
                .fold(0.0, |a: f32, b| if b.abs() > a.abs() { b } else { a })
        });
        assert!((-31.0..=-22.0).contains(&right) && (12.0..=21.0).contains(&down), "{right} {down}");
        assert!(turned[59].iter().all(|angle| angle.abs() < 0.01));
        assert!(turned.iter().all(|[yaw, pitch]| yaw.abs() < 0.01 || pitch.abs() < 0.01), "one at a time");
    }

    #[test]
    fn eyes_close_when_they_are_asked_to_for_as_long_as_people_close_them() {
        let mut random = Rng::with_seed(2);
        let mut pose = Pose::new(&mut random, [0.0; 3], 0.0);
        let closings = follow(&mut pose, &[Gesture::Left, Gesture::Blink, Gesture::Up], HEAD, &mut random);
        assert_eq!((closings.len(), pose.yaw.turns.len(), pose.pitch.turns.len()), (1, 1, 1));
        let closing = closings[0];
        assert!(pose.yaw.turns[0].end() < closing.begin && closing.end() < pose.pitch.turns[0].begin);
        let shut = times(64).filter(|time| closing.at(*time) > 0.999).count();
        assert!((3..=6).contains(&shut), "{shut} pictures");
    }
}
