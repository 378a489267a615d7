//! A walk up to the door, by a person or by whoever carries a picture.

use std::f32::consts::TAU;

use fastrand::Rng;

/// A walk towards the camera, and its end: whoever walked stands then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Walk {
    /// Height of the face at first and at the end, in pixels of the camera.
    pub heights: [f32; 2],
    /// How long it takes, in seconds.
    pub seconds: f32,
    /// Steps in a second.
    pub steps: f32,
    /// How far the face moves to the sides with each two steps, and up and down with each, as parts of its height.
    pub moves: [f32; 2],
}

impl Walk {
    /// The walk of `postern bench --arrival`: from four times the distance at which the person stands.
    pub const ARRIVAL: Self = Self { heights: [40.0, 160.0], seconds: 2.0, steps: 1.8, moves: [0.0, 0.02] };

    /// A walk of some pace, from near or far.
    pub fn new(random: &mut Rng) -> Self {
        let mut between = |low: f32, high: f32| low + (high - low) * random.f32();
        Self {
            heights: [between(36.0, 75.0), between(85.0, 170.0)],
            seconds: between(1.2, 3.2),
            steps: between(1.5, 2.2),
            moves: [between(0.0, 0.02), between(0.008, 0.03)],
        }
    }

    /// Height of the face at `time`, in pixels of the camera: it comes nearer at an even pace.
    pub fn height_at(&self, time: f32) -> f32 {
        let [far, near] = self.heights;
        let walked = (time / self.seconds).clamp(0.0, 1.0);
        1.0 / (1.0 / far + (1.0 / near - 1.0 / far) * walked)
    }

    /// How far the face is to the right and below at `time`, as parts of its height.
    pub fn gait_at(&self, time: f32) -> [f32; 2] {
        if time >= self.seconds {
            return [0.0; 2];
        }
        let [across, down] = self.moves;
        let phase = time * self.steps * TAU;
        [(phase / 2.0).sin() * across, phase.sin() * down]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_grows_from_first_to_last_height_and_then_stays() {
        let walk = Walk::ARRIVAL;
        let at = |time: f32| walk.height_at(time);
        assert_eq!(
            [0.0, walk.seconds, 2.0 * walk.seconds].map(|time| at(time).round()),
            [40.0, 160.0, 160.0]
        );
        assert!(at(0.5 * walk.seconds) < 0.5 * (at(0.0) + at(9.0)), "most of the growth is at the end");
        assert_eq!(walk.gait_at(walk.seconds), [0.0; 2]);
    }

    #[test]
    fn walks_differ_and_each_comes_nearer() {
        let mut random = Rng::with_seed(5);
        let walks: Vec<Walk> = (0..50).map(|_| Walk::new(&mut random)).collect();
        assert!(walks.iter().all(|walk| walk.heights[1] > walk.heights[0]));
        assert!(walks.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
