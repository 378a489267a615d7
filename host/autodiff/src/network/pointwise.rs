//! Operators that look at one value at a time.

use pulp::Arch;
use rayon::prelude::*;

/// Values that a task does at once; a multiple of every usual number of channels is not needed, as
/// tasks begin at whole pixels.
const TASK: usize = 1 << 15;

/// A factor and a summand a channel: batch normalization with its statistics folded.
pub struct Affine {
    /// One a channel.
    pub scale: Vec<f32>,
    /// One a channel.
    pub shift: Vec<f32>,
}

impl Affine {
    /// `out = input * scale + shift`.
    pub fn forward(&self, input: &[f32], out: &mut [f32]) {
        by_pixels(self.scale.len(), out, input, |out, input| {
            for ((out, x), (scale, shift)) in
                out.iter_mut().zip(input).zip(self.scale.iter().zip(&self.shift))
            {
                *out = x * scale + shift;
            }
        });
    }

    /// `to = gradient * scale`.
    pub fn backward(&self, gradient: &[f32], to: &mut [f32]) {
        by_pixels(self.scale.len(), to, gradient, |to, gradient| {
            for ((to, g), scale) in to.iter_mut().zip(gradient).zip(&self.scale) {
                *to = g * scale;
            }
        });
    }
}

/// `out = x < 0 ? x * slope : x`.
pub fn rectify(slopes: &[f32], input: &[f32], out: &mut [f32]) {
    by_pixels(slopes.len(), out, input, |out, input| {
        for ((out, &x), slope) in out.iter_mut().zip(input).zip(slopes) {
            *out = if x < 0.0 { x * slope } else { x };
        }
    });
}

/// The gradient before [`rectify`], whose input was `input`; at zero it is that of negative values.
pub fn rectify_back(slopes: &[f32], input: &[f32], gradient: &[f32], to: &mut [f32]) {
    to.copy_from_slice(gradient);
    by_pixels(slopes.len(), to, input, |to, input| {
        for ((to, &x), slope) in to.iter_mut().zip(input).zip(slopes) {
            if x <= 0.0 {
                *to *= slope;
            }
        }
    });
}

/// Calls `pixel` for each pixel's channels of `out` and `input`, on all cores.
fn by_pixels(channels: usize, out: &mut [f32], input: &[f32], pixel: impl Fn(&mut [f32], &[f32]) + Sync) {
    let task = TASK.next_multiple_of(channels);
    out.par_chunks_mut(task).zip(input.par_chunks(task)).for_each(|(out, input)| {
        Arch::new().dispatch(|| {
            for (out, input) in out.chunks_mut(channels).zip(input.chunks(channels)) {
                pixel(out, input);
            }
        });
    });
}
