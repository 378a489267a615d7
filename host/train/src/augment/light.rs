//! The light that falls on the face, and the colours that a camera makes of it.

use super::{Canvas, between, chance, normal};
use crate::SIDE;

/// Brightness, contrast, saturation and white balance; one face in ten becomes grey.
pub(super) fn colours(face: &mut [u8], random: &mut fastrand::Rng) {
    let contrast = (0.15 * normal(random)).exp();
    let brightness = 12.0 * normal(random);
    let saturation = if chance(random, 0.1) { 0.0 } else { (0.2 * normal(random)).exp() };
    let balance: [f32; 3] = std::array::from_fn(|_| (0.05 * normal(random)).exp());
    // A lamp at one side: darker towards the other.
    let side = if chance(random, 0.3) { between(random, -0.5, 0.5) } else { 0.0 };
    for (at, pixel) in face.chunks_exact_mut(3).enumerate() {
        let lamp = 1.0 + side * ((at % SIDE) as f32 / SIDE as f32 - 0.5) * 2.0;
        let grey = 0.299 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.114 * f32::from(pixel[2]);
        for (value, balance) in pixel.iter_mut().zip(balance) {
            let coloured = grey + saturation * (f32::from(*value) - grey);
            let lit = ((coloured - 128.0) * contrast + 128.0 + brightness) * balance * lamp;
            *value = lit.clamp(0.0, 255.0) as u8;
        }
    }
}

/// Little light: dark, with the noise of the sensor.
pub(super) fn dim(face: &mut [u8], random: &mut fastrand::Rng) {
    let gain = between(random, 0.15, 0.5);
    dark(face, gain, between(random, 2.0, 7.0), random);
}

/// Each value times `gain`, with noise of the standard deviation `grain`.
pub(super) fn dark(pixels: &mut [u8], gain: f32, grain: f32, random: &mut fastrand::Rng) {
    for value in pixels {
        *value = (f32::from(*value) * gain + grain * normal(random)).clamp(0.0, 255.0) as u8;
    }
}

/// A lamp at one side: the values of that edge of the face times 1 + `side`, of the other one times 1 - `side`.
pub(super) fn lamp(canvas: &mut Canvas, side: f32) {
    canvas.change(|x, _, pixel| {
        let factor = 1.0 + side * (2.0 * x.clamp(0.0, 1.0) - 1.0);
        pixel.iter_mut().for_each(|value| *value = (f32::from(*value) * factor).clamp(0.0, 255.0) as u8);
    });
}
