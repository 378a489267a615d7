//! Converts firmware from an ELF file to the image that a board keeps in flash.
//!
//! The symbol `_board`, which the board's linker script sets, names the kind of board. The loaded segments
//! become one contiguous run of bytes from the lowest address on.

use std::path::{Path, PathBuf};

use boot::{HEADER_BYTES, Header};
use object::read::elf::ElfFile32;
use object::{Object, ObjectSegment, ObjectSymbol};
use sha2::{Digest, Sha256};

use crate::{Error, Machine, Result, Signer};

/// The symbol that holds the number of the board.
const BOARD: &str = "_board";

/// Whether a board whose active firmware was damaged may start the release before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// It may.
    Permitted,
    /// Not once it has started this release, which closes a security hole.
    Refused,
}

/// Firmware for a board.
#[derive(Debug)]
pub struct Firmware {
    path: PathBuf,
    machine: Machine,
    load: u32,
    code: Vec<u8>,
}

impl Firmware {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::NotFirmware`] if it is not our firmware, or too large.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(path, &std::fs::read(path).map_err(Error::file(path))?)
    }

    /// Reads the bytes of the ELF file at `path`, which errors name.
    ///
    /// # Errors
    /// [`Error::NotFirmware`], as [`read`](Self::read).
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let not = |reason: &str| Error::NotFirmware { path: path.to_owned(), reason: reason.to_owned() };
        let elf = ElfFile32::<object::Endianness>::parse(bytes).map_err(|error| not(&error.to_string()))?;
        let board = elf.symbols().find(|symbol| symbol.name() == Ok(BOARD));
        let board = board
            .ok_or_else(|| not("it has no symbol `_board`, which the firmware of a door has"))?
            .address();
        let machine =
            Machine::ALL.into_iter().find(|machine| u64::from(machine.map().partitions.board) == board);
        let machine = machine.ok_or_else(|| not("it is for an unknown board"))?;
        let (load, code) = code(&elf).ok_or_else(|| not("it has no segment to load"))?;
        let room = machine.map().partitions.firmware[0].len as usize - HEADER_BYTES;
        if code.len() > room {
            return Err(not(&format!("it has {} bytes, but a slot has {room}", code.len())));
        }
        Ok(Self { path: path.to_owned(), machine, load, code })
    }

    /// The board it is for.
    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// What is signed and what a board runs: the address of the first byte in flash, and the bytes.
    pub fn code(&self) -> (u32, &[u8]) {
        (self.load, &self.code)
    }

    /// Checks that it is for `machine`.
    ///
    /// # Errors
    /// [`Error::OtherFirmware`].
    pub fn check(&self, machine: Machine) -> Result<()> {
        if machine == self.machine {
            return Ok(());
        }
        let (is, board) = (self.machine.name(), machine.name());
        Err(Error::OtherFirmware { path: self.path.clone(), is, board })
    }

    /// The image under a release number, signed.
    pub fn signed_image(&self, release: u64, fallback: Fallback, signer: &Signer) -> Vec<u8> {
        let mut header = self.header(release, fallback);
        header.signature = signer.sign_bytes(&header.signed());
        self.image(&header)
    }

    /// The header under a release number, not yet signed.
    pub(crate) fn header(&self, release: u64, fallback: Fallback) -> Header {
        Header {
            board: self.machine.map().partitions.board,
            release,
            load: self.load,
            length: self.code.len() as u32,
            oldest: if fallback == Fallback::Refused { release } else { 0 },
            sha256: Sha256::digest(&self.code).into(),
            signature: [0; 64],
        }
    }

    /// The image with this header.
    pub(crate) fn image(&self, header: &Header) -> Vec<u8> {
        [&header.to_bytes()[..], &self.code].concat()
    }

    /// Firmware of these bytes, which no file holds.
    #[cfg(test)]
    pub(crate) fn of_code(machine: Machine, load: u32, code: Vec<u8>) -> Self {
        Self { path: PathBuf::new(), machine, load, code }
    }
}

/// The loaded bytes of an ELF file, padded to whole words, and their address.
fn code(elf: &ElfFile32<'_, object::Endianness>) -> Option<(u32, Vec<u8>)> {
    // The physical address is the place in flash; the initial values of statics follow the code there.
    let endian = elf.endian();
    let headers = elf.elf_program_headers().iter();
    let loaded = headers.filter(|header| header.p_type.get(endian) == object::elf::PT_LOAD);
    let mut pieces: Vec<(u32, &[u8])> = Vec::new();
    for (header, segment) in loaded.zip(elf.segments()) {
        let data = segment.data().ok()?;
        if !data.is_empty() {
            pieces.push((header.p_paddr.get(endian), data));
        }
    }
    pieces.sort_by_key(|(address, _)| *address);
    let load = pieces.first()?.0;
    let mut code = Vec::new();
    for (address, data) in pieces {
        let at = (address - load) as usize;
        // Segments that overlap or lie far apart are not our firmware.
        if at < code.len() || at > code.len() + 4096 {
            return None;
        }
        code.resize(at, 0);
        code.extend_from_slice(data);
    }
    code.resize(code.len().next_multiple_of(4), 0);
    Some((load, code))
}
