//! Where two ELF files differ.

use anyhow::Context;
use object::elf::SHF_ALLOC;
use object::{Object, ObjectSection, SectionFlags};

/// The first difference of two ELF files.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// The section; none if only headers, or the order of sections, differ.
    pub section: Option<String>,
    /// Where in the section, in bytes.
    pub offset: usize,
    /// Whether the section is loaded, so that the board's memory differs. Others are for debuggers.
    pub loaded: bool,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { section, offset, loaded } = self;
        match section {
            None => write!(f, "the headers differ"),
            Some(name) => {
                let role = if *loaded { "which the board runs" } else { "which no board loads" };
                write!(f, "the first difference is byte {offset:#x} of {name}, {role}")
            }
        }
    }
}

/// Compares two ELF files. What a board loads comes first, whatever else differs.
///
/// # Errors
/// One of the files differs and is no ELF file.
pub fn difference(one: &[u8], other: &[u8]) -> anyhow::Result<Option<Difference>> {
    if one == other {
        return Ok(None);
    }
    let (one, other) = (sections(one)?, sections(other)?);
    for wanted in [true, false] {
        let names = one.iter().chain(&other).filter(|section| section.loaded == wanted);
        for Section { name, loaded, .. } in names {
            let data = |all: &[Section<'_>]| {
                let found = all.iter().filter(|section| section.name == *name);
                found.flat_map(|section| section.data.iter().copied()).collect::<Vec<u8>>()
            };
            let (left, right) = (data(&one), data(&other));
            if left != right {
                let same = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
                return Ok(Some(Difference { section: Some(name.clone()), offset: same, loaded: *loaded }));
            }
        }
    }
    Ok(Some(Difference { section: None, offset: 0, loaded: true }))
}

struct Section<'a> {
    name: String,
    data: &'a [u8],
    loaded: bool,
}

fn sections(bytes: &[u8]) -> anyhow::Result<Vec<Section<'_>>> {
    let file = object::File::parse(bytes).context("this is no ELF file")?;
    file.sections().map(|section| read(&section)).collect()
}

fn read<'a>(section: &object::Section<'a, '_>) -> anyhow::Result<Section<'a>> {
    let flags = section.flags();
    let loaded = matches!(flags, SectionFlags::Elf { sh_flags, .. } if sh_flags & SHF_ALLOC == SHF_ALLOC);
    let name = String::from_utf8_lossy(section.name_bytes()?).into_owned();
    Ok(Section { name, data: section.data()?, loaded })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named_with_its_section() {
        let path = std::env::current_exe().unwrap();
        let program = std::fs::read(&path).unwrap();
        assert_eq!(difference(&program, &program).unwrap(), None);
        let place = |name: &str| {
            let file = object::File::parse(&program[..]).unwrap();
            let section = file.section_by_name(name).unwrap();
            section.file_range().unwrap().0 as usize
        };
        let (text, comment) = (place(".text"), place(".comment"));
        let mut other = program.clone();
        other[comment + 1] ^= 1;
        let told = difference(&program, &other).unwrap().unwrap();
        assert_eq!(told, Difference { section: Some(".comment".to_owned()), offset: 1, loaded: false });
        other[text + 0x123] ^= 1;
        let told = difference(&program, &other).unwrap().unwrap();
        assert_eq!(
            told.to_string(),
            "the first difference is byte 0x123 of .text, which the board runs",
            "what a board runs comes first"
        );
        // The file type, in the header.
        let mut other = program.clone();
        other[8] ^= 1;
        assert_eq!(difference(&program, &other).unwrap().unwrap().to_string(), "the headers differ");
        assert!(difference(&program, b"no ELF").is_err());
    }
}
