//! Files that are made here: firmware as a linker writes it, and what somebody can do to it.

use client::Machine;

use super::*;

/// Where the code lies in flash.
const FLASH: u32 = 0x0100_0800;
const CODE: &[u8] = b"genuine code here!!!";
/// The string table: of sections, and of the only symbol.
const NAMES: &[u8] = b"\0.text\0.debug_info\0.symtab\0.strtab\0_board\0";
/// The size of the file's header, and those of a segment and of a section.
const FILE: usize = 52;
const SEGMENT: usize = 32;
const SECTION: usize = 40;
const DEBUG: &[u8] = b"/home/a/src";

/// Places in the file.
const TEXT_AT: usize = FILE + SEGMENT;
const DEBUG_AT: usize = TEXT_AT + CODE.len();
const SYMBOLS_AT: usize = DEBUG_AT + 12;
const NAMES_AT: usize = SYMBOLS_AT + 32;
const SECTIONS_AT: usize = NAMES_AT + 44;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The place of a name in the string table.
fn name(name: &str) -> u32 {
    let name = format!("{name}\0");
    NAMES.windows(name.len()).position(|at| at == name.as_bytes()).unwrap() as u32
}

/// Firmware: one segment, its section, a section for debuggers, and the symbol of the board.
fn firmware() -> Vec<u8> {
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x28\0".to_vec();
    file.extend(words(&[1, FLASH + 1, FILE as u32, SECTIONS_AT as u32, 0x0500_0400]));
    file.extend([FILE, SEGMENT, 1, SECTION, 5, 4].iter().flat_map(|&half| (half as u16).to_le_bytes()));
    let (at, size) = (TEXT_AT as u32, CODE.len() as u32);
    file.extend(words(&[1, at, FLASH, FLASH, size, size, 5, 4]));
    file.extend(CODE);
    file.extend(DEBUG);
    file.resize(SYMBOLS_AT, 0);
    let board = Machine::An547.map().partitions.board;
    // A global symbol of no section.
    file.extend(words(&[0, 0, 0, 0, name("_board"), board, 0, 0xfff1_0010]));
    file.extend(NAMES);
    file.resize(SECTIONS_AT, 0);
    let section = |called: &str, kind, flags, address, at: usize, size: usize| {
        let link = if kind == 2 { [4, 1, 4, 16] } else { [0, 0, 1, 0] };
        words(&[
            name(called),
            kind,
            flags,
            address,
            at as u32,
            size as u32,
            link[0],
            link[1],
            link[2],
            link[3],
        ])
    };
    file.extend([0; SECTION]);
    file.extend(section(".text", 1, 6, FLASH, TEXT_AT, CODE.len()));
    file.extend(section(".debug_info", 1, 0, 0, DEBUG_AT, DEBUG.len()));
    file.extend(section(".symtab", 2, 0, 0, SYMBOLS_AT, 32));
    file.extend(section(".strtab", 3, 0, 0, NAMES_AT, NAMES.len()));
    file
}

/// The firmware with a word at a place.
fn with_word(at: usize, word: u32) -> Vec<u8> {
    let mut file = firmware();
    file[at..at + 4].copy_from_slice(&word.to_le_bytes());
    file
}

/// How `other` differs from the firmware, also when one byte for debuggers does.
fn told(other: &[u8]) -> Difference {
    let plain = difference(&firmware(), other).unwrap().expect("they differ");
    let mut also = other.to_vec();
    also[DEBUG_AT + 3] ^= 1;
    assert_eq!(difference(&firmware(), &also).unwrap().as_ref(), Some(&plain), "this comes first");
    let back = difference(&also, &firmware()).unwrap().expect("they differ");
    assert_eq!(back.is_loaded(), plain.is_loaded(), "in either order");
    plain
}

#[test]
fn the_first_difference_is_named_with_its_section() {
    let file = firmware();
    assert_eq!(Firmware::parse(Path::new("it"), &file).unwrap().code(), (FLASH, CODE));
    assert_eq!(difference(&file, &file).unwrap(), None);
    let mut other = file.clone();
    other[DEBUG_AT + 2] ^= 1;
    let difference_of = |other: &[u8]| difference(&file, other).unwrap().unwrap();
    assert!(!difference_of(&other).is_loaded());
    assert_eq!(
        difference_of(&other).to_string(),
        "the first difference is byte 0x2 of .debug_info, which no board loads"
    );
    other[TEXT_AT + 3] ^= 1;
    assert_eq!(
        difference_of(&other).to_string(),
        "the first difference is the byte at 0x1000803 (.text), which the board runs",
        "what a board runs comes first"
    );
    assert!(difference(&file, b"no ELF").is_err());
}

#[test]
fn a_segment_that_points_at_other_code_is_found_though_every_section_is_genuine() {
    let mut other = firmware();
    let at = other.len() as u32;
    other.extend(b"an attacker's code!!");
    other[FILE + 4..][..4].copy_from_slice(&at.to_le_bytes());
    let signed = Firmware::parse(Path::new("it"), &other).unwrap();
    assert_eq!(signed.code(), (FLASH, &b"an attacker's code!!"[..]), "this is what would be signed and run");
    let told = told(&other);
    assert_eq!(told, Difference::Loaded { address: FLASH, section: Some(".text".to_owned()) });
    assert!(told.is_loaded());
}

#[test]
fn each_word_of_the_headers_that_a_board_depends_on_is_compared() {
    let segment = |word: usize| FILE + 4 * word;
    // Type, addresses in memory and in flash, sizes in the file and in memory, flags.
    for (word, value) in [(0, 4), (2, FLASH + 4), (3, FLASH + 4), (4, 16), (5, 64), (6, 7)] {
        assert_eq!(told(&with_word(segment(word), value)), Difference::Segment(0), "word {word}");
    }
    // The entry point, and the flags of the processor.
    for (at, value) in [(24, FLASH + 5), (36, 0)] {
        assert_eq!(told(&with_word(at, value)), Difference::Header, "at {at}");
    }
    // The address of a loaded section, and whether it is one: other tools load by them.
    let section = SECTIONS_AT + SECTION;
    for (at, value) in [(section + 12, FLASH + 4), (section + 8, 4)] {
        let told = told(&with_word(at, value));
        assert_eq!(told, Difference::Section { name: ".text".to_owned(), offset: None, loaded: true });
    }
}

#[test]
fn firmware_that_says_it_is_for_another_board_is_found() {
    let told = told(&with_word(SYMBOLS_AT + 20, Machine::An500.map().partitions.board));
    assert_eq!(told, Difference::Image);
    assert!(told.is_loaded());
}

#[test]
fn tables_that_moved_with_what_is_for_debuggers_are_no_difference_of_a_board() {
    let mut other = firmware();
    // The sections' table, a word later, and another byte for debuggers.
    let at = SECTIONS_AT as u32 + 4;
    other.splice(SECTIONS_AT..SECTIONS_AT, [0; 4]);
    other[32..36].copy_from_slice(&at.to_le_bytes());
    assert_eq!(difference(&firmware(), &other).unwrap(), Some(Difference::Order), "no section tells why");
    other[DEBUG_AT] ^= 1;
    let told = difference(&firmware(), &other).unwrap().unwrap();
    assert_eq!(told, Difference::Section { name: ".debug_info".to_owned(), offset: Some(0), loaded: false });
}
