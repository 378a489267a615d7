//! `postern bench --arrival`: from the moment a known face appears until the door opens.
//!
//! The door's application runs in memory, with the networks of this computer, which give the bytes of the board's. Each
//! step takes the time of the board's estimated cycles, low or high, at a stated clock; the next frame is the one that the
//! camera has when a look ends. Who walks up is rendered from photographs.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use client::protocol::ModelKind;
use emulator::Machine;
use imaging::Photo;
use output_file::OutputFile;
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use schemars::JsonSchema;
use serde::Serialize;
use simulated_door::{
    AN500, AN500_HIGH, AN547, AN547_HIGH, Arrival, Cells, Costs, Kind, Person, arrive, enrol,
};
use vision::PixelFormat;

use crate::commands::eval::presentations::{choose, subject};
use crate::numbers::count;
use crate::output::{Outcome, Output, note};
use crate::picture::files;
use models::{Arena, ImageFile};

/// The people of the demo, for whoever has no photographs.
const PINNED: [&str; 3] = ["astronaut.png", "biden.jpg", "obama.jpg"];

/// Options of `postern bench --arrival`.
#[derive(clap::Args)]
pub struct ArrivalArgs {
    /// Let people walk up to the door, and measure from a known face's appearing until the lock opens
    #[arg(long, conflicts_with_all = ["compare", "frame", "cycles"])]
    pub arrival: bool,

    /// Photographs, or folders with a folder for each person: the second photograph of a person is enrolled, the first
    /// walks up [default: those that setup fetched]
    #[arg(long, value_name = "PHOTO|FOLDER", num_args = 1.., requires = "arrival")]
    people: Vec<PathBuf>,

    /// Number of people, spread evenly
    #[arg(long, value_name = "N", default_value_t = 10, requires = "arrival", value_parser = count::<usize>)]
    limit: usize,

    /// How often each person arrives
    #[arg(long, value_name = "N", default_value_t = 2, requires = "arrival", value_parser = count::<usize>)]
    times: usize,

    /// Take the high estimates of the cycles, in place of the low ones
    #[arg(long, requires = "arrival")]
    high: bool,
}

/// How long a door takes to open for a known face (`--arrival`).
#[derive(JsonSchema, Serialize)]
pub struct Report {
    /// The board.
    on: &'static str,
    /// Its processor.
    processor: &'static str,
    /// Its clock.
    #[schemars(extend("unit" = "MHz"))]
    clock: u32,
    /// Which estimate of the cycles is taken: `low` or `high`.
    estimate: &'static str,
    /// The encoder.
    encoder: String,
    /// People who walk up.
    people: usize,
    /// The time until the door opens that half of the arrivals keep. `null` if it stays locked for half of them.
    #[schemars(extend("unit" = "ms"))]
    p50: Option<f64>,
    /// The time that 95 of 100 arrivals keep. `null` if it stays locked for more than 5 of 100.
    #[schemars(extend("unit" = "ms"))]
    p95: Option<f64>,
    /// Arrivals for which the door opened.
    opened: usize,
    /// What the steps of an arrival that ends with an open door take, on the average.
    steps: Vec<Step>,
    /// The arrivals.
    arrivals: Vec<Row>,
    /// The file of the drawing, of the arrival whose time is `p50`. `null` without `--svg`.
    drawn: Option<PathBuf>,
}

/// A step of the recognition.
#[derive(JsonSchema, Serialize)]
struct Step {
    /// Its name.
    name: &'static str,
    /// How often it is done in an arrival.
    times: f64,
    /// What it takes in an arrival in all.
    #[schemars(extend("unit" = "ms"))]
    time: f64,
}

/// An arrival.
#[derive(JsonSchema, Serialize)]
struct Row {
    /// Who walks up.
    person: String,
    /// From the first frame with the face until the lock opens. `null` if it stays locked for 15 seconds.
    #[schemars(extend("unit" = "ms"))]
    opens: Option<f64>,
    /// Frames that the door looked at meanwhile.
    looks: usize,
}

/// Plays the arrivals and prints.
pub fn run(
    machine: Machine,
    args: &ArrivalArgs,
    encoder: &str,
    svg: Option<&OutputFile>,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let costs = match (machine == Machine::An547, args.high) {
        (true, false) => AN547,
        (true, true) => AN547_HIGH,
        (false, false) => AN500,
        (false, true) => AN500_HIGH,
    };
    let models = [
        (ModelKind::Detector, models::DETECTOR),
        (ModelKind::Encoder, encoder),
        (ModelKind::Liveness, models::LIVENESS),
    ];
    let images = models.map(|(kind, name)| anyhow::Ok((kind, std::fs::read(models::image(name)?)?)));
    let images = images.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let people = people(args, &images)?;
    ensure!(!people.is_empty(), "no photograph shows a face that a door would enrol");
    let cells = enrol(&images, &people)?;
    let played = play(&cells, &people, args.times, costs);
    if let Some(file) = svg {
        let middle = &played[rank(played.len(), 50)].1;
        file.write(|to| to.write_all(middle.timeline.svg().as_bytes()))?;
    }
    let report = report(costs, encoder, people.len(), &played, svg);
    output.print(&report, |out| print(&report, out))?;
    if let Some(file) = svg {
        note!("drew {}", file.path().display());
    }
    Ok(Outcome::Done)
}

/// The arrivals, the shortest first and those without an end last, each with the person's name.
fn play(cells: &Cells, people: &[Person], times: usize, costs: Costs) -> Vec<(String, Arrival)> {
    let all: Vec<(usize, &Person)> = (0..times).flat_map(|_| people).enumerate().collect();
    let mut played: Vec<(String, Arrival)> = all
        .par_iter()
        .map(|(number, person)| {
            (person.name.clone(), arrive(cells, &person.subject, *number as u64 + 1, costs))
        })
        .collect();
    let time = |arrival: &Arrival| arrival.opens_ms.unwrap_or(f64::INFINITY);
    played.sort_by(|a, b| time(&a.1).total_cmp(&time(&b.1)));
    played
}

/// The people: of each a name, a portrait to be enrolled, and who walks up.
fn people(args: &ArrivalArgs, images: &[(ModelKind, Vec<u8>)]) -> anyhow::Result<Vec<Person>> {
    let [detector, encoder] = [0, 1].map(|at| ImageFile::from_bytes(&images[at].1));
    let recognizer = Recognizer::new(detector.model()?, encoder.model()?, DEFAULT_MIN_SCORE)?;
    let mut arena = Arena::new(recognizer.arena_len());
    let candidates = candidates(&args.people)?;
    let step = candidates.len().div_ceil(args.limit).max(1);
    // Evenly spread first, then the others, in place of those whose photographs are no good.
    let spread = (0..step).flat_map(|from| candidates.iter().skip(from).step_by(step));
    let mut people = Vec::new();
    for (name, portrait, walks) in spread {
        if people.len() == args.limit {
            break;
        }
        let (portrait, walks) = (Photo::open(portrait)?, Photo::open(walks)?);
        let portrait = portrait.to_frame(PixelFormat::Yuyv);
        let enrollable = choose(&recognizer, &portrait.view()?, &mut arena)?.is_some();
        if let Some(subject) = subject(&recognizer, &walks, &mut arena).filter(|_| enrollable) {
            people.push(Person { name: name.clone(), portrait, subject });
        }
    }
    Ok(people)
}

/// Names, portraits, and photographs of those who walk up.
fn candidates(sources: &[PathBuf]) -> anyhow::Result<Vec<(String, PathBuf, PathBuf)>> {
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().replace('_', " ");
    let alone = |path: PathBuf| (name(&path), path.clone(), path);
    if sources.is_empty() {
        return Ok(PINNED.map(|file| alone(models::data("pictures").join(file))).into());
    }
    let mut all = Vec::new();
    for source in sources {
        let entries = if source.is_dir() { Some(std::fs::read_dir(source)) } else { None };
        let entries = entries.transpose().with_context(|| format!("cannot list {}", source.display()))?;
        let mut folders: Vec<PathBuf> = entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect();
        folders.sort();
        if folders.is_empty() {
            all.extend(files(std::slice::from_ref(source))?.into_iter().map(alone));
            continue;
        }
        for folder in folders {
            let photos = files(std::slice::from_ref(&folder))?;
            if let [walks, portrait, ..] = &photos[..] {
                all.push((name(&folder), portrait.clone(), walks.clone()));
            }
        }
    }
    Ok(all)
}

fn report(
    costs: Costs,
    encoder: &str,
    people: usize,
    played: &[(String, Arrival)],
    svg: Option<&OutputFile>,
) -> Report {
    let opened = played.iter().filter(|(_, arrival)| arrival.opens_ms.is_some()).count();
    let percentile = |percent: usize| {
        let arrival = played.get(rank(played.len(), percent));
        arrival.and_then(|(_, arrival)| arrival.opens_ms).map(rounded)
    };
    let steps = Kind::ALL.iter().map(|kind| {
        let sums = played[..opened].iter().map(|(_, arrival)| arrival.timeline.sum(*kind));
        let (time, times) = sums.fold((0.0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let mean = |sum: f64| rounded(sum / opened.max(1) as f64);
        Step { name: kind.name(), times: mean(times as f64), time: mean(time) }
    });
    let row = |(person, arrival): &(String, Arrival)| Row {
        person: person.clone(),
        opens: arrival.opens_ms.map(rounded),
        looks: arrival.timeline.looks(),
    };
    Report {
        on: costs.board,
        processor: costs.processor,
        clock: costs.mhz,
        estimate: costs.estimate.name(),
        encoder: encoder.to_owned(),
        people,
        p50: percentile(50),
        p95: percentile(95),
        opened,
        steps: steps.collect(),
        arrivals: played.iter().map(row).collect(),
        drawn: svg.map(|file| file.path().to_owned()),
    }
}

/// The place, from 0, of the arrival whose time this share of `count` keeps: the nearest rank.
fn rank(count: usize, percent: usize) -> usize {
    (count * percent).div_ceil(100).max(1) - 1
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn print(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let Report { processor, clock, estimate, people, opened, .. } = report;
    let shown = |ms: Option<f64>| ms.map_or("stays locked".to_owned(), |ms| format!("{:.2} s", ms / 1e3));
    for row in &report.arrivals {
        writeln!(out, "{:<32} {:>12} {:>4} looks", row.person, shown(row.opens), row.looks)?;
    }
    writeln!(out)?;
    writeln!(out, "{:<10} {:>8} {:>10}", "step", "times", "ms in all")?;
    for step in &report.steps {
        writeln!(out, "{:<10} {:>8.1} {:>10.1}", step.name, step.times, step.time)?;
    }
    writeln!(out)?;
    writeln!(out, "{processor} at {clock} MHz, estimated cycles, {estimate}; {}", report.encoder)?;
    writeln!(out, "{people} people, {} arrivals; the door opened {opened} times", report.arrivals.len())?;
    writeln!(
        out,
        "a known face appears until the door opens: p50 {}, p95 {}",
        shown(report.p50),
        shown(report.p95)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_arrivals_keep_p50() {
        assert_eq!([1, 2, 9, 10, 20].map(|count| rank(count, 50)), [0, 0, 4, 4, 9]);
        assert_eq!([1, 10, 20, 100].map(|count| rank(count, 95)), [0, 9, 18, 94]);
    }
}
