//! `postern calibrate`: an encoder's thresholds, from people like those at the door.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use eval::{Basis, CalibrationPoint, Comparison, GroupRate, WorstGroup, calibrate, plot_groups, worst_group};
use schemars::JsonSchema;
use serde::Serialize;
use train::data::{HeldOut, split};

mod groups;
pub mod strangers;
pub mod table;

use self::strangers::StrangerArgs;
use super::train::{FaceArgs, by_templates};
use crate::commands::eval::material;
use crate::output::{Outcome, Output, note};
use crate::output_args::ForceArgs;
use models::ImageFile;

/// The false-match rate whose groups are drawn if none can be told.
const DRAWN: u32 = 10_000;

/// Options of `postern calibrate`.
#[derive(clap::Args)]
pub struct Args {
    /// A folder of people, each a folder of pictures: FOLDER/NAME/1.jpg
    #[arg(required_unless_present = "strangers")]
    folder: Option<PathBuf>,

    /// The encoder: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::ENCODER)]
    encoder: String,

    /// Write the image with the new thresholds to this file
    #[arg(short, long, value_name = "IMAGE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    /// Write the thresholds into the encoder's manifest; compile it again to use them
    #[arg(long)]
    write_manifest: bool,

    /// Of the folder, only the people that `postern train` and `postern distill` hold out of their training: a tenth, as
    /// drawn by the seed 0. For an encoder that was trained on the others
    #[arg(long, requires = "folder")]
    unseen: bool,

    #[command(flatten)]
    strangers: StrangerArgs,

    #[command(flatten)]
    faces: FaceArgs,
}

/// The thresholds of an encoder, measured.
#[derive(JsonSchema, Serialize)]
pub struct Report {
    /// The encoder.
    encoder: String,
    /// People in the pictures.
    people: usize,
    /// Pictures that were compared.
    pictures: usize,
    /// Comparisons of two people.
    comparisons: u64,
    /// The threshold for each false-match rate.
    points: Vec<Point>,
    /// False matches within each group of strangers; empty without `--groups`.
    groups: Vec<GroupRate>,
    /// The group whose members pass for each other most often. `null` without `--groups`, or with too few pictures.
    worst_group: Option<WorstGroup>,
}

/// A row of the table.
#[derive(JsonSchema, Serialize)]
pub struct Point {
    /// The rate: at most one false match in this many comparisons.
    one_in: u32,
    /// The cosine from which two pictures show one person: the upper end of the 95 % band.
    threshold: f64,
    /// The estimate within the band, a cosine.
    estimate: f64,
    /// How it is known: false matches were counted, or the tail of the scores was fitted.
    basis: Basis,
    /// Comparisons of two people that score the threshold or more.
    matches: u64,
    /// The threshold in the image until now, a cosine. `null` if its table has no such rate.
    before: Option<f64>,
    /// Share of comparisons of one person that are at the threshold or above. `null` if too few pictures tell.
    tar: Option<f64>,
}

/// Compares all people with all others, and prints the threshold for each false-match rate.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let path = models::image(&args.encoder)?;
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let inputs = [&path].into_iter().chain(&args.folder).chain(&args.strangers.strangers);
    let to = args.force.check_any(args.output.as_ref(), inputs)?;
    let file = ImageFile::from_bytes(&bytes);
    let model = file.model().with_context(|| path.display().to_string())?;
    let plot = args.force.check_any(args.strangers.plot.as_ref(), &args.strangers.strangers)?;
    let calibrated =
        |comparison: &Comparison| calibrate(comparison).context("add people, or pictures of them");
    let (comparison, table, people, pictures, groups) = match &args.folder {
        Some(folder) => {
            let (comparison, people, pictures) = of_people(args, folder, &bytes)?;
            let table = calibrated(&comparison)?;
            (comparison, table, people, pictures, Vec::new())
        }
        None => {
            let strangers = args.strangers.read(&model)?;
            note!("{} pairs of pictures show one person", strangers.joined);
            let comparison = Comparison::all_pairs(&strangers.templates, &strangers.people);
            let table = calibrated(&comparison)?;
            let groups = strangers.by_group(&table, &comparison);
            (comparison, table, strangers.count(), strangers.people.len(), groups)
        }
    };
    let worst_group = worst_group(&groups);
    if let Some(plot) = &plot {
        let one_in = worst_group.as_ref().map_or(DRAWN, |worst| worst.one_in);
        let title = format!("{}: false matches by group", material::name(&args.encoder));
        plot_groups(plot.path(), &title, &groups, one_in)?;
        note!("drew {}", plot.path().display());
    }
    let cosine = |threshold: i32| f64::from(threshold) / 32768.0;
    let point = |point: &CalibrationPoint| Point {
        one_in: point.one_in,
        threshold: cosine(point.threshold),
        estimate: cosine(point.estimate),
        basis: point.basis,
        matches: point.matches,
        before: model.calibration().find(|old| old.one_in == point.one_in).map(|old| cosine(old.threshold)),
        tar: comparison.at(1.0 / f64::from(point.one_in)).tar,
    };
    let report = Report {
        encoder: args.encoder.clone(),
        people,
        pictures,
        comparisons: comparison.impostor_count(),
        points: table.iter().map(point).collect(),
        groups,
        worst_group,
    };
    output.print(&report, |to| report.print(to))?;
    if let Some(to) = to {
        let image = compiler::image::recalibrate(&bytes, &table::records(&table))?;
        to.write(|to| to.write_all(&image))?;
        note!("wrote {}: `postern flash models --encoder {0}` installs it", to.path().display());
    }
    if args.write_manifest {
        let Report { pictures, people, comparisons, worst_group, .. } = &report;
        let of = format!("{comparisons} comparisons of two people in {pictures} pictures of {people} people");
        let worst = worst_group.as_ref().map(|worst| models::WorstGroup {
            group: worst.group.clone(),
            one_in: worst.one_in,
            times: worst.times,
        });
        let path = models::calibration::save(&args.encoder, &table::rows(&table), worst.as_ref(), &of)?;
        note!("wrote {}; `postern compile {}` puts it into the image", path.display(), args.encoder);
    }
    Ok(Outcome::Done)
}

/// Compares all pictures in a folder of people; with the numbers of people and pictures.
fn of_people(args: &Args, folder: &Path, image: &[u8]) -> anyhow::Result<(Comparison, usize, usize)> {
    let faces = args.faces.find(folder)?;
    let people: Vec<usize> = faces.pictures.iter().map(|picture| picture.person).collect();
    let chosen: Vec<usize> = match args.unseen {
        true => split(&people, HeldOut::Tenth, 0)?.1,
        false => (0..people.len()).collect(),
    };
    let people: Vec<usize> = chosen.iter().filter_map(|&picture| people.get(picture)).copied().collect();
    let shown: std::collections::BTreeSet<usize> = people.iter().copied().collect();
    ensure!(shown.len() > 1, "there are pictures of one person only: strangers are what a threshold is for");
    let comparison =
        by_templates(image, &faces.store, &chosen, &people).with_context(|| args.encoder.clone())?;
    Ok((comparison, shown.len(), chosen.len()))
}

impl Report {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        self.print_thresholds(to)?;
        if let Some(worst) = &self.worst_group {
            groups::print(&self.groups, worst, to)?;
        }
        Ok(())
    }

    fn print_thresholds(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self { encoder, people, pictures, comparisons, .. } = self;
        writeln!(
            to,
            "{encoder}: {pictures} pictures of {people} people, {comparisons} comparisons of two people"
        )?;
        writeln!(
            to,
            "  {:>20}  {:>9}  {:>9}  {:>9}  {:>6}",
            "false matches", "threshold", "estimate", "before", "TAR"
        )?;
        let share =
            |value: Option<f64>, digits| value.map_or("?".into(), |value| format!("{value:.digits$}"));
        for point in &self.points {
            let known = match point.basis {
                Basis::Measured => format!("measured, {} matches", point.matches),
                Basis::Modelled => "modelled".to_owned(),
            };
            writeln!(
                to,
                "  {:>20}  {:>9.4}  {:>9.4}  {:>9}  {:>6}  {known}",
                format!("1 in {}", point.one_in),
                point.threshold,
                point.estimate,
                share(point.before, 4),
                share(point.tar, 3)
            )?;
        }
        Ok(())
    }
}
