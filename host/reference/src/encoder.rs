//! A face encoder in float.

use std::path::Path;

use models::Manifest;

use crate::{Error, Network, Result, Rgb, align};

/// An encoder of aligned faces.
pub struct Encoder {
    network: Network,
    side: usize,
}

impl Encoder {
    /// The published network of the model of `manifest`.
    ///
    /// # Errors
    /// As [`Network::open`].
    pub fn open(manifest: &Manifest) -> Result<Self> {
        Ok(Self { network: Network::open(manifest)?, side: manifest.input.width })
    }

    /// The encoder in an ONNX file that a training here wrote.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Network`].
    pub fn trained(path: &Path) -> Result<Self> {
        let network = Network::trained(path)?;
        let side = network.side()?;
        Ok(Self { network, side })
    }

    /// The bytes of the network's file.
    pub fn onnx(&self) -> &[u8] {
        self.network.onnx()
    }

    /// The face with `landmarks`, aligned for this encoder.
    pub fn align(&self, picture: Rgb, landmarks: &[[f32; 2]; 5]) -> Vec<u8> {
        align(picture, landmarks, self.side)
    }

    /// The embedding of an aligned face, of unit length.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Outputs`].
    pub fn embed(&self, face: &[u8]) -> Result<Vec<f32>> {
        let outputs = self.network.run(Rgb { width: self.side, height: self.side, pixels: face })?;
        let Some(mut embedding) = outputs.into_iter().next() else {
            return Err(Error::Outputs { path: self.network.path().to_owned(), expected: "an encoder" });
        };
        let length = embedding.iter().map(|value| value * value).sum::<f32>().sqrt();
        embedding.iter_mut().for_each(|value| *value /= length.max(f32::MIN_POSITIVE));
        Ok(embedding)
    }
}
