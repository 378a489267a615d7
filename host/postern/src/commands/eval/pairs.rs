//! `postern eval pairs`: accuracy by folds, and TAR at FMR over the pairs and over all pairs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use eval::{Comparison, Curve, Embeddings, Picture, Protocol, accuracy, calibrate, plot_det};

use super::embed;
use super::report::{Rates, Report};
use crate::calibration;
use crate::models::{self, Manifest};
use crate::output::{Outcome, Output};

/// Options of `postern eval pairs`.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of pictures: NAME/NAME_0001.jpg
    #[arg(long, value_name = "DIR")]
    images: PathBuf,

    /// Pairs in the format of Labeled Faces in the Wild (pairs.txt)
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,

    /// The encoder: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::ENCODER)]
    encoder: String,

    /// The detector: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::DETECTOR)]
    detector: String,

    /// Run the networks as published, in float, in place of what the device runs
    #[arg(long)]
    float: bool,

    /// Draw misses against false matches into this PNG file
    #[arg(long, value_name = "PNG")]
    plot: Option<PathBuf>,

    /// Only the first N pairs of each kind in each fold, for a quick look
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Write the thresholds found into the encoder's manifest; compile it again to use them
    #[arg(long, conflicts_with_all = ["float", "limit"])]
    write_calibration: bool,
}

/// Measures and prints.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let text = std::fs::read_to_string(&args.pairs)
        .with_context(|| format!("cannot read {}", args.pairs.display()))?;
    let mut protocol = Protocol::parse(&text).with_context(|| args.pairs.display().to_string())?;
    if let Some(limit) = args.limit {
        protocol = protocol.limited(limit);
    }
    let pictures = protocol.pictures();
    if pictures.is_empty() {
        bail!("there are no pairs to compare");
    }
    let embeddings = embeddings(args, &pictures)?;
    let people = people(&pictures);
    let all = Comparison::all_pairs(&embeddings, &people);
    let report = report(args, &protocol, &pictures, &embeddings, &people, &all)?;
    output.print(&report, |out| report.print(out))?;
    if let Some(path) = &args.plot {
        let name = format!("{} ({})", report.encoder, report.pipeline);
        let curve = Curve { name: &name, comparison: &all, points: &report.all_pairs.points };
        plot_det(path, "Misses against false matches", &[curve])?;
        eprintln!("drew {}", path.display());
    }
    if args.write_calibration {
        let path = calibration::write(&report.encoder, &calibrate(&all)?, &all, pictures.len())?;
        eprintln!("wrote {}; `postern compile {}` puts it into the image", path.display(), report.encoder);
    }
    Ok(Outcome::Done)
}

fn embeddings(args: &Args, pictures: &[Picture]) -> anyhow::Result<Embeddings> {
    if args.float {
        let manifest = |name: &str| Manifest::read(name).context("--float takes models by name");
        embed::in_float(&manifest(&args.detector)?, &manifest(&args.encoder)?, &args.images, pictures)
    } else {
        embed::on_device(
            &models::image(&args.detector)?,
            &models::image(&args.encoder)?,
            &args.images,
            pictures,
        )
    }
}

/// A number for each picture's person.
fn people(pictures: &[Picture]) -> Vec<u32> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    pictures
        .iter()
        .map(|picture| {
            let next = numbers.len() as u32;
            *numbers.entry(&picture.person).or_insert(next)
        })
        .collect()
}

fn report(
    args: &Args,
    protocol: &Protocol,
    pictures: &[Picture],
    embeddings: &Embeddings,
    people: &[u32],
    all: &Comparison,
) -> anyhow::Result<Report> {
    let at: BTreeMap<&Picture, usize> =
        pictures.iter().enumerate().map(|(at, picture)| (picture, at)).collect();
    let pairs: Vec<[usize; 2]> =
        protocol.pairs.iter().map(|pair| [at[&pair.pictures[0]], at[&pair.pictures[1]]]).collect();
    let answers: Vec<(usize, f64, bool)> = protocol
        .pairs
        .iter()
        .zip(&pairs)
        .map(|(pair, &[a, b])| {
            let cosine = f64::from(embeddings.score(a, b)) / f64::from(embeddings.one());
            (pair.fold, cosine, pair.is_genuine())
        })
        .collect();
    let accuracy = (protocol.folds > 1).then(|| accuracy(&answers, protocol.folds)).transpose()?;
    let listed = Comparison::of_pairs(embeddings, people, &pairs);
    let encoder = PathBuf::from(&args.encoder);
    Ok(Report {
        encoder: encoder
            .file_stem()
            .map_or_else(|| args.encoder.clone(), |stem| stem.to_string_lossy().into_owned()),
        pipeline: if args.float { "float" } else { "device" },
        pictures: pictures.len(),
        without_face: embeddings.missing(),
        accuracy,
        protocol_pairs: Rates::of_protocol(&listed),
        all_pairs: Rates::of_all_pairs(all),
    })
}
