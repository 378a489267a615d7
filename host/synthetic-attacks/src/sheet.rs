//! A sheet, flat or bent, held before the camera.

use crate::motion::Pose;
use crate::picture::{Color, Picture};
use crate::walk::Walk;

/// Distance of the sheet in widths of the scene: a usual lens.
const FOCAL: f32 = 1.3;

/// How a sheet is held.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its movement.
    pub pose: Pose,
    /// How high it is, as a part of the scene's height.
    pub height: f32,
    /// How it is bent about the vertical axis: its width over the radius, 0 for flat.
    pub bend: f32,
    /// Which point of the sheet is in the middle of the scene, as parts of its sides.
    pub middle: [f32; 2],
    /// The walk of whoever carries it up to the camera; `None` if it is held in one place.
    pub walk: Option<Walk>,
}

impl Sheet {
    /// `scene`, seen at `time` with the sheet that shows `shown` before it.
    pub fn before(&self, scene: &Picture, shown: &Picture, time: f32) -> Picture {
        let (width, height) = (scene.width as f32, scene.height as f32);
        let scale = self.scale(scene, shown, time);
        let focal = FOCAL * width;
        let share = self.walked(time);
        let gait =
            self.walk.map_or([0.0; 2], |walk| walk.gait_at(time).map(|part| part * walk.height_at(time)));
        let shift = [self.pose.x.at(time) * share - gait[0], self.pose.y.at(time) * share - gait[1]];
        let axes = self.axes(time);
        scene.clone().map(|x, y, behind| {
            let ray = [x - width / 2.0 - shift[0], y - height / 2.0 - shift[1], focal];
            match self.hit(ray, &axes, focal, scale, shown) {
                Some(color) => color,
                None => behind,
            }
        })
    }

    /// Pixels of `scene` for a pixel of `shown` at `time`.
    pub fn scale(&self, scene: &Picture, shown: &Picture, time: f32) -> f32 {
        let size = self.height * scene.height as f32 * (1.0 + self.pose.size.at(time));
        self.walked(time) * size / shown.height as f32
    }

    /// Its size at `time` as a part of that at the end of the walk.
    fn walked(&self, time: f32) -> f32 {
        self.walk.map_or(1.0, |walk| walk.height_at(time) / walk.heights[1])
    }

    /// The colour of the sheet where a ray from the camera meets it.
    fn hit(
        &self,
        ray: [f32; 3],
        axes: &[[f32; 3]; 3],
        focal: f32,
        scale: f32,
        shown: &Picture,
    ) -> Option<Color> {
        let [across, down, out] = axes;
        let dot = |a: &[f32; 3], b: &[f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let width = shown.width as f32 * scale;
        // A bent sheet leaves its plane; how far, a few steps find.
        let (mut lift, mut u, mut v) = (0.0, 0.0, 0.0);
        for _ in 0..if self.bend == 0.0 { 1 } else { 4 } {
            // The middle of the sheet is at the distance of the lens, so that one pixel is one pixel.
            let along = (dot(&[0.0, 0.0, focal], out) + lift) / dot(&ray, out);
            let place = [0, 1, 2].map(|axis| ray[axis] * along - [0.0, 0.0, focal][axis]);
            u = dot(&place, across);
            v = dot(&place, down);
            if self.bend != 0.0 {
                let radius = width / self.bend;
                let angle = (u / radius).clamp(-1.0, 1.0).asin();
                lift = radius * (1.0 - angle.cos());
                u = radius * angle;
            }
        }
        let x = u / scale + self.middle[0] * shown.width as f32;
        let y = v / scale + self.middle[1] * shown.height as f32;
        let inside = x >= 0.0 && y >= 0.0 && x < shown.width as f32 && y < shown.height as f32;
        inside.then(|| area(shown, x, y, scale))
    }

    /// The sheet's directions across, down and towards the back.
    fn axes(&self, time: f32) -> [[f32; 3]; 3] {
        let (sin_yaw, cos_yaw) = self.pose.yaw.at(time).sin_cos();
        let (sin_pitch, cos_pitch) = self.pose.pitch.at(time).sin_cos();
        let (sin_roll, cos_roll) = self.pose.roll.at(time).sin_cos();
        let rotate = |[x, y, z]: [f32; 3]| {
            let (x, y) = (x * cos_roll - y * sin_roll, x * sin_roll + y * cos_roll);
            let (y, z) = (y * cos_pitch - z * sin_pitch, y * sin_pitch + z * cos_pitch);
            [x * cos_yaw + z * sin_yaw, y, z * cos_yaw - x * sin_yaw]
        };
        [rotate([1.0, 0.0, 0.0]), rotate([0.0, 1.0, 0.0]), rotate([0.0, 0.0, 1.0])]
    }
}

/// The mean of a few places of the sheet that one pixel of the scene covers.
fn area(shown: &Picture, x: f32, y: f32, scale: f32) -> Color {
    let step = 0.25 / scale;
    let mut sum = [0.0; 3];
    for [dx, dy] in [[-step, -step], [step, -step], [-step, step], [step, step]] {
        let color = shown.at(x + dx, y + dy);
        sum.iter_mut().zip(color).for_each(|(sum, value)| *sum += value / 4.0);
    }
    sum
}
