//! A face encoder in float.

use std::path::{Path, PathBuf};

use super::align::SIDE;
use super::{Plan, load, network_error, planes, run};
use crate::Error;

/// How pixels become what the network was trained on: `(pixel - mean) * scale`, in RGB.
#[derive(Clone, Copy, Debug)]
pub struct Normalization {
    /// Subtracted first, by channel.
    pub mean: [f32; 3],
    /// Multiplied then.
    pub scale: f32,
}

/// An encoder of aligned faces.
pub struct Encoder {
    path: PathBuf,
    plan: Plan,
    normalization: Normalization,
}

impl Encoder {
    /// Loads the ONNX file at `path`.
    ///
    /// # Errors
    /// [`Error::Network`] if it cannot be read or does not take a 112 x 112 picture.
    pub fn load(path: &Path, normalization: Normalization) -> Result<Self, Error> {
        Ok(Self { path: path.to_owned(), plan: load(path, SIDE, SIDE)?, normalization })
    }

    /// The embedding of an aligned face, of unit length.
    ///
    /// # Errors
    /// [`Error::Network`] if the network fails or has no output.
    pub fn embed(&self, face: &[u8]) -> Result<Vec<f32>, Error> {
        let Normalization { mean, scale } = self.normalization;
        let value = |channel: usize, row: usize, column: usize| {
            (f32::from(face[(row * SIDE + column) * 3 + channel]) - mean[channel]) * scale
        };
        let outputs = planes(SIDE, SIDE, value)
            .and_then(|input| run(&self.plan, input))
            .map_err(|error| network_error(&self.path, &error))?;
        let Some(mut embedding) = outputs.into_iter().next() else {
            return Err(Error::Network { path: self.path.clone(), problem: "it has no output".into() });
        };
        let length = embedding.iter().map(|value| value * value).sum::<f32>().sqrt();
        embedding.iter_mut().for_each(|value| *value /= length.max(f32::MIN_POSITIVE));
        Ok(embedding)
    }
}
