//! A network with its layers by name, and how pixels become its input.

use autodiff::{LayerId, Network};

use crate::Error;
use crate::picture::Picture;

/// How pixels 0 to 255 become a network's input: `(pixel - mean) * scale`, channels in its order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocessing {
    /// Channels are blue, green, red.
    pub bgr: bool,
    /// Subtracted first, in the network's order of channels.
    pub mean: [f32; 3],
    /// Multiplied then.
    pub scale: f32,
}

/// A layer by the name that people use, and the name that the ONNX file has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerName {
    /// As options name it.
    pub name: String,
    /// A node of the file.
    pub node: String,
}

/// A network that looks at pictures.
pub struct Features {
    pub(crate) network: Network,
    preprocessing: Preprocessing,
    names: Vec<String>,
}

impl Features {
    /// Reads what `layers` need of the ONNX file `bytes`.
    ///
    /// # Errors
    /// Those of [`Network::read`], and a network that does not take three channels.
    pub fn read(bytes: &[u8], preprocessing: Preprocessing, layers: &[LayerName]) -> Result<Self, Error> {
        let nodes: Vec<&str> = layers.iter().map(|layer| &*layer.node).collect();
        Self::new(Network::read(bytes, &nodes)?, preprocessing, layers)
    }

    /// A network whose layers are called, in their order, as `layers` are.
    ///
    /// # Errors
    /// A network that does not take three channels.
    pub fn new(network: Network, preprocessing: Preprocessing, layers: &[LayerName]) -> Result<Self, Error> {
        if network.channels != 3 {
            return Err(Error::Channels(network.channels));
        }
        Ok(Self { network, preprocessing, names: layers.iter().map(|layer| layer.name.clone()).collect() })
    }

    /// Pools by the mean from now on, rather than by the largest value.
    pub fn pool_by_mean(&mut self) {
        self.network.pool_by_mean();
    }

    /// The layer called `name`.
    ///
    /// # Errors
    /// [`Error::Layer`], where it is none of those that were read.
    pub fn layer(&self, name: &str) -> Result<LayerId, Error> {
        let place = self.names.iter().position(|known| known == name);
        place.map(|place| self.network.layers[place]).ok_or_else(|| Error::Layer(name.into()))
    }

    /// The network's input for a picture.
    pub fn input(&self, picture: &Picture) -> Vec<f32> {
        let Preprocessing { bgr, mean, scale } = self.preprocessing;
        let pixel = |rgb: &[f32]| {
            let [a, b, c] = if bgr { [rgb[2], rgb[1], rgb[0]] } else { [rgb[0], rgb[1], rgb[2]] };
            [(a - mean[0]) * scale, (b - mean[1]) * scale, (c - mean[2]) * scale]
        };
        picture.values.chunks_exact(3).flat_map(pixel).collect()
    }

    /// The derivative by pixels, from that by the network's input, in place.
    pub fn to_pixels(&self, gradient: &mut [f32]) {
        for pixel in gradient.chunks_exact_mut(3) {
            if self.preprocessing.bgr {
                pixel.swap(0, 2);
            }
            pixel.iter_mut().for_each(|value| *value *= self.preprocessing.scale);
        }
    }
}
