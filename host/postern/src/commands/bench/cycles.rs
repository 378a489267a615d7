//! `postern bench --cycles`: estimated cycles of a board, low and high, by operator or by part of a frame.
//!
//! The emulator says which blocks of instructions ran; a model of the pipeline says what they take. docs/performance.md
//! has the assumptions.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use conformance::job::Job;
use cycles::Cost;
use emulator::executed::{self, Executed};
use emulator::{Machine, measure};
use nn::Model;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use schemars::JsonSchema;
use serde::Serialize;

use super::suite;
use crate::output::{Outcome, Output, by};
use crate::picture::Shot;
use models::{Arena, ImageFile};

/// A part, and what it costs.
#[derive(Clone, JsonSchema, Serialize)]
struct Row {
    /// The operator, or the stage.
    name: String,
    /// Its multiply-adds; 0 for a stage of a frame.
    multiply_adds: usize,
    /// Instructions executed.
    #[schemars(extend("unit" = "instructions"))]
    instructions: u64,
    /// The low estimate.
    #[schemars(extend("unit" = "cycles"))]
    low: u64,
    /// The high estimate.
    #[schemars(extend("unit" = "cycles"))]
    high: u64,
}

/// What a model, or a frame, takes of a processor: estimated cycles (`--cycles`).
#[derive(JsonSchema, Serialize)]
pub struct Report {
    /// The model, or the frame.
    of: String,
    /// The board.
    on: &'static str,
    /// The parts.
    rows: Vec<Row>,
    /// Instructions of the whole.
    #[schemars(extend("unit" = "instructions"))]
    instructions: u64,
    /// The low estimate of the whole.
    #[schemars(extend("unit" = "cycles"))]
    low: u64,
    /// The high estimate of the whole.
    #[schemars(extend("unit" = "cycles"))]
    high: u64,
    /// Instructions that the pipeline model does not know; it takes them as simple ones.
    #[schemars(extend("unit" = "instructions"))]
    unknown: u64,
    /// Branches that are taken to be mispredicted, on the Cortex-M7.
    mispredicted: u64,
    /// What each assumption is worth. Absent without `--assumptions`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assumptions: Vec<Assumption>,
}

/// What an assumption is worth.
#[derive(JsonSchema, Serialize)]
struct Assumption {
    /// The assumption.
    name: &'static str,
    /// How much higher the low estimate is with this one as in the high estimate.
    #[schemars(extend("unit" = "cycles"))]
    more: u64,
}

/// Prints the cycles of each operator of a model.
pub fn model(machine: Machine, name: &str, weigh: bool, output: &Output) -> anyhow::Result<Outcome> {
    let path = models::image(name)?;
    let file = ImageFile::read(&path)?;
    let model = file.model().with_context(|| path.display().to_string())?;
    let image = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let input = measure::noise(&image).map_err(|error| anyhow!("{error}"))?;
    let executed = execute(machine, &Job::Profile { image: &image, input: &input })?;
    let costs = executed.costs().and_then(|parts| executed::operators(&image, &parts));
    let costs = costs.map_err(|error| anyhow!("{error}"))?;
    let rows = operators(&model, &costs);
    let all = costs.iter().copied().fold(Cost::default(), Cost::plus);
    let report = report(model.name().to_owned(), machine, rows, all, weigh.then_some(&executed))?;
    output.print(&report, |out| print(&report, out))?;
    Ok(Outcome::Done)
}

/// Prints the cycles of the frame of `photo`: detect, align, assess, encode, and the liveness network.
pub fn frame(
    machine: Machine,
    photo: &Path,
    encoder: &str,
    weigh: bool,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let shot = Shot::open(photo)?;
    let frame = shot.frame.view()?;
    let [detector, encoder, liveness] = [models::DETECTOR, encoder, models::LIVENESS]
        .map(|name| models::image(name).map_err(anyhow::Error::from).and_then(read));
    let (detector, encoder, liveness) = (detector?, encoder?, liveness?);
    let bounds = face(&detector, &encoder, &shot, photo)?;
    let job = Job::Recognizer { detector: &detector, encoder: &encoder, frame: &frame };
    let executed = execute(machine, &job)?;
    let cost = executed.frame().map_err(|error| anyhow!("{error}"))?;
    let alive = execute(machine, &Job::Liveness { image: &liveness, frame: &frame, face: &bounds })?;
    let alive = alive.single().map_err(|error| anyhow!("{error}"))?;
    let names = ["detect", "align", "assess quality", "encode", "track, in the next frame"];
    let mut rows: Vec<Row> = names.iter().zip(cost.parts).map(|(name, cost)| row(*name, 0, cost)).collect();
    rows.push(row("liveness", 0, alive));
    rows.push(row("detect to encode in one run", 0, cost.whole));
    let all = cost.whole.plus(alive);
    let name = format!("a frame of {}, and its liveness", shot.name());
    let report = report(name, machine, rows, all, weigh.then_some(&executed))?;
    output.print(&report, |out| print(&report, out))?;
    Ok(Outcome::Done)
}

/// Runs a job on the board, and tells which instructions it executed.
pub fn execute(machine: Machine, job: &Job<'_>) -> anyhow::Result<Executed> {
    executed::run(machine.map(), &suite(machine)?, job)
        .map_err(|error| anyhow!("{}: {error}", machine.name()))
}

fn read(path: PathBuf) -> anyhow::Result<Vec<u8>> {
    std::fs::read(&path).with_context(|| path.display().to_string())
}

/// The box of the largest face as a job wants it.
fn face(detector: &[u8], encoder: &[u8], shot: &Shot, photo: &Path) -> anyhow::Result<[u8; 16]> {
    let [detector, encoder] = [detector, encoder].map(ImageFile::from_bytes);
    let recognizer = Recognizer::new(detector.model()?, encoder.model()?, DEFAULT_MIN_SCORE)?;
    let mut arena = Arena::new(recognizer.arena_len());
    let faces = recognizer.detect(&shot.frame.view()?, arena.bytes())?;
    let face = vision::largest(&faces);
    ensure!(face.is_some(), "{}: no face in the picture", photo.display());
    let bounds = face.map(|face| face.bounds).unwrap_or_default();
    let mut bytes = [0; 16];
    let words = [bounds.x, bounds.y, bounds.width, bounds.height];
    for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    Ok(bytes)
}

fn row(name: impl Into<String>, multiply_adds: usize, cost: Cost) -> Row {
    let (low, high) = (cost.low.round() as u64, cost.high.round() as u64);
    Row { name: name.into(), multiply_adds, instructions: cost.instructions, low, high }
}

/// A row an operator, then a row a kind of operator.
fn operators(model: &Model, costs: &[Cost]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut kinds: BTreeMap<String, (usize, usize, Cost)> = BTreeMap::new();
    for (number, &cost) in costs.iter().enumerate() {
        let Some(operator) = model.operator(number) else { continue };
        let products = operator.multiply_adds();
        let mut kind = operator.name().to_owned();
        if products > 0 {
            kind = format!("{kind} {}", by(&operator.window().kernel));
        }
        let name = format!("{number:>3} {kind}, {} to {}", operator.input_shape(), operator.output_shape());
        rows.push(row(name, products, cost));
        let sum = kinds.entry(kind).or_default();
        *sum = (sum.0 + 1, sum.1 + products, sum.2.plus(cost));
    }
    rows.extend(
        kinds
            .into_iter()
            .map(|(kind, (count, products, cost))| row(format!("all {count} of {kind}"), products, cost)),
    );
    rows
}

fn report(
    of: String,
    machine: Machine,
    rows: Vec<Row>,
    all: Cost,
    weigh: Option<&Executed>,
) -> anyhow::Result<Report> {
    let assumptions = weigh.map_or(Ok(Vec::new()), Executed::weigh).map_err(|error| anyhow!("{error}"))?;
    let assumptions = assumptions.into_iter();
    Ok(Report {
        of,
        on: machine.name(),
        rows,
        instructions: all.instructions,
        low: all.low.round() as u64,
        high: all.high.round() as u64,
        unknown: all.unknown,
        mispredicted: if machine == Machine::An500 { all.surprises } else { 0 },
        assumptions: assumptions.map(|(name, more)| Assumption { name, more: more.round() as u64 }).collect(),
    })
}

fn print(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        out,
        "{:<58} {:>13} {:>13} {:>13} {:>13}",
        "", "multiply-adds", "instructions", "cycles, low", "high"
    )?;
    for row in &report.rows {
        let Row { name, multiply_adds, instructions, low, high } = row;
        writeln!(out, "{name:<58} {multiply_adds:>13} {instructions:>13} {low:>13} {high:>13}")?;
    }
    writeln!(out)?;
    writeln!(out, "{} on {}", report.of, report.on)?;
    writeln!(out, "instructions      {}", report.instructions)?;
    writeln!(out, "estimated cycles  {} to {}", report.low, report.high)?;
    if report.unknown > 0 {
        writeln!(out, "taken as simple   {} instructions that the model does not know", report.unknown)?;
    }
    if report.mispredicted > 0 {
        writeln!(out, "mispredicted      {} branches, in the cycles above", report.mispredicted)?;
    }
    if !report.assumptions.is_empty() {
        writeln!(out)?;
        writeln!(out, "what each assumption of the high estimate adds to the low one, in cycles")?;
        for Assumption { name, more } in &report.assumptions {
            writeln!(out, "  {name:<50} {more:>12}")?;
        }
    }
    Ok(())
}
