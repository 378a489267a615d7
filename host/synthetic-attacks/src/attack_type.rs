//! Which presentation, and its pictures.

use fastrand::Rng;
use imaging::Photo;

use crate::approach::nearer;
use crate::camera::{Camera, room};
use crate::head::Head;
use crate::medium;
use crate::motion::{Pose, Wander};
use crate::picture::{Picture, mix};
use crate::sheet::Sheet;
use crate::subject::Subject;
use crate::walk::Walk;

/// Pictures that a door takes in a second.
pub(crate) const RATE: f32 = 5.0;

/// The name of presentations of a living head that sees what the door asks for.
pub(crate) const REACTING: &str = "bona-fide-reacts";

/// What stands before the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttackType {
    /// A living head.
    BonaFide,
    /// A print, moved by hand.
    Print,
    /// A print, bent about the vertical axis to be rounder.
    Bent,
    /// A print whose eyes are cut out, with living eyes behind.
    CutOut,
    /// A print that fills the picture, without a border, and does not move.
    Still,
    /// A screen that shows the photograph.
    Screen,
    /// A screen that shows a living head, again and again.
    Replay,
    /// Two prints in one place, now this one and now that one: the photograph and its mirror image, whose nose
    /// points to the other side.
    Swap,
}

impl AttackType {
    /// A living head, and every attack_type of attack.
    pub const ALL: [Self; 8] = [
        Self::BonaFide,
        Self::Print,
        Self::Bent,
        Self::CutOut,
        Self::Still,
        Self::Screen,
        Self::Replay,
        Self::Swap,
    ];

    /// Its name, which is also that of its folder among recorded presentations.
    pub fn name(self) -> &'static str {
        match self {
            Self::BonaFide => "bona-fide",
            Self::Print => "print",
            Self::Bent => "bent",
            Self::CutOut => "cut-out",
            Self::Still => "still",
            Self::Screen => "screen",
            Self::Replay => "replay",
            Self::Swap => "swap",
        }
    }

    /// Its name where a living head walks up, or whoever holds the picture does.
    pub fn walking_name(self) -> &'static str {
        match self {
            Self::BonaFide => "bona-fide-walking",
            Self::Print => "print-carried",
            Self::Bent => "bent-carried",
            Self::CutOut => "cut-out-carried",
            Self::Still => "still-carried",
            Self::Screen => "screen-carried",
            Self::Replay => "replay-carried",
            Self::Swap => "swap-carried",
        }
    }

    /// Whether presentations of this name are of living heads.
    pub fn is_alive(name: &str) -> bool {
        [Self::BonaFide.name(), Self::BonaFide.walking_name(), REACTING].contains(&name)
    }
}

/// The `count` pictures of one presentation of `subject`, at five a second.
pub fn sequence(subject: &Subject, attack_type: AttackType, seed: u64, count: usize) -> Vec<Photo> {
    sequence_at(subject, attack_type, seed, count, RATE)
}

/// The `count` pictures of one presentation of `subject`, at `rate` a second.
pub fn sequence_at(
    subject: &Subject,
    attack_type: AttackType,
    seed: u64,
    count: usize,
    rate: f32,
) -> Vec<Photo> {
    let mut random = Rng::with_seed(seed);
    let random = &mut random;
    let mut camera = Camera::new(random);
    let mut pictures: Vec<Picture> = match attack_type {
        AttackType::BonaFide => living(subject, random, count, rate),
        _ => attack(subject, attack_type, random, count, rate, None),
    };
    pictures.drain(..).map(|picture| camera.take(picture).photo()).collect()
}

/// The `count` pictures of one presentation of `subject`, at `rate` a second, in which the head walks up to the camera and
/// then stands, or whoever holds the picture does. A print that fills the picture has no pose of its own: it comes nearer and
/// bobs with the steps.
pub fn walking_at(
    subject: &Subject,
    attack_type: AttackType,
    seed: u64,
    count: usize,
    rate: f32,
) -> Vec<Photo> {
    let mut random = Rng::with_seed(seed);
    let random = &mut random;
    let mut camera = Camera::new(random);
    let walk = Walk::new(random);
    let pictures: Vec<Picture> = match attack_type {
        AttackType::BonaFide => {
            let much = 0.5 + 0.6 * random.f32();
            let pose = Pose::new(random, [13.0 * much, 7.0 * much, 2.5], 4.0);
            let head = Head::posed(subject, pose, random, count as f32 / rate);
            times_at(count, rate).map(|time| nearer(subject, head.at(time), &walk, time)).collect()
        }
        AttackType::Still => {
            let print = medium::print(&subject.picture, random, 0.0).reduced(medium::FINE);
            times_at(count, rate).map(|time| nearer(subject, print.clone(), &walk, time)).collect()
        }
        _ => attack(subject, attack_type, random, count, rate, Some(walk)),
    };
    pictures.into_iter().map(|picture| camera.take(picture).photo()).collect()
}

/// The times of `count` pictures at five a second, in seconds.
pub(crate) fn times(count: usize) -> impl Iterator<Item = f32> {
    times_at(count, RATE)
}

/// The times of `count` pictures at `rate` a second, in seconds.
fn times_at(count: usize, rate: f32) -> impl Iterator<Item = f32> {
    (0..count).map(move |number| number as f32 / rate)
}

fn living(subject: &Subject, random: &mut Rng, count: usize, rate: f32) -> Vec<Picture> {
    let head = Head::new(subject, random, count as f32 / rate);
    times_at(count, rate).map(|time| head.at(time)).collect()
}

fn attack(
    subject: &Subject,
    attack_type: AttackType,
    random: &mut Rng,
    count: usize,
    rate: f32,
    walk: Option<Walk>,
) -> Vec<Picture> {
    let scene = room(random);
    let mut sheet = held(subject, attack_type, random);
    if let Some(walk) = walk {
        // The face is as high at the end of the walk as one of a person who walked.
        let whole = subject.picture.height as f32 / scene.height as f32;
        sheet = Sheet { height: whole * walk.heights[1] / subject.face[3], walk: Some(walk), ..sheet };
    }
    let glare = [random.f32() * 320.0, random.f32() * 240.0];
    let mut shown: Vec<Picture> = match attack_type {
        AttackType::Screen => vec![medium::screen(&subject.picture, random)],
        AttackType::Replay => {
            // The recording is half as long, so it starts again.
            let recording = living(subject, random, count.div_ceil(2), rate);
            let seed = random.u64(..);
            recording.iter().map(|picture| medium::screen(picture, &mut Rng::with_seed(seed))).collect()
        }
        AttackType::Still => vec![medium::print(&subject.picture, random, 0.0)],
        AttackType::Swap => swapped(subject, random, count),
        _ => vec![medium::print(&subject.picture, random, 0.04)],
    };
    if attack_type == AttackType::CutOut {
        let print = shown.remove(0);
        let look = [Wander::new(random, 0.3), Wander::new(random, 0.15)];
        let blink = random.f32() * 3.0;
        let closed = |time: f32| (1.0 - ((time + blink) % 2.6 - 0.2).abs() / 0.2).max(0.0);
        shown = times_at(count, rate)
            .map(|time| medium::cut_out(&print, subject, [look[0].at(time), look[1].at(time)], closed(time)))
            .collect();
    }
    if attack_type == AttackType::Still {
        sheet.pose = Pose::new(random, [0.0; 3], 0.0);
    }
    let screen = matches!(attack_type, AttackType::Screen | AttackType::Replay);
    let seen = times_at(count, rate).enumerate().map(|(number, time)| {
        let shown = &shown[number % shown.len()];
        let picture = match walk {
            Some(_) => sheet.before(&scene, &distant(shown, sheet.scale(&scene, shown, time)), time),
            None => sheet.before(&scene, shown, time),
        };
        if screen { glaring(picture, glare) } else { picture }
    });
    seen.collect()
}

/// What is shown, of so few pixels that the camera has more than half a pixel for each: `scale` is the number of its pixels
/// for one of `shown`.
fn distant(shown: &Picture, scale: f32) -> Picture {
    let by = ((0.7 / scale) as usize).max(1);
    if by == 1 { shown.clone() } else { shown.reduced(by) }
}

/// For every picture, the print that is held up in it: some pictures the one, some the other.
fn swapped(subject: &Subject, random: &mut Rng, count: usize) -> Vec<Picture> {
    let prints = [subject.picture.clone(), subject.picture.mirrored(subject.middle()[0])]
        .map(|picture| medium::print(&picture, random, 0.04));
    let mut shown = Vec::new();
    let mut one = true;
    while shown.len() < count {
        let print = &prints[usize::from(!one)];
        let next = shown.len() + random.usize(2..6);
        shown.resize_with(next, || print.clone());
        one = !one;
    }
    shown.truncate(count);
    shown
}

/// How an attacker holds the sheet: as near as the face's size asks for, turned about a little.
pub(crate) fn held(subject: &Subject, attack_type: AttackType, random: &mut Rng) -> Sheet {
    let whole = subject.picture.height as f32;
    let face = subject.face[3];
    // The face is a quarter to a half as high as the frame; more, and the sheet's borders are outside.
    let height = (0.25 + 0.3 * random.f32()) * whole / face;
    let middle = subject.middle();
    let bend = if attack_type == AttackType::Bent { 0.9 + 0.6 * random.f32() } else { 0.0 };
    let still = attack_type == AttackType::Still;
    Sheet {
        pose: Pose::new(random, [16.0, 9.0, 3.0], 5.0),
        height: if still { 1.4 * height.max(240.0 / whole) } else { height },
        bend,
        walk: None,
        middle: [middle[0] / subject.picture.width as f32, middle[1] / whole],
    }
}

/// A lamp's reflection on a screen.
pub(crate) fn glaring(picture: Picture, lamp: [f32; 2]) -> Picture {
    picture.map(|x, y, color| {
        let distance = (x - lamp[0]).hypot((y - lamp[1]) * 1.4);
        mix(color, [255.0; 3], 0.45 * (-(distance / 34.0).powi(2)).exp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        let picture = Picture::new(160, 200, |x, y| {
            let skin = (x - 80.0).hypot((y - 90.0) * 0.8) < 50.0;
            if skin { [190.0 + x / 8.0, 150.0, 120.0 + y / 10.0] } else { [60.0, 80.0, 90.0 + x / 4.0] }
        });
        Subject {
            picture,
            face: [40.0, 40.0, 80.0, 100.0],
            landmarks: [[62.0, 78.0], [98.0, 78.0], [80.0, 98.0], [66.0, 118.0], [94.0, 118.0]],
        }
    }

    #[test]
    fn a_seed_gives_the_same_pictures_and_another_one_others() {
        let subject = subject();
        for attack_type in AttackType::ALL {
            let [once, again, other] = [1, 1, 2].map(|seed| sequence(&subject, attack_type, seed, 3));
            assert_eq!(once, again, "{attack_type:?}");
            assert_ne!(once, other, "{attack_type:?}");
            assert_eq!(once.len(), 3);
        }
    }

    #[test]
    fn whoever_walks_comes_nearer_and_so_does_a_picture_that_is_carried() {
        let subject = subject();
        let change = |pictures: &[Photo]| {
            let pair = pictures[0].rgb().iter().zip(pictures[5].rgb());
            pair.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / pictures[0].rgb().len() as f64
        };
        for attack_type in AttackType::ALL {
            let walked = walking_at(&subject, attack_type, 4, 6, 1.5);
            let stood = sequence_at(&subject, attack_type, 4, 6, 1.5);
            let [walked, stood] = [walked, stood].map(|pictures| change(&pictures));
            assert!(walked > 10.0 && walked > 1.5 * stood, "{attack_type:?}: {walked} and {stood}");
            assert_eq!(AttackType::is_alive(attack_type.walking_name()), attack_type == AttackType::BonaFide);
        }
    }

    #[test]
    fn a_still_differs_by_noise_alone_and_a_head_moves() {
        let subject = subject();
        let change = |attack_type| {
            let pictures = sequence(&subject, attack_type, 7, 8);
            let pair = pictures[0].rgb().iter().zip(pictures[7].rgb());
            pair.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / pictures[0].rgb().len() as f64
        };
        let still = change(AttackType::Still);
        assert!(still < 4.0, "{still}");
        assert!(change(AttackType::BonaFide) > still, "{}", change(AttackType::BonaFide));
    }
}
