//! The face of a photograph as a head in space, that turns, is lit, and blinks.
//!
//! The head is an ellipsoid with a nose and sockets of eyes, as wide and as high as the distances of the five
//! landmarks say; the photograph is its texture. Turned about its middle, every point of it moves in the
//! picture by what its depth says: that is what no flat picture does. Towards its outline the movement
//! fades into the photograph's background, which stays.

use crate::motion::{Pose, Turn, Wander};
use crate::picture::{Color, Picture, mix};
use crate::subject::Subject;

/// Half the head's width, its half height and its depth, in distances between the eyes.
const HEAD: [f32; 3] = [1.25, 1.75, 1.25];

/// How far the tip of the nose stands out of the ellipsoid, and how wide it is.
const NOSE: [f32; 2] = [0.33, 0.22];

/// How deep the eyes lie below the ellipsoid, and how wide their sockets are.
const SOCKET: [f32; 2] = [0.08, 0.25];

/// Half an eye's width, and half the height of an open one.
const EYE: [f32; 2] = [0.26, 0.13];

/// How far below an eye there is skin, in distances between the eyes: less than a lid's colour is anywhere else.
const CHEEK: f32 = 0.32;

/// How much darker than skin lashes are.
const LASHES: f32 = 0.5;

/// Seconds from one blink to the next, on the average, and of one blink.
const BLINK: [f32; 2] = [2.5, 0.35];

/// A living head.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    subject: &'a Subject,
    pose: Pose,
    /// Where the light comes from.
    light: [Wander; 2],
    /// When it blinks, in seconds.
    blinks: Vec<f32>,
    /// When it closes its eyes because it means to.
    closings: Vec<Turn>,
}

impl<'a> Head<'a> {
    /// The head of `subject`, which moves about as it likes for `seconds`.
    pub fn new(subject: &'a Subject, random: &mut fastrand::Rng, seconds: f32) -> Self {
        let pose = Pose::new(random, [13.0, 7.0, 2.5], 4.0);
        Self::posed(subject, pose, random, seconds)
    }

    /// The head of `subject`, which moves by `pose` for `seconds`.
    pub fn posed(subject: &'a Subject, pose: Pose, random: &mut fastrand::Rng, seconds: f32) -> Self {
        let light = [Wander::new(random, 0.5), Wander::new(random, 0.25)];
        let mut blinks = Vec::new();
        let mut time = BLINK[0] * random.f32();
        while time < seconds {
            blinks.push(time);
            time += BLINK[0] * (0.5 + random.f32());
        }
        Self { subject, pose, light, blinks, closings: Vec::new() }
    }

    /// Closes its eyes at these times, too; an amplitude of 1 is all the way.
    pub fn close(&mut self, closings: Vec<Turn>) {
        self.closings.extend(closings);
    }

    /// How it moves.
    pub fn pose_mut(&mut self) -> &mut Pose {
        &mut self.pose
    }

    /// What is seen of it after `time` seconds.
    pub fn at(&self, time: f32) -> Picture {
        let closed = self.closed(time);
        let texture = if closed > 0.0 { self.blinking(closed) } else { self.subject.picture.clone() };
        let light = [0, 1].map(|axis| self.light[axis].at(time));
        let stance = Stance::of(&self.pose, time);
        Picture::new(texture.width, texture.height, |x, y| {
            let source = self.source([x, y], &stance);
            let [red, green, blue] = texture.at(source[0], source[1]);
            let shade = 1.0 + 0.25 * self.shade(source, light);
            [red * shade, green * shade, blue * shade]
        })
    }

    /// Where in the photograph lies what is seen at `place`: the movement there, found by going back.
    fn source(&self, place: [f32; 2], stance: &Stance) -> [f32; 2] {
        let mut source = place;
        for _ in 0..4 {
            let moved = self.movement(source, stance);
            source = [place[0] - moved[0], place[1] - moved[1]];
        }
        source
    }

    /// How far a point of the photograph moves.
    fn movement(&self, point: [f32; 2], stance: &Stance) -> [f32; 2] {
        let unit = self.subject.eye_distance();
        let middle = self.subject.middle();
        let [x, y] = [0, 1].map(|axis| (point[axis] - middle[axis]) / unit);
        let (share, z) = self.depth([x, y]);
        if share == 0.0 {
            return [0.0; 2];
        }
        let Stance {
            yaw: [sin_yaw, cos_yaw], pitch: [sin_pitch, cos_pitch], roll: [sin_roll, cos_roll], ..
        } = *stance;
        let (turned, depth) = (x * cos_yaw + z * sin_yaw, z * cos_yaw - x * sin_yaw);
        let nodded = y * cos_pitch + depth * sin_pitch;
        let to = [
            stance.size * (turned * cos_roll - nodded * sin_roll) + stance.shift[0] / unit,
            stance.size * (turned * sin_roll + nodded * cos_roll) + stance.shift[1] / unit,
        ];
        [share * (to[0] - x) * unit, share * (to[1] - y) * unit]
    }

    /// How much of the head's movement a point takes part in, and its depth before the head's axis.
    fn depth(&self, [x, y]: [f32; 2]) -> (f32, f32) {
        let radius = (x / HEAD[0]).hypot(y / HEAD[1]);
        // Fades from the outline to half as far again.
        let share = (1.0 - (radius - 1.0) / 0.6).clamp(0.0, 1.0);
        if share == 0.0 {
            return (0.0, 0.0);
        }
        let bulge = HEAD[2] * (1.0 - radius * radius).max(0.0).sqrt();
        let near = |landmark: usize, width: f32| {
            let at = self.subject.landmarks[landmark];
            let (unit, middle) = (self.subject.eye_distance(), self.subject.middle());
            let [dx, dy] = [(at[0] - middle[0]) / unit - x, (at[1] - middle[1]) / unit - y];
            (-0.5 * (dx * dx + dy * dy) / (width * width)).exp()
        };
        let nose = NOSE[0] * near(2, NOSE[1]);
        let sockets = SOCKET[0] * (near(0, SOCKET[1]) + near(1, SOCKET[1]));
        (share, bulge + nose - sockets)
    }

    /// How much more light falls on a point from a side than in the photograph.
    fn shade(&self, point: [f32; 2], light: [f32; 2]) -> f32 {
        let (unit, middle) = (self.subject.eye_distance(), self.subject.middle());
        let [x, y] = [0, 1].map(|axis| ((point[axis] - middle[axis]) / unit / HEAD[axis]).clamp(-1.0, 1.0));
        let share = (1.6 - x.hypot(y)).clamp(0.0, 1.0);
        share * (x * light[0] + y * light[1])
    }

    /// How far the eyes are closed, 0 to 1.
    fn closed(&self, time: f32) -> f32 {
        let of_blink = |start: &f32| 1.0 - ((time - start) / (BLINK[1] / 2.0) - 1.0).abs();
        let meant = self.closings.iter().map(|closing| closing.at(time));
        self.blinks.iter().map(of_blink).chain(meant).fold(0.0, f32::max)
    }

    /// The photograph with its lids lowered: skin from below the eyes is drawn over them, and lashes at its edge.
    fn blinking(&self, closed: f32) -> Picture {
        let unit = self.subject.eye_distance();
        let texture = &self.subject.picture;
        let [right, left, ..] = self.subject.landmarks;
        let across = [(left[0] - right[0]) / unit, (left[1] - right[1]) / unit];
        texture.clone().map(|x, y, color| {
            for eye in [right, left] {
                let [dx, dy] = [x - eye[0], y - eye[1]];
                let along = [dx * across[0] + dy * across[1], dy * across[0] - dx * across[1]];
                let [dx, dy] = [along[0] / unit / EYE[0], along[1] / unit / EYE[1]];
                if dx.abs() >= 1.0 || dy.abs() >= 2.0 {
                    continue;
                }
                // The upper lid comes down from one arc to the other.
                let arc = 1.0 - dx * dx;
                let edge = arc * (2.0 * closed - 1.0);
                let share =
                    ((edge - dy) / 0.3 + 0.5).clamp(0.0, 1.0) * ((dy + arc) / 0.3 + 1.0).clamp(0.0, 1.0);
                let lashes = LASHES * (-0.5 * ((dy - edge) / 0.18).powi(2)).exp() * arc.min(0.5) * 2.0;
                let lid = self.skin(eye, [x, y], across);
                let shown = mix(color, lid, share * (4.0 * closed).min(1.0));
                return shown.map(|value| value * (1.0 - lashes * closed));
            }
            color
        })
    }

    /// The skin below an eye, where it is as far to a side as `place`.
    fn skin(&self, eye: [f32; 2], place: [f32; 2], across: [f32; 2]) -> Color {
        let unit = self.subject.eye_distance();
        let far = (place[0] - eye[0]) * across[0] + (place[1] - eye[1]) * across[1];
        let mut sum = [0.0; 3];
        for step in [-0.15, -0.075, 0.0, 0.075, 0.15] {
            let (right, down) = (0.6 * far + step * unit, CHEEK * unit);
            let there = self.subject.picture.at(
                eye[0] + right * across[0] - down * across[1],
                eye[1] + right * across[1] + down * across[0],
            );
            sum.iter_mut().zip(there).for_each(|(sum, value)| *sum += value / 5.0);
        }
        sum
    }
}

/// A pose at one time.
struct Stance {
    /// Sine and cosine of each angle.
    yaw: [f32; 2],
    pitch: [f32; 2],
    roll: [f32; 2],
    size: f32,
    shift: [f32; 2],
}

impl Stance {
    fn of(pose: &Pose, time: f32) -> Self {
        let [yaw, pitch, roll] = [&pose.yaw, &pose.pitch, &pose.roll].map(|angle| {
            let (sin, cos) = angle.at(time).sin_cos();
            [sin, cos]
        });
        let shift = [pose.x.at(time), pose.y.at(time)];
        Self { yaw, pitch, roll, size: 1.0 + pose.size.at(time), shift }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_eyes_show_skin_with_lashes_below_and_nothing_else_changes() {
        let eyes = [[60.0, 80.0], [100.0, 84.0]];
        let landmarks = [eyes[0], eyes[1], [80.0, 100.0], [66.0, 120.0], [94.0, 120.0]];
        let subject = Subject::of_skin([160, 200], landmarks);
        let mut random = fastrand::Rng::with_seed(1);
        let mut head = Head::new(&subject, &mut random, 0.0);
        head.close(vec![Turn { amplitude: 1.0, begin: 1.0, phases: [0.1, 1.0, 0.1] }]);
        assert_eq!([0.5, 1.5, 2.5].map(|time| head.closed(time)), [0.0, 1.0, 0.0]);
        let closed = head.blinking(1.0);
        for eye in eyes {
            let [lid, lashes] = [0.0, EYE[1]].map(|down| closed.at(eye[0], eye[1] + down * 40.0)[0]);
            assert!(lid > 170.0 && lashes < 120.0, "{lid} {lashes}");
        }
        for [x, y] in [[80.0, 100.0], [60.0, 65.0], [60.0, 92.0], [10.0, 10.0]] {
            assert_eq!(closed.at(x, y), subject.picture.at(x, y), "{x} {y}");
        }
    }
}
