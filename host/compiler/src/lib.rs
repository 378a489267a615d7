//! ONNX to quantized model image.
//!
//! [`compile`] goes through these stages:
//!
//! 1. [`onnx`] reads the file.
//! 2. [`lower`] turns its nodes into the few operators of [`graph`], with batch norms and activations folded.
//! 3. [`equalize`] evens out the ranges of channels.
//! 4. [`observe`] finds the range that each tensor uses on sample pictures.
//! 5. [`quantize`] turns weights and scales into integers.
//! 6. [`correct`] takes the mean error of this off the biases.
//! 7. [`prune`] removes dead channels.
//! 8. [`plan`] places the tensors in the arena.
//! 9. [`image`] writes the bytes.
//!
//! [`fidelity()`] then runs the image in the engine, and compares it with the float network, of which nothing is folded.
#![forbid(unsafe_code)]

pub mod correct;
pub mod equalize;
pub mod fidelity;
pub mod float;
pub mod graph;
pub mod image;
pub mod lower;
pub mod observe;
pub mod plan;
pub mod prune;
pub mod quantize;
pub mod removed;

mod error;

pub use error::Error;
pub use fidelity::Fidelity;
pub use graph::{Graph, Preprocessing};
pub use lower::Folding;
pub use nn::format::{CalibrationRecord, Kind, basis};
pub use quantize::Method;

use onnx::Model;

/// What to compile and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name in the image, at most 32 bytes.
    pub name: String,
    /// What the network is for.
    pub kind: Kind,
    /// How pixels become the input that the network was trained on.
    pub preprocessing: Preprocessing,
    /// Height and width of the input, where they differ from those in the file.
    pub input_size: Option<[usize; 2]>,
    /// How ranges are chosen and what is corrected.
    pub method: Method,
    /// Thresholds for false-match rates; an encoder's.
    pub calibration: Vec<CalibrationRecord>,
}

/// The greatest value that a tensor may have on a sample picture.
const MOST: f32 = 1e12;

/// What the compiler is at, for a progress bar: stage, done, of how many.
pub type Progress<'a> = dyn Fn(&str, usize, usize) + Sync + 'a;

/// Reads the network `onnx` into the float graph that all later stages start from.
pub fn read(onnx: &[u8], options: &Options) -> Result<Graph, Error> {
    lowered(onnx, options, Folding::Engine)
}

/// Reads the network `onnx` node by node, with nothing folded: the float graph that [`fidelity()`] compares with.
///
/// # Errors
/// As [`read`].
pub fn read_unfolded(onnx: &[u8], options: &Options) -> Result<Graph, Error> {
    lowered(onnx, options, Folding::None)
}

fn lowered(onnx: &[u8], options: &Options, folding: Folding) -> Result<Graph, Error> {
    let model = Model::parse(onnx)?;
    lower::lower(&model, options.kind, options.preprocessing, options.input_size, folding)
}

/// The bytes of the network in the file `path`, with the weights in them that lie in files beside it.
///
/// # Errors
/// A file cannot be read, or the weights are not where the network says.
pub fn read_file(path: &std::path::Path) -> Result<Vec<u8>, Error> {
    Ok(Model::read_file(path)?)
}

/// The files beside the network in the file `path` in which it has weights; none if it is no network.
pub fn files_beside(path: &std::path::Path) -> Vec<std::path::PathBuf> {
    Model::files_beside(path)
}

/// Height and width of the input that `onnx` is for; `None` where the file leaves one open.
pub fn input_size(onnx: &[u8]) -> Result<Option<[usize; 2]>, Error> {
    lower::input_size(&Model::parse(onnx)?)
}

/// Compiles `onnx` to a model image.
///
/// `samples` are pictures as the network will see them: RGB, `height * width * 3` bytes each. They
/// decide the ranges of activations; some dozens that resemble what the device will see are enough.
pub fn compile(
    onnx: &[u8],
    options: &Options,
    samples: &[Vec<u8>],
    progress: &Progress,
) -> Result<Vec<u8>, Error> {
    let network = integers(onnx, options, samples, progress)?;
    image::write(&network, &plan::plan(&network), options, onnx)
}

/// Runs `image`, which [`compile`] made of `onnx`, in the engine, and compares it with the float network of the file.
///
/// # Errors
/// As [`read`]; [`Error::Refused`] where the engine does not take the image.
pub fn fidelity(
    onnx: &[u8],
    options: &Options,
    image: &[u8],
    samples: &[Vec<u8>],
    progress: &Progress,
) -> Result<Fidelity, Error> {
    let graph = read_unfolded(onnx, options)?;
    fidelity::measure(&graph, options.kind, image, samples, &|n| {
        progress("fidelity", n, samples.len().min(64))
    })
}

/// The integer network of `onnx`, before its tensors have a place: what [`compile`] then writes.
pub fn integers(
    onnx: &[u8],
    options: &Options,
    samples: &[Vec<u8>],
    progress: &Progress,
) -> Result<quantize::Network, Error> {
    let mut graph = read(onnx, options)?;
    let expected = graph.input_shape().len();
    if let Some(sample) = samples.iter().find(|sample| sample.len() != expected) {
        return Err(Error::Sample { expected, found: sample.len() });
    }
    if samples.is_empty() {
        return Err(Error::NoSamples);
    }
    let count = samples.len();
    let mut ranges = observe::ranges(&graph, samples, &|n| progress("ranges", n, count));
    let is_infinite = |tensor: &usize| {
        graph.writer(*tensor).is_some() && ranges[*tensor].iter().flatten().any(|value| !value.is_finite())
    };
    if let Some(tensor) = (0..graph.tensors.len()).find(is_infinite) {
        let node = graph.tensors[tensor].name.clone();
        return Err(Error::Invalid { node, reason: "its values are not finite on a sample picture".into() });
    }
    let greatest = |tensor: usize| {
        ranges[tensor]
            .iter()
            .flatten()
            .filter(|value| value.is_finite())
            .fold(0f32, |most, value| most.max(value.abs()))
    };
    if let Some(tensor) = (0..graph.tensors.len()).find(|&tensor| greatest(tensor) > MOST) {
        let reason = format!(
            "its values reach {:.0e} on a sample picture, which no network of 8 bits follows; look for a weight of it that is \
             far too large",
            greatest(tensor)
        );
        return Err(Error::Invalid { node: graph.tensors[tensor].name.clone(), reason });
    }
    if options.method.equalize {
        equalize::equalize(&mut graph, &mut ranges);
    }
    let statistics = observe::statistics(&graph, samples, &ranges, &|n| progress("statistics", n, count));
    let mut network = quantize::quantize(&graph, &statistics, &options.method)?;
    if options.method.correct_bias {
        let steps = network.operators.len();
        correct::correct_bias(&mut network, &statistics, samples, &|n| progress("biases", n, steps));
    }
    if options.method.prune {
        prune::prune(&mut network);
    }
    Ok(network)
}
