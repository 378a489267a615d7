//! `postern stylize`: a picture with the content of one and the style of others.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use imaging::{Photo, Tile};
use style::{Colours, Guide, Method, PRESETS, Picture, Preset, Region, Settings, Start, Style};

use crate::answers::Sorted;
use crate::answers::models::{Painted, Sheet};
use crate::numbers::{count, positive};
use crate::output::{Outcome, Output};
use crate::output_args::ForceArgs;

mod costs;
mod fast;
mod network;
mod vary;
mod watch;

use costs::CostArgs;
use network::NetworkArgs;
use vary::Vary;
use watch::{Watch, WatchArgs};

/// Steps that L-BFGS remembers: with as many as PyTorch it reaches the same final cost.
const HISTORY: usize = 10;

/// Side below which a picture is not worth a size of its own on the way from coarse to fine.
const LEAST_SIDE: usize = 128;

/// Evaluations of a portrait at its last size.
const PORTRAIT_ITERATIONS: usize = 60;

/// Side of a picture on a contact sheet.
const TILE_SIDE: u32 = 512;

/// Options of `postern stylize`.
#[derive(Clone, clap::Args)]
pub struct Args {
    /// The picture to paint
    content: PathBuf,

    /// The style picture; the styles of several pictures are blended
    #[arg(required = true, value_name = "STYLE")]
    styles: Vec<PathBuf>,

    /// Where to write the picture: .png, .jpg or .webp
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    force: ForceArgs,

    /// Longer side of the picture in pixels
    #[arg(short, long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(32..=8192))]
    size: u32,

    /// A set of weights and layers: painting, course
    #[arg(short, long, default_value = PRESETS[0].name, value_parser = preset)]
    preset: &'static Preset,

    /// Weight of each style, in their order
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = positive::<f64>)]
    blend: Vec<f64>,

    /// The source of the picture's colours
    #[arg(long, value_enum, default_value_t = KeptColours::Style)]
    colours: KeptColours,

    /// A picture that is white where it is painted and black where the content stays
    #[arg(long, value_name = "FILE")]
    mask: Option<PathBuf>,

    /// The style of the black area of the mask. Without it, that area keeps the content picture
    #[arg(long, value_name = "STYLE", requires = "mask")]
    elsewhere: Option<PathBuf>,

    /// Paint in one pass, in a second, at 384 pixels at most
    #[arg(long)]
    fast: bool,

    /// After --fast, go on by optimisation from what it painted
    #[arg(long, requires = "fast")]
    refine: bool,

    /// Make a contact sheet that varies one option: alpha, beta, variation, style-scale, iterations, seed or preset
    #[arg(long, value_name = "OPTION=A,B,…")]
    vary: Option<Vary>,

    #[command(flatten)]
    costs: CostArgs,

    #[command(flatten)]
    search: SearchArgs,

    #[command(flatten)]
    network: NetworkArgs,

    #[command(flatten)]
    watch: WatchArgs,
}

/// How it is minimised.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Search")]
struct SearchArgs {
    /// Evaluations of the costs at the last size; twice as many at the sizes before
    #[arg(short, long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    iterations: u32,

    /// Sizes on the way from coarse to fine, each half of the next
    #[arg(long, default_value_t = 3, value_parser = count::<usize>)]
    scales: usize,

    /// The optimiser
    #[arg(long, value_enum, default_value_t = Optimizer::Lbfgs)]
    optimizer: Optimizer,

    /// Length of Adam's steps in pixel values
    #[arg(long, default_value_t = 5.0, value_parser = positive::<f64>)]
    rate: f64,

    /// Where to start: content, noise, or a picture
    #[arg(long, value_name = "START", default_value = "content")]
    start: String,

    /// Seed of the noise; the same seed gives the same picture
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Maximum memory in GiB [default: the free memory]
    #[arg(long, value_name = "GIB", value_parser = positive::<f64>)]
    memory: Option<f64>,
}

/// The optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Optimizer {
    /// Limited-memory BFGS with a line search
    Lbfgs,
    /// Adam: more evaluations, less memory
    Adam,
}

/// The source of the picture's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum KeptColours {
    /// The style's
    Style,
    /// The content's, by matching the style's histogram to it
    Histogram,
    /// The content's, by painting brightness alone
    Luminance,
}

/// Makes one picture, or a contact sheet.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    // What cannot be written in the end is refused before the work.
    args.check_files()?;
    if let Some(vary) = &args.vary {
        vary.check(args)?;
    }
    let content = open(&args.content)?;
    let mut watch = Watch::new(&args.watch)?;
    let Some(vary) = &args.vary else {
        let picture = paint(args, &content, &mut watch)?;
        let costs = watch.finish()?;
        save(&picture, &args.output)?;
        let report = Painted {
            picture: args.output.clone(),
            width: picture.width,
            height: picture.height,
            cost: costs.map(|costs| costs.total),
            content: costs.map(|costs| costs.content),
            style: costs.map(|costs| costs.style),
            variation: costs.map(|costs| costs.variation),
        };
        output.print(&Sorted(report), |out| {
            let path = args.output.display();
            let cost = costs.map_or(String::new(), |costs| format!(", cost {:.4e}", costs.total));
            writeln!(out, "{path}: {}x{}{cost}", picture.width, picture.height)
        })?;
        return Ok(Outcome::Done);
    };
    let mut tiles = Vec::new();
    for value in &vary.values {
        let mut one = args.clone();
        vary.set(&mut one, value)?;
        let picture = paint(&one, &content, &mut watch)?;
        let photo = picture.to_photo().context("the picture has no pixels")?;
        tiles.push(Tile { photo, label: format!("{} {value}", vary.option) });
        if watch.is_interrupted() {
            break;
        }
    }
    watch.finish()?;
    imaging::sheet(&tiles, TILE_SIDE).save(&args.output)?;
    let labels: Vec<String> = tiles.into_iter().map(|tile| tile.label).collect();
    let said = format!("{}: {}", args.output.display(), labels.join(", "));
    let report = Sheet { sheet: args.output.clone(), pictures: labels };
    output.print(&Sorted(report), |out| writeln!(out, "{said}"))?;
    Ok(Outcome::Done)
}

/// Makes one picture as `args` say.
fn paint(args: &Args, content: &Picture, watch: &mut Watch) -> anyhow::Result<Picture> {
    let mut settings = args.settings()?;
    let regions = args.regions(&mut settings)?;
    if args.fast {
        let painted = fast::paint(content, &regions[0].styles)?;
        if !args.refine {
            return Ok(painted);
        }
        settings.start = Start::Picture(painted);
        // The coarse sizes would start again.
        settings.sides.drain(..settings.sides.len() - 1);
        settings.evaluations.drain(..settings.evaluations.len() - 1);
    }
    let features = args.network.read(&settings.weights)?;
    let limit = args.search.memory.map(|gibibytes| (gibibytes * f64::from(1 << 30)) as usize);
    if let Some(limit) = limit.or_else(style::memory::available) {
        style::memory::check(&features, content, &settings, limit).context("give a smaller --size")?;
    }
    Ok(style::stylize(&features, content, &regions, &settings, &mut |progress| watch.see(progress))?)
}

/// Paints a portrait of `side` pixels in the style of a picture, for people that are enrolled.
pub fn portrait(content: &Picture, style: &Path, side: usize) -> anyhow::Result<Photo> {
    let settings = Settings {
        weights: PRESETS[0].weights(),
        sides: vec![side / 2, side],
        evaluations: vec![2 * PORTRAIT_ITERATIONS, PORTRAIT_ITERATIONS],
        style_scale: 1.0,
        method: Method::Lbfgs(HISTORY),
        start: Start::Content,
        seed: 0,
        colours: Colours::Style,
        painted: None,
    };
    let features = NetworkArgs::default().read(&settings.weights)?;
    let regions = [Region { guide: None, styles: vec![Style { picture: open(style)?, weight: 1.0 }] }];
    let mut watch = Watch::new(&WatchArgs::default())?;
    let picture =
        style::stylize(&features, content, &regions, &settings, &mut |progress| watch.see(progress))?;
    watch.finish()?;
    picture.to_photo().context("the portrait has no pixels")
}

impl Args {
    /// Fails if a file that would be written is an input or another result, is there already, or is of no known kind.
    fn check_files(&self) -> anyhow::Result<()> {
        Photo::check_extension(&self.output)?;
        let start = Path::new(&self.search.start);
        let inputs = [&self.content].into_iter().chain(&self.styles).chain(&self.mask).chain(&self.elsewhere);
        let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).chain([start]).collect();
        let results: Vec<&Path> = [&*self.output].into_iter().chain(self.watch.files()).collect();
        for (number, result) in results.iter().enumerate() {
            ensure!(!results[..number].contains(result), "{} is named for two results", result.display());
            self.force.check(*result, &inputs)?;
        }
        Ok(())
    }

    /// The regions with their styles; what stays untouched is noted in `settings`.
    fn regions(&self, settings: &mut Settings) -> anyhow::Result<Vec<Region>> {
        let (given, wanted) = (self.blend.len(), self.styles.len());
        ensure!(given == 0 || given == wanted, "--blend has {given} weights for {wanted} styles");
        let style = |(number, path): (usize, &PathBuf)| -> anyhow::Result<Style> {
            Ok(Style { picture: open(path)?, weight: self.blend.get(number).copied().unwrap_or(1.0) })
        };
        let styles = self.styles.iter().enumerate().map(style).collect::<Result<_, _>>()?;
        let Some(mask) = &self.mask else { return Ok(vec![Region { guide: None, styles }]) };
        let guide = Guide::from_brightness(&open(mask)?);
        let elsewhere = match &self.elsewhere {
            Some(path) => Some(Region {
                guide: Some(guide.inverted()),
                styles: vec![Style { picture: open(path)?, weight: 1.0 }],
            }),
            None => {
                settings.painted = Some(guide.clone());
                None
            }
        };
        Ok([Region { guide: Some(guide), styles }].into_iter().chain(elsewhere).collect())
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        let SearchArgs { iterations, scales, optimizer, rate, start, seed, .. } = &self.search;
        let sides = sides(self.size as usize, *scales);
        let coarse = sides.len() - 1;
        let iterations = *iterations as usize;
        let evaluations =
            (0..sides.len()).map(|number| if number < coarse { 2 * iterations } else { iterations });
        Ok(Settings {
            weights: self.costs.weights(self.preset),
            evaluations: evaluations.collect(),
            sides,
            style_scale: self.costs.style_scale,
            method: match optimizer {
                Optimizer::Lbfgs => Method::Lbfgs(HISTORY),
                Optimizer::Adam => Method::Adam(*rate),
            },
            start: match &**start {
                "content" => Start::Content,
                "noise" => Start::Noise,
                path => Start::Picture(open(Path::new(path))?),
            },
            seed: *seed,
            colours: match self.colours {
                KeptColours::Style => Colours::Style,
                KeptColours::Histogram => Colours::Histogram,
                KeptColours::Luminance => Colours::Luminance,
            },
            painted: None,
        })
    }
}

/// Sizes from coarse to fine, each half of the next.
fn sides(last: usize, count: usize) -> Vec<usize> {
    let halves = (0..count.clamp(1, 16)).map(|halved| last >> halved);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_rise_by_half_and_end_with_the_one_asked_for() {
        assert_eq!(sides(512, 3), [128, 256, 512]);
        assert_eq!(sides(512, 9), [128, 256, 512]);
        assert_eq!(sides(1000, 2), [500, 1000]);
        assert_eq!(sides(64, 3), [64]);
    }
}
