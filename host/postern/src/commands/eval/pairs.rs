//! `postern eval pairs`: accuracy by folds, and TAR at FMR over the pairs and over all pairs.

use std::path::PathBuf;

use eval::{Curve, calibrate, plot_det};
use models::calibration;

use super::material::MaterialArgs;
use super::promise;
use crate::commands::calibrate::table::rows;
use crate::output::{Outcome, Output, note};

/// Options of `postern eval pairs`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    material: MaterialArgs,

    /// The encoder: a model's name, or an image; with --float also an ONNX file that a training wrote
    #[arg(long, value_name = "NAME|IMAGE|ONNX", default_value = models::ENCODER)]
    encoder: String,

    /// Run the networks in float, as published or trained, instead of the device's images
    #[arg(long)]
    float: bool,

    /// Draw the DET curve into this PNG file
    #[arg(long, value_name = "PNG")]
    plot: Option<PathBuf>,

    /// Write the thresholds into the encoder's manifest; compile it again to use them
    #[arg(long, conflicts_with_all = ["float", "limit", "held_out"])]
    write_calibration: bool,

    /// Write into the encoder's manifest how often pictures of one person do not match, by threshold: the console shows it
    #[arg(long, conflicts_with = "float")]
    write_misses: bool,
}

/// Measures and prints.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let material = args.material.read()?;
    let embeddings = args.material.embed(&material, &args.encoder, args.float)?;
    let all = material.measured(&embeddings).all_pairs();
    let report = material.report(&args.encoder, args.float, &embeddings, &all)?;
    output.print(&report, |out| report.print(out))?;
    if let Some(path) = &args.plot {
        let name = format!("{} ({})", report.encoder, report.pipeline);
        let curve = Curve { name: &name, comparison: &all, points: &report.all_pairs.points };
        plot_det(path, "Misses against false matches", &[curve])?;
        note!("drew {}", path.display());
    }
    if args.write_calibration {
        let points = rows(&calibrate(&all)?);
        let (comparisons, pictures) = (all.impostor_count(), report.pictures);
        let origin =
            format!("{comparisons} comparisons of two people in {pictures} pictures of `postern eval pairs`");
        let path = calibration::save(&report.encoder, &points, None, &origin)?;
        note!("wrote {}; `postern compile {}` puts it into the image", path.display(), report.encoder);
    }
    if args.write_misses {
        let parts: Vec<String> = args.material.held_out.iter().map(ToString::to_string).collect();
        let of = match parts.as_slice() {
            [] => String::new(),
            parts => format!(" in the parts {} of the pairs file", parts.join(" and ")),
        };
        let of = format!("{} pairs of pictures of one person{of}", all.genuine_count());
        let path = calibration::save_misses(&report.encoder, &promise::misses(&all, of))?;
        note!("wrote {}", path.display());
    }
    Ok(Outcome::Done)
}
