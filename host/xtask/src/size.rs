//! `cargo xtask size`: flash and RAM of each board's firmware by section, and of each model.

use std::path::Path;

use anyhow::Context;
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, SectionFlags, elf};

use crate::firmware::{self, Board};
use crate::workspace;

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
pub fn run() -> anyhow::Result<()> {
    for (board, elf) in firmware::build_all()? {
        print_firmware(board, &elf)?;
    }
    print_models()
}

fn print_firmware(board: Board, elf: &Path) -> anyhow::Result<()> {
    let sections = sections(elf)?;
    println!("\n{} firmware", board.name());
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
    println!("  {:<20} {:>12} {:>12} {:>14}", "name", "image", "arena", "multiply-adds");
    for name in crate::sources::model_names()? {
        let path = workspace::cache(&format!("images/{name}.pstn"));
        let Ok(bytes) = std::fs::read(&path) else {
            println!("  {name:<20} not compiled: cargo run --release -p postern -- compile {name}");
            continue;
        };
        let image = Aligned::from(bytes.as_slice());
        let model =
            nn::Model::load(image.bytes()).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        let multiply_adds: usize = (0..model.operator_count())
            .filter_map(|index| model.operator(index))
            .map(|operator| operator.multiply_adds())
            .sum();
        println!("  {name:<20} {:>12} {:>12} {multiply_adds:>14}", model.image_len(), model.arena_len());
    }
    Ok(())
}

/// Bytes at an address that is a multiple of 16, as a model image wants to lie.
struct Aligned {
    words: Vec<u128>,
    length: usize,
}

impl From<&[u8]> for Aligned {
    fn from(bytes: &[u8]) -> Self {
        let word = |chunk: &[u8]| {
            let mut word = [0; 16];
            word[..chunk.len()].copy_from_slice(chunk);
            u128::from_ne_bytes(word)
        };
        Self { words: bytes.chunks(16).map(word).collect(), length: bytes.len() }
    }
}

impl Aligned {
    fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }
}
