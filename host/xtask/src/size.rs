//! `cargo xtask size`: flash and RAM of each board's firmware and boot loader, by section, and of each model.

use std::path::Path;

use anyhow::Context;
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, SectionFlags, elf};

use crate::firmware::{self, Board};
use crate::{by_crate, images, process};

/// Options of `cargo xtask size`.
#[derive(clap::Args)]
pub struct Args {
    /// Print the code of each board's firmware by crate, and nothing else
    #[arg(long)]
    by_crate: bool,
}

/// A section that takes memory on the board.
struct Section {
    name: String,
    address: u64,
    size: u64,
    /// Whether its bytes come from flash.
    loaded: bool,
    /// Whether it takes RAM while the firmware runs.
    writable: bool,
}

/// Builds the firmware and prints the tables on stdout.
pub fn run(args: &Args) -> anyhow::Result<()> {
    if args.by_crate {
        for board in Board::ALL {
            let elf = firmware::build(board)?;
            by_crate::print(board.name(), &std::fs::read(elf)?)?;
        }
        return Ok(());
    }
    images::compile()?;
    for board in Board::ALL {
        let elf = firmware::build(board)?;
        print_sections(&format!("{} firmware", board.name()), &elf)?;
        print_sections(&format!("{} boot loader", board.name()), &elf.with_file_name("loader"))?;
    }
    print_models()
}

fn print_sections(name: &str, elf: &Path) -> anyhow::Result<()> {
    let sections = sections(elf)?;
    println!("\n{name}");
    println!("  {:<20} {:>12} {:>12} {:>12}", "section", "address", "flash", "RAM");
    let (mut flash, mut ram) = (0, 0);
    for section in &sections {
        let in_flash = if section.loaded { section.size } else { 0 };
        let in_ram = if section.writable { section.size } else { 0 };
        println!("  {:<20} {:>#12x} {in_flash:>12} {in_ram:>12}", section.name, section.address);
        flash += in_flash;
        ram += in_ram;
    }
    println!("  {:<20} {:>12} {flash:>12} {ram:>12}", "all", "");
    Ok(())
}

/// Bytes of the section `.text` of a firmware: its code without the models.
pub fn text(elf: &Path) -> anyhow::Result<u64> {
    let text = sections(elf)?.into_iter().find(|section| section.name == ".text");
    Ok(text.context("the firmware has no .text")?.size)
}

fn sections(elf: &Path) -> anyhow::Result<Vec<Section>> {
    let bytes = std::fs::read(elf).with_context(|| format!("cannot read {}", elf.display()))?;
    let file = ElfFile32::<object::Endianness>::parse(&*bytes)?;
    let mut sections = Vec::new();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, sh_type } = section.flags() else { continue };
        if (sh_flags & elf::SHF_ALLOC).0 == 0 || section.size() == 0 {
            continue;
        }
        sections.push(Section {
            name: section.name()?.to_owned(),
            address: section.address(),
            size: section.size(),
            loaded: sh_type != elf::SHT_NOBITS,
            writable: (sh_flags & elf::SHF_WRITE).0 != 0,
        });
    }
    Ok(sections)
}

fn print_models() -> anyhow::Result<()> {
    println!("\nmodels");
    println!(
        "  {:<20} {:>12} {:>13} {:>12} {:>14}",
        "name", "flash", "weights", "RAM (arena)", "multiply-adds"
    );
    for name in crate::sources::model_names(models::Purpose::Door)? {
        let mut inspect = images::postern(&["inspect", "--json", &name])?;
        let model: Model = serde_json::from_str(&process::captured(&mut inspect, None)?)?;
        println!(
            "  {name:<20} {:>12} {:>13} {:>12} {:>14}",
            model.image_bytes, model.weight_bytes, model.arena_bytes, model.multiply_adds
        );
    }
    Ok(())
}

/// The fields of `postern inspect --json` that are printed.
#[derive(serde::Deserialize)]
struct Model {
    image_bytes: u64,
    weight_bytes: u64,
    arena_bytes: u64,
    multiply_adds: u64,
}
