//! `postern bench --npu`: estimated cycles of an NPU and of a board's processor, side by side, by network.
//!
//! Two models made these numbers, and neither is a measurement. Those of the processor come from the instructions that ran and a
//! model of its pipeline, as `--cycles` has them. Those of the NPU are what Arm's compiler wrote into the image.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use conformance::job::Job;
use cycles::Cost;
use emulator::{Machine, executed, measure};
use schemars::JsonSchema;
use serde::Serialize;

use super::cycles::execute;
use crate::output::{Outcome, Output};
use models::ImageFile;

/// What networks take of a processor and of an NPU (`--npu`).
#[derive(JsonSchema, Serialize)]
pub struct Report {
    /// The board of the processor.
    on: &'static str,
    /// The networks.
    networks: Vec<Row>,
    /// All of them together.
    together: Together,
}

/// Networks that run one after the other, as those of a frame do.
#[derive(JsonSchema, Serialize)]
struct Together {
    /// The low estimate of the processor.
    #[schemars(extend("unit" = "cycles"))]
    processor_low: u64,
    /// The high estimate of the processor.
    #[schemars(extend("unit" = "cycles"))]
    processor_high: u64,
    /// Cycles of the NPU. `null` if a network has no section, or one for another NPU than the rest.
    #[schemars(extend("unit" = "cycles"))]
    npu: Option<u64>,
}

/// A network on both.
#[derive(JsonSchema, Serialize)]
struct Row {
    /// The model.
    model: String,
    /// Multiply-adds of one run.
    multiply_adds: usize,
    /// The low estimate of the processor.
    #[schemars(extend("unit" = "cycles"))]
    processor_low: u64,
    /// The high estimate of the processor.
    #[schemars(extend("unit" = "cycles"))]
    processor_high: u64,
    /// The NPU that the image has a section for. `null` without a section.
    accelerator: Option<String>,
    /// Its cycles, as Arm's compiler estimates them. `null` without a section.
    #[schemars(extend("unit" = "cycles"))]
    npu: Option<u32>,
    /// The memory that the NPU works in. `null` without a section.
    scratch_bytes: Option<u32>,
    /// The memory for its commands. `null` without a section.
    stream_bytes: Option<usize>,
}

/// Prints a row an image.
pub fn run(machine: Machine, images: &[String], output: &Output) -> anyhow::Result<Outcome> {
    let networks = images.iter().map(|image| row(machine, &models::image(image)?));
    let networks: Vec<Row> = networks.collect::<anyhow::Result<_>>()?;
    let report = Report { on: machine.name(), together: together(&networks), networks };
    output.print(&report, |out| print(&report, out))?;
    Ok(Outcome::Done)
}

/// The sum of all networks.
fn together(networks: &[Row]) -> Together {
    let one_npu = networks.windows(2).all(|pair| pair[0].accelerator == pair[1].accelerator);
    let npu: Option<u64> = networks.iter().map(|row| row.npu.map(u64::from)).sum();
    Together {
        processor_low: networks.iter().map(|row| row.processor_low).sum(),
        processor_high: networks.iter().map(|row| row.processor_high).sum(),
        npu: npu.filter(|_| one_npu),
    }
}

fn row(machine: Machine, path: &Path) -> anyhow::Result<Row> {
    let file = ImageFile::read(path)?;
    let model = file.model().with_context(|| path.display().to_string())?;
    let section =
        npu::section(&model).with_context(|| format!("{}: compile it again with --npu", path.display()))?;
    let image = std::fs::read(path).with_context(|| path.display().to_string())?;
    let input = measure::noise(&image).map_err(|error| anyhow!("{error}"))?;
    let executed = execute(machine, &Job::Profile { image: &image, input: &input })?;
    let costs = executed.costs().and_then(|parts| executed::operators(&image, &parts));
    let all = costs.map_err(|error| anyhow!("{error}"))?.into_iter().fold(Cost::default(), Cost::plus);
    let operators = (0..model.operator_count()).filter_map(|number| model.operator(number));
    Ok(Row {
        model: model.name().to_owned(),
        multiply_adds: operators.map(|operator| operator.multiply_adds()).sum(),
        processor_low: all.low.round() as u64,
        processor_high: all.high.round() as u64,
        accelerator: section.as_ref().map(|section| section.accelerator().name.to_owned()),
        npu: section.as_ref().map(|section| section.header().cycles),
        scratch_bytes: section.as_ref().map(|section| section.header().scratch),
        stream_bytes: section.as_ref().map(|section| size_of_val(section.stream())),
    })
}

fn print(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        out,
        "estimated cycles: {} from the instructions that ran, the NPU by Arm's compiler",
        report.on
    )?;
    writeln!(
        out,
        "{:<18} {:>13} {:>13} {:>13} {:>13} {:>7}  NPU",
        "network", "multiply-adds", "processor low", "high", "NPU", "low/NPU"
    )?;
    for row in &report.networks {
        write!(
            out,
            "{:<18} {:>13} {:>13} {:>13}",
            row.model, row.multiply_adds, row.processor_low, row.processor_high
        )?;
        match (row.npu, &row.accelerator, row.scratch_bytes, row.stream_bytes) {
            (Some(npu), Some(accelerator), Some(scratch), Some(stream)) => writeln!(
                out,
                " {npu:>13} {:>7.1}  {accelerator}, scratch {} KiB, stream {} KiB",
                row.processor_low as f64 / f64::from(npu.max(1)),
                scratch.div_ceil(1024),
                stream.div_ceil(1024)
            )?,
            _ => writeln!(out, " {:>13} {:>7}  no section: `postern compile --npu`", "-", "-")?,
        }
    }
    let Together { processor_low, processor_high, npu } = report.together;
    match npu {
        Some(npu) if report.networks.len() > 1 => writeln!(
            out,
            "{:<18} {:>13} {processor_low:>13} {processor_high:>13} {npu:>13} {:>7.1}",
            "together",
            "",
            processor_low as f64 / npu.max(1) as f64
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(accelerator: Option<&str>, npu: Option<u32>) -> Row {
        Row {
            model: "x".to_owned(),
            multiply_adds: 1,
            processor_low: 10,
            processor_high: 20,
            accelerator: accelerator.map(str::to_owned),
            npu,
            scratch_bytes: None,
            stream_bytes: None,
        }
    }

    #[test]
    fn a_sum_is_of_one_npu_and_of_all_networks() {
        let small = || row(Some("ethos-u55-128"), Some(u32::MAX));
        let sum = together(&[small(), small()]);
        assert_eq!((sum.processor_low, sum.processor_high), (20, 40));
        assert_eq!(sum.npu, Some(2 * u64::from(u32::MAX)));
        assert_eq!(together(&[small(), row(Some("ethos-u55-256"), Some(1))]).npu, None);
        assert_eq!(together(&[small(), row(None, None)]).npu, None);
    }
}
