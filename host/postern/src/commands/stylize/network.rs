//! The network that looks at pictures: VGG16 as the manifest has it, or any ONNX file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use style::{Features, LayerName, Preprocessing, Weights};

use crate::models::{self, Channels};

/// The network where the user names none.
const DEFAULT: &str = "vgg16";

/// Options about the network.
#[derive(Clone, Default, clap::Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// An ONNX network in place of VGG16; its layers are then named as its nodes are
    #[arg(long, value_name = "ONNX")]
    network: Option<PathBuf>,

    /// What that network subtracts from pixels 0 to 255, in its order of channels
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', requires = "network")]
    mean: Vec<f32>,

    /// What it multiplies them with then
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 1.0,
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

/// `models/NAME/manifest.toml` of a network that gives features.
#[derive(Deserialize)]
struct Manifest {
    input: Input,
    layers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Input {
    channels: Channels,
    mean: [f32; 3],
    scale: f32,
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
    let path = models::manifest_path(DEFAULT)?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let Manifest { input, layers } =
        toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
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
    Ok((fetched(&models::cache(&format!("models/{DEFAULT}.onnx"))?)?, preprocessing, named))
}

/// A network that `cargo xtask setup --style` fetches.
pub fn fetched(path: &Path) -> anyhow::Result<PathBuf> {
    if !path.is_file() {
        bail!("{} is not there: run `cargo xtask setup --style`", path.display());
    }
    Ok(path.to_owned())
}

fn own(name: &str) -> LayerName {
    LayerName { name: name.into(), node: name.into() }
}
