//! What people wear before their faces: masks over mouth and nose, and glasses.
//!
//! An aligned face has its eyes, nose and mouth at places of their own, within a few pixels, so that what is worn can be drawn there.

use super::{Canvas, between, chance};

/// Where the eyes, the tip of the nose and the chin of an aligned face lie, in shares of its side.
const EYES: [(f32, f32); 2] = [(0.342, 0.461), (0.656, 0.46)];
const NOSE: f32 = 0.64;
const CHIN: f32 = 1.05;

/// Blends a colour over each pixel where `cover` says how much, 0 to 1.
fn paint(canvas: &mut Canvas, colour: [f32; 3], cover: impl Fn(f32, f32) -> f32) {
    canvas.change(|x, y, pixel| {
        let cover = cover(x, y).clamp(0.0, 1.0);
        for (value, colour) in pixel.iter_mut().zip(colour) {
            *value = (f32::from(*value) * (1.0 - cover) + colour * cover) as u8;
        }
    });
}

/// 1 inside, 0 outside, and soft over one of the `side` pixels; `beyond` is how far outside the border a place is, in shares of the side.
fn soft(beyond: f32, side: f32) -> f32 {
    0.5 - beyond * side
}

fn colour(random: &mut fastrand::Rng) -> [f32; 3] {
    // Cloth is white, light blue, black, or anything.
    let base = match random.u8(..4) {
        0 => [225.0, 230.0, 235.0],
        1 => [150.0, 190.0, 220.0],
        2 => [35.0, 35.0, 40.0],
        _ => std::array::from_fn(|_| between(random, 20.0, 235.0)),
    };
    base.map(|value| value * between(random, 0.85, 1.1))
}

/// A mask: from the bridge of the nose down, narrower towards the chin, with folds.
pub(super) fn mask(canvas: &mut Canvas, random: &mut fastrand::Rng) {
    let colour = colour(random);
    let top = NOSE + between(random, -0.1, 0.06);
    let (arch, narrow) = (between(random, 0.0, 0.12), between(random, 0.2, 0.5));
    let (half, off) = (between(random, 0.36, 0.5), between(random, -0.03, 0.03));
    let folds = between(random, 0.0, 0.25);
    let side = canvas.side();
    paint(canvas, colour, |x, y| {
        let aside = (x - 0.5 - off).abs();
        let upper = top - arch + 2.0 * arch * aside;
        let edge = half - narrow * (y - top).max(0.0);
        let is_fold = ((y - top) * 60.0).sin() > 0.7;
        soft((upper - y).max(aside - edge).max(y - CHIN), side) * if is_fold { 1.0 - folds } else { 1.0 }
    });
}

/// Glasses: two rims with a bridge; the lenses are clear, tinted or dark.
pub(super) fn glasses(canvas: &mut Canvas, random: &mut fastrand::Rng) {
    let rim: [f32; 3] = if chance(random, 0.7) { [25.0; 3] } else { colour(random) };
    let (wide, high) = (between(random, 0.1, 0.15), between(random, 0.07, 0.12));
    let thick = between(random, 0.008, 0.028);
    let round = between(random, 2.0, 4.0);
    let tint = if chance(random, 0.3) { between(random, 0.4, 0.95) } else { between(random, 0.0, 0.12) };
    let side = canvas.side();
    // 1 on the border of a lens: a circle at `round` 2, nearly a rectangle at 4.
    let lens = |x: f32, y: f32, by: f32| {
        let at = |(eye, level): (f32, f32)| {
            let (u, v) = ((x - eye).abs() / (wide + by), (y - level).abs() / (high + by));
            (u.powf(round) + v.powf(round)).powf(1.0 / round)
        };
        at(EYES[0]).min(at(EYES[1]))
    };
    paint(canvas, [20.0; 3], |x, y| tint * soft((lens(x, y, 0.0) - 1.0) * high, side));
    paint(canvas, rim, |x, y| {
        let ring = soft((lens(x, y, thick) - 1.0) * high, side)
            .min(1.0 - soft((lens(x, y, 0.0) - 1.0) * high, side));
        let between_eyes = (x - 0.5).abs() - (0.157 - wide);
        let bridge = soft(between_eyes.max((y - EYES[0].1 + 0.02).abs() - thick / 2.0), side);
        ring.max(bridge)
    });
}
