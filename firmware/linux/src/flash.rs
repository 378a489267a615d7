//! The door's NOR flash, in a file or a partition: the file, in what follows.
//!
//! ```text
//! offset      what
//! 0x00000000  header page: `host_window::window`, of which a door with real pins uses magic, version, board and owner
//! 0x00001000  frame of a made camera; nothing else
//! 0x00100000  partitions, see `partitions::LINUX`; the last of them are further volumes of the gallery, see `volumes`
//! ```
//! A partition is read where it lies, in a mapping. It is written with the file's own operations, never through the
//! mapping: a full or broken disk is then an error of the operation, and not a signal that ends the door. Each operation
//! ends with `fdatasync`, so what was acknowledged is on the disk, unless the disk itself lies.
//!
//! # Invariants
//! - The rules of NOR flash hold, by `nor_model`: an erase sets sectors to ones, and a program operation clears bits.
//! - One door has the file at a time, see `medium`.
//! - The file of another kind of board, or of a door with another secret, is refused before anything is written.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use board_api::{FirmwareSlots, ModelSlots};
use crypto::{Key, Tag};
use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use host_window::LINUX;
use host_window::window::{BOARD, BOOTS, MAGIC, MAGIC_WORD, OWNER, OWNER_LEN, VERSION, VERSION_WORD};
use memmap2::{Mmap, MmapOptions};
use nor_model::{ERASED, SECTOR_SIZE, WORD_SIZE, erasable, programmable};
use partitions::{Partitions, Region};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::medium::{self, Kind};
use crate::volumes::{self, More};
use crate::{Error, Result};

/// Where everything lies in the file.
const MAP: Partitions = LINUX.partitions;

/// All partitions but further volumes.
const FIRST: Region = Region { offset: MAP.nor.offset, len: MAP.further.offset - MAP.nor.offset };

/// The boards that have the same header.
const BOARDS: [(u32, &str); 2] = [(547, "an an547"), (500, "an an500")];

/// Whether an operation ends when the disk has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It does: nothing that was acknowledged is lost when the computer loses its power.
    Disk,
    /// It ends when the system has it: nothing is lost when the door is killed. For a made door.
    System,
}

/// Why an operation on the flash failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashError {
    /// It breaks a rule of NOR flash.
    Rule(nor_model::Error),
    /// The disk did not do it.
    Disk(ErrorKind),
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Rule(rule) => rule.kind(),
            Self::Disk(_) => NorFlashErrorKind::Other,
        }
    }
}

impl From<nor_model::Error> for FlashError {
    fn from(rule: nor_model::Error) -> Self {
        Self::Rule(rule)
    }
}

/// A partition of the flash.
#[derive(Debug)]
pub struct Partition {
    cells: Mmap,
    file: Arc<File>,
    offset: u64,
    durability: Durability,
}

impl Partition {
    /// The cells, in place.
    pub fn bytes(&self) -> &[u8] {
        &self.cells
    }

    /// Writes cells, whose rules were checked.
    fn change(&mut self, at: usize, cells: &[u8]) -> core::result::Result<(), FlashError> {
        let disk = |error: std::io::Error| {
            eprintln!("flash: {error}");
            FlashError::Disk(error.kind())
        };
        self.file.write_all_at(cells, self.offset + at as u64).map_err(disk)?;
        match self.durability {
            Durability::Disk => self.file.sync_data().map_err(disk),
            Durability::System => Ok(()),
        }
    }
}

impl ErrorType for Partition {
    type Error = FlashError;
}

impl ReadNorFlash for Partition {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> core::result::Result<(), FlashError> {
        let cells = self.cells.get(offset as usize..).and_then(|cells| cells.get(..bytes.len()));
        bytes.copy_from_slice(cells.ok_or(nor_model::Error::OutOfBounds)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.cells.len()
    }
}

impl NorFlash for Partition {
    const WRITE_SIZE: usize = WORD_SIZE;
    const ERASE_SIZE: usize = SECTOR_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> core::result::Result<(), FlashError> {
        let range = erasable(self.cells.len(), from, to)?;
        self.change(range.start, &vec![ERASED; range.len()])
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> core::result::Result<(), FlashError> {
        let range = programmable(&self.cells, offset, bytes)?;
        self.change(range.start, bytes)
    }
}

impl MultiwriteNorFlash for Partition {}

/// The door's flash.
#[derive(Debug)]
pub struct Flash {
    file: Arc<File>,
    kind: Kind,
    durability: Durability,
    more: More,
}

impl Flash {
    /// Opens the flash of the door whose secret is `secret`, and makes it if there is none.
    ///
    /// # Errors
    /// [`Error::FlashInUse`], [`Error::FlashDevice`], [`Error::OtherFlash`], [`Error::OtherSecret`], [`Error::ReadOnly`],
    /// [`Error::DiskFull`], [`Error::File`]. `secret_path` is for the message.
    pub fn open(path: &Path, durability: Durability, secret: &Key, secret_path: &Path) -> Result<Self> {
        let (file, kind) = medium::open(path)?;
        let mut flash = Self { file: Arc::new(file), kind, durability, more: More::Erased };
        flash.check_owner(path, secret, secret_path)?;
        let length = medium::length(&flash.file).map_err(Error::file(path))?;
        let more = volumes::make(&flash.file, kind, length, || flash.sync());
        flash.more = more.map_err(|error| match error.kind() {
            ErrorKind::InvalidData => {
                let is = "one with people in volumes that its header does not count".to_owned();
                Error::OtherFlash { path: path.to_owned(), is }
            }
            _ => Error::file(path)(error),
        })?;
        let boots = flash.word(BOOTS).map_err(Error::file(path))?;
        flash.set_word(BOOTS, boots.wrapping_add(1)).map_err(Error::file(path))?;
        flash.set_word(BOARD, MAP.board).map_err(Error::file(path))?;
        Ok(flash)
    }

    /// How often the door has started on this flash.
    ///
    /// # Errors
    /// As reading a file.
    pub fn boots(&self) -> std::io::Result<u32> {
        self.word(BOOTS)
    }

    /// Whether the gallery has its further volumes.
    pub fn more(&self) -> &More {
        &self.more
    }

    /// The file, for the made camera and the made pins.
    pub fn file(&self) -> Arc<File> {
        self.file.clone()
    }

    /// Formats a new file; refuses one of another kind of board, and that of another door.
    fn check_owner(&self, path: &Path, secret: &Key, secret_path: &Path) -> Result<()> {
        let failed = || Error::file(path);
        let owner = Tag::new(*secret.derive(b"", b"postern flash owner").bytes()).shortened();
        let length = medium::length(&self.file).map_err(failed())?;
        let other = |is: &str| Error::OtherFlash { path: path.to_owned(), is: is.to_owned() };
        let is_device = self.kind == Kind::Device;
        if is_device {
            let unusable = |hint| Error::FlashDevice { path: path.to_owned(), hint };
            if let Some(hint) = self.kind.unfit(length) {
                return Err(unusable(hint));
            }
            if medium::is_read_only(&self.file) {
                return Err(unusable("the kernel writes nothing to it: is the card locked?".to_owned()));
            }
        }
        let magic = if length < 4 { 0 } else { self.word(MAGIC_WORD).map_err(failed())? };
        if magic != MAGIC {
            // A made door's file is there before its first start, with nothing but pins in its first page.
            if length != 0
                && let Some(is) = self.kind.unfit(length)
            {
                return Err(other(&is));
            }
            let is_blank = length == 0 || self.is_blank().map_err(failed())?;
            if is_device && !(is_blank && self.has_blank_head().map_err(failed())?) {
                return Err(other("a partition with something else in it"));
            }
            if !is_blank {
                return Err(other("a file with something else in it"));
            }
            return self.format(path, &owner);
        }
        let board = self.word(BOARD).map_err(failed())?;
        if let Some((_, name)) = BOARDS.into_iter().find(|(number, _)| *number == board) {
            return Err(other(&format!("that of {name}")));
        }
        if board != MAP.board {
            return Err(other(&format!("that of a board with the number {board}")));
        }
        let version = self.word(VERSION_WORD).map_err(failed())?;
        if version != VERSION {
            return Err(other(&format!("one of layout {version}, while this door has layout {VERSION}")));
        }
        let volumes = self.word(volumes::ERASED_ONCE).map_err(failed())?;
        if self.kind == Kind::File && length > LINUX.file_len {
            let more = length - LINUX.file_len;
            return Err(other(&format!("one that is too long: {more} bytes were written behind its end")));
        }
        if self.kind.unfit(length).is_some() || volumes::are_cut_off(volumes, length) {
            return Err(other("one that was cut off"));
        }
        let mut found = [0; OWNER_LEN];
        self.file.read_exact_at(&mut found, OWNER as u64).map_err(failed())?;
        if !owner.matches(&found) {
            return Err(Error::OtherSecret { path: path.to_owned(), secret: secret_path.to_owned() });
        }
        Ok(())
    }

    /// Whether nothing was written before the partitions, but what a first start writes that was cut short. A file system
    /// begins there, or a table of partitions.
    fn has_blank_head(&self) -> std::io::Result<bool> {
        let mut head = vec![0; MAP.nor.offset as usize];
        self.file.read_exact_at(&mut head, 0)?;
        for (at, length) in [(BOARD, 4), (VERSION_WORD, 4), (OWNER, OWNER_LEN)] {
            head[at..at + length].fill(0);
        }
        Ok(head.iter().all(|byte| matches!(byte, 0 | 0xff)))
    }

    /// Whether nothing was written where the partitions lie, but for further volumes.
    fn is_blank(&self) -> std::io::Result<bool> {
        volumes::is_blank(&self.file, FIRST)
    }

    /// Erases all partitions but further volumes, and writes the header last: a start that is cut short is repeated.
    fn format(&self, path: &Path, owner: &Tag<OWNER_LEN>) -> Result<()> {
        // All of its room now: a disk that is full later cannot stop a door that runs. A partition has its room.
        let room = match self.kind {
            Kind::File => fallocate(&*self.file, FallocateFlags::empty(), 0, LINUX.file_len),
            Kind::Device => Ok(()),
        };
        match room {
            Ok(()) => {}
            Err(Errno::OPNOTSUPP) => self.file.set_len(LINUX.file_len).map_err(Error::file(path))?,
            Err(Errno::NOSPC | Errno::DQUOT) => return Err(full(path)),
            Err(error) => return Err(Error::file(path)(error.into())),
        }
        let written = |result: std::io::Result<()>| {
            result.map_err(|error| match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => full(path),
                _ => Error::file(path)(error),
            })
        };
        written(volumes::erase(&self.file, FIRST))?;
        written(self.file.write_all_at(owner.bytes(), OWNER as u64))?;
        written(self.set_word(BOARD, MAP.board))?;
        written(self.set_word(VERSION_WORD, VERSION))?;
        written(self.sync())?;
        written(self.set_word(MAGIC_WORD, MAGIC))?;
        written(self.sync())
    }

    fn sync(&self) -> std::io::Result<()> {
        match self.durability {
            Durability::Disk => self.file.sync_all(),
            Durability::System => Ok(()),
        }
    }

    fn word(&self, offset: usize) -> std::io::Result<u32> {
        let mut bytes = [0; 4];
        self.file.read_exact_at(&mut bytes, offset as u64)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn set_word(&self, offset: usize, word: u32) -> std::io::Result<()> {
        self.file.write_all_at(&word.to_le_bytes(), offset as u64)
    }

    fn partition(&self, region: Region) -> std::io::Result<Partition> {
        let mut options = MmapOptions::new();
        options.offset(region.offset.into()).len(region.len as usize);
        // SAFETY: the file has this region, since its length was checked, and is not cut while this door has its lock. Only
        // `Partition::change` writes there, through `&mut Partition`, so the cells do not change while they are borrowed.
        let cells = unsafe { options.map(&*self.file)? };
        Ok(Partition {
            cells,
            file: self.file.clone(),
            offset: region.offset.into(),
            durability: self.durability,
        })
    }

    fn slots(&self, [a, b]: [Region; 2]) -> std::io::Result<ModelSlots<Partition>> {
        Ok(ModelSlots {
            slots: [self.partition(a)?, self.partition(b)?],
            b_was: None,
            bytes: Partition::bytes,
        })
    }

    /// All partitions. Call it once.
    ///
    /// # Errors
    /// The system does not map the file.
    pub fn partitions(&self) -> std::io::Result<All> {
        Ok(All {
            gallery: self.partition(MAP.gallery)?,
            further: match self.more {
                More::Erased => {
                    MAP.further_volumes().map(|at| self.partition(at)).collect::<std::io::Result<_>>()?
                }
                More::None(_) => Vec::new(),
            },
            settings: self.partition(MAP.settings)?,
            log: self.partition(MAP.log)?,
            detector: self.slots(MAP.detector)?,
            encoder: self.slots(MAP.encoder)?,
            liveness: self.slots(MAP.liveness)?,
            firmware: FirmwareSlots {
                requests: self.partition(MAP.requests)?,
                slots: self.slots(MAP.firmware)?,
                // There is no boot loader: the package manager updates the program.
                started: None,
                board: MAP.board,
            },
        })
    }
}

fn full(path: &Path) -> Error {
    Error::DiskFull { path: path.to_owned(), needed: LINUX.file_len >> 20 }
}

/// All partitions of the flash.
pub struct All {
    /// People and their templates.
    pub gallery: Partition,
    /// Further volumes for them.
    pub further: Vec<Partition>,
    /// Settings, counters and the choice of model slots.
    pub settings: Partition,
    /// The audit log.
    pub log: Partition,
    /// Detector model, slots A and B.
    pub detector: ModelSlots<Partition>,
    /// Encoder model, slots A and B.
    pub encoder: ModelSlots<Partition>,
    /// Liveness model, slots A and B.
    pub liveness: ModelSlots<Partition>,
    /// What a boot loader would need; there is none.
    pub firmware: FirmwareSlots<Partition>,
}
