//! Who stands before a door that asks for movements, and does what its LEDs show.
//!
//! A head that is made before the door asks ([`answer`](crate::answer)) cannot do more when it is asked again, nor wait until it
//! is asked. A person does both ([`Reaction`]), and so does whoever holds a print, or has a display that shows a head
//! which does what they want.

use fastrand::Rng;
use imaging::Photo;
use liveness::Gesture;

use crate::answer::{HEAD, MOVED, SHEET};
use crate::attack_type::{AttackType, REACTING, glaring, held};
use crate::camera::{Camera, room};
use crate::head::Head;
use crate::medium;
use crate::motion::{Pose, Turn};
use crate::picture::Picture;
use crate::reaction::{Begun, Reaction};
use crate::sheet::Sheet;
use crate::subject::Subject;

/// Who reacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A living head.
    Head,
    /// Whoever holds a print, and turns, tilts and moves it.
    Print,
    /// The same, with a print that is bent about the vertical axis to be rounder.
    Bent,
    /// The same as with a print, and a strip of the colour of its skin is held before its eyes when they are to be closed.
    Covered,
    /// A screen with a head that does what is asked: one that is rendered while the door asks, or a recording of each movement,
    /// chosen as it is asked for, with seams that do not show.
    Replay,
}

impl Actor {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Head, Self::Print, Self::Bent, Self::Covered, Self::Replay];

    /// The name of its presentations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => REACTING,
            Self::Print => "print-reacts",
            Self::Bent => "bent-reacts",
            Self::Covered => "covered-reacts",
            Self::Replay => "replay-reacts",
        }
    }
}

/// A presentation that reacts to the door.
pub struct Reacting<'a> {
    subject: &'a Subject,
    camera: Camera,
    reaction: Reaction,
    shown: Shown<'a>,
}

/// What is before the camera.
enum Shown<'a> {
    Head(Box<Head<'a>>),
    Print {
        scene: Picture,
        sheet: Sheet,
        print: Picture,
        /// When a strip is held before the eyes.
        covers: Option<Vec<Turn>>,
    },
    Screen {
        scene: Picture,
        sheet: Sheet,
        head: Box<Head<'a>>,
        lamp: [f32; 2],
        /// The screen is the same in each picture.
        seed: u64,
    },
}

impl<'a> Reacting<'a> {
    /// Somebody with the face of `subject`, or with its picture, for `seconds`.
    pub fn new(subject: &'a Subject, actor: Actor, seed: u64, seconds: f32) -> Self {
        let mut random = Rng::with_seed(seed);
        let random = &mut random;
        let camera = Camera::new(random);
        let sheet = matches!(actor, Actor::Print | Actor::Bent | Actor::Covered);
        let reaction = Reaction::new(if sheet { SHEET } else { HEAD }, random);
        let shown = match actor {
            Actor::Head => Shown::Head(Box::new(head(subject, random, seconds))),
            Actor::Print | Actor::Bent | Actor::Covered => {
                let scene = room(random);
                let bent = if actor == Actor::Bent { AttackType::Bent } else { AttackType::Print };
                let mut sheet = held(subject, bent, random);
                sheet.pose = Pose::new(random, [3.0, 2.0, 1.5], 4.0);
                let print = medium::print(&subject.picture, random, 0.04);
                Shown::Print { scene, sheet, print, covers: (actor == Actor::Covered).then(Vec::new) }
            }
            Actor::Replay => {
                let scene = room(random);
                let mut sheet = held(subject, AttackType::Replay, random);
                // Held as still as hands can.
                sheet.pose = Pose::new(random, [2.0, 1.5, 1.0], 2.0);
                let lamp = [random.f32() * 320.0, random.f32() * 240.0];
                let head = Box::new(head(subject, random, seconds));
                Shown::Screen { scene, sheet, head, lamp, seed: random.u64(..) }
            }
        };
        Self { subject, camera, reaction, shown }
    }

    /// What the camera sees at `time`, in seconds, where the LEDs show `asked` since the picture before. The times must rise.
    pub fn at(&mut self, time: f32, asked: Option<Gesture>) -> Photo {
        if let Some(begun) = self.reaction.to(asked, time) {
            self.begin(begun);
        }
        let picture = match &self.shown {
            Shown::Head(head) => head.at(time),
            Shown::Print { scene, sheet, print, covers } => {
                let covered: f32 = covers.iter().flatten().map(|cover| cover.at(time)).sum();
                match covered > 0.0 {
                    true => sheet.before(scene, &medium::covered(print, self.subject, covered), time),
                    false => sheet.before(scene, print, time),
                }
            }
            Shown::Screen { scene, sheet, head, lamp, seed } => {
                let screen = medium::screen(&head.at(time), &mut Rng::with_seed(*seed));
                glaring(sheet.before(scene, &screen, time), *lamp)
            }
        };
        self.camera.take(picture).photo()
    }

    fn begin(&mut self, begun: Begun) {
        match (&mut self.shown, begun) {
            (Shown::Head(head) | Shown::Screen { head, .. }, Begun::Eyes(turn)) => head.close(vec![turn]),
            (Shown::Head(head) | Shown::Screen { head, .. }, Begun::Yaw(turn)) => {
                head.pose_mut().yaw.turns.push(turn);
            }
            (Shown::Head(head) | Shown::Screen { head, .. }, Begun::Pitch(turn)) => {
                head.pose_mut().pitch.turns.push(turn);
            }
            (Shown::Print { covers, .. }, Begun::Eyes(turn)) => {
                covers.iter_mut().for_each(|all| all.push(turn))
            }
            (Shown::Print { sheet, .. }, Begun::Yaw(turn)) => sheet.pose.yaw.turns.push(turn),
            (Shown::Print { sheet, .. }, Begun::Pitch(turn)) => {
                sheet.pose.pitch.turns.push(turn);
                // As far as a tilt of the mean of its range is moved by `MOVED`.
                let mean = (SHEET[1][0] + SHEET[1][1]).to_radians() / 2.0;
                let shift = MOVED * self.subject.eye_distance() * turn.amplitude / mean;
                sheet.pose.y.turns.push(Turn { amplitude: shift, ..turn });
            }
        }
    }
}

/// A head that looks into the camera until it is asked for something.
fn head<'a>(subject: &'a Subject, random: &mut Rng, seconds: f32) -> Head<'a> {
    let pose = Pose::new(random, [3.0, 2.0, 1.5], 3.0);
    Head::posed(subject, pose, random, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of an actor, five a second, where the LEDs show `asked` after one second.
    fn pictures(actor: Actor, asked: Option<Gesture>) -> Vec<Photo> {
        let landmarks = [[62.0, 78.0], [98.0, 78.0], [80.0, 98.0], [66.0, 118.0], [94.0, 118.0]];
        let subject = Subject::of_skin([160, 200], landmarks);
        let mut reacting = Reacting::new(&subject, actor, 5, 8.0);
        let times = (0..20).map(|number| number as f32 / 5.0);
        times.map(|time| reacting.at(time, asked.filter(|_| time >= 1.0))).collect()
    }

    #[test]
    fn each_actor_does_something_else_for_each_led_and_the_same_before() {
        for actor in Actor::ALL {
            let straight = pictures(actor, None);
            for gesture in Gesture::ALL {
                let asked = pictures(actor, Some(gesture));
                assert_eq!(asked[..6], straight[..6], "{actor:?} {gesture:?}");
                let sees_no_lids = gesture == Gesture::Blink && matches!(actor, Actor::Print | Actor::Bent);
                assert_eq!(asked[6..] == straight[6..], sees_no_lids, "{actor:?} {gesture:?}");
            }
        }
    }
}
