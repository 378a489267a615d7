//! The float reference: the networks as published, run by tract on the host.
//!
//! What quantization and integer arithmetic cost is the difference between the device's pipeline and
//! this one. Nothing here runs on a device or is shared with its code.

mod align;
mod detector;
mod encoder;

pub use align::align;
pub use detector::{Detection, Detector};
pub use encoder::{Encoder, Normalization};

use std::path::Path;
use std::sync::Arc;

use tract_onnx::prelude::*;

use crate::Error;

/// A network ready to run.
type Plan = Arc<TypedRunnableModel>;

/// A picture in RGB, rows top to bottom, as the networks' authors fed them.
#[derive(Clone, Copy, Debug)]
pub struct Rgb<'a> {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height * 3` bytes.
    pub pixels: &'a [u8],
}

/// The face nearest the middle of the picture, larger ones preferred: pictures of Labeled Faces in
/// the Wild are centred on the person they are named after.
pub fn nearest_centre(faces: &[Detection], width: usize, height: usize) -> Option<&Detection> {
    let cost = |face: &Detection| {
        let [x, y, w, h] = face.area;
        let off = (x + w / 2.0 - width as f32 / 2.0).abs() + (y + h / 2.0 - height as f32 / 2.0).abs();
        off - 0.5 * (w * h).max(0.0).sqrt()
    };
    faces.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)))
}

/// Loads the network at `path` for an input of `height` x `width`.
fn load(path: &Path, height: usize, width: usize) -> Result<Plan, Error> {
    let plan = || -> TractResult<Plan> {
        // The files state the shapes of one input size; they follow from ours instead.
        tract_onnx::onnx()
            .with_ignore_output_shapes(true)
            .with_ignore_value_info(true)
            .model_for_path(path)?
            .with_input_fact(0, f32::fact([1, 3, height, width]).into())?
            .into_optimized()?
            .into_runnable()
    };
    plan().map_err(|error| network_error(path, &error))
}

fn network_error(path: &Path, error: &TractError) -> Error {
    Error::Network { path: path.to_owned(), problem: format!("{error:#}") }
}

/// The picture as `[1, 3, height, width]`, each value by `value(channel, row, column)`.
fn planes(height: usize, width: usize, value: impl Fn(usize, usize, usize) -> f32) -> TractResult<TValue> {
    let mut values = Vec::with_capacity(3 * height * width);
    for channel in 0..3 {
        for row in 0..height {
            values.extend((0..width).map(|column| value(channel, row, column)));
        }
    }
    Ok(Tensor::from_shape(&[1, 3, height, width], &values)?.into())
}

/// Runs `plan`; the values of each output, in its own order of axes.
fn run(plan: &Plan, input: TValue) -> TractResult<Vec<Vec<f32>>> {
    let outputs = plan.run(tvec!(input))?;
    outputs.iter().map(|output| Ok(output.to_plain_array_view::<f32>()?.iter().copied().collect())).collect()
}
