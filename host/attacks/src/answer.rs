//! What is shown to a door that asks for movements.
//!
//! Who answers begins when the door has seen enough to ask, and takes for every movement as long as people do:
//! some tenths of a second to understand, out, a short rest, and back. The times do not depend on what the door
//! makes of it: who is not seen to have moved fails.

use fastrand::Rng;
use liveness::{ENOUGH, Gesture, STEPS};
use pictures::Photo;

use crate::camera::{Camera, room};
use crate::head::Head;
use crate::medium;
use crate::motion::{Pose, Turn};
use crate::picture::Picture;
use crate::species::{RATE, Species, glaring, held, times};
use crate::subject::Subject;

/// How far a head turns to a side, and up or down, in degrees: at least, and at most.
const HEAD: [[f32; 2]; 2] = [[23.0, 31.0], [13.0, 21.0]];

/// How far an attacker tilts a sheet, in degrees: at least, and at most.
const SHEET: [[f32; 2]; 2] = [[25.0, 45.0], [10.0, 25.0]];

/// How far an attacker moves it up or down meanwhile, in distances of the eyes in the photograph.
const MOVED: f32 = 0.4;

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
    /// A screen that shows a head which does something else: what was asked when it was recorded.
    Recorded,
    /// A screen that shows a head which does what is asked: a recording that happens to fit, or one that is made
    /// to measure.
    Fitting,
}

impl Answer {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Follows, Self::Ignores, Self::Other, Self::Print, Self::Bent, Self::Recorded, Self::Fitting];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Follows => "bona-fide",
            Self::Ignores => "ignores",
            Self::Other => "other",
            Self::Print => "print-tilted",
            Self::Bent => "bent-tilted",
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
        Answer::Print | Answer::Bent => tilted(subject, answer, asked, random, count),
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
    follow(&mut pose, gestures, HEAD, random);
    let head = Head::posed(subject, pose, random, count as f32 / RATE);
    times(count).map(|time| head.at(time)).collect()
}

/// A print in somebody's hands, which they turn and tilt instead of a head.
fn tilted(
    subject: &Subject,
    answer: Answer,
    gestures: &[Gesture],
    random: &mut Rng,
    count: usize,
) -> Vec<Picture> {
    let scene = room(random);
    let species = if answer == Answer::Bent { Species::Bent } else { Species::Print };
    let mut sheet = held(subject, species, random);
    sheet.pose = Pose::new(random, [3.0, 2.0, 1.5], 4.0);
    follow(&mut sheet.pose, gestures, SHEET, random);
    sheet.pose.move_with_pitch(MOVED * subject.eye_distance());
    let print = medium::print(&subject.picture, random, 0.04);
    times(count).map(|time| sheet.before(&scene, &print, time)).collect()
}

/// A head that makes these movements, on a screen.
fn shown(subject: &Subject, gestures: &[Gesture], random: &mut Rng, count: usize) -> Vec<Picture> {
    let scene = room(random);
    let mut sheet = held(subject, Species::Replay, random);
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

/// Adds the movements to a pose, which go as far as `range` says to the sides, and up and down.
fn follow(pose: &mut Pose, gestures: &[Gesture], range: [[f32; 2]; 2], random: &mut Rng) {
    let mut begin = ENOUGH as f32 / RATE;
    for gesture in gestures {
        let mut between = |[low, high]: [f32; 2]| low + (high - low) * random.f32();
        let (axis, [low, high], sign) = match gesture {
            Gesture::Left => (&mut pose.yaw, range[0], 1.0),
            Gesture::Right => (&mut pose.yaw, range[0], -1.0),
            Gesture::Down => (&mut pose.pitch, range[1], 1.0),
            Gesture::Up => (&mut pose.pitch, range[1], -1.0),
        };
        let turn = Turn {
            amplitude: sign * between([low, high]).to_radians(),
            begin: begin + between([0.4, 0.9]),
            phases: [between([1.0, 1.4]), between([0.3, 0.6]), between([1.0, 1.4])],
        };
        begin = turn.end();
        axis.turn(turn);
    }
}
