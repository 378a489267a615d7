//! The network that looks at pictures: VGG16 as the manifest has it, or any ONNX file.

use std::path::PathBuf;

use anyhow::{Context, bail};
use models::{Channels, Manifest};
use style::{Features, LayerName, Preprocessing, Weights};

use crate::numbers::{finite, positive};

/// The network where the user names none.
const DEFAULT: &str = "vgg16";

/// Options about the network.
#[derive(Clone, Default, clap::Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// An ONNX network to use instead of VGG16. Its layers have the names of its nodes
    #[arg(long, value_name = "ONNX")]
    network: Option<PathBuf>,

    /// What that network subtracts from pixels 0 to 255, in its order of channels
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', requires = "network", allow_negative_numbers = true,
        value_parser = finite::<f32>)]
    mean: Vec<f32>,

    /// What it multiplies them with then
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 1.0,
        value_parser = positive::<f32>,
        help_heading = "Network",
        requires = "network"
    )]
    scale: f32,

    /// It takes blue before red
    #[arg(long, requires = "network")]
    bgr: bool,

    /// Pool by the mean of a window rather than by its largest value
    #[arg(long)]
    mean_pooling: bool,
}

impl NetworkArgs {
    /// Reads what the layers of `weights` need of the network.
    pub fn read(&self, weights: &Weights) -> anyhow::Result<Features> {
        let layers = weights.content_layers.iter().chain(&weights.style_layers);
        let mut names: Vec<&str> = layers.map(|(name, _)| &**name).collect();
        names.sort_unstable();
        names.dedup();
        let (path, preprocessing, layers) = match &self.network {
            Some(path) => (path.clone(), self.preprocessing()?, names.iter().map(|name| own(name)).collect()),
            None => default(&names)?,
        };
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut features =
            Features::read(&bytes, preprocessing, &layers).with_context(|| path.display().to_string())?;
        if self.mean_pooling {
            features.pool_by_mean();
        }
        Ok(features)
    }

    fn preprocessing(&self) -> anyhow::Result<Preprocessing> {
        let mean = match *self.mean {
            [] => [0.0; 3],
            [mean] => [mean; 3],
            [a, b, c] => [a, b, c],
            _ => bail!("--mean takes one number or three"),
        };
        Ok(Preprocessing { bgr: self.bgr, mean, scale: self.scale })
    }
}

/// VGG16 with the layers by the names that the field has for them.
fn default(names: &[&str]) -> anyhow::Result<(PathBuf, Preprocessing, Vec<LayerName>)> {
    let manifest = Manifest::read(DEFAULT)?;
    let (input, layers) = (&manifest.input, &manifest.layers);
    let preprocessing =
        Preprocessing { bgr: input.channels == Channels::Bgr, mean: input.mean, scale: input.scale };
    let named = names.iter().map(|&name| match layers.get(name) {
        Some(node) => Ok(LayerName { name: name.into(), node: node.clone() }),
        None => {
            let known: Vec<&str> = layers.keys().map(String::as_str).collect();
            bail!("{DEFAULT} has no layer {name}; it has {}", known.join(", "))
        }
    });
    let named = named.collect::<anyhow::Result<_>>()?;
    Ok((manifest.onnx()?, preprocessing, named))
}

fn own(name: &str) -> LayerName {
    LayerName { name: name.into(), node: name.into() }
}
