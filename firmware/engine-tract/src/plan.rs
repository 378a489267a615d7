//! A float encoder that is ready to run.

use core::fmt;
use std::sync::Arc;

use bytemuck::pod_read_unaligned;
use nn::Model;
use nn::format::{FLOAT_MAGIC, FloatRecord};
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;

use crate::Error;

/// The largest value of an embedding as it is given to the pipeline. The size of an embedding does not matter.
const LARGEST: f32 = 32_767.0;

/// The values that an embedding may have.
const DIMENSIONS: [usize; 4] = [64, 128, 256, 512];

/// A network that is ready to run.
pub struct Plan {
    network: Network,
    record: FloatRecord,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plan({:?})", self.record)
    }
}

impl Plan {
    /// Prepares the network of an image, and runs it once.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn load(model: &Model<'_>) -> Result<Self, Error> {
        if !model.is_float() {
            return Err(Error::NotFloat);
        }
        let (head, onnx) = model
            .data()
            .split_at_checked(size_of::<FloatRecord>())
            .ok_or(Error::Inconsistent("it ends before its file"))?;
        let record: FloatRecord = pod_read_unaligned(head);
        let finite = record.mean.iter().chain([&record.scale]).all(|value| value.is_finite());
        if record.magic != FLOAT_MAGIC || record.bgr > 1 || record.reserved != [0; 2] || !finite {
            return Err(Error::Inconsistent("its preprocessing"));
        }
        let input = model.input();
        if input.height != input.width || input.channels != 3 {
            return Err(Error::Inconsistent("its input"));
        }
        let plan = Self { network: Network::read(onnx, input.width)?, record };
        let dimension = plan.embed(&vec![0; input.len()])?.len();
        if model.output(0).is_none_or(|output| output.shape.len() != dimension) {
            return Err(Error::Inconsistent("its output"));
        }
        Ok(plan)
    }

    /// Runs the network on the input in `arena`, and writes its output there.
    ///
    /// # Errors
    /// [`Error::NotANumber`], [`Error::Zeros`], [`Error::Arena`], [`Error::Refused`].
    pub fn run(&self, model: &Model<'_>, arena: &mut [i8]) -> Result<(), Error> {
        let embedding = self.embed(model.input_mut(arena))?;
        let output = model.output_mut(arena, 0);
        if output.len() != 2 * embedding.len() {
            return Err(Error::Arena);
        }
        for (to, value) in output.chunks_exact_mut(2).zip(embedding) {
            let bytes = value.to_le_bytes();
            to.copy_from_slice(&bytes.map(|byte| byte as i8));
        }
        Ok(())
    }

    /// The values that the network in an ONNX file gives for a picture with this side.
    ///
    /// # Errors
    /// As [`Plan::load`].
    pub fn dimension(onnx: &[u8], side: usize) -> Result<usize, Error> {
        let values = Network::read(onnx, side)?.run(vec![0.0; side * side * 3])?.len();
        if DIMENSIONS.contains(&values) { Ok(values) } else { Err(Error::Output { found: values }) }
    }

    /// The embedding of an aligned crop, of which the largest value has the magnitude [`LARGEST`].
    fn embed(&self, crop: &[i8]) -> Result<Vec<i16>, Error> {
        let FloatRecord { bgr, mean, scale, .. } = self.record;
        let value = |pixel: &[i8], channel: usize| {
            let from = if bgr == 1 { 2 - channel } else { channel };
            (f32::from(pixel[from]) + 128.0 - mean[channel]) * scale
        };
        let pixels = || crop.chunks_exact(3);
        let input: Vec<f32> = match self.network.layout {
            Layout::Rows => {
                pixels().flat_map(|pixel| [0, 1, 2].map(|channel| value(pixel, channel))).collect()
            }
            Layout::Planes => {
                (0..3).flat_map(|channel| pixels().map(move |pixel| value(pixel, channel))).collect()
            }
        };
        let embedding = self.network.run(input)?;
        if !embedding.iter().all(|value| value.is_finite()) {
            return Err(Error::NotANumber);
        }
        let largest = embedding.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        if largest < f32::MIN_POSITIVE {
            return Err(Error::Zeros);
        }
        Ok(embedding.iter().map(|value| (value / largest * LARGEST).round() as i16).collect())
    }
}

/// Where the channels of a picture are.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// NCHW, as most files have it.
    Planes,
    /// NHWC.
    Rows,
}

/// What tract runs.
struct Network {
    runnable: Arc<TypedRunnableModel>,
    side: usize,
    layout: Layout,
}

impl Network {
    /// Prepares the network of an ONNX file for one picture with this side.
    fn read(onnx: &[u8], side: usize) -> Result<Self, Error> {
        let read = tract_onnx::onnx().model_for_read(&mut &*onnx);
        let model = read.map_err(|error| Error::Onnx(format!("{error:#}")))?;
        let lacking = model.nodes().iter().find_map(|node| {
            let name = node.op.name();
            Some(name.strip_prefix("Unimplemented(")?.trim_end_matches(')').to_owned())
        });
        if let Some(operator) = lacking {
            return Err(Error::Operator { operator });
        }
        let outputs = model.output_outlets().map_err(refused)?.len();
        if outputs != 1 {
            return Err(Error::Outputs { found: outputs });
        }
        let layout = layout(&model, side)?;
        let dims = match layout {
            Layout::Planes => [1, 3, side, side],
            Layout::Rows => [1, side, side, 3],
        };
        let prepare = || model.with_input_fact(0, f32::fact(dims).into())?.into_optimized()?.into_runnable();
        Ok(Self { runnable: prepare().map_err(refused)?, side, layout })
    }

    /// The output for an input in the network's layout.
    fn run(&self, input: Vec<f32>) -> Result<Vec<f32>, Error> {
        let dims = match self.layout {
            Layout::Planes => [1, 3, self.side, self.side],
            Layout::Rows => [1, self.side, self.side, 3],
        };
        let run = || -> TractResult<Vec<f32>> {
            let outputs = self.runnable.run(tvec![Tensor::from_shape(&dims, &input)?.into()])?;
            Ok(outputs[0].to_plain_array_view::<f32>()?.iter().copied().collect())
        };
        run().map_err(refused)
    }
}

/// The layout of the only input, if it can be one picture with this side in three channels.
fn layout(model: &InferenceModel, side: usize) -> Result<Layout, Error> {
    let inputs = model.input_outlets().map_err(refused)?.len();
    let fact = model.input_fact(0).map_err(refused)?;
    // A dimension that the file leaves open is `None`.
    let dims: Vec<Option<i64>> =
        fact.shape.dims().map(|dim| dim.concretize().and_then(|dim: TDim| dim.to_i64().ok())).collect();
    let is = |dim: Option<i64>, wanted: usize| dim.is_none_or(|dim| dim == wanted as i64);
    match dims[..] {
        [one, a, b, c] if inputs == 1 && is(one, 1) => {
            if is(a, 3) && is(b, side) && is(c, side) {
                return Ok(Layout::Planes);
            }
            if is(a, side) && is(b, side) && is(c, 3) {
                return Ok(Layout::Rows);
            }
        }
        // Nothing is said of the input.
        [] if inputs == 1 && fact.shape.is_open() => return Ok(Layout::Planes),
        _ => {}
    }
    let sides = dims.iter().map(|dim| dim.map_or("?".to_owned(), |dim| dim.to_string()));
    let mut found = sides.collect::<Vec<_>>().join("x");
    if inputs != 1 {
        found = format!("{inputs} inputs");
    }
    Err(Error::Input { found, side })
}

fn refused(error: TractError) -> Error {
    Error::Refused(format!("{error:#}"))
}
