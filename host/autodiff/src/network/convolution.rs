//! Convolution of any window and stride, and the choice of how it is done.
//!
//! A convolution that [`winograd`](crate::winograd) cannot do is a product of matrices: each result's window is laid
//! out as a row ("im2col"), some rows of pixels at a time, so that they stay in the cache.
//! A convolution of one filter a channel is summed up tap by tap.

use pulp::Arch;
use rayon::prelude::*;

use crate::gemm::{Fill, Panels, multiply};
use crate::winograd::{Filters, Job};
use crate::{Shape, Window};

/// Floats of windows that a task lays out at once.
const TASK: usize = 1 << 16;

/// A convolution with its bias, and perhaps a ReLU.
pub struct Convolution {
    window: Window,
    inputs: usize,
    outputs: usize,
    bias: Vec<f32>,
    /// Whether negative results become zero.
    pub relu: bool,
    way: Way,
}

/// How the products are done.
enum Way {
    /// 3x3, stride 1, one zero around.
    Winograd { forward: Filters, backward: Filters },
    /// Windows by filters, and gradients by filters the other way.
    Columns { forward: Panels, backward: Panels },
    /// One filter a channel: taps in rows and columns, each with its channels.
    Depthwise(Vec<f32>),
}

impl Convolution {
    /// A convolution with `weights` as ONNX has them: output, input, row, column.
    ///
    /// `bias` has one value an output. Weights of one input for each of several outputs are depthwise.
    pub fn new(window: Window, weights: &[f32], bias: Vec<f32>, depthwise: bool) -> Self {
        let [rows, columns] = window.kernel;
        let outputs = bias.len();
        let taps = rows * columns;
        let depth = weights.len() / (outputs * taps);
        let tap =
            |o: usize, i: usize, y: usize, x: usize| weights[((o * depth + i) * rows + y) * columns + x];
        let usual = window.kernel == [3, 3] && window.stride == [1, 1] && window.pads == [1; 4];
        let way = if depthwise {
            let values = (0..taps * outputs)
                .map(|n| tap(n % outputs, 0, n / outputs / columns, n / outputs % columns));
            Way::Depthwise(values.collect())
        } else if usual && Filters::fit(depth, outputs) {
            Way::Winograd {
                forward: Filters::new(depth, outputs, tap),
                backward: Filters::new(outputs, depth, |i, o, y, x| tap(o, i, 2 - y, 2 - x)),
            }
        } else {
            let at = |k: usize, o: usize| tap(o, k % depth, k / depth / columns, k / depth % columns);
            Way::Columns {
                forward: Panels::from_fn(taps * depth, outputs, at),
                backward: Panels::from_fn(outputs, taps * depth, |o, k| at(k, o)),
            }
        };
        let inputs = if depthwise { outputs } else { depth };
        Self { window, inputs, outputs, bias, relu: false, way }
    }

    /// Shape of the output; none where the window does not fit or the channels are not the filters'.
    pub fn shape(&self, input: Shape) -> Option<Shape> {
        let [height, width] = self.window.output([input.height, input.width])?;
        (input.channels == self.inputs).then_some(Shape { height, width, channels: self.outputs })
    }

    /// Bytes of the weights.
    pub fn bytes(&self) -> usize {
        let floats = match &self.way {
            Way::Winograd { forward, backward } => {
                return Filters::bytes(forward.inputs, forward.outputs)
                    + Filters::bytes(backward.inputs, backward.outputs);
            }
            Way::Columns { forward, backward } => forward.length() + backward.length(),
            Way::Depthwise(taps) => taps.len(),
        };
        floats * size_of::<f32>()
    }

    /// Convolves `from`.
    pub fn forward(&self, input: Shape, from: &[f32], out: &mut [f32]) {
        let Some(output) = self.shape(input) else { return };
        match &self.way {
            Way::Winograd { forward, .. } => {
                let size = [input.height, input.width];
                let job = Job {
                    input: from,
                    mask: None,
                    size,
                    filters: forward,
                    bias: Some(&self.bias),
                    relu: self.relu,
                };
                job.run(out);
            }
            Way::Columns { forward, .. } => self.columns(forward, [input, output], from, out),
            Way::Depthwise(taps) => self.depthwise(taps, [input, output], from, out),
        }
    }

    fn columns(&self, filters: &Panels, [input, output]: [Shape; 2], from: &[f32], out: &mut [f32]) {
        let band = (TASK / (filters.rows * output.width)).max(1);
        out.par_chunks_mut(band * output.width * self.outputs).enumerate().for_each(|(number, out)| {
            let pixels = out.len() / self.outputs;
            let mut windows = vec![0.0; pixels * filters.rows];
            for (pixel, window) in windows.chunks_exact_mut(filters.rows).enumerate() {
                let (y, x) = (number * band + pixel / output.width, pixel % output.width);
                for (tap, to) in self.taps(input, y, x).zip(window.chunks_exact_mut(self.inputs)) {
                    if let Some(start) = tap {
                        to.copy_from_slice(&from[start..start + self.inputs]);
                    }
                }
            }
            multiply(&windows, filters, out, Fill::Store);
            self.finish(out);
        });
    }

    fn depthwise(&self, taps: &[f32], [input, output]: [Shape; 2], from: &[f32], out: &mut [f32]) {
        let channels = self.outputs;
        out.par_chunks_mut(output.width * channels).enumerate().for_each(|(y, row)| {
            Arch::new().dispatch(|| {
                row.fill(0.0);
                for (x, pixel) in row.chunks_exact_mut(channels).enumerate() {
                    for (tap, weights) in self.taps(input, y, x).zip(taps.chunks_exact(channels)) {
                        let Some(start) = tap else { continue };
                        let values = from[start..start + channels].iter().zip(weights);
                        pixel
                            .iter_mut()
                            .zip(values)
                            .for_each(|(sum, (value, weight))| *sum += value * weight);
                    }
                }
                self.finish(row);
            });
        });
    }

    /// Adds the bias and applies the ReLU.
    fn finish(&self, out: &mut [f32]) {
        for pixel in out.chunks_exact_mut(self.outputs) {
            for (value, bias) in pixel.iter_mut().zip(&self.bias) {
                *value += bias;
                if self.relu && *value < 0.0 {
                    *value = 0.0;
                }
            }
        }
    }

    /// Takes the gradient of the output, whose values are `values`, to the input.
    pub fn backward(&self, input: Shape, output: Shape, gradient: &[f32], values: &[f32], to: &mut [f32]) {
        if let Way::Winograd { backward, .. } = &self.way {
            let mask = self.relu.then_some(values);
            let size = [input.height, input.width];
            Job { input: gradient, mask, size, filters: backward, bias: None, relu: false }.run(to);
            return;
        }
        // A task owns some rows of the input; it takes every window that touches them, so those at
        // the border of two tasks are done by both.
        let Window { kernel, stride, pads } = &self.window;
        let length = kernel[0] * kernel[1] * self.inputs;
        let band = (TASK / (length * input.width)).max(8);
        to.par_chunks_mut(band * input.width * self.inputs).enumerate().for_each(|(number, to)| {
            let top = number * band;
            let bottom = top + to.len() / (input.width * self.inputs);
            let first = (top + pads[0] + 1).saturating_sub(kernel[0]).div_ceil(stride[0]);
            let last = ((bottom + pads[0] - 1) / stride[0] + 1).min(output.height);
            to.fill(0.0);
            let mut windows = vec![0.0; output.width * length];
            for y in first..last {
                let start = y * output.width * self.outputs;
                let row = start..start + output.width * self.outputs;
                let open = self.open(&gradient[row.clone()], &values[row]);
                match &self.way {
                    Way::Depthwise(taps) => by_tap(taps, &open, self.outputs, &mut windows),
                    Way::Columns { backward, .. } => multiply(&open, backward, &mut windows, Fill::Store),
                    Way::Winograd { .. } => {}
                }
                let own = top * input.width * self.inputs;
                for (x, window) in windows.chunks_exact(length).enumerate() {
                    for (tap, from) in self.taps(input, y, x).zip(window.chunks_exact(self.inputs)) {
                        let Some(start) = tap.and_then(|start| start.checked_sub(own)) else { continue };
                        let Some(to) = to.get_mut(start..start + self.inputs) else { continue };
                        to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                    }
                }
            }
        });
    }

    /// The gradient before the ReLU, if there is one.
    fn open(&self, gradient: &[f32], values: &[f32]) -> Vec<f32> {
        let pass = |(&g, &value): (&f32, &f32)| if self.relu && value <= 0.0 { 0.0 } else { g };
        gradient.iter().zip(values).map(pass).collect()
    }

    /// Where the pixels of the window at `(y, x)` of the output begin in the input; none outside it.
    fn taps(&self, input: Shape, y: usize, x: usize) -> impl Iterator<Item = Option<usize>> {
        let Window { kernel: [rows, columns], stride: [down, across], pads: [above, left, ..] } = self.window;
        (0..rows).flat_map(move |i| {
            let row = (y * down + i).checked_sub(above).filter(|&row| row < input.height);
            (0..columns).map(move |j| {
                let column = (x * across + j).checked_sub(left).filter(|&column| column < input.width);
                Some((row? * input.width + column?) * input.channels)
            })
        })
    }
}

/// Each gradient times each tap of its channel.
fn by_tap(taps: &[f32], gradient: &[f32], channels: usize, windows: &mut [f32]) {
    for (pixel, window) in gradient.chunks_exact(channels).zip(windows.chunks_exact_mut(taps.len())) {
        for (to, weights) in window.chunks_exact_mut(channels).zip(taps.chunks_exact(channels)) {
            to.iter_mut().zip(pixel.iter().zip(weights)).for_each(|(to, (g, weight))| *to = g * weight);
        }
    }
}
