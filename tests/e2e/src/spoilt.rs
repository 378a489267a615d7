//! The real firmware in which other instructions replace an interrupt handler.

use std::path::{Path, PathBuf};

use emulator::Machine;

/// Exceptions before the interrupt lines in a vector table.
const EXCEPTIONS: usize = 16;

/// Number `N` of little-endian bytes at `at`.
fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + N].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Where the byte at a board's address lies in an ELF file for a 32-bit machine.
fn place(elf: &[u8], address: u64) -> usize {
    let (headers, size, count) = (number::<4>(elf, 28), number::<2>(elf, 42), number::<2>(elf, 44));
    let header = |index: u64| (headers + index * size) as usize;
    let inside = (0..count).map(header).find(|at| {
        // A segment that is loaded, and its range of addresses.
        let start = number::<4>(elf, at + 8);
        number::<4>(elf, *at) == 1 && (start..start + number::<4>(elf, at + 16)).contains(&address)
    });
    let header = inside.expect("the address is loaded");
    (address - number::<4>(elf, header + 8) + number::<4>(elf, header + 4)) as usize
}

/// The firmware of a machine, as a file in `folder`, with other instructions in place of the handler of an interrupt line.
///
/// # Panics
/// It was not built, or the file cannot be written.
pub fn spoilt(machine: Machine, line: usize, code: &[u8], folder: &Path) -> PathBuf {
    let built = emulator::built_firmware(machine).expect("run `cargo xtask firmware` first");
    let mut elf = std::fs::read(built).unwrap();
    // The vector table lies at address 0. The lowest bit of a handler's address says that it is Thumb code.
    let vector = place(&elf, 0) + 4 * (EXCEPTIONS + line);
    let handler = place(&elf, number::<4>(&elf, vector) & !1);
    elf[handler..handler + code.len()].copy_from_slice(code);
    let path = folder.join("spoilt.elf");
    std::fs::write(&path, elf).unwrap();
    path
}
