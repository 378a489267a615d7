//! `postern stylize`: a picture with the content of one and the style of others.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use pictures::Photo;
use serde_json::json;
use style::{Method, PRESETS, Picture, Preset, Region, Settings, Start, Style, Weights};

use crate::output::{Outcome, Output};

mod network;
mod watch;

use network::NetworkArgs;
use watch::{Watch, WatchArgs};

/// Steps that L-BFGS remembers: more than these did not lower the final cost.
const HISTORY: usize = 10;

/// Side below which a picture is not worth a size of its own on the way from coarse to fine.
const LEAST_SIDE: usize = 128;

/// Options of `postern stylize`.
#[derive(clap::Args)]
pub struct Args {
    /// The picture to paint
    content: PathBuf,

    /// The picture whose style it takes; several are blended
    #[arg(required = true, value_name = "STYLE")]
    styles: Vec<PathBuf>,

    /// Where to write the picture: .png, .jpg or .webp
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Longer side of the picture in pixels
    #[arg(short, long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(32..=8192))]
    size: u32,

    /// Weights and layers that go together: painting, course
    #[arg(short, long, default_value = PRESETS[0].name, value_parser = preset)]
    preset: &'static Preset,

    /// How much each style counts, in their order
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    blend: Vec<f64>,

    /// Factor of the content cost [default: the preset's]
    #[arg(long, help_heading = "Costs")]
    alpha: Option<f64>,

    /// Factor of the style cost [default: the preset's]
    #[arg(long, help_heading = "Costs")]
    beta: Option<f64>,

    /// Factor of the total variation, which smooths [default: the preset's]
    #[arg(long, value_name = "FACTOR", help_heading = "Costs")]
    variation: Option<f64>,

    /// Layers of the content with their weights [default: the preset's]
    #[arg(long, value_name = "LAYER=WEIGHT,…", value_delimiter = ',', value_parser = layer, help_heading = "Costs")]
    content_layers: Vec<(String, f64)>,

    /// Layers of the style with their weights [default: the preset's]
    #[arg(long = "layers", value_name = "LAYER=WEIGHT,…", value_delimiter = ',', value_parser = layer, help_heading = "Costs")]
    style_layers: Vec<(String, f64)>,

    /// Size of the style as a share of the picture's: larger makes larger strokes
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, help_heading = "Costs")]
    style_scale: f64,

    /// Evaluations of the costs at the last size; twice as many at the sizes before
    #[arg(short, long, default_value_t = 200, help_heading = "Search")]
    iterations: usize,

    /// Sizes on the way from coarse to fine, each half of the next
    #[arg(long, default_value_t = 3, help_heading = "Search")]
    scales: usize,

    /// How to search: lbfgs, or adam
    #[arg(long, default_value = "lbfgs", help_heading = "Search")]
    optimizer: Optimizer,

    /// Length of Adam's steps in pixel values
    #[arg(long, default_value_t = 5.0, help_heading = "Search")]
    rate: f64,

    /// Where to start: content, noise, or a picture
    #[arg(long, value_name = "START", default_value = "content", help_heading = "Search")]
    start: String,

    /// Of the noise; the same seed gives the same picture
    #[arg(long, default_value_t = 0, help_heading = "Search")]
    seed: u64,

    /// Pool by the mean of a window rather than by its largest value
    #[arg(long, help_heading = "Network")]
    mean_pooling: bool,

    #[command(flatten)]
    network: NetworkArgs,

    #[command(flatten)]
    watch: WatchArgs,
}

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Optimizer {
    /// Limited-memory BFGS with a line search.
    Lbfgs,
    /// Adam.
    Adam,
}

/// Makes one picture.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let content = open(&args.content)?;
    let settings = args.settings()?;
    let regions = [Region { guide: None, styles: args.styles()? }];
    let layers = settings.weights.content_layers.iter().chain(&settings.weights.style_layers);
    let mut names: Vec<&str> = layers.map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.dedup();
    let mut features = args.network.read(&names)?;
    if args.mean_pooling {
        features.pool_by_mean();
    }
    let mut watch = Watch::new(&args.watch)?;
    let picture =
        style::stylize(&features, &content, &regions, &settings, &mut |progress| watch.see(progress))?;
    let costs = watch.finish();
    save(&picture, &args.output)?;
    let report = json!({
        "picture": args.output, "width": picture.width, "height": picture.height,
        "cost": costs.total, "content": costs.content, "style": costs.style, "variation": costs.variation,
    });
    output.print(&report, |out| {
        let path = args.output.display();
        writeln!(out, "{path}: {}x{}, cost {:.4e}", picture.width, picture.height, costs.total)
    })?;
    Ok(Outcome::Done)
}

impl Args {
    fn styles(&self) -> anyhow::Result<Vec<Style>> {
        let (given, wanted) = (self.blend.len(), self.styles.len());
        ensure!(given == 0 || given == wanted, "--blend has {given} weights for {wanted} styles");
        ensure!(self.blend.iter().all(|&weight| weight > 0.0), "the weights of --blend must be positive");
        let style = |(number, path): (usize, &PathBuf)| {
            Ok(Style { picture: open(path)?, weight: self.blend.get(number).copied().unwrap_or(1.0) })
        };
        self.styles.iter().enumerate().map(style).collect()
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        ensure!(self.style_scale > 0.0, "--style-scale must be positive");
        let sides = sides(self.size as usize, self.scales.max(1));
        let coarse = sides.len() - 1;
        let evaluations = (0..sides.len())
            .map(|number| if number < coarse { 2 * self.iterations } else { self.iterations });
        Ok(Settings {
            weights: self.weights(),
            evaluations: evaluations.collect(),
            sides,
            style_scale: self.style_scale,
            method: match self.optimizer {
                Optimizer::Lbfgs => Method::Lbfgs(HISTORY),
                Optimizer::Adam => Method::Adam(self.rate),
            },
            start: match &*self.start {
                "content" => Start::Content,
                "noise" => Start::Noise,
                path => Start::Picture(open(Path::new(path))?),
            },
            seed: self.seed,
        })
    }

    /// The preset's weights with what other options put in their place.
    fn weights(&self) -> Weights {
        let mut weights = self.preset.weights();
        weights.content = self.alpha.unwrap_or(weights.content);
        weights.style = self.beta.unwrap_or(weights.style);
        weights.variation = self.variation.unwrap_or(weights.variation);
        if !self.content_layers.is_empty() {
            weights.content_layers.clone_from(&self.content_layers);
        }
        if !self.style_layers.is_empty() {
            weights.style_layers.clone_from(&self.style_layers);
        }
        weights
    }
}

/// Sizes from coarse to fine, each half of the next.
fn sides(last: usize, count: usize) -> Vec<usize> {
    let halves = (0..count).map(|halved| last >> halved);
    let mut sides: Vec<usize> = halves.filter(|&side| side == last || side >= LEAST_SIDE).collect();
    sides.reverse();
    sides
}

fn open(path: &Path) -> anyhow::Result<Picture> {
    Ok(Picture::from(&Photo::open(path)?))
}

fn save(picture: &Picture, path: &Path) -> anyhow::Result<()> {
    let photo = picture.to_photo().context("the picture has no pixels")?;
    Ok(photo.save(path)?)
}

fn preset(name: &str) -> anyhow::Result<&'static Preset> {
    let known =
        || PRESETS.iter().map(|preset| format!("{} ({})", preset.name, preset.about)).collect::<Vec<_>>();
    PRESETS
        .iter()
        .find(|preset| preset.name == name)
        .with_context(|| format!("there are {}", known().join("; ")))
}

/// `NAME=WEIGHT`, or a name with weight 1.
fn layer(text: &str) -> anyhow::Result<(String, f64)> {
    let (name, weight) = text.rsplit_once('=').unwrap_or((text, "1"));
    let weight: f64 = weight.parse().with_context(|| format!("{weight} is no weight"))?;
    if !(weight.is_finite() && weight >= 0.0) {
        bail!("the weight of {name} must not be negative");
    }
    Ok((name.into(), weight))
}
