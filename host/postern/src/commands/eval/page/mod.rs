//! `postern eval report`: a page on how often the door is wrong, encoders side by side.

mod board;
mod html;
mod many;
mod pairs;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use eval::{
    Comparison, Curve, GroupErrors, Groups, Sized, plot_det, plot_identification, plot_scores, plot_sizes,
};
use schemars::JsonSchema;
use serde::Serialize;

use self::many::Identification;
use self::pairs::WorstPair;
use super::material::{Material, MaterialArgs, Measured, name};
use super::report::Report;
use crate::device::DeviceArgs;
use crate::numbers::count;
use crate::output::{Outcome, Output, note};
use crate::output_args::ForceArgs;
use models::ImageFile;
use output_file::OutputFolder;

/// The false-match rate for failures and groups.
const RATE: f64 = 1e-3;

/// Options of `postern eval report`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    material: MaterialArgs,

    /// The encoders: names of models, or images
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::ENCODER, value_delimiter = ',')]
    encoder: Vec<String>,

    /// Also measure the published network of each image in float
    #[arg(long)]
    float: bool,

    /// Also compute the templates of N pictures on the board, and compare them with this computer's
    #[arg(long, value_name = "N", value_parser = count::<usize>)]
    on_board: Option<usize>,

    /// A table of people and their groups, with a header line: report the errors of each group
    #[arg(long, value_name = "CSV")]
    groups: Option<PathBuf>,

    /// The folder of the page [default: report in the data folder]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    device: DeviceArgs,
}

/// The false-match rate at which size is held against misses, by its place in the report: 1 in 10,000.
const SIZED: usize = 1;

/// What an encoder takes of a board.
#[derive(JsonSchema, Serialize)]
pub struct Cost {
    /// The size of its image.
    pub bytes: usize,
    /// Multiply-adds of one face.
    pub multiply_adds: usize,
}

/// What is known of one encoder in one pipeline.
#[derive(JsonSchema, Serialize)]
pub struct Section {
    /// Rates.
    pub report: Report,
    /// What the image takes of a board. `null` for the network in float.
    pub cost: Option<Cost>,
    /// Recognising one of many.
    pub identification: Identification,
    /// By group, at one false match in 1,000.
    pub groups: Vec<GroupErrors>,
    /// Pairs of one person that are least alike.
    pub misses: Vec<WorstPair>,
    /// Pairs of two people that are most alike.
    pub false_matches: Vec<WorstPair>,
    /// Pictures of this section, beside the page.
    pub scores: String,
    /// The sheet of misses. `null` if there are none.
    pub misses_sheet: Option<String>,
    /// The sheet of false matches. `null` if there are none.
    pub false_matches_sheet: Option<String>,
}

/// The page that was written, as data; `report.json` beside it has the same.
#[derive(JsonSchema, Serialize)]
pub struct Page {
    /// The pictures' folder.
    pub images: PathBuf,
    /// The folds that were held out, from 1.
    pub held_out: Vec<usize>,
    /// An encoder and a pipeline each.
    pub sections: Vec<Section>,
    /// What a board computed of some of the pictures. `null` without `--on-board`.
    pub board: Option<board::Check>,
}

impl Page {
    /// Whether there are several sizes to compare.
    fn has_sizes(&self) -> bool {
        self.sections.iter().filter(|section| section.cost.is_some()).count() > 1
    }
}

/// Measures, draws, and writes the page.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let out = args.out.clone().unwrap_or_else(|| models::data("report"));
    if let Some(out) = &args.out {
        let inputs = args.groups.iter().chain([&args.material.pairs]);
        OutputFolder::new(out, args.force.force, &[], inputs)?;
    }
    let material = args.material.read()?;
    let groups = args.groups.as_deref().map(read_groups).transpose()?;
    if args.float {
        ensure!(
            args.encoder.iter().all(|encoder| !Path::new(encoder).is_file()),
            "--float takes encoders by their models' names: an image has no network as published"
        );
    }
    std::fs::create_dir_all(&out).with_context(|| format!("cannot write to {}", out.display()))?;
    let mut sections = Vec::new();
    let mut comparisons = Vec::new();
    for encoder in &args.encoder {
        for float in [false, true].into_iter().take(1 + usize::from(args.float)) {
            note!("{}, {}:", name(encoder), if float { "in float" } else { "as the device runs it" });
            let (section, all) = section(args, &material, groups.as_ref(), &out, encoder, float)?;
            sections.push(section);
            comparisons.push(all);
        }
    }
    let board = match args.on_board {
        Some(count) => Some(board::check(&args.device, &args.material, &material, &args.encoder[0], count)?),
        None => None,
    };
    let page = Page {
        images: args.material.images.clone(),
        held_out: args.material.held_out.clone(),
        sections,
        board,
    };
    draw(&page, &comparisons, &out)?;
    let path = out.join("index.html");
    output_file::replace_with(&path, html::page(&page).as_bytes())?;
    let json = out.join("report.json");
    output_file::replace_with(&json, &serde_json::to_vec_pretty(&page)?)?;
    output.print(&page, |to| writeln!(to, "{}", path.display()))?;
    Ok(Outcome::Done)
}

fn read_groups(path: &Path) -> anyhow::Result<Groups> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Groups::parse(&text).with_context(|| path.display().to_string())
}

fn section(
    args: &Args,
    material: &Material,
    groups: Option<&Groups>,
    out: &Path,
    encoder: &str,
    float: bool,
) -> anyhow::Result<(Section, Comparison)> {
    let embeddings = args.material.embed(material, encoder, float)?;
    let measured = material.measured(&embeddings);
    let all = measured.all_pairs();
    let report = material.report(encoder, float, &embeddings, &all)?;
    let file = format!("{}-{}", report.encoder, report.pipeline);
    let groups = groups.map_or_else(Vec::new, |groups| by_group(groups, &measured, &all));
    let worst = pairs::worst(&measured);
    let sheet = |kind: &str, list: &[WorstPair]| {
        let name = (!list.is_empty()).then(|| format!("{kind}-{file}.png"));
        if let Some(name) = &name {
            pairs::sheet(&args.material.images, list)?.save(out.join(name))?;
        }
        anyhow::Ok(name)
    };
    let scores = format!("scores-{file}.png");
    let title = format!("{} ({})", report.encoder, report.pipeline);
    plot_scores(&out.join(&scores), &title, &all, &report.all_pairs.points)?;
    let section = Section {
        identification: Identification::measure(&measured, &all),
        groups,
        misses_sheet: sheet("misses", &worst.misses)?,
        false_matches_sheet: sheet("false-matches", &worst.false_matches)?,
        misses: worst.misses,
        false_matches: worst.false_matches,
        scores,
        cost: if float { None } else { Some(cost(encoder)?) },
        report,
    };
    Ok((section, all))
}

fn cost(encoder: &str) -> anyhow::Result<Cost> {
    let path = models::image(encoder)?;
    let file = ImageFile::read(&path)?;
    let model = file.model().with_context(|| path.display().to_string())?;
    let operators = (0..model.operator_count()).filter_map(|number| model.operator(number));
    let multiply_adds = operators.map(|operator| operator.multiply_adds()).sum();
    Ok(Cost { bytes: file.bytes().len(), multiply_adds })
}

/// Errors by group at one threshold for all.
fn by_group(groups: &Groups, measured: &Measured, all: &Comparison) -> Vec<GroupErrors> {
    let threshold = all.threshold(RATE).unwrap_or(measured.embeddings.one());
    groups.errors(&measured.embeddings, &measured.people, &measured.names, threshold)
}

/// The plots in which encoders are compared.
fn draw(page: &Page, comparisons: &[Comparison], out: &Path) -> anyhow::Result<()> {
    let names: Vec<String> = page
        .sections
        .iter()
        .map(|section| format!("{} ({})", section.report.encoder, section.report.pipeline))
        .collect();
    let curves: Vec<Curve> = page
        .sections
        .iter()
        .zip(comparisons)
        .zip(&names)
        .map(|((section, comparison), name)| Curve {
            name,
            comparison,
            points: &section.report.all_pairs.points,
        })
        .collect();
    plot_det(&out.join("det.png"), "Misses against false matches", &curves)?;
    let sized: Vec<Sized> = page
        .sections
        .iter()
        .filter_map(|section| {
            let (cost, point) = (section.cost.as_ref()?, section.report.all_pairs.points.get(SIZED)?);
            Some(Sized { name: &section.report.encoder, bytes: cost.bytes, point })
        })
        .collect();
    if page.has_sizes() {
        plot_sizes(&out.join("sizes.png"), "What size buys", &sized)?;
    }
    let first = &page.sections[0].identification;
    let lines =
        [("one threshold", first.uniform.as_slice()), ("the door's, stricter with N", &first.adapted)];
    plot_identification(&out.join("identification.png"), &format!("Strangers let in: {}", names[0]), &lines)?;
    Ok(())
}
