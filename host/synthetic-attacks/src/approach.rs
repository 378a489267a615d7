//! Somebody who walks up to the door: an empty room, then a living head that comes nearer, stands, turns and blinks.
//!
//! The photograph is enlarged about the middle of its face; where it ends, its edge goes on. So no border shows, as one
//! would around a picture that is held up, but the background comes nearer with the person.

use fastrand::Rng;
use imaging::Photo;

use crate::camera::{Camera, FRAME, room};
use crate::head::Head;
use crate::picture::Picture;
use crate::subject::Subject;
use crate::walk::Walk;

/// Height of the face at first and when the person stands, in pixels of the camera.
pub const HEIGHTS: [f32; 2] = Walk::ARRIVAL.heights;

/// Seconds until the person stands.
pub const WALKS: f32 = Walk::ARRIVAL.seconds;

/// Seconds for which the head moves and blinks.
const STAYS: f32 = 60.0;

/// How much of a pixel the camera blurs a picture that it makes smaller.
const SOFT: f32 = 0.45;

/// The scene before the door's camera.
#[derive(Clone, Debug)]
pub struct Approach<'a> {
    subject: &'a Subject,
    head: Head<'a>,
    camera: Camera,
    room: Picture,
}

impl<'a> Approach<'a> {
    /// The scene in which the person of `subject` appears at time 0.
    pub fn new(subject: &'a Subject, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let camera = Camera::new(&mut random);
        let room = room(&mut random);
        Self { subject, head: Head::new(subject, &mut random, STAYS), camera, room }
    }

    /// What the camera sees at `time`, in seconds; before 0 the room is empty. Each call has noise of its own.
    pub fn at(&mut self, time: f32) -> Photo {
        let scene = if time < 0.0 { self.room.clone() } else { self.near(time) };
        self.camera.take(scene).photo()
    }

    /// The person, nearer or less near.
    fn near(&self, time: f32) -> Picture {
        nearer(self.subject, self.head.at(time), &Walk::ARRIVAL, time)
    }
}

/// `picture`, in which the face of `subject` is as large as in the photograph, as it looks at `time` of a walk.
pub(crate) fn nearer(subject: &Subject, picture: Picture, walk: &Walk, time: f32) -> Picture {
    let face = subject.face;
    let [width, height] = FRAME;
    let scale = walk.height_at(time) / face[3];
    let [sway, bob] = walk.gait_at(time).map(|share| share * face[3]);
    let middle = subject.middle();
    let picture = if scale < 1.0 { picture.blurred(SOFT / scale) } else { picture };
    Picture::new(width, height, |x, y| {
        let source = |place: f32, side: usize| (place - side as f32 / 2.0) / scale;
        picture.at(middle[0] + source(x, width) + sway, middle[1] + source(y, height) + bob)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_empty_before_the_person_appears() {
        let landmarks = [[62.0, 78.0], [98.0, 78.0], [80.0, 98.0], [66.0, 118.0], [94.0, 118.0]];
        let subject = Subject::of_skin([160, 200], landmarks);
        let mut scene = Approach::new(&subject, 3);
        let mut change = |a: f32, b: f32| {
            let [a, b] = [a, b].map(|time| scene.at(time));
            let pairs = a.rgb().iter().zip(b.rgb());
            pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.rgb().len() as f64
        };
        let noise = change(-2.0, -1.0);
        assert!(noise < 3.0, "{noise}");
        let appeared = change(-1.0, 0.0);
        assert!(appeared > noise + 3.0, "{appeared}");
    }
}
