//! `postern compile`: from an ONNX network to the int8 image that a board runs, or to one that a door with tract runs in float.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use compiler::image::Aligned;
use compiler::quantize::RangeRule;
use compiler::{Fidelity, Graph, Method};
use models::{Kind, Manifest, Store};
use npu_section::ACCELERATORS;
use output_file::OutputFile;
use recognizer::CROP_SIZES;
use reference::samples;
use template::{MAX_DIMENSION, MIN_DIMENSION};
use vision::{InputSize, Surroundings};

use crate::answers::Sorted;
use crate::answers::models::{Compiled, Cosines, Fidelity as Figures, OutputError};
use crate::output::{Outcome, Output, note};
use crate::progress::Bar;

mod float;
mod npu;

/// Pixels of the smallest detector's input that was measured, 160x128 (docs/detection.md).
const LEAST_DETECTOR_PIXELS: usize = 160 * 128;

/// Options of `postern compile`.
#[derive(clap::Args)]
pub struct Args {
    /// The model: its name, or an ONNX file
    #[arg(value_name = "NAME|ONNX")]
    model: String,

    /// For an ONNX file: the model with the same kind, input size and preprocessing
    #[arg(long, value_name = "NAME")]
    like: Option<String>,

    /// Where to write the image [default: images/NAME.pstn in the data folder]
    #[arg(short, long, value_name = "IMAGE")]
    output: Option<PathBuf>,

    /// Folder of photographs that give the ranges of activations [default: those that setup fetched]
    #[arg(long, value_name = "DIR")]
    calibrate: Option<PathBuf>,

    /// Width and height of the input in pixels: a detector's are multiples of 32, an encoder's both 64,
    /// 80, 96 or 112 [default: the model's]
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = input_size)]
    size: Option<[usize; 2]>,

    /// How the range of an activation follows from its observed values [default: min-max]
    #[arg(long, value_enum)]
    ranges: Option<Ranges>,

    /// Do not equalize the ranges of channels across layers
    #[arg(long)]
    no_equalization: bool,

    /// Do not subtract the mean error of quantization from the biases
    #[arg(long)]
    no_bias_correction: bool,

    /// Keep dead channels: those that change no output, whatever the input
    #[arg(long)]
    no_pruning: bool,

    /// What runs the network. Every door has int8; tract runs an encoder in float, unquantized, on a door on Linux that is
    /// built with it
    #[arg(long, value_enum, default_value = "int8")]
    engine: Engine,

    /// Put into the image what this NPU runs instead, with the same bytes; MODEL may be an image, too
    #[arg(long, value_name = "ACCELERATOR", value_parser = ACCELERATORS.map(|it| it.name))]
    npu: Option<String>,

    /// Write the image even if its outputs are far from those of the float network, and replace a file that is there
    #[arg(long)]
    force: bool,
}

/// What runs a network on a door.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    /// Quantized, on every board
    Int8,
    /// In float, on a door on Linux that is built with tract
    Tract,
}

/// What part of the values that were seen an activation's 256 steps cover.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Ranges {
    /// All values
    MinMax,
    /// All values but one in ten thousand at each end
    Percentile,
    /// The range with the least mean square error of rounding and clipping
    MeanSquare,
}

impl Ranges {
    fn rule(self) -> RangeRule {
        match self {
            Self::MinMax => RangeRule::MinMax,
            Self::Percentile => RangeRule::Percentile(1e-4),
            Self::MeanSquare => RangeRule::MeanSquare,
        }
    }
}

/// Whether this is the name of an encoder that was trained here: its network is no file of an ONNX.
fn is_image_only(name: &str) -> bool {
    match Manifest::read(name) {
        Ok(manifest) => matches!(manifest.onnx(), Err(models::Error::OnlyImage { .. })),
        Err(_) => Path::new(name).extension().is_none(),
    }
}

/// Compiles one model.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let file = PathBuf::from(&args.model);
    if args.engine == Engine::Tract {
        float::takes(&args)?;
    }
    if let Some(accelerator) = &args.npu {
        npu::is_ready()?;
        if file.extension().is_some_and(|extension| extension == "pstn") {
            return npu::add(&file, accelerator, &args, output);
        }
        if args.like.is_none() && is_image_only(&args.model) {
            return npu::add(&models::image(&args.model)?, accelerator, &args, output);
        }
    }
    let mut manifest = Manifest::read(args.like.as_deref().unwrap_or(&args.model))
        .with_context(|| format!("{} is no model of models/; an ONNX file takes --like NAME", args.model))?;
    let onnx = if args.like.is_some() { file.clone() } else { manifest.onnx()? };
    // What cannot be written in the end is refused before the work.
    let folder = args.calibrate.clone().unwrap_or_else(|| models::data("pictures"));
    let inputs = [&onnx, &folder].into_iter().cloned().chain(compiler::files_beside(&onnx));
    let named = args.output.as_ref().map(|path| OutputFile::new(path, args.force, inputs)).transpose()?;
    if let Some([width, height]) = args.size {
        is_possible(manifest.kind, [width, height])?;
        if manifest.kind == Kind::Detector && width * height < LEAST_DETECTOR_PIXELS {
            note!(
                "A detector of {width}x{height} finds only faces that fill the picture; the smallest that was measured \
                 is 160x128, and it misses one face of five that is 40 pixels high (docs/detection.md)."
            );
        }
        (manifest.input.width, manifest.input.height) = (width, height);
    }
    let bytes = compiler::read_file(&onnx)?;
    if args.like.is_some() {
        if args.size.is_none() && args.engine == Engine::Int8 {
            same_size(&onnx, &bytes, &manifest)?;
        }
        manifest.name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // Thresholds hold for the network they were measured on.
        manifest.calibration = None;
        shorten(&mut manifest.name);
    }
    // An image in Postern's own folder is replaced.
    let file = match named {
        Some(file) => file,
        None => OutputFile::new(Store::find().image_path(&manifest.name)?, true, [&onnx])?,
    };
    if args.engine == Engine::Tract {
        return float::run(&manifest, &bytes, &onnx, file, output);
    }
    let method = Method {
        range: args.ranges.unwrap_or(Ranges::MinMax).rule(),
        equalize: !args.no_equalization,
        correct_bias: !args.no_bias_correction,
        prune: !args.no_pruning,
    };
    let options = reference::options(&manifest, method)?;
    // What the file lacks is said before the photographs are read.
    let graph = compiler::read(&bytes, &options).with_context(|| onnx.display().to_string())?;
    has_outputs(&graph, options.kind).with_context(|| onnx.display().to_string())?;
    let samples = collect(&manifest, &folder)?;
    let bar = Bar::new(0, "  {msg:12} {bar:30} {pos}/{len}, {eta} left", "");
    let show = |stage: &str, done: usize, of: usize| {
        bar.say(stage);
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    };
    let image =
        compiler::compile(&bytes, &options, &samples, &show).with_context(|| onnx.display().to_string())?;
    runs_on_a_door(&image).with_context(|| onnx.display().to_string())?;
    let fidelity = compiler::fidelity(&bytes, &options, &image, &samples, &show)?;
    let image = fidelity.recorded_in(&image)?;
    let image = match &args.npu {
        Some(accelerator) => {
            npu::with_section(&image, accelerator).with_context(|| onnx.display().to_string())?
        }
        None => image,
    };
    bar.finish_and_clear();
    if !fidelity.is_sound() && !args.force {
        bail!(
            "the image is far from its network: {fidelity}; compile with photographs like those at the door \
             (--calibrate DIR) or other ranges (--ranges), or write it all the same with --force"
        );
    }
    let path = file.path();
    write(&file, &image)?;
    let report = Compiled {
        image: path.to_owned(),
        name: manifest.name.clone(),
        bytes: image.len(),
        samples: samples.len(),
        accelerator: args.npu.clone(),
        fidelity: figures(&fidelity),
    };
    if options.kind == compiler::Kind::Encoder && options.calibration.is_empty() {
        note_no_thresholds(path);
    }
    output.print(&Sorted(report), |out| {
        let section = match &args.npu {
            Some(accelerator) => format!(", with a section for {accelerator}"),
            None => String::new(),
        };
        writeln!(
            out,
            "{}: {} bytes{section}, ranges from {} samples",
            path.display(),
            image.len(),
            samples.len()
        )?;
        writeln!(out, "{fidelity}")
    })?;
    Ok(Outcome::Done)
}

/// Writes the image, into a folder that is made if it is not there.
fn write(file: &OutputFile, image: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = file.path().parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    Ok(file.write(|to| to.write_all(image))?)
}

/// Says what an encoder without thresholds lacks.
fn note_no_thresholds(image: &Path) {
    note!(
        "The image has no thresholds, so no board takes it yet: `postern calibrate FOLDER --encoder {} --output \
         NEW.pstn` measures them on a folder of people.",
        image.display()
    );
}

/// The fidelity for machines.
fn figures(fidelity: &Fidelity) -> Figures {
    let outputs = fidelity.outputs.iter();
    Figures {
        samples: fidelity.samples,
        outputs: outputs.map(|it| OutputError { name: it.name.clone(), error: it.error }).collect(),
        cosine: fidelity.cosine.map(|[least, mean]| Cosines { least, mean }),
        cosine_apart: fidelity.cosine_apart,
    }
}

/// Fails if the file is for pictures of another size than the model's.
fn same_size(file: &Path, onnx: &[u8], manifest: &Manifest) -> anyhow::Result<()> {
    let (width, height) = (manifest.input.width, manifest.input.height);
    match compiler::input_size(onnx).with_context(|| file.display().to_string())? {
        Some(size) if size != [height, width] => bail!(
            "{} is for pictures of {}x{}, {} for {width}x{height}; export it for that size, or give the size (--size \
             {width}x{height}) if the network takes any",
            file.display(),
            size[1],
            size[0],
            manifest.name,
        ),
        _ => Ok(()),
    }
}

/// Cuts a name to what the image's format has room for.
fn shorten(name: &mut String) {
    if name.len() > compiler::image::NAME_BYTES {
        let end = (0..=compiler::image::NAME_BYTES).rev().find(|&end| name.is_char_boundary(end));
        name.truncate(end.unwrap_or(0));
        note!("the name in the image is cut to {name:?}");
    }
}

/// Fails if an encoder has not the output that templates are made of.
fn has_outputs(graph: &Graph, kind: compiler::Kind) -> anyhow::Result<()> {
    let lengths: Vec<usize> = graph.outputs.iter().map(|&output| graph.tensors[output].shape.len()).collect();
    if kind != compiler::Kind::Encoder {
        return Ok(());
    }
    let allowed = MIN_DIMENSION..=MAX_DIMENSION;
    match lengths[..] {
        [length] if length.is_power_of_two() && allowed.contains(&length) => Ok(()),
        _ => bail!(
            "an encoder has one output of 64, 128, 256 or 512 values; this one has {} of {lengths:?} values",
            lengths.len()
        ),
    }
}

/// Fails if the input or the outputs are not those that the firmware takes.
fn runs_on_a_door(image: &[u8]) -> anyhow::Result<()> {
    let image = Aligned::new(image);
    let model = nn::Model::load(image.bytes()).map_err(compiler::Error::Refused)?;
    recognizer::check(&model).map_err(|error| {
        let input = model.input();
        let outputs = (0..model.output_count()).filter_map(|index| model.output(index));
        let outputs: Vec<String> = outputs.map(|output| output.shape.to_string()).collect();
        anyhow!("no door runs this network: {error} (input {input}, outputs {})", outputs.join(", "))
    })
}

/// Fails if no door has a network of this kind with an input of this size.
fn is_possible(kind: Kind, [width, height]: [usize; 2]) -> anyhow::Result<()> {
    let (possible, sizes) = match kind {
        Kind::Detector => (
            InputSize::new(width, height).is_ok(),
            "a detector's sides are multiples of 32, from 32 to 1024".into(),
        ),
        Kind::Liveness => {
            let sides = [Surroundings::WIDE, Surroundings::TIGHT].map(Surroundings::side);
            let text = sides.map(|side| format!("{side}x{side}")).join(", ");
            (width == height && sides.contains(&width), format!("a liveness network's are {text}"))
        }
        Kind::Encoder | Kind::Features | Kind::Painter => {
            let sides = CROP_SIZES.map(|side| format!("{side}x{side}"));
            (width == height && CROP_SIZES.contains(&width), format!("an encoder's are {}", sides.join(", ")))
        }
    };
    if possible { Ok(()) } else { bail!("no door takes pictures of {width}x{height} (--size): {sizes}") }
}

/// Reads `320x256` as width and height.
fn input_size(text: &str) -> Result<[usize; 2], String> {
    let sides = text.split_once('x').and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
    sides.ok_or_else(|| format!("{text} is not like 320x256"))
}

/// Samples from the photographs in `folder`, behind a progress bar.
fn collect(manifest: &Manifest, folder: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let bar = Bar::counted(0, "photographs");
    let samples = samples::collect(manifest, folder, &|done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    Ok(samples)
}
