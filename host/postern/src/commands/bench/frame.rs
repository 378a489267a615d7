//! The instructions of a recognised frame by part, from the camera's pixels to the template.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use conformance::job::Job;
use emulator::{Machine, measure};
use nn::Model;
use output_file::OutputFile;
use schemars::JsonSchema;
use serde::Serialize;

use super::icicle::Bar;
use super::suite;
use crate::output::{Outcome, Output, note};
use crate::picture::Shot;
use models::ImageFile;

/// The instructions of a frame on a board (`--frame`).
#[derive(JsonSchema, Serialize)]
pub struct Report {
    /// The photograph.
    photo: PathBuf,
    /// The board.
    on: &'static str,
    /// Of the frame in one run, from pixels to template as in the door.
    #[schemars(extend("unit" = "instructions"))]
    instructions: u64,
    /// Of the four parts below, each by itself.
    #[schemars(extend("unit" = "instructions"))]
    parts: u64,
    /// From the picture to boxes and landmarks.
    #[schemars(extend("unit" = "instructions"))]
    detect: u64,
    /// Of these, the detector's network.
    #[schemars(extend("unit" = "instructions"))]
    detector: u64,
    /// From landmarks to the aligned crop.
    #[schemars(extend("unit" = "instructions"))]
    align: u64,
    /// From the crop to a verdict on the view of the face.
    #[schemars(extend("unit" = "instructions"))]
    quality: u64,
    /// From the crop to the template.
    #[schemars(extend("unit" = "instructions"))]
    encode: u64,
    /// Of these, the encoder's network.
    #[schemars(extend("unit" = "instructions"))]
    encoder: u64,
    /// The file of the drawing. `null` without `--svg`.
    drawn: Option<PathBuf>,
}

/// Counts what the frame of `photo` costs on a board, and draws it to `svg`.
pub fn run(
    machine: Machine,
    photo: &Path,
    svg: Option<&OutputFile>,
    encoder: &str,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let suite = suite(machine)?;
    let failed = |error| anyhow!("{}: {error}", machine.name());
    let images = [models::DETECTOR, encoder].map(models::image);
    let mut networks = Vec::new();
    let mut bytes = Vec::new();
    for path in images {
        let path = path?;
        let file = ImageFile::read(&path)?;
        let model = file.model().with_context(|| path.display().to_string())?;
        let image = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let costs = measure::profile(machine.map(), &suite, &image).map_err(failed)?;
        networks.push(network(&model, &costs));
        bytes.push(image);
    }
    let shot = Shot::open(photo)?;
    let frame = shot.frame.view()?;
    let job = Job::Recognizer { detector: &bytes[0], encoder: &bytes[1], frame: &frame };
    let compared = measure::compare_job(machine.map(), &suite, &job).map_err(failed)?;
    ensure!(compared.equal, "board and host do not agree on {}: {compared:?}", photo.display());
    let [detect, align, quality, encode, _] = compared.parts;
    ensure!(encode > 0, "{}: no face in the picture", photo.display());
    let [detector, encoder] = [networks[0].cost, networks[1].cost];
    let mut networks = networks.into_iter();
    let mut with_rest = |name: &str, stage: u64, rest: &str| {
        let network = networks.next().unwrap_or_else(|| Bar::leaf("network", 0));
        let left = stage.saturating_sub(network.cost);
        Bar { name: name.into(), cost: stage, parts: vec![Bar::leaf(rest, left), network] }
    };
    let parts = Bar::sum(
        format!("a frame on {}", machine.name()),
        vec![
            with_rest("detect", detect, "picture to input, decoding"),
            Bar::leaf("align", align),
            Bar::leaf("assess quality", quality),
            with_rest("encode", encode, "normalise"),
        ],
    );
    if let Some(path) = svg {
        let title = format!("Instructions of a recognised frame, {}: {}", machine.name(), parts.cost);
        path.write(|to| to.write_all(parts.svg(&title, "instructions").as_bytes()))?;
    }
    let report = Report {
        photo: photo.to_owned(),
        on: machine.name(),
        instructions: compared.instructions,
        parts: parts.cost,
        detect,
        detector,
        align,
        quality,
        encode,
        encoder,
        drawn: svg.map(|file| file.path().to_owned()),
    };
    output.print(&report, |out| {
        let mut row = |name: &str, cost: u64| {
            writeln!(out, "{name:<34} {cost:>12}  {:>6.2}%", 100.0 * cost as f64 / parts.cost.max(1) as f64)
        };
        row("detect", detect)?;
        row("  its network", detector)?;
        row("align", align)?;
        row("assess quality", quality)?;
        row("encode", encode)?;
        row("  its network", encoder)?;
        row("the parts, each by itself", parts.cost)?;
        row("a frame in one run, instructions", compared.instructions)
    })?;
    if let Some(path) = svg {
        note!("drew {}", path.path().display());
    }
    Ok(Outcome::Done)
}

/// A network as its kinds of operators, and these as their operators.
fn network(model: &Model, costs: &[u64]) -> Bar {
    let mut kinds: BTreeMap<String, Vec<Bar>> = BTreeMap::new();
    for (number, &cost) in costs.iter().enumerate() {
        let Some(operator) = model.operator(number) else { continue };
        let [rows, columns] = operator.window().kernel;
        let kind = match operator.multiply_adds() {
            0 => operator.name().to_owned(),
            _ => format!("{} {rows}x{columns}", operator.name()),
        };
        let name = format!("{number}: {} to {}", operator.input_shape(), operator.output_shape());
        kinds.entry(kind).or_default().push(Bar::leaf(name, cost));
    }
    let mut kinds: Vec<Bar> = kinds.into_iter().map(|(kind, parts)| Bar::sum(kind, parts)).collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.cost));
    Bar::sum(model.name(), kinds)
}
