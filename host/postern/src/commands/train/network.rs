//! Which network is trained, and from what it begins.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, ensure};
use encoder::graph::Graph;
use encoder::{Encoder, Freeze, Head, Optimizer, Preprocessing, Source, Spec, Trainable};
use sha2::{Digest, Sha256};
use train::data::Data;
use train::loss::Matrix;

use crate::numbers::{count, factor, positive, share};
use crate::output::note;
use crate::progress::Bar;
use models::{Channels, Manifest};

/// Options about the network.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Start with the weights of a model: its name, or an ONNX file that a training wrote
    #[arg(long, value_name = "NAME|ONNX", conflicts_with_all = ["input", "width", "depth", "features"])]
    from: Option<String>,

    /// Input side of a new network in pixels: 112, 96, 80 or 64
    #[arg(long, value_name = "PIXELS", default_value_t = train::SIDE, value_parser = side)]
    input: usize,

    /// Channels of a new network, as a share of MobileFaceNet's
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = positive::<f32>)]
    width: f32,

    /// Bottlenecks of a new network at its three sizes
    #[arg(long, value_name = "A,B,C", default_value = "4,6,2", value_parser = depth)]
    depth: [usize; 3],

    /// Channels of a new network before the map becomes one pixel, at width 1
    #[arg(long, value_name = "CHANNELS", default_value_t = 512, value_parser = count::<usize>)]
    features: usize,

    /// Values of an embedding [default: 128, or those of the model that it begins with]
    #[arg(long, value_name = "VALUES", value_parser = dimension)]
    dimension: Option<usize>,

    /// How to replace a model's last layer by one of --dimension values
    #[arg(long, value_name = "HEAD", requires = "from", default_value = "principal")]
    head: NewHead,

    /// Draw the channels of a model again that give the same whatever the picture, so that they learn
    #[arg(long, requires = "from")]
    revive: bool,

    /// Remove channels from a model's bottlenecks until it has this number of million multiply-adds
    #[arg(long, value_name = "MILLIONS", requires = "from", value_parser = positive::<f64>)]
    multiply_adds: Option<f64>,

    /// Put batch norms back where a model has them folded into its convolutions, so that it learns at a higher rate
    #[arg(long, requires = "from")]
    batch_norm: bool,

    /// Bring the slopes of its PReLUs to zero in the first half of the training: a network with ReLUs, for NPUs
    #[arg(long, conflicts_with = "rounding")]
    relu: bool,

    /// Keep this share of the weights that it begins with: each weight becomes the mean of the one before the training and the
    /// one after it
    #[arg(long, value_name = "SHARE", requires = "from", conflicts_with_all = ["batch_norm", "rounding", "relu"], value_parser = share)]
    keep_start: Option<f64>,

    /// Freeze the first N layers, or the layers with names that start with this text
    #[arg(long, value_name = "N|NAME", requires = "from")]
    freeze: Option<String>,

    /// Share of the weights that a step takes off, times the rate
    #[arg(long, value_name = "FACTOR", default_value_t = 1e-4, value_parser = factor::<f32>)]
    decay: f32,

    /// What computes
    #[arg(long, default_value = "processor")]
    engine: Computer,
}

/// What computes.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Computer {
    /// The processor, on all cores; the same weights on any machine
    Processor,
    /// A GPU through Vulkan, Metal or DirectX: says which program has it
    Wgpu,
    /// A GPU of NVIDIA: says which program has it
    Cuda,
}

impl Computer {
    /// This program computes on the processor alone.
    fn check(self) -> anyhow::Result<()> {
        let feature = match self {
            Self::Processor => return Ok(()),
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        };
        anyhow::bail!(
            "this program trains on the processor; for a GPU, the folder gpu/ of the source tree has a program of its \
             own: cargo run --release --manifest-path gpu/Cargo.toml --features {feature} -- FACES OUTPUT.onnx"
        )
    }
}

/// How a last layer is made.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum NewHead {
    /// Keep the principal components of its embeddings of these faces, turned towards the teacher's
    Principal,
    /// Draw a new one at random
    New,
}

impl NetworkArgs {
    /// The encoder before [`NetworkArgs::finish`], and a line that describes the finished one.
    pub fn build(&self, seed: u64) -> anyhow::Result<(Encoder, String)> {
        self.engine.check()?;
        let optimizer = Optimizer { decay: self.decay, ..Optimizer::default() };
        let mut described = format!("decay {}", self.decay);
        let mut encoder = match &self.from {
            None => {
                let spec = Spec {
                    input: [self.input; 2],
                    width: self.width,
                    depth: self.depth,
                    features: self.features,
                    dimension: self.dimension.unwrap_or(128),
                };
                described = format!("{spec:?}, {described}");
                Encoder::new(&spec, seed, optimizer)?
            }
            Some(from) => {
                let (onnx, preprocessing) = read(from)?;
                let head = match (self.dimension, self.head) {
                    (Some(dimension), NewHead::New) => Head::New { dimension, seed },
                    _ => Head::Keep,
                };
                let digest: [u8; 32] = Sha256::digest(&onnx).into();
                let values = self.dimension.map_or("its own".into(), |dimension| dimension.to_string());
                let kind = if head == Head::Keep { "principal" } else { "new" };
                described = format!(
                    "{from} (SHA-256 {}), {kind} head of {values} values, {described}",
                    hex::encode(digest)
                );
                Encoder::read(&Source { onnx: &onnx, preprocessing, head }, optimizer)
                    .with_context(|| from.clone())?
            }
        };
        if self.revive {
            described = format!("{described}, dead channels drawn again");
        }
        if let Some(millions) = self.multiply_adds {
            described = format!("{described}, {millions} M multiply-adds");
        }
        if self.batch_norm {
            described = format!("{described}, batch norms put back");
        }
        if self.relu {
            described = format!("{described}, PReLUs made ReLUs");
        }
        if let Some(layers) = &self.freeze {
            // That there are such layers shows now, before anything takes long.
            freeze(&mut encoder, layers)?;
            described = format!("{described}, frozen {layers}");
        }
        let (height, width) = encoder.input();
        ensure!(
            height == width && SIDES.contains(&width),
            "it takes faces of {height}x{width} pixels, and a board gives 64x64, 80x80, 96x96 or 112x112"
        );
        dimension(&self.dimension(&encoder).to_string())
            .map_err(|error| anyhow::anyhow!("{error}: give --dimension, for a new last layer"))?;
        Ok((encoder, described))
    }

    /// Values that the finished encoder gives.
    pub fn dimension(&self, encoder: &Encoder) -> usize {
        self.dimension.unwrap_or_else(|| encoder.dimension())
    }

    /// Makes a model what it is to be, if that is still to be done: with a last layer of fewer values, which are its
    /// principal components of the faces of the training, with dead channels drawn from `seed`, with fewer channels, and with batch norms. Of
    /// an encoder that is loaded from a checkpoint next, only the form counts. Weights that are kept for the end are returned, and are
    /// a file in `folder` for a training that is resumed.
    pub fn finish(
        &self,
        encoder: &mut Encoder,
        data: &Data,
        seed: u64,
        (folder, resume): (&Path, bool),
    ) -> anyhow::Result<Option<Graph>> {
        let kept = folder.join(START);
        if !resume && kept.is_file() {
            // That of the training which this one replaces.
            std::fs::remove_file(&kept).with_context(|| format!("cannot remove {}", kept.display()))?;
        }
        let is_loaded = resume && (self.keep_start.is_none() || kept.is_file());
        self.shorten(encoder, data, is_loaded)?;
        if self.revive && !is_loaded {
            let samples = train::run::samples(data, encoder.input(), REVIVE_SAMPLES)?;
            let count = encoder.revive(&samples, seed)?;
            note!("{count} dead channels are drawn again");
        }
        if let Some(millions) = self.multiply_adds {
            ensure!(millions.is_finite() && millions > 0.0, "--multiply-adds {millions} are none");
            let samples = train::run::samples(data, encoder.input(), SLIM_SAMPLES)?;
            encoder.slim((millions * 1e6) as usize, &samples)?;
        }
        if self.batch_norm {
            let samples = train::run::samples(data, encoder.input(), NORM_SAMPLES)?;
            let count = encoder.unfold(&samples)?;
            note!("{count} batch norms are put back");
        }
        if self.keep_start.is_some() && is_loaded {
            let mut file = File::open(&kept).with_context(|| format!("cannot read {}", kept.display()))?;
            encoder.load(&mut file).with_context(|| kept.display().to_string())?;
        } else if self.keep_start.is_some() {
            let mut state = Vec::new();
            encoder.save(&mut state)?;
            train::run::replace(&kept, &state)?;
        }
        if self.relu {
            encoder.fade();
        }
        self.freeze.iter().try_for_each(|layers| freeze(encoder, layers))?;
        Ok(self.keep_start.map(|_| encoder.graph().clone()))
    }

    /// Mixes what a training left with the weights that [`NetworkArgs::finish`] returned.
    pub fn mix(&self, encoder: &mut Encoder, start: Option<&Graph>) -> anyhow::Result<()> {
        let (Some(start), Some(share)) = (start, self.keep_start) else { return Ok(()) };
        Ok(encoder.average(start, share as f32)?)
    }

    fn shorten(&self, encoder: &mut Encoder, data: &Data, is_loaded: bool) -> anyhow::Result<()> {
        let (old, new) = (encoder.dimension(), self.dimension(encoder));
        if old == new {
            return Ok(());
        }
        ensure!(new < old, "it gives {old} values, and {new} are more: that takes --head new");
        // Which channels go depends on what reads them, so that the layer must be the one that it was.
        if is_loaded && self.multiply_adds.is_none() {
            encoder.project(&vec![0.0; old * new])?;
        } else {
            let bar = Bar::counted(data.train.len(), "principal components");
            let own = train::run::embed(encoder, data, &data.train, &mut |done| bar.inc(done as u64))?;
            bar.finish_and_clear();
            let teacher = data.teacher.as_ref().map(|teacher| {
                let values = data.train.iter().flat_map(|&picture| teacher.row(picture)).copied().collect();
                Matrix { columns: teacher.columns, values }
            });
            encoder.project(&train::principal_head(&own, new, teacher.as_ref())?)?;
        }
        Ok(())
    }
}

fn freeze(encoder: &mut Encoder, layers: &str) -> anyhow::Result<()> {
    Ok(encoder.freeze(layers.parse().map_or(Freeze::Named(layers), Freeze::First))?)
}

/// The bytes of a network, and what its input is made of.
pub fn read(from: &str) -> anyhow::Result<(Vec<u8>, Preprocessing)> {
    let file = Path::new(from);
    if file.extension().is_some_and(|extension| extension == "onnx") {
        let onnx = std::fs::read(file).with_context(|| format!("cannot read {from}"))?;
        // What a training writes prepares the pixels itself.
        return Ok((onnx, Preprocessing { mean: 0.0, scale: 1.0 }));
    }
    let manifest = Manifest::read(from)?;
    let [mean, green, blue] = manifest.input.mean;
    ensure!(mean == green && mean == blue, "{from}: one mean for all channels is supported");
    ensure!(manifest.input.channels == Channels::Rgb, "{from}: red must come first");
    let path = manifest.onnx()?;
    let onnx = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((onnx, Preprocessing { mean, scale: manifest.input.scale }))
}

/// Number of faces that decide which channels are kept.
const SLIM_SAMPLES: usize = 1024;

/// Number of faces that tell which channels are dead.
const REVIVE_SAMPLES: usize = 32;

/// Number of faces that give a batch norm its moments.
const NORM_SAMPLES: usize = 64;

/// The weights that a training began with, in its folder.
pub const START: &str = "start.pstntrain";

/// What a board cuts faces to.
const SIDES: [usize; 4] = [64, 80, 96, 112];

fn side(text: &str) -> Result<usize, String> {
    let side = text.parse().ok().filter(|side| SIDES.contains(side));
    side.ok_or_else(|| format!("{text} pixels: a board cuts faces to 64, 80, 96 or 112"))
}

fn depth(text: &str) -> Result<[usize; 3], String> {
    let parts: Option<Vec<usize>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    parts.and_then(|parts| parts.try_into().ok()).ok_or_else(|| format!("{text} is not like 4,6,2"))
}

/// What a template may have.
fn dimension(text: &str) -> Result<usize, String> {
    let values = text.parse().ok().filter(|n: &usize| n.is_power_of_two() && (64..=512).contains(n));
    values.ok_or_else(|| format!("{text} values: a template has 64, 128, 256 or 512"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_no_board_takes_are_refused() {
        assert_eq!((depth("1, 2,3"), dimension("128")), (Ok([1, 2, 3]), Ok(128)));
        assert_eq!((side("80"), side("100").is_err()), (Ok(80), true));
        assert!(depth("1,2").is_err() && dimension("100").is_err() && dimension("1024").is_err());
    }
}
