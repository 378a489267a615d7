//! `postern bench`: the cost of each operator of a model.
//!
//! On a board the cost is instructions, counted by the emulator, the same on every computer and in
//! every run; they are not cycles, which `--cycles` estimates. On this computer it is nanoseconds on
//! one core, in the fastest of a few runs.

pub mod arrival;
pub mod cycles;
pub mod frame;
mod icicle;
pub mod npu;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use emulator::{Machine, measure};
use nn::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::output::{Outcome, Output, by};
use crate::output_args::ForceArgs;
use models::{Arena, ImageFile};

/// Runs on this computer; the fastest counts.
const RUNS: usize = 30;

/// Options of `postern bench`.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("drawn").args(["frame", "arrival"]).multiple(true)))]
pub struct Args {
    /// Where the model runs
    #[arg(long, value_enum, default_value_t = Where::An547)]
    on: Where,

    /// The model: its name, or an image
    #[arg(long, value_name = "IMAGE|NAME", default_value = models::ENCODER)]
    model: String,

    /// The output of an earlier run with --json, to compare with
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,

    /// Measure the recognition of this photograph from frame to template, instead of one model
    #[arg(long, value_name = "PHOTO", conflicts_with = "compare")]
    frame: Option<PathBuf>,

    /// Draw the instructions of the frame by part, or an arrival by step, into this SVG file
    #[arg(long, value_name = "FILE", requires = "drawn")]
    svg: Option<PathBuf>,

    /// Estimate the cycles of the board's processor, low and high, beside the instructions
    #[arg(long, conflicts_with_all = ["compare", "svg"])]
    cycles: bool,

    /// Print what each assumption of the estimate is worth
    #[arg(long, requires = "cycles")]
    assumptions: bool,

    /// Compare the estimated cycles of the board's processor with those of an NPU, for images with a section for one (`postern
    /// compile --npu`)
    #[arg(long, value_name = "IMAGE|NAME", num_args = 1.., conflicts_with_all = ["model", "compare", "frame", "cycles"])]
    npu: Vec<String>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    arrival: arrival::ArrivalArgs,
}

/// Where a model runs.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Where {
    /// This computer, on one core
    Host,
    /// The emulated Cortex-M55
    An547,
    /// The emulated Cortex-M7
    An500,
}

/// What a model costs, on a board or here.
#[derive(JsonSchema, Serialize, Deserialize)]
pub struct Report {
    /// The model.
    model: String,
    /// Where it ran: `host`, `an547` or `an500`.
    on: String,
    /// What `cost` counts: instructions, or nanoseconds.
    unit: String,
    /// The cost of one run.
    cost: u64,
    /// Multiply-adds of one run.
    multiply_adds: usize,
    /// The memory that it needs to run.
    arena_bytes: usize,
    /// The size of its image.
    image_bytes: usize,
    /// Its operators.
    operators: Vec<Row>,
    /// The cost in the file of `--compare`. Absent without `--compare`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    cost_before: Option<u64>,
}

/// What an operator costs.
#[derive(JsonSchema, Serialize, Deserialize)]
struct Row {
    /// Its name.
    operator: String,
    /// Height and width of its window.
    kernel: [usize; 2],
    /// Steps of the window, down and across.
    stride: [usize; 2],
    /// Height, width and channels of its input.
    input: [usize; 3],
    /// Height, width and channels of its output.
    output: [usize; 3],
    /// Its multiply-adds.
    multiply_adds: usize,
    /// Its cost.
    cost: u64,
    /// Its share of the whole cost, from 0 to 1.
    share: f64,
    /// The cost in the file of `--compare`. Absent without `--compare`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    cost_before: Option<u64>,
}

/// Prints a row an operator, then sums.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    if !args.npu.is_empty() {
        return npu::run(machine(args.on, "--npu")?, &args.npu, output);
    }
    if args.arrival.arrival {
        let machine = machine(args.on, "--arrival")?;
        let svg = args.force.check_any(args.svg.as_ref(), crate::output_args::NONE)?;
        return arrival::run(machine, &args.arrival, &args.model, svg.as_ref(), output);
    }
    if args.cycles {
        let machine = machine(args.on, "--cycles")?;
        return match &args.frame {
            Some(photo) => cycles::frame(machine, photo, &args.model, args.assumptions, output),
            None => cycles::model(machine, &args.model, args.assumptions, output),
        };
    }
    if let Some(photo) = &args.frame {
        let machine = machine(args.on, "--frame")?;
        let svg = args.force.check_any(args.svg.as_ref(), [photo])?;
        return frame::run(machine, photo, svg.as_ref(), &args.model, output);
    }
    let path = models::image(&args.model)?;
    let file = ImageFile::read(&path)?;
    let model = file.model().with_context(|| path.display().to_string())?;
    let costs = match args.on {
        Where::Host => on_host(&model)?,
        Where::An547 => on_board(Machine::An547, &std::fs::read(&path)?)?,
        Where::An500 => on_board(Machine::An500, &std::fs::read(&path)?)?,
    };
    let mut report = report(&model, args.on, &costs);
    if let Some(file) = &args.compare {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let before = serde_json::from_str(&text).with_context(|| format!("in {}", file.display()))?;
        compare(&mut report, &before).with_context(|| format!("cannot compare with {}", file.display()))?;
    }
    output.print(&report, |out| print(&report, out))?;
    Ok(Outcome::Done)
}

/// The board that counts instructions, which `option` needs.
fn machine(on: Where, option: &str) -> anyhow::Result<Machine> {
    match on {
        Where::Host => bail!("{option} counts what a board's processor does: --on an547 or an500"),
        Where::An547 => Ok(Machine::An547),
        Where::An500 => Ok(Machine::An500),
    }
}

/// The nanoseconds that each operator took in the fastest run.
fn on_host(model: &Model) -> anyhow::Result<Vec<u64>> {
    let mut arena = Arena::new(model.arena_len());
    let arena = arena.bytes();
    let mut fastest: Option<Vec<u64>> = None;
    for _ in 0..RUNS {
        let mut costs = vec![0; model.operator_count()];
        let mut before = Instant::now();
        model.run_observed(arena, |operator| {
            costs[operator] += before.elapsed().as_nanos() as u64;
            before = Instant::now();
        })?;
        let total = |costs: &[u64]| costs.iter().sum::<u64>();
        if fastest.as_ref().is_none_or(|fastest| total(&costs) < total(fastest)) {
            fastest = Some(costs);
        }
    }
    Ok(fastest.unwrap_or_default())
}

/// The instructions that each operator takes.
fn on_board(machine: Machine, image: &[u8]) -> anyhow::Result<Vec<u64>> {
    measure::profile(machine.map(), &suite(machine)?, image)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| format!("{} did not run the model", machine.name()))
}

/// The conformance suite for a board, which measures.
fn suite(machine: Machine) -> anyhow::Result<PathBuf> {
    emulator::built_conformance(machine)
        .with_context(|| format!("no conformance suite for {}: run `cargo xtask firmware`", machine.name()))
}

fn report(model: &Model, on: Where, costs: &[u64]) -> Report {
    let cost: u64 = costs.iter().sum();
    let sides = |shape: nn::Shape| [shape.height, shape.width, shape.channels];
    let operators = (0..model.operator_count()).filter_map(|number| model.operator(number)).zip(costs);
    let operators: Vec<Row> = operators
        .map(|(operator, &of_this)| Row {
            operator: operator.name().to_owned(),
            kernel: operator.window().kernel,
            stride: operator.window().stride,
            input: sides(operator.input_shape()),
            output: sides(operator.output_shape()),
            multiply_adds: operator.multiply_adds(),
            cost: of_this,
            share: of_this as f64 / cost.max(1) as f64,
            cost_before: None,
        })
        .collect();
    let (on, unit) = match on {
        Where::Host => ("host", "nanoseconds"),
        Where::An547 => ("an547", "instructions"),
        Where::An500 => ("an500", "instructions"),
    };
    Report {
        model: model.name().to_owned(),
        on: on.to_owned(),
        unit: unit.to_owned(),
        cost,
        multiply_adds: operators.iter().map(|row| row.multiply_adds).sum(),
        arena_bytes: model.arena_len(),
        image_bytes: model.image_len(),
        operators,
        cost_before: None,
    }
}

/// Puts the costs of an earlier run beside those of this one.
fn compare(report: &mut Report, before: &Report) -> anyhow::Result<()> {
    if (&report.model, &report.on) != (&before.model, &before.on) {
        bail!("it is of {} on {}, not of {} on {}", before.model, before.on, report.model, report.on);
    }
    report.cost_before = Some(before.cost);
    for (row, before) in report.operators.iter_mut().zip(&before.operators) {
        row.cost_before = Some(before.cost);
    }
    Ok(())
}

fn print(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let unit = &report.unit;
    writeln!(
        out,
        "{:>4} {:<18} {:>7} {:>7} {:>12} {:>12} {:>13} {unit:>13} {:>6} {:>7}",
        "", "operator", "kernel", "stride", "input", "output", "multiply-adds", "each", "share"
    )?;
    for (number, row) in report.operators.iter().enumerate() {
        writeln!(
            out,
            "{number:>4} {:<18} {:>7} {:>7} {:>12} {:>12} {:>13} {:>13} {:>6.2} {:>6.1}%{}",
            row.operator,
            by(&row.kernel),
            by(&row.stride),
            by(&row.input),
            by(&row.output),
            row.multiply_adds,
            row.cost,
            row.multiply_adds as f64 / row.cost.max(1) as f64,
            100.0 * row.share,
            change(row.cost, row.cost_before)
        )?;
    }
    writeln!(out)?;
    writeln!(out, "by kind")?;
    let mut kinds: BTreeMap<String, (usize, usize, u64, u64)> = BTreeMap::new();
    for row in &report.operators {
        let kernel = if row.multiply_adds > 0 { format!(" {}", by(&row.kernel)) } else { String::new() };
        let sum = kinds.entry(format!("{}{kernel}", row.operator)).or_default();
        *sum = (
            sum.0 + 1,
            sum.1 + row.multiply_adds,
            sum.2 + row.cost,
            sum.3 + row.cost_before.unwrap_or_default(),
        );
    }
    for (kind, (count, multiply_adds, cost, before)) in kinds {
        let each = multiply_adds as f64 / cost.max(1) as f64;
        let change = change(cost, report.cost_before.map(|_| before));
        writeln!(
            out,
            "  {kind:<22} {count:>3} {multiply_adds:>13} multiply-adds {cost:>12} {unit}, {each:>5.2} each{change}"
        )?;
    }
    let each = report.multiply_adds as f64 / report.cost.max(1) as f64;
    writeln!(out)?;
    writeln!(out, "{} on {}", report.model, report.on)?;
    writeln!(out, "{:<14} {}{}", report.unit, report.cost, change(report.cost, report.cost_before))?;
    writeln!(out, "multiply-adds  {}, {each:.2} each", report.multiply_adds)?;
    writeln!(out, "arena          {} bytes", report.arena_bytes)?;
    writeln!(out, "flash          {} bytes of image", report.image_bytes)
}

/// How a cost has changed, in percent.
fn change(cost: u64, before: Option<u64>) -> String {
    let change = |before: u64| format!(" {:>+7.2}%", 100.0 * (cost as f64 / before.max(1) as f64 - 1.0));
    before.map(change).unwrap_or_default()
}
