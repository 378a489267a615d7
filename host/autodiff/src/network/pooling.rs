//! Pooling: the largest value of a window, or its mean.

use pulp::Arch;
use rayon::prelude::*;

use crate::Shape;

/// A window without padding that moves over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Rows and columns of the window.
    pub window: [usize; 2],
    /// Steps down and across.
    pub stride: [usize; 2],
    /// The mean rather than the largest value.
    pub mean: bool,
}

impl Pooling {
    /// Shape of the output; none where the window does not fit.
    pub fn shape(&self, input: Shape) -> Option<Shape> {
        let steps =
            |side: usize, axis: usize| Some(side.checked_sub(self.window[axis])? / self.stride[axis] + 1);
        Some(Shape { height: steps(input.height, 0)?, width: steps(input.width, 1)?, ..input })
    }

    /// Pools `input`.
    pub fn forward(&self, input: Shape, from: &[f32], out: &mut [f32]) {
        let Some(output) = self.shape(input) else { return };
        let channels = input.channels;
        let share = 1.0 / (self.window[0] * self.window[1]) as f32;
        out.par_chunks_mut(output.width * channels).enumerate().for_each(|(y, row)| {
            Arch::new().dispatch(|| {
                for (x, pixel) in row.chunks_exact_mut(channels).enumerate() {
                    pixel.fill(if self.mean { 0.0 } else { f32::NEG_INFINITY });
                    for start in self.starts(input, y, x) {
                        let values = pixel.iter_mut().zip(&from[start..start + channels]);
                        if self.mean {
                            values.for_each(|(sum, &value)| *sum += value * share);
                        } else {
                            values
                                .for_each(|(most, &value)| *most = if value > *most { value } else { *most });
                        }
                    }
                }
            });
        });
    }

    /// Takes the gradient of the output to the input; of equal largest values the first one gets it.
    pub fn backward(&self, input: Shape, from: &[f32], gradient: &[f32], to: &mut [f32]) {
        let Some(output) = self.shape(input) else { return };
        let channels = input.channels;
        let share = 1.0 / (self.window[0] * self.window[1]) as f32;
        to.fill(0.0);
        // Windows that overlap write to the same rows, so then one task does all.
        let apart = self.stride[0] >= self.window[0];
        let rows = if apart { self.stride[0] } else { input.height };
        let steps = if apart { 1 } else { output.height };
        to.par_chunks_mut(rows * input.width * channels).enumerate().for_each(|(band, to)| {
            let first = band * rows * input.width * channels;
            Arch::new().dispatch(|| {
                let mut most = vec![(0.0f32, 0usize); channels];
                for y in band * steps..(band * steps + steps).min(output.height) {
                    for x in 0..output.width {
                        let gradient = &gradient[(y * output.width + x) * channels..][..channels];
                        if self.mean {
                            for start in self.starts(input, y, x) {
                                let to = &mut to[start - first..][..channels];
                                to.iter_mut().zip(gradient).for_each(|(to, g)| *to += g * share);
                            }
                            continue;
                        }
                        most.fill((f32::NEG_INFINITY, 0));
                        for start in self.starts(input, y, x) {
                            for (c, (most, &value)) in most.iter_mut().zip(&from[start..]).enumerate() {
                                if value > most.0 {
                                    *most = (value, start + c);
                                }
                            }
                        }
                        for (&(_, place), g) in most.iter().zip(gradient) {
                            to[place - first] += g;
                        }
                    }
                }
            });
        });
    }

    /// Where the pixels of the window at `(y, x)` of the output begin in the input.
    fn starts(&self, input: Shape, y: usize, x: usize) -> impl Iterator<Item = usize> {
        let ([height, width], [down, across]) = (self.window, self.stride);
        (0..height).flat_map(move |i| {
            (0..width).map(move |j| ((y * down + i) * input.width + x * across + j) * input.channels)
        })
    }
}
