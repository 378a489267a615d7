//! Where two ELF files differ.
//!
//! What is signed, flashed and run comes from the headers of the segments and the bytes that these name, and the board from a
//! symbol (`client::Firmware`). Sections are what debuggers and other tools read. The two need not agree in a file that
//! somebody made. So segments are compared first, then what the signer makes of each file, and then sections.

use std::path::Path;

use anyhow::Context;
use client::Firmware;
use object::elf::{ProgramHeader32, SHF_ALLOC, SymbolSection};
use object::pod::bytes_of;
use object::read::elf::{ElfFile32, ElfSection32, ProgramHeader, SectionHeader};
use object::{Endianness, Object, ObjectSection};

/// The first difference of two ELF files.
#[derive(Debug, PartialEq, Eq)]
pub enum Difference {
    /// The header of the file: the processor, or where the program begins.
    Header,
    /// The header of a segment, by its number from 0: where its bytes go, how many they are, and what they may do.
    Segment(usize),
    /// A byte that a board loads.
    Loaded {
        /// Its address in flash.
        address: u32,
        /// The section that lies there.
        section: Option<String>,
    },
    /// What the signer makes of the file: the board, the address, or the bytes.
    Image,
    /// A section.
    Section {
        /// Its name.
        name: String,
        /// Where in it, in bytes; none if its header differs.
        offset: Option<usize>,
        /// Whether it is said to be loaded. Others are for debuggers.
        loaded: bool,
    },
    /// The order of sections, or what lies between them.
    Order,
}

impl Difference {
    /// Whether a board may run something else. All that a board does not load is in sections for debuggers.
    pub fn is_loaded(&self) -> bool {
        !matches!(self, Self::Section { loaded: false, .. })
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header => write!(f, "the headers of the files differ"),
            Self::Segment(number) => write!(f, "the headers of segment {number} differ"),
            Self::Loaded { address, section } => {
                let section = section.as_ref().map_or(String::new(), |name| format!(" ({name})"));
                write!(f, "the first difference is the byte at {address:#x}{section}, which the board runs")
            }
            Self::Image => write!(f, "the images that a board gets differ"),
            Self::Section { name, offset, loaded } => {
                let role = if *loaded { "which the board runs" } else { "which no board loads" };
                match offset {
                    Some(offset) => write!(f, "the first difference is byte {offset:#x} of {name}, {role}"),
                    None => write!(f, "the headers of {name} differ, {role}"),
                }
            }
            Self::Order => write!(f, "the order of sections differs, or what lies between them"),
        }
    }
}

/// Compares two ELF files of a board. What a board loads comes first, whatever else differs.
///
/// # Errors
/// One of the files differs and is no ELF file of 32 bits.
pub fn difference(one: &[u8], other: &[u8]) -> anyhow::Result<Option<Difference>> {
    if one == other {
        return Ok(None);
    }
    // A boot loader is no firmware with a signature.
    let firmware = |bytes| Firmware::parse(Path::new("the file"), bytes).ok();
    let (signed, other_signed) = (firmware(one), firmware(other));
    let image = |firmware: &Option<Firmware>| {
        firmware.as_ref().map(|it| (it.machine(), it.code().0, it.code().1.to_vec()))
    };
    let images = (image(&signed), image(&other_signed));
    let (one, other) = (parse(one)?, parse(other)?);
    if header(&one) != header(&other) {
        return Ok(Some(Difference::Header));
    }
    if let Some(found) = of_segments(&segments(&one)?, &segments(&other)?) {
        return Ok(Some(match found {
            Found::Header(number) => Difference::Segment(number),
            Found::Byte { address, flash } => {
                Difference::Loaded { address: flash, section: section_at(&one, address) }
            }
        }));
    }
    if images.0 != images.1 {
        return Ok(Some(Difference::Image));
    }
    Ok(Some(of_sections(&sections(&one)?, &sections(&other)?)))
}

fn parse(bytes: &[u8]) -> anyhow::Result<ElfFile32<'_>> {
    ElfFile32::parse(bytes).context("this is no ELF file of a board")
}

/// The header of the file, without the places of the tables, which move with what is for debuggers.
fn header(file: &ElfFile32<'_>) -> Vec<u8> {
    let (mut header, endian) = (*file.elf_header(), file.endian());
    header.e_phoff.set(endian, 0);
    header.e_shoff.set(endian, 0);
    header.e_shnum.set(endian, 0);
    header.e_shstrndx.set(endian, SymbolSection(0));
    bytes_of(&header).to_vec()
}

/// A segment.
struct Segment<'a> {
    /// Its header, without the place in the file.
    header: Vec<u8>,
    /// Where it lies in memory, and where in flash.
    address: u32,
    flash: u32,
    data: &'a [u8],
}

fn segments<'a>(file: &ElfFile32<'a>) -> anyhow::Result<Vec<Segment<'a>>> {
    let endian = file.endian();
    let segment = |header: &ProgramHeader32<Endianness>| {
        let data = header.data(endian, file.data()).ok().context("a segment lies outside the file")?;
        let (address, flash) = (header.p_vaddr.get(endian), header.p_paddr.get(endian));
        let mut header = *header;
        header.p_offset.set(endian, 0);
        Ok(Segment { header: bytes_of(&header).to_vec(), address, flash, data })
    };
    file.elf_program_headers().iter().map(segment).collect()
}

/// Where segments differ.
enum Found {
    Header(usize),
    Byte { address: u32, flash: u32 },
}

fn of_segments(one: &[Segment<'_>], other: &[Segment<'_>]) -> Option<Found> {
    let headers = |all: &[Segment<'_>]| all.iter().map(|it| it.header.clone()).collect::<Vec<_>>();
    if let Some(number) = first_difference(&headers(one), &headers(other)) {
        return Some(Found::Header(number));
    }
    one.iter().zip(other).find_map(|(one, other)| {
        let offset = first_difference(one.data, other.data)? as u32;
        let [address, flash] = [one.address, one.flash].map(|start| start.wrapping_add(offset));
        Some(Found::Byte { address, flash })
    })
}

/// The place of the first item that differs, or that only one of both has.
fn first_difference<T: PartialEq>(one: &[T], other: &[T]) -> Option<usize> {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    (one.len() != other.len() || same < one.len()).then_some(same)
}

/// The name of the section that lies at an address.
fn section_at(file: &ElfFile32<'_>, address: u32) -> Option<String> {
    let lies_there = |section: &ElfSection32<'_, '_>| {
        let (from, size) = (section.address(), section.size());
        let is_loaded = section.elf_section_header().sh_flags(file.endian()).contains(SHF_ALLOC);
        is_loaded && (from..from + size).contains(&u64::from(address))
    };
    let found = file.sections().find(lies_there)?;
    Some(String::from_utf8_lossy(found.name_bytes().ok()?).into_owned())
}

struct Section<'a> {
    name: String,
    /// Type, flags, address and size.
    header: [u64; 4],
    data: &'a [u8],
    loaded: bool,
}

fn sections<'a>(file: &ElfFile32<'a>) -> anyhow::Result<Vec<Section<'a>>> {
    let endian = file.endian();
    let read = |section: ElfSection32<'a, '_>| {
        let header = section.elf_section_header();
        let flags = header.sh_flags(endian);
        Ok(Section {
            name: String::from_utf8_lossy(section.name_bytes()?).into_owned(),
            header: [
                header.sh_type(endian).0.into(),
                flags.0,
                header.sh_addr.get(endian).into(),
                header.sh_size.get(endian).into(),
            ],
            data: section.data()?,
            loaded: flags.contains(SHF_ALLOC),
        })
    };
    file.sections().map(read).collect()
}

/// The first difference of sections whose segments are the same.
fn of_sections(one: &[Section<'_>], other: &[Section<'_>]) -> Difference {
    for wanted in [true, false] {
        for Section { name, .. } in one.iter().chain(other).filter(|section| section.loaded == wanted) {
            let named = |all: &[Section<'_>]| {
                let found: Vec<&Section<'_>> = all.iter().filter(|section| section.name == *name).collect();
                let headers: Vec<[u64; 4]> = found.iter().map(|section| section.header).collect();
                (headers, found.iter().flat_map(|section| section.data).copied().collect::<Vec<u8>>())
            };
            let ((headers, data), (other_headers, other_data)) = (named(one), named(other));
            // The sizes of what is for debuggers may differ, and their bytes are told.
            let offset = match wanted && headers != other_headers {
                true => None,
                false => match first_difference(&data, &other_data) {
                    Some(offset) => Some(offset),
                    None => continue,
                },
            };
            return Difference::Section { name: name.clone(), offset, loaded: wanted };
        }
    }
    Difference::Order
}

#[cfg(test)]
mod tests;
