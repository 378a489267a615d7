//! A face encoder in float.

use std::path::{Path, PathBuf};

use super::{Plan, Rgb, align, load, network_error, planes, run};
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
    side: usize,
    normalization: Normalization,
}

impl Encoder {
    /// Loads the ONNX file at `path`, for faces of `side` x `side` pixels.
    ///
    /// # Errors
    /// [`Error::Network`] if it cannot be read or does not take a picture of that size.
    pub fn load(path: &Path, side: usize, normalization: Normalization) -> Result<Self, Error> {
        Ok(Self { path: path.to_owned(), plan: load(path, side, side)?, side, normalization })
    }

    /// The face with `landmarks`, aligned for this encoder.
    pub fn align(&self, picture: Rgb, landmarks: &[[f32; 2]; 5]) -> Vec<u8> {
        align(picture, landmarks, self.side)
    }

    /// The embedding of an aligned face, of unit length.
    ///
    /// # Errors
    /// [`Error::Network`] if the network fails or has no output.
    pub fn embed(&self, face: &[u8]) -> Result<Vec<f32>, Error> {
        let Self { side, normalization: Normalization { mean, scale }, .. } = *self;
        let value = |channel: usize, row: usize, column: usize| {
            (f32::from(face[(row * side + column) * 3 + channel]) - mean[channel]) * scale
        };
        let outputs = planes(side, side, value)
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
