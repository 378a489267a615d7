//! `postern calibrate`: an encoder's thresholds, from people like those at the door.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use compiler::CalibrationRecord;
use eval::{CalibrationPoint, calibrate};
use serde::Serialize;

use super::train::{FaceArgs, by_templates};
use crate::output::{Outcome, Output, note};
use models::ImageFile;

/// Options of `postern calibrate`.
#[derive(clap::Args)]
pub struct Args {
    /// A folder of people, each a folder of pictures: FOLDER/NAME/1.jpg
    folder: PathBuf,

    /// The encoder: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::ENCODER)]
    encoder: String,

    /// Write the image with the new thresholds to this file
    #[arg(short, long, value_name = "IMAGE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    faces: FaceArgs,
}

/// What is reported.
#[derive(Serialize)]
struct Report {
    encoder: String,
    people: usize,
    pictures: usize,
    comparisons: u64,
    points: Vec<Point>,
}

/// A row of the table.
#[derive(Serialize)]
struct Point {
    one_in: u32,
    /// Cosine.
    threshold: f64,
    extrapolated: bool,
    /// The image's own.
    before: Option<f64>,
    /// Share of comparisons of one person that are at the threshold or above.
    tar: Option<f64>,
}

/// Compares all people with all others, and prints the threshold for each false-match rate.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let path = models::image(&args.encoder)?;
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = ImageFile::from_bytes(&bytes);
    let model = file.model().with_context(|| path.display().to_string())?;
    let faces = args.faces.find(&args.folder)?;
    let people: Vec<usize> = faces.pictures.iter().map(|picture| picture.person).collect();
    let shown: std::collections::BTreeSet<usize> = people.iter().copied().collect();
    ensure!(shown.len() > 1, "there are pictures of one person only: strangers are what a threshold is for");
    let all: Vec<usize> = (0..people.len()).collect();
    let comparison =
        by_templates(&bytes, &faces.store, &all, &people).with_context(|| args.encoder.clone())?;
    let table = calibrate(&comparison).context("add people, or pictures of them")?;
    let cosine = |threshold: i32| f64::from(threshold) / 32768.0;
    let point = |point: &CalibrationPoint| Point {
        one_in: point.one_in,
        threshold: cosine(point.threshold),
        extrapolated: point.extrapolated,
        before: model
            .calibration()
            .iter()
            .find(|old| old.one_in == point.one_in)
            .map(|old| cosine(old.threshold)),
        tar: comparison.at(1.0 / f64::from(point.one_in)).tar,
    };
    let report = Report {
        encoder: args.encoder.clone(),
        people: shown.len(),
        pictures: people.len(),
        comparisons: comparison.impostor_count(),
        points: table.iter().map(point).collect(),
    };
    output.print(&report, |to| report.print(to))?;
    if let Some(to) = &args.output {
        write(to, &bytes, &table)?;
        note!("wrote {}: postern flash {0}", to.display());
    }
    Ok(Outcome::Done)
}

fn write(to: &Path, image: &[u8], table: &[CalibrationPoint]) -> anyhow::Result<()> {
    let record =
        |point: &CalibrationPoint| CalibrationRecord { one_in: point.one_in, threshold: point.threshold };
    let table: Vec<CalibrationRecord> = table.iter().map(record).collect();
    let image = compiler::image::recalibrate(image, &table)?;
    std::fs::write(to, image).with_context(|| format!("cannot write {}", to.display()))
}

impl Report {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self { encoder, people, pictures, comparisons, .. } = self;
        writeln!(
            to,
            "{encoder}: {pictures} pictures of {people} people, {comparisons} comparisons of two people"
        )?;
        writeln!(to, "  {:>20}  {:>9}  {:>9}  {:>6}", "false matches", "threshold", "before", "TAR")?;
        let share =
            |value: Option<f64>, digits| value.map_or("?".into(), |value| format!("{value:.digits$}"));
        for point in &self.points {
            let note = if point.extrapolated { "  extrapolated" } else { "" };
            writeln!(
                to,
                "  {:>20}  {:>9.4}  {:>9}  {:>6}{note}",
                format!("1 in {}", point.one_in),
                point.threshold,
                share(point.before, 4),
                share(point.tar, 3)
            )?;
        }
        Ok(())
    }
}
