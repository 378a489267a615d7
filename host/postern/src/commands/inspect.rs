//! `postern inspect`: what is in a model image.

use std::io::Write;
use std::ops::Add;

use anyhow::Context;
use compiler::removed::{self, Removal};
use nn::format::Kind;
use nn::{Model, Shape};
use npu_section::Section;
use schemars::JsonSchema;
use serde::Serialize;

use super::calibrate::table::{self, Row};
use crate::output::{Outcome, Output, by};
use models::ImageFile;

/// Options of `postern inspect`.
#[derive(clap::Args)]
pub struct Args {
    /// The model: its name, or an image
    #[arg(value_name = "IMAGE|NAME")]
    image: String,
}

/// What is in an image.
#[derive(JsonSchema, Serialize)]
pub struct Description {
    /// The model's name.
    name: String,
    /// What it is for: `detector`, `encoder`, `liveness`, `other`, or `float encoder`, which tract runs.
    kind: String,
    /// SHA-256 of the image, in hexadecimal digits.
    identity: String,
    /// SHA-256 of the file that it was compiled from, in hexadecimal digits.
    source: String,
    /// The size of the image.
    image_bytes: usize,
    /// The size of its weights; of a float encoder that of its file.
    weight_bytes: usize,
    /// The memory that it needs to run.
    arena_bytes: usize,
    /// Multiply-adds of one run; 0 for a float encoder, in which nobody counts them.
    multiply_adds: usize,
    /// Height, width and channels of its input.
    input: [usize; 3],
    /// Height, width and channels of each output.
    outputs: Vec<[usize; 3]>,
    /// How close it is to its network in float. `null` if an older compiler wrote it.
    fidelity: Option<Fidelity>,
    /// What the compiler removed as dead channels, which changes no output. `null` if the image does not say.
    removed: Option<Removed>,
    /// What an NPU runs instead. `null` without such a section.
    npu: Option<Npu>,
    /// The thresholds of an encoder, empty without.
    calibration: Vec<Row>,
    /// The operators, in the order in which they run.
    operators: Vec<OperatorRow>,
}

/// What an NPU runs, with the estimates of Arm's compiler.
#[derive(JsonSchema, Serialize)]
struct Npu {
    /// The NPU and its multiply-adds in a cycle.
    accelerator: String,
    /// Estimated cycles of the whole network.
    cycles: u32,
    /// The memory that it works in.
    scratch_bytes: u32,
    /// The size of its weights and tables.
    data_bytes: usize,
    /// Words of its commands.
    stream_words: usize,
}

impl Npu {
    fn of(section: &Section) -> Self {
        Self {
            accelerator: section.accelerator().name.to_owned(),
            cycles: section.header().cycles,
            scratch_bytes: section.header().scratch,
            data_bytes: section.data().len(),
            stream_words: section.stream().len(),
        }
    }
}

/// What was removed of the convolutions.
#[derive(Default, PartialEq, JsonSchema, Serialize)]
struct Removed {
    /// Filters.
    filters: usize,
    /// Channels of inputs.
    channels: usize,
    /// Constant channels of inputs, whose products are in the biases now.
    folded: usize,
    /// Multiply-adds of one run.
    multiply_adds: usize,
    /// The size of the weights.
    weight_bytes: usize,
}

impl From<Removal> for Removed {
    fn from(it: Removal) -> Self {
        let Removal { filters, channels, folded, multiply_adds, weight_bytes } = it;
        Self { filters, channels, folded, multiply_adds, weight_bytes }
    }
}

/// How close the image is to its float network, as `postern compile` measured it.
#[derive(JsonSchema, Serialize)]
struct Fidelity {
    /// `cosine` of both embeddings, or `error` of an output as a share of its size.
    figure: &'static str,
    /// The worst of all samples.
    worst: f32,
    /// The mean of all samples.
    mean: f32,
    /// Photographs that were compared.
    samples: u32,
}

impl Fidelity {
    fn of(model: &Model) -> Option<Self> {
        let record = model.fidelity();
        let figure = match record.figure {
            1 => "cosine",
            2 => "error",
            _ => return None,
        };
        Some(Self { figure, worst: record.worst, mean: record.mean, samples: record.samples })
    }
}

/// An operator.
#[derive(JsonSchema, Serialize)]
struct OperatorRow {
    /// Its name.
    operator: &'static str,
    /// Height and width of its window.
    kernel: [usize; 2],
    /// Steps of the window, down and across.
    stride: [usize; 2],
    /// Height, width and channels of its input.
    input: [usize; 3],
    /// Height, width and channels of its output.
    output: [usize; 3],
    /// Multiply-adds of one run.
    multiply_adds: usize,
    /// The size of its weights.
    weight_bytes: usize,
    /// What was removed of it. `null` if the image does not say.
    removed: Option<Removed>,
    /// Cycles of the NPU, as Arm's compiler estimates them. `null` without such a section.
    npu_cycles: Option<u64>,
}

/// Prints operators, shapes, multiply-adds, weights and arena.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let path = models::image(&args.image)?;
    let file = ImageFile::read(&path)?;
    let model = file.model().with_context(|| path.display().to_string())?;
    let section =
        npu::section(&model).with_context(|| format!("{}: compile it again with --npu", path.display()))?;
    let description = describe(&model, section.as_ref());
    output.print(&description, |out| print(&description, out))?;
    Ok(Outcome::Done)
}

/// Cycles of an operator. Arm's compiler joins some operators with others, which have the cycles then.
fn cycles(section: &Section, operator: usize) -> u64 {
    let layers = section.layers().iter();
    layers.filter(|layer| layer.operator as usize == operator).map(|layer| u64::from(layer.cycles)).sum()
}

fn describe(model: &Model, section: Option<&Section>) -> Description {
    let removed = removed::of(model);
    let operators: Vec<OperatorRow> = (0..model.operator_count())
        .filter_map(|index| model.operator(index).map(|operator| (index, operator)))
        .map(|(index, operator)| OperatorRow {
            operator: operator.name(),
            kernel: operator.window().kernel,
            stride: operator.window().stride,
            input: sides(operator.input_shape()),
            output: sides(operator.output_shape()),
            multiply_adds: operator.multiply_adds(),
            weight_bytes: operator.weight_bytes(),
            removed: removed.as_ref().and_then(|all| all.get(index)).map(|&one| one.into()),
            npu_cycles: section.map(|section| cycles(section, index)),
        })
        .collect();
    Description {
        name: model.name().to_owned(),
        kind: match model.kind() {
            Kind::FloatEncoder => "float encoder".to_owned(),
            int8 => format!("{int8:?}").to_lowercase(),
        },
        identity: hex::encode(model.identity()),
        source: hex::encode(model.source()),
        image_bytes: model.image_len(),
        weight_bytes: match model.is_float() {
            true => model.data().len(),
            false => operators.iter().map(|row| row.weight_bytes).sum(),
        },
        arena_bytes: model.arena_len(),
        multiply_adds: operators.iter().map(|row| row.multiply_adds).sum(),
        input: sides(model.input()),
        outputs: (0..model.output_count())
            .filter_map(|index| model.output(index))
            .map(|output| sides(output.shape))
            .collect(),
        fidelity: Fidelity::of(model),
        removed: removed.map(|all| all.into_iter().fold(Removal::default(), Add::add).into()),
        npu: section.map(Npu::of),
        calibration: model.calibration().map(Row::of).collect(),
        operators,
    }
}

fn print(description: &Description, out: &mut dyn Write) -> std::io::Result<()> {
    let is_less = description.removed.as_ref().is_some_and(|all| *all != Removed::default());
    writeln!(
        out,
        "{:>4} {:<18} {:>7} {:>7} {:>14} {:>14} {:>14} {:>10}{}{}",
        "",
        "operator",
        "kernel",
        "stride",
        "input",
        "output",
        "multiply-adds",
        "weights",
        if is_less { "          removed" } else { "" },
        if description.npu.is_some() { "   NPU cycles" } else { "" }
    )?;
    for (number, row) in description.operators.iter().enumerate() {
        writeln!(
            out,
            "{number:>4} {:<18} {:>7} {:>7} {:>14} {:>14} {:>14} {:>10}{}{}",
            row.operator,
            by(&row.kernel),
            by(&row.stride),
            by(&row.input),
            by(&row.output),
            row.multiply_adds,
            row.weight_bytes,
            row.removed
                .as_ref()
                .filter(|_| is_less)
                .map(|it| format!(" {:>16}", it.multiply_adds))
                .unwrap_or_default(),
            row.npu_cycles.map(|cycles| format!(" {cycles:>12}")).unwrap_or_default()
        )?;
    }
    let outputs: Vec<String> = description.outputs.iter().map(|output| by(output)).collect();
    writeln!(out)?;
    writeln!(out, "name           {} ({})", description.name, description.kind)?;
    writeln!(out, "identity       {}", description.identity)?;
    writeln!(out, "compiled from  {}", description.source)?;
    writeln!(out, "input          {}", by(&description.input))?;
    writeln!(out, "outputs        {}", outputs.join(", "))?;
    writeln!(out, "multiply-adds  {}", description.multiply_adds)?;
    writeln!(
        out,
        "image          {} bytes, of them weights {}",
        description.image_bytes, description.weight_bytes
    )?;
    writeln!(out, "arena          {} bytes", description.arena_bytes)?;
    match &description.removed {
        Some(all) if is_less => writeln!(
            out,
            "removed        dead channels: {} filters, {} channels of inputs, {} multiply-adds, {} bytes of weights; {} constant \
             channels are in biases",
            all.filters, all.channels, all.multiply_adds, all.weight_bytes, all.folded
        )?,
        Some(_) => writeln!(out, "removed        nothing")?,
        None if description.kind == "float encoder" => {
            writeln!(out, "removed        nothing: it is the network itself")?;
        }
        None => writeln!(out, "removed        not recorded")?,
    }
    if let Some(Npu { accelerator, cycles, scratch_bytes, data_bytes, stream_words }) = &description.npu {
        writeln!(
            out,
            "npu            {accelerator}: {cycles} cycles as Vela estimates, scratch {scratch_bytes} bytes, data {data_bytes} \
             bytes, stream {stream_words} words"
        )?;
    }
    match &description.fidelity {
        Some(Fidelity { figure: "cosine", worst, mean, samples }) => writeln!(
            out,
            "fidelity       cosine to the float network {mean:.4} on average, {worst:.4} at the least, on {samples} samples"
        )?,
        Some(Fidelity { worst, mean, samples, .. }) => writeln!(
            out,
            "fidelity       error against the float network {:.1} % at the most, {:.1} % on average, on {samples} samples",
            worst * 100.0,
            mean * 100.0
        )?,
        None if description.kind == "float encoder" => {
            writeln!(out, "fidelity       it is the network itself, run by tract")?;
        }
        None => writeln!(out, "fidelity       not recorded: compile it again")?,
    }
    table::print(&description.calibration, out)
}

fn sides(shape: Shape) -> [usize; 3] {
    [shape.height, shape.width, shape.channels]
}
