//! Dense convolutions: products of the windows, laid out as rows ("im2col"), with the filters.
//!
//! Where the windows are the pixels as they lie (one pixel, or the whole map), nothing is laid out.

use rayon::prelude::*;

use super::Sweep;
use crate::gemm::tall::{add_transposed, rows_by_panels, rows_of_task, transposed, transposed_by_rows};
use crate::gemm::{Fill, Panels, multiply};

impl Sweep {
    /// Floats of a window.
    fn depth(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1] * self.input.channels
    }

    /// Lays out the windows of pixels `first..` of the output, as many as `windows` has room for.
    fn lay_out(&self, x: &[f32], first: usize, windows: &mut [f32]) {
        let pixels = self.output.height * self.output.width;
        let channels = self.input.channels;
        for (pixel, window) in (first..).zip(windows.chunks_exact_mut(self.depth())) {
            let picture = &x[pixel / pixels * self.input.len()..][..self.input.len()];
            window.fill(0.0);
            let place = pixel % pixels;
            self.taps(place / self.output.width, place % self.output.width, |tap, start| {
                window[tap * channels..(tap + 1) * channels]
                    .copy_from_slice(&picture[start..start + channels]);
            });
        }
    }
}

/// Convolves; `weights` has a row of outputs for each float of a window.
pub fn forward(sweep: &Sweep, x: &[f32], weights: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
    let outputs = sweep.output.channels;
    let mut panels = Panels::default();
    panels.fill(weights, outputs);
    let depth = sweep.depth();
    let rows = rows_of_task(out.len() / outputs);
    out.par_chunks_mut(rows * outputs).enumerate().for_each(|(number, out)| {
        if sweep.is_direct() {
            let start = number * rows * depth;
            multiply(&x[start..start + out.len() / outputs * depth], &panels, out, Fill::Store);
        } else {
            let mut windows = vec![0.0; out.len() / outputs * depth];
            sweep.lay_out(x, number * rows, &mut windows);
            multiply(&windows, &panels, out, Fill::Store);
        }
        if let Some(bias) = bias {
            for pixel in out.chunks_exact_mut(outputs) {
                pixel.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
            }
        }
    });
}

/// The gradient of the weights.
pub fn of_weights(sweep: &Sweep, x: &[f32], gradient: &[f32], to: &mut [f32]) {
    let (depth, outputs) = (sweep.depth(), sweep.output.channels);
    if sweep.is_direct() {
        return transposed_by_rows(x, depth, gradient, to);
    }
    let rows = rows_of_task(gradient.len() / outputs);
    let sums = gradient.par_chunks(rows * outputs).enumerate().map(|(number, gradient)| {
        let mut windows = vec![0.0; gradient.len() / outputs * depth];
        sweep.lay_out(x, number * rows, &mut windows);
        let mut sum = vec![0.0; depth * outputs];
        add_transposed(&windows, [depth, 0], gradient, outputs, &mut sum);
        sum
    });
    let sums: Vec<Vec<f32>> = sums.collect();
    to.fill(0.0);
    for sum in sums {
        to.iter_mut().zip(sum).for_each(|(to, sum)| *to += sum);
    }
}

/// The gradient of the input.
pub fn of_input(sweep: &Sweep, gradient: &[f32], weights: &[f32], to: &mut [f32], fill: Fill) {
    let outputs = sweep.output.channels;
    let panels = transposed(weights, outputs);
    if sweep.is_direct() {
        return rows_by_panels(gradient, &panels, to, fill);
    }
    let (depth, channels) = (sweep.depth(), sweep.input.channels);
    let pictures = to.par_chunks_mut(sweep.input.len()).zip(gradient.par_chunks(sweep.output.len()));
    pictures.for_each(|(to, gradient)| {
        if fill == Fill::Store {
            to.fill(0.0);
        }
        let mut windows = vec![0.0; sweep.output.width * depth];
        for (y, gradient) in gradient.chunks_exact(sweep.output.width * outputs).enumerate() {
            multiply(gradient, &panels, &mut windows, Fill::Store);
            for (x, window) in windows.chunks_exact(depth).enumerate() {
                sweep.taps(y, x, |tap, start| {
                    let from = &window[tap * channels..(tap + 1) * channels];
                    to[start..start + channels].iter_mut().zip(from).for_each(|(to, from)| *to += from);
                });
            }
        }
    });
}
