//! The budget: the cost of networks and firmware, compared with `budget.toml`.
//!
//! Speed is held in estimated cycles, low (`host/cycles`): an instruction that loads seven words is not cheaper than seven
//! that load one. The high estimate and instructions are shown beside them. All three come from what the emulator ran, so the numbers are the same
//! on every computer: growth comes from the code or from the compiler. A board's lines name the compiler that they were
//! measured with. For another compiler the numbers are shown and not compared.
//!
//! The emulator logs each block that runs, so all numbers take minutes. The test command measures the small networks on the
//! Cortex-M55 and all sizes; `cargo xtask budget` measures everything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use emulator::executed::Cost;
use host_window::Layout;

use crate::firmware::{self, Board};
use crate::toolchain::Provider;
use crate::{images, process, size, sources, workspace};

/// Templates in the gallery that is searched, and values of each.
const GALLERY: (usize, usize) = (10_000, 128);

/// Growth that is accepted, in per cent.
const TOLERANCE: u64 = 1;

/// Costs by name.
type Costs = BTreeMap<String, u64>;

const HEAD: &str = "\
# The cost of networks and firmware. `cargo xtask test` fails if a number has grown by more than one per cent. Cycles are
# estimated, by the low assumptions of docs/performance.md; sizes are bytes. Both depend on the compiler. `cargo xtask bless`
# writes every expected file again, `cargo xtask budget --bless` only this one.
";

/// Options of `cargo xtask budget`.
#[derive(clap::Args)]
pub struct Args {
    /// Write the budget instead of comparing
    #[arg(long)]
    bless: bool,

    /// Measure only what the test command measures
    #[arg(long)]
    quick: bool,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Sizes, and the small networks on the Cortex-M55.
    Quick,
    /// Also the large network, whole frames, and the Cortex-M7.
    All,
}

/// The network that is left out of [`Extent::Quick`]: it takes as long as all others.
const LARGE: &str = "sface";

/// Checks the budget, or writes it, with the command line and the models as they are now.
pub fn run(args: &Args) -> anyhow::Result<()> {
    images::compile()?;
    let extent = if args.quick { Extent::Quick } else { Extent::All };
    if args.bless { bless(extent) } else { check(extent) }
}

/// Measures, and fails if something costs more than its budget.
pub fn check(extent: Extent) -> anyhow::Result<()> {
    let budget = read()?;
    let costs = measure(extent)?;
    let (held, unknown): (Costs, Costs) =
        costs.into_iter().partition(|(name, _)| compiler(name).is_none_or(|is| knows(&budget, is)));
    for (name, cost) in &unknown {
        eprintln!("  not compared, as budget.toml has no lines for this compiler: {name}: {cost}");
    }
    let findings = compare(&budget, &held);
    if !findings.is_empty() {
        bail!(
            "{}\nif the growth is necessary, `cargo xtask budget --bless` raises the budget",
            findings.join("\n")
        );
    }
    eprintln!("  {} costs are within the budget", held.len());
    Ok(())
}

/// Measures and writes the budget; what was not measured stays, such as lines of other compilers.
pub fn bless(extent: Extent) -> anyhow::Result<()> {
    let costs = measure(extent)?;
    let mut budget = read().unwrap_or_default();
    if extent == Extent::All {
        budget.retain(|name, _| compiler(name).is_some_and(|is| !knows(&costs, is)));
    }
    budget.extend(costs);
    let text = format!("{HEAD}{}", toml::to_string(&budget)?);
    std::fs::write(path(), text).context("cannot write budget.toml")
}

fn path() -> PathBuf {
    workspace::root().join("budget.toml")
}

fn read() -> anyhow::Result<Costs> {
    let path = path();
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in {}", path.display()))
}

/// The start of a line that names a board and its compiler, as `an547 (rustc 1.95)`.
fn compiler(name: &str) -> Option<&str> {
    name.find(')').map(|end| &name[..=end])
}

/// Whether there are lines of that board and compiler.
fn knows(costs: &Costs, compiler: &str) -> bool {
    costs.keys().any(|name| name.starts_with(compiler))
}

/// A sentence for everything that is over the budget, or has none.
fn compare(budget: &Costs, costs: &Costs) -> Vec<String> {
    let over = |(name, &cost): (&String, &u64)| match budget.get(name) {
        None => Some(format!("{name}: {cost}, and budget.toml has no such line")),
        Some(&budget) if cost * 100 > budget * (100 + TOLERANCE) => {
            let percent = 100.0 * (cost as f64 / budget.max(1) as f64 - 1.0);
            Some(format!("{name}: {cost} instead of {budget}, {percent:+.1} %"))
        }
        Some(_) => None,
    };
    costs.iter().filter_map(over).collect()
}

fn measure(extent: Extent) -> anyhow::Result<Costs> {
    let mut costs = Costs::new();
    let models = sources::model_names(models::Purpose::Door)?;
    for name in &models {
        let image = image(name)?;
        costs.insert(format!("{name} image bytes"), image.len() as u64);
        costs.insert(format!("{name} arena bytes"), arena(&image).with_context(|| name.clone())?);
    }
    for (board, elf) in firmware::build_all()? {
        let version = Provider::of(board.target()).and_then(Provider::version);
        let compiler = format!("{} (rustc {})", board.name(), version.unwrap_or_default());
        costs.insert(format!("{compiler} .text bytes"), size::text(&elf)?);
        let suite = elf.with_file_name("conformance");
        let mut insert = |name: String, cost: Cost| {
            eprintln!("  {compiler} {}", shown(&name, cost));
            costs.insert(format!("{compiler} {name} cycles"), cost.low.round() as u64);
        };
        let all = extent == Extent::All;
        if !all && board != Board::An547 {
            continue;
        }
        for name in models.iter().filter(|name| all || *name != LARGE) {
            insert(name.clone(), operators(board, &suite, &image(name)?).with_context(|| name.clone())?);
        }
        let (count, dimension) = GALLERY;
        let search = emulator::executed::search(map(board), &suite, dimension, count);
        insert(format!("search of {count} templates"), search.map_err(|error| anyhow!("{error}"))?);
        if all {
            insert("frame and liveness".into(), frame(board)?);
        }
    }
    Ok(costs)
}

/// What something takes, low and high, and its instructions.
fn shown(name: &str, cost: Cost) -> String {
    let Cost { low, high, instructions, .. } = cost;
    format!("{name}: {low:.0} to {high:.0} cycles, {instructions} instructions")
}

/// What a recognised frame takes, from the camera's pixels to the template, and the liveness network.
fn frame(board: Board) -> anyhow::Result<Cost> {
    let picture = workspace::cache("pictures/obama.jpg").display().to_string();
    let arguments = ["--json", "bench", "--cycles", "--on", board.name(), "--frame", &picture];
    let report = process::captured(&mut images::postern(&arguments)?, None);
    let report = report.context("the cycles of a frame cannot be estimated")?;
    let report: serde_json::Value = serde_json::from_str(&report)?;
    let of = |field: &str| {
        let number = report[field].as_u64();
        number.with_context(|| format!("`postern bench --cycles --frame` reports no {field}"))
    };
    let (low, high) = (of("low")? as f64, of("high")? as f64);
    Ok(Cost { low, high, instructions: of("instructions")?, ..Cost::default() })
}

/// What all operators of a network take.
fn operators(board: Board, suite: &Path, image: &[u8]) -> anyhow::Result<Cost> {
    let operators = emulator::executed::profile(map(board), suite, image);
    Ok(operators.map_err(|error| anyhow!("{error}"))?.into_iter().fold(Cost::default(), Cost::plus))
}

fn image(name: &str) -> anyhow::Result<Vec<u8>> {
    let path = workspace::cache(&format!("images/{name}.pstn"));
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The arena that an image asks for, from its header.
fn arena(image: &[u8]) -> anyhow::Result<u64> {
    let field = std::mem::offset_of!(nn::format::Header, arena);
    let bytes = image.get(field..field + 4).and_then(|bytes| bytes.first_chunk());
    Ok(bytes.map(|bytes| u32::from_le_bytes(*bytes)).context("the image is too short")?.into())
}

fn map(board: Board) -> Layout {
    match board {
        Board::An547 => host_window::AN547,
        Board::An500 => host_window::AN500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_beyond_one_per_cent_is_found_and_shrinking_is_not() {
        let costs = |pairs: &[(&str, u64)]| pairs.iter().map(|&(name, cost)| (name.into(), cost)).collect();
        let budget: Costs = costs(&[("a", 1000), ("b", 1000), ("c", 1000)]);
        assert_eq!(compare(&budget, &costs(&[("a", 1010), ("b", 10)])), Vec::<String>::new());
        let over = compare(&budget, &costs(&[("a", 1011), ("d", 5)]));
        assert_eq!(over.len(), 2);
        assert_eq!(over[0], "a: 1011 instead of 1000, +1.1 %");
    }

    #[test]
    fn both_estimates_are_shown_beside_the_instructions() {
        let cost = Cost { low: 9.6, high: 12.2, instructions: 7, ..Cost::default() };
        assert_eq!(shown("yunet", cost), "yunet: 10 to 12 cycles, 7 instructions");
    }

    #[test]
    fn a_board_is_compared_with_the_lines_of_its_compiler() {
        let name = "an547 (rustc 1.95) yunet cycles";
        assert_eq!(compiler(name), Some("an547 (rustc 1.95)"));
        assert_eq!(compiler("yunet arena bytes"), None);
        let budget = Costs::from([(name.to_owned(), 5)]);
        assert!(knows(&budget, "an547 (rustc 1.95)"));
        assert!(!knows(&budget, "an547 (rustc 1.96)") && !knows(&budget, "an500 (rustc 1.95)"));
    }
}
