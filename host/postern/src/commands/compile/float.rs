//! An encoder in float: the ONNX file with its preprocessing and its thresholds in an image, which a door with tract runs.
//!
//! Nothing is quantized, so no photographs are needed, and any operator that tract has is allowed. The network is run once, as
//! the door will when it loads the image: what that refuses is refused here.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use compiler::basis;
use engine_tract::{Plan, image};
use models::{Channels, ImageFile, Kind, Manifest};
use output_file::OutputFile;

use super::Args;
use crate::answers::models::FloatImage;
use crate::encoding;
use crate::output::{Outcome, Output, note};

/// Fails for options that say how to quantize.
pub fn takes(args: &Args) -> anyhow::Result<()> {
    let quantizing = [
        ("--calibrate", args.calibrate.is_some()),
        ("--ranges", args.ranges.is_some()),
        ("--no-equalization", args.no_equalization),
        ("--no-bias-correction", args.no_bias_correction),
        ("--no-pruning", args.no_pruning),
        ("--npu", args.npu.is_some()),
    ];
    if let Some((option, _)) = quantizing.into_iter().find(|(_, is_given)| *is_given) {
        bail!("{option} is for int8 images, and --engine tract quantizes nothing: leave one of them out");
    }
    encoding::is_built_in()
}

/// Writes the image of the encoder in an ONNX file.
pub fn run(
    manifest: &Manifest,
    onnx: &[u8],
    path: &Path,
    to: OutputFile,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let (image, dimension) = image(manifest, onnx, path)?;
    super::write(&to, &image)?;
    let thresholds = manifest.calibration.as_ref().map_or(0, |table| table.points.len());
    if thresholds == 0 {
        super::note_no_thresholds(to.path());
    } else {
        note!(
            "Its thresholds are those of the int8 image and count as unproven: `postern calibrate FOLDER --encoder {} \
             --output NEW.pstn` measures its own on a folder of people.",
            to.path().display()
        );
    }
    let report = FloatImage {
        engine: "tract".to_owned(),
        image: to.path().to_owned(),
        name: manifest.name.clone(),
        bytes: image.len(),
        dimension,
        thresholds,
    };
    output.print(&report, |out| {
        let FloatImage { image, bytes, dimension, .. } = &report;
        writeln!(out, "{}: {bytes} bytes, {dimension} values in float, run by tract", image.display())
    })?;
    Ok(Outcome::Done)
}

/// The image of the encoder in an ONNX file, and the values of its embedding.
fn image(manifest: &Manifest, onnx: &[u8], path: &Path) -> anyhow::Result<(Vec<u8>, usize)> {
    ensure!(
        manifest.kind == Kind::Encoder,
        "only an encoder runs in float (--engine tract): a door detects faces, and tells whether they live, in int8"
    );
    let input = &manifest.input;
    ensure!(
        input.width == input.height,
        "an encoder's input is square, and {} has {}x{}",
        manifest.name,
        input.width,
        input.height
    );
    let named = || path.display().to_string();
    let dimension = Plan::dimension(onnx, input.width).with_context(named)?;
    // The thresholds were measured on the int8 image: near those of the network in float, and no promise.
    let calibration: Vec<_> = reference::options(manifest, compiler::Method::default())?
        .calibration
        .into_iter()
        .map(|row| compiler::CalibrationRecord { basis: basis::UNPROVEN, ..row })
        .collect();
    let description = image::Description {
        name: &manifest.name,
        side: input.width,
        dimension,
        bgr: input.channels == Channels::Bgr,
        mean: input.mean,
        scale: input.scale,
        calibration: &calibration,
    };
    let bytes = image::write(onnx, &description).with_context(named)?;
    let file = ImageFile::from_bytes(&bytes);
    let model = file.model().map_err(compiler::Error::Refused).with_context(named)?;
    recognizer::check(&model).with_context(|| format!("no door runs this network: {}", named()))?;
    Plan::load(&model).with_context(named)?;
    Ok((bytes, dimension))
}
