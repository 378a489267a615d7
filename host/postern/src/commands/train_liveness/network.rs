//! `postern train-liveness network`: the network that scores a crop of a face.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Context, bail};
use compiler::{Kind, Method, Options, Preprocessing};
use encoder::Optimizer;
use models::ImageFile;
use train::pad::{Material, SEEN, Scale, Settings, Texture, Trained, fit, samples};
use train::run::{Schedule, replace};

use super::crops::{CropArgs, Weights};
use super::judged::{judge, rescaled};
use crate::answers::Sorted;
use crate::answers::models::TrainedNetwork;
use crate::numbers::{count, factor, finite, positive};
use crate::output::{Outcome, Output, note};
use crate::progress::Bar;

/// Steps between two lines of the log.
const LOGGED: usize = 50;

/// Options of `postern train-liveness network`.
#[derive(clap::Args)]
pub struct Args {
    /// The network's name, 32 bytes at most
    #[arg(long, value_name = "NAME", default_value = "liveness")]
    name: String,

    /// The folder to write to: network, image, manifest, checkpoint [default: train/NAME in the data folder]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Resume an interrupted training; it gives the same weights
    #[arg(long)]
    resume: bool,

    #[command(flatten)]
    crops: CropArgs,

    /// How often recorded living faces are drawn, relative to the other weights
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.2, value_parser = factor::<f32>)]
    weight_live: f32,

    /// How often recorded attacks are drawn
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.25, value_parser = factor::<f32>)]
    weight_attacks: f32,

    /// How often pictures of living faces are drawn, aligned ones and photographs each
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.08, value_parser = factor::<f32>)]
    weight_pictures: f32,

    /// How often rendered heads are drawn
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.12, value_parser = factor::<f32>)]
    weight_heads: f32,

    /// How often rendered prints are drawn, and rendered screens
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.06, value_parser = factor::<f32>)]
    weight_rendered: f32,

    /// How often prints and screens are drawn that are made of any living face
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.2, value_parser = factor::<f32>)]
    weight_simulated: f32,

    /// Channels of the first layer; the last one has four times as many
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = count::<usize>)]
    channels: usize,

    /// Blocks at the smallest map; with more of them each place sees more of the face
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count::<usize>)]
    blocks: usize,

    /// Steps in float
    #[arg(long, value_name = "N", default_value_t = 3000, value_parser = count::<usize>)]
    steps: usize,

    /// Steps after these with the board's rounding, at a tenth of the rate
    #[arg(long, value_name = "N", default_value_t = 300)]
    rounding: usize,

    /// Crops of a step
    #[arg(long, value_name = "N", default_value_t = 48, value_parser = count::<usize>)]
    batch: usize,

    /// The highest learning rate
    #[arg(long, value_name = "RATE", default_value_t = 2e-3, value_parser = positive::<f64>)]
    rate: f64,

    /// Share of the weights that a step takes off, times the rate
    #[arg(long, value_name = "FACTOR", default_value_t = 1e-3, value_parser = factor::<f32>)]
    decay: f32,

    /// Recorded people that the training leaves out: their frames give the scale of the scores
    #[arg(long, value_name = "PERSON", num_args = 1.., requires = "recorded", conflicts_with_all = ["factor", "offset"])]
    judge: Vec<String>,

    /// Multiply the logits by this, as another training's --judge found
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = positive::<f64>)]
    factor: f64,

    /// Add this to the logit of a living face after that
    #[arg(long, value_name = "LOGIT", default_value_t = 0.0, allow_negative_numbers = true, value_parser = finite::<f64>)]
    offset: f64,

    /// Seed of all that is drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl Args {
    fn weights(&self) -> Weights {
        Weights {
            live: self.weight_live,
            attacks: self.weight_attacks,
            pictures: self.weight_pictures,
            heads: self.weight_heads,
            rendered: self.weight_rendered,
        }
    }

    fn texture(&self) -> Texture {
        Texture { channels: self.channels, blocks: self.blocks }
    }
}

/// Trains the network and writes it.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let name = models::plain_name(&args.name)?;
    let out = args.out.clone().map_or_else(|| models::training(name), Ok)?;
    std::fs::create_dir_all(&out).with_context(|| format!("cannot write to {}", out.display()))?;
    let (groups, crops) = args.crops.collect(&args.weights(), &args.judge)?;
    note!("{crops}");
    let material = Material::new(groups, args.weight_simulated)
        .context("a training takes living faces, and attacks: --recorded, --aligned or --photos")?;
    let texture = args.texture();
    let mut network = texture.build(args.seed, Optimizer { decay: args.decay, ..Optimizer::default() })?;
    let settings = Settings {
        seed: args.seed,
        steps: args.steps,
        rounding: args.rounding,
        batch: args.batch,
        schedule: Schedule { rate: args.rate, warm_up: 0.1 },
        network: format!("{texture:?}, decay {}, {crops}", args.decay),
    };
    let bar = Bar::counted(args.steps + args.rounding, "steps");
    let mut log = Log::open(out.join("log.csv"), args.resume);
    let mut failed = None;
    let end = fit(&mut network, &material, &settings, &out, args.resume, &mut |done, loss| {
        bar.set_position(done as u64);
        match log.add(done, loss) {
            Ok(None) => return ControlFlow::Continue(()),
            Ok(Some(mean)) => {
                bar.suspend(|| note!("step {done}: loss {mean:.3}"));
                return ControlFlow::Continue(());
            }
            Err(error) => failed = Some(error),
        }
        ControlFlow::Break(())
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    bar.finish_and_clear();
    if end == Trained::Interrupted {
        bail!("broken off; the same command with --resume goes on from {}", out.display());
    }
    let mut onnx = network.to_onnx();
    let scale = match args.crops.recorded() {
        Some(folder) if !args.judge.is_empty() => {
            judge(folder, &args.judge, &compile(args, &onnx, &material)?)?
        }
        _ => Scale { factor: args.factor, offset: args.offset },
    };
    if (scale != Scale { factor: 1.0, offset: 0.0 }) {
        onnx = rescaled(&onnx, scale)?;
    }
    replace(&out.join(format!("{name}.onnx")), &onnx)?;
    let image = compile(args, &onnx, &material)?;
    let path = out.join(format!("{name}.pstn"));
    replace(&path, &image)?;
    let file = ImageFile::from_bytes(&image);
    let model = file.model()?;
    recognizer::Liveness::new(model).context("the image is no liveness network")?;
    let operators = (0..model.operator_count()).filter_map(|number| model.operator(number));
    let report = TrainedNetwork {
        image: path,
        bytes: image.len(),
        multiply_adds: operators.map(|operator| operator.multiply_adds()).sum(),
        steps: args.steps + args.rounding,
    };
    replace(&out.join("manifest.toml"), manifest(args, &settings, scale).as_bytes())?;
    let text = format!(
        "{}: {} bytes, {:.1} M multiply-adds, {} steps",
        report.image.display(),
        report.bytes,
        report.multiply_adds as f64 / 1e6,
        report.steps
    );
    output.print(&Sorted(report), |to| writeln!(to, "{text}"))?;
    Ok(Outcome::Done)
}

/// The losses of a training, a line for each [`LOGGED`] steps; a resumed one goes on with it.
struct Log {
    path: PathBuf,
    /// Mean loss by the last step of the line.
    means: BTreeMap<usize, f64>,
    /// Losses since the last line.
    since: Vec<f64>,
}

impl Log {
    fn open(path: PathBuf, resume: bool) -> Self {
        let text = if resume { std::fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        let line = |line: &str| {
            let (step, mean) = line.split_once(',')?;
            Some((step.parse().ok()?, mean.parse().ok()?))
        };
        Self { path, means: text.lines().filter_map(line).collect(), since: Vec::new() }
    }

    /// Adds the loss of a step; the mean where a line is full. Lines of steps that are done again are replaced.
    fn add(&mut self, step: usize, loss: f64) -> Result<Option<f64>, train::Error> {
        self.since.push(loss);
        if !step.is_multiple_of(LOGGED) {
            return Ok(None);
        }
        let mean = self.since.iter().sum::<f64>() / self.since.len() as f64;
        self.since.clear();
        self.means.insert(step, mean);
        let lines = self.means.iter().map(|(step, mean)| format!("{step},{mean:.4}\n"));
        replace(&self.path, format!("step,loss\n{}", lines.collect::<String>()).as_bytes())?;
        Ok(Some(mean))
    }
}

/// The image, with ranges from crops of the training.
fn compile(args: &Args, onnx: &[u8], material: &Material) -> anyhow::Result<Vec<u8>> {
    let inputs = samples(material, args.seed);
    let inputs: Vec<Vec<u8>> = inputs.pixels.chunks_exact(SEEN * SEEN * 3).map(<[u8]>::to_vec).collect();
    let learned = args.rounding > 0;
    let options = Options {
        name: args.name.clone(),
        kind: Kind::Liveness,
        // The network prepares the pixels itself.
        preprocessing: Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
        input_size: None,
        method: Method { equalize: !learned, correct_bias: !learned, ..Method::default() },
        calibration: Vec::new(),
    };
    let image = compiler::compile(onnx, &options, &inputs, &|_, _, _| ())?;
    Ok(compiler::fidelity(onnx, &options, &image, &inputs, &|_, _, _| ())?.recorded_in(&image)?)
}

fn manifest(args: &Args, settings: &Settings, scale: Scale) -> String {
    let command: Vec<String> = std::env::args().skip(1).collect();
    format!(
        "# A liveness network for a tight crop of the face, trained here. Class 0 is a living face, 1 a print, 2 a screen.\n\
         name = \"{name}\"\n\
         title = \"Postern liveness, {SEEN} x {SEEN}, 3 classes\"\n\
         kind = \"liveness\"\n\
         licence = \"MIT; trained on research data, see above\"\n\n\
         # Network input = (pixel - mean) * scale. The network itself contains the scaling. The crop is 1.2 times the box \
         of the face.\n\
         [input]\nwidth = {SEEN}\nheight = {SEEN}\nchannels = \"rgb\"\nmean = [0.0, 0.0, 0.0]\nscale = 1.0\n\n\
         [training]\ncommand = {command:?}\nseed = {seed}\nsteps = {steps}\nrounding = {rounding}\nnetwork = {network:?}\n\
         # Logits times the factor; the offset is added to that of a living face.\n\
         factor = {factor:.3}\noffset = {offset:.3}\n",
        name = args.name,
        command = format!("postern {}", command.join(" ")),
        seed = settings.seed,
        steps = settings.steps,
        rounding = settings.rounding,
        network = settings.network,
        factor = scale.factor,
        offset = scale.offset,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_resumed_training_goes_on_and_replaces_steps_done_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        let mut log = Log::open(path.clone(), false);
        for step in 1..=120 {
            log.add(step, if step <= 50 { 2.0 } else { 1.0 }).unwrap();
        }
        // The checkpoint was of step 90.
        let mut log = Log::open(path.clone(), true);
        for step in 91..=150 {
            log.add(step, 0.5).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "step,loss\n50,2.0000\n100,0.5000\n150,0.5000\n");
        assert!(Log::open(path, false).means.is_empty());
    }
}
