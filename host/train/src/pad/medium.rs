//! A print or a screen that shows the face of a crop, with properties drawn over wide ranges.
//!
//! The crop ends where the face ends, so borders of paper and bezels are not in it. What a medium leaves in a face: a
//! print is flatter in contrast, tinted, soft, grainy or dotted, bent, glossy, and may have holes for the eyes; a screen
//! has pixels in three colours that beat with those of the camera, a backlight, and reflects lamps. Each is there only
//! some of the time, so that its absence says nothing.

use std::f32::consts::TAU;

use fastrand::Rng;

use super::class::Class;
use super::raster::Raster;
use crate::augment::{between, chance, normal};

/// Where the eyes are in a crop, as parts of its side.
const EYES: [[f32; 2]; 2] = [[0.315, 0.43], [0.685, 0.43]];

/// Half the width and height of a hole for an eye, as parts of the crop's side.
const HOLE: [f32; 2] = [0.1, 0.055];

/// The crop of a living face as a print or a screen shows it, and which of them.
pub fn shown(face: &Raster, random: &mut Rng) -> (Raster, Class) {
    if chance(random, 0.5) {
        (print(face, random), Class::Print)
    } else {
        (screen(face, random), Class::Screen)
    }
}

fn print(face: &Raster, random: &mut Rng) -> Raster {
    let mut print = face.clone();
    if chance(random, 0.8) {
        print = print.blurred(between(random, 0.5, 2.0));
    }
    if chance(random, 0.5) {
        let grain = between(random, 1.0, 6.0);
        print.values.as_chunks_mut::<3>().0.iter_mut().for_each(|pixel| {
            let grain = grain * normal(random);
            pixel.iter_mut().for_each(|value| *value += grain);
        });
        print = print.blurred(between(random, 0.4, 1.0));
    }
    let (gain, black) = (between(random, 0.5, 0.9), between(random, 8.0, 60.0));
    let tint: [f32; 3] = std::array::from_fn(|_| between(random, 0.85, 1.15));
    let dots = if chance(random, 0.3) { between(random, 3.0, 14.0) } else { 0.0 };
    let pitch = TAU / between(random, 2.0, 4.5);
    let (sine, cosine) = between(random, 0.0, 1.5).sin_cos();
    let side = face.side as f32;
    let gloss = if chance(random, 0.4) { between(random, 20.0, 110.0) } else { 0.0 };
    let (across, middle, width) =
        (chance(random, 0.7), side * between(random, -0.1, 1.1), side * between(random, 0.04, 0.25));
    print.each(|x, y, color| {
        let (u, v) = ((x * cosine + y * sine) * pitch, (y * cosine - x * sine) * pitch);
        let along = if across { x } else { y };
        let more = dots * u.sin() * v.sin() + gloss * (-((along - middle) / width).powi(2)).exp();
        std::array::from_fn(|c| (color[c] * gain + black) * tint[c] + more)
    });
    print.saturate();
    if chance(random, 0.2) {
        holes(&mut print, random);
    }
    if chance(random, 0.3) { bent(&print, random) } else { print }
}

/// Holes where the eyes are, with something alive behind, and a dark rim where the paper throws its shadow.
fn holes(print: &mut Raster, random: &mut Rng) {
    let side = print.side as f32;
    let size = between(random, 0.8, 1.3);
    let look = [0.3 * normal(random), 0.3 * normal(random)];
    let closed = chance(random, 0.2);
    let skin = [between(random, 60.0, 220.0), between(random, 45.0, 180.0), between(random, 35.0, 160.0)];
    print.each(|x, y, color| {
        for [eye_x, eye_y] in EYES {
            let (dx, dy) = ((x / side - eye_x) / (HOLE[0] * size), (y / side - eye_y) / (HOLE[1] * size));
            let radius = dx.hypot(dy);
            if radius < 1.0 {
                let iris = (dx - look[0]).hypot((dy - look[1]) * HOLE[1] / HOLE[0]);
                let eye = match iris {
                    _ if closed => skin,
                    _ if iris < 0.2 => [20.0; 3],
                    _ if iris < 0.45 => [70.0, 52.0, 40.0],
                    _ => [205.0, 198.0, 192.0],
                };
                let shadow = 1.0 - 0.8 * ((radius - 0.7).max(0.0) / 0.3);
                return eye.map(|value| value * shadow);
            }
        }
        color
    });
}

/// Bent about an axis in the middle or beside it: narrower towards the sides, and darker at one of them.
fn bent(print: &Raster, random: &mut Rng) -> Raster {
    let side = print.side as f32;
    let (axis, bend) = (side * between(random, 0.3, 0.7), between(random, 0.5, 1.3));
    let radius = side / bend;
    let mut bent =
        print.warped(print.side, |x, y| [axis + radius * ((x - axis) / radius).clamp(-1.0, 1.0).asin(), y]);
    let shade = between(random, -0.4, 0.4);
    bent.each(|x, _, color| color.map(|value| value * (1.0 + shade * (x - axis) / side)));
    bent.saturate();
    bent
}

fn screen(face: &Raster, random: &mut Rng) -> Raster {
    let mut screen = face.clone();
    let side = face.side as f32;
    let gamma = between(random, 0.7, 1.3);
    let pitch = between(random, 1.6, 5.0);
    let (sine, cosine) = (0.12 * normal(random)).sin_cos();
    let depth = between(random, 0.04, 0.3);
    let (rows, phase) = (depth * random.f32(), between(random, 0.0, TAU));
    let beat = if chance(random, 0.5) { between(random, 0.02, 0.12) } else { 0.0 };
    let wave = [between(random, 8.0, 40.0), between(random, 8.0, 160.0)];
    let lamp = if chance(random, 0.4) { between(random, 40.0, 130.0) } else { 0.0 };
    let place = [side * random.f32(), side * random.f32()];
    let size = side * between(random, 0.1, 0.32);
    let light = [between(random, 0.92, 1.05), 1.0, between(random, 0.98, 1.15)];
    let black = between(random, 0.0, 15.0);
    screen.each(|x, y, color| {
        let (u, v) = ((x * cosine + y * sine) / pitch, (y * cosine - x * sine) / pitch);
        let line = 1.0 + rows * (TAU * v).cos();
        let moire = 1.0 + beat * (TAU * (u * pitch / wave[0] + v * pitch / wave[1])).cos();
        let glare = lamp * (-((x - place[0]).powi(2) + (y - place[1]).powi(2)) / (size * size)).exp();
        std::array::from_fn(|c| {
            let lit = 1.0 + depth * (TAU * (u + c as f32 / 3.0) + phase).cos();
            let level = 255.0 * (color[c].clamp(0.0, 255.0) / 255.0).powf(gamma);
            (level * lit * line * moire + glare) * light[c] + black
        })
    });
    screen.saturate();
    screen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::STORED_BYTES;

    #[test]
    fn a_medium_changes_the_face_and_a_seed_tells_how() {
        let face = Raster::of(&[150; STORED_BYTES]);
        let mut classes = [0; 3];
        for seed in 0..60 {
            let [(one, class), (again, _), (other, _)] =
                [seed, seed, seed + 1].map(|seed| shown(&face, &mut Rng::with_seed(seed)));
            assert!(one == again && one != other && one != face);
            assert!(one.values.iter().all(|value| (0.0..=255.0).contains(value)));
            classes[class as usize] += 1;
        }
        assert!(classes[0] == 0 && classes[1] > 10 && classes[2] > 10, "{classes:?}");
    }
}
