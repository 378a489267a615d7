//! The budget: what networks and firmware may cost, held against `budget.toml`.
//!
//! Instructions are counted by the emulator, so that they are the same on every computer and a
//! growth of one per cent is the code's doing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use emulation::Map;

use crate::firmware::{self, Board};
use crate::{size, sources, workspace};

/// Templates in the gallery that is searched, and values of each.
const GALLERY: (usize, usize) = (10_000, 128);

/// How much more than the budget is let pass, in parts of a hundred.
const TOLERANCE: u64 = 1;

/// Costs by name.
type Costs = BTreeMap<String, u64>;

const HEAD: &str = "\
# What `cargo xtask test` holds networks and firmware to: a number that has grown by more than one
# per cent fails. Instructions are counted by the emulator, sizes are bytes.
# `cargo xtask bless` writes this file anew, `cargo xtask budget --bless` only this one.
";

/// Options of `cargo xtask budget`.
#[derive(clap::Args)]
pub struct Args {
    /// Write the budget anew instead
    #[arg(long)]
    bless: bool,
}

/// Checks the budget, or writes it.
pub fn run(args: &Args) -> anyhow::Result<()> {
    if args.bless { bless() } else { check() }
}

/// Measures everything and fails if something costs more than its budget.
pub fn check() -> anyhow::Result<()> {
    let path = workspace::root().join("budget.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let budget: Costs = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let costs = measure()?;
    let findings = compare(&budget, &costs);
    if !findings.is_empty() {
        bail!("{}\nif it must be, `cargo xtask bless` raises the budget", findings.join("\n"));
    }
    eprintln!("  {} costs are within the budget", costs.len());
    Ok(())
}

/// Measures everything and writes the budget anew.
pub fn bless() -> anyhow::Result<()> {
    let text = format!("{HEAD}{}", toml::to_string(&measure()?)?);
    std::fs::write(workspace::root().join("budget.toml"), text).context("cannot write budget.toml")
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

fn measure() -> anyhow::Result<Costs> {
    let mut costs = Costs::new();
    let models = sources::model_names(sources::Purpose::Door)?;
    for name in &models {
        let image = image(name)?;
        costs.insert(format!("{name} image bytes"), image.len() as u64);
        costs.insert(format!("{name} arena bytes"), arena(&image).with_context(|| name.clone())?);
    }
    for (board, elf) in firmware::build_all()? {
        costs.insert(format!("{} .text bytes", board.name()), size::text(&elf)?);
        let suite = elf.with_file_name("conformance");
        for name in &models {
            let count = instructions(board, &suite, &image(name)?).with_context(|| name.clone())?;
            costs.insert(format!("{} {name} instructions", board.name()), count);
        }
        let (count, dimension) = GALLERY;
        let search = conformance::host::search(map(board), &suite, dimension, count);
        let search = search.map_err(|error| anyhow!("{error}"))?;
        costs.insert(format!("{} search of {count} templates instructions", board.name()), search);
    }
    Ok(costs)
}

fn instructions(board: Board, suite: &Path, image: &[u8]) -> anyhow::Result<u64> {
    let operators = conformance::host::profile(map(board), suite, image);
    Ok(operators.map_err(|error| anyhow!("{error}"))?.iter().sum())
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

fn map(board: Board) -> Map {
    match board {
        Board::An547 => emulation::AN547,
        Board::An500 => emulation::AN500,
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
}
