//! A published network, run in float by the compiler's executor.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use compiler::{CalibrationRecord, Graph, Method, Options, Preprocessing, basis};
use models::{Basis, Channels, Kind, Manifest};

use crate::{Error, Result};

/// A picture in RGB, rows top to bottom, as the networks' authors used them.
#[derive(Clone, Copy, Debug)]
pub struct Rgb<'a> {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height * 3` bytes.
    pub pixels: &'a [u8],
}

/// A network for pictures of any size that its strides divide.
pub struct Network {
    path: PathBuf,
    onnx: Vec<u8>,
    options: Options,
    /// One graph for each input size: pictures of a data set are often of one size.
    graphs: Mutex<HashMap<[usize; 2], Arc<Graph>>>,
}

/// The compiler's options for the model of `manifest`.
///
/// # Errors
/// [`Error::Preprocessing`].
pub fn options(manifest: &Manifest, method: Method) -> Result<Options> {
    let input = &manifest.input;
    let [mean, green, blue] = input.mean;
    if mean != green || mean != blue {
        return Err(Error::Preprocessing { name: manifest.name.clone() });
    }
    let calibration = manifest.calibration.iter().flat_map(|table| &table.points);
    Ok(Options {
        name: manifest.name.clone(),
        kind: match manifest.kind {
            Kind::Detector => compiler::Kind::Detector,
            Kind::Liveness => compiler::Kind::Liveness,
            Kind::Encoder | Kind::Features | Kind::Painter => compiler::Kind::Encoder,
        },
        preprocessing: Preprocessing { bgr: input.channels == Channels::Bgr, mean, scale: input.scale },
        input_size: Some([input.height, input.width]),
        method,
        calibration: calibration
            .map(|point| CalibrationRecord {
                one_in: point.one_in,
                threshold: point.threshold,
                estimate: point.estimate,
                basis: match point.basis {
                    Basis::Measured => basis::MEASURED,
                    Basis::Modelled => basis::MODELLED,
                    Basis::Unproven => basis::UNPROVEN,
                },
            })
            .collect(),
    })
}

impl Network {
    /// The published network of the model of `manifest`.
    ///
    /// # Errors
    /// [`Error::Model`] if it is not fetched; [`Error::File`], [`Error::Preprocessing`].
    pub fn open(manifest: &Manifest) -> Result<Self> {
        let path = manifest.onnx()?;
        let onnx = std::fs::read(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        Ok(Self { path, onnx, options: options(manifest, Method::default())?, graphs: Mutex::default() })
    }

    /// An encoder in a file that a training here wrote. It prepares the pixels itself.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn trained(path: &Path) -> Result<Self> {
        let onnx = std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
        let options = Options {
            name: String::new(),
            kind: compiler::Kind::Encoder,
            preprocessing: Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
            input_size: None,
            method: Method::default(),
            calibration: Vec::new(),
        };
        Ok(Self { path: path.into(), onnx, options, graphs: Mutex::default() })
    }

    /// Width of the input that the file itself gives, in pixels.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn side(&self) -> Result<usize> {
        let graph = compiler::read(&self.onnx, &self.options);
        let graph = graph.map_err(|source| Error::Network { path: self.path.clone(), source })?;
        Ok(graph.input_shape().width)
    }

    /// The outputs for a picture, each NHWC, before a sigmoid or softmax at the end of the network.
    ///
    /// # Errors
    /// [`Error::Network`] if the network does not take pictures of this size.
    pub fn run(&self, picture: Rgb) -> Result<Vec<Vec<f32>>> {
        let graph = self.graph([picture.height, picture.width])?;
        Ok(compiler::float::run(&graph, picture.pixels, |_, _, _| {}))
    }

    /// The network's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of the network's file.
    pub fn onnx(&self) -> &[u8] {
        &self.onnx
    }

    /// The graph for an input of this height and width.
    pub(crate) fn graph(&self, size: [usize; 2]) -> Result<Arc<Graph>> {
        // A thread that panicked here left a complete graph or none.
        let mut graphs = self.graphs.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(graph) = graphs.get(&size) {
            return Ok(Arc::clone(graph));
        }
        let options = Options { input_size: Some(size), ..self.options.clone() };
        let graph = compiler::read(&self.onnx, &options)
            .map_err(|source| Error::Network { path: self.path.clone(), source })?;
        let graph = Arc::new(graph);
        graphs.insert(size, Arc::clone(&graph));
        Ok(graph)
    }
}
