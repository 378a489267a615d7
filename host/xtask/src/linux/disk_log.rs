//! What a disk was told to write, in its order, and what a power cut can leave of that.
//!
//! QEMU's `blklogwrites` writes the form of Linux's dm-log-writes; the least byte of a number comes first:
//!
//! ```text
//! sector 0    magic (8), version (8), entries so far (8), bytes of a sector (4)
//! an entry    first sector (8), sectors (8), flags (8), 0 (8), zeros to the end of the sector; then the sectors
//! flags       1: a flush, which ends when all that was written before it lasts; 2: such a write; 4: a discard
//! ```
//! A disk may keep writes in its memory until a flush ends, and may write them in another order. So a cut leaves all that
//! was flushed, and of what came after it any part. Three kinds of parts are made here, see [`Cut`].

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, ensure};

const MAGIC: &[u8] = b"rhswfsj\0";
const SECTOR: u64 = 512;

/// Where the superblock of ext4 ends. It is written in place, and half of it is none: ext4 itself relies on a disk that
/// writes it as a whole.
const SUPERBLOCK_END: u64 = 4_096;

/// The flag of a flush, and that of a write that lasts when it ends.
const FLUSH: u64 = 1;
const LASTING: u64 = 2;

/// Writes and flushes, numbered from 0.
pub struct DiskLog {
    file: File,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Flush,
    /// Bytes of the disk, and where they begin in the log.
    Write {
        to: u64,
        length: u64,
        at: u64,
    },
}

/// What a power cut leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// All entries before this one.
    Before(usize),
    /// As that, and the first half of this write, unless it is the superblock of ext4.
    Within(usize),
    /// All writes from one flush to the next, but this one: the disk wrote in another order.
    Without {
        /// The write that is lost.
        lost: usize,
        /// The flush after it, which did not end.
        flush: usize,
    },
}

impl Cut {
    /// How many entries had ended for certain, and how many had begun.
    pub fn moment(self, log: &DiskLog) -> Range<usize> {
        match self {
            Self::Before(entry) => entry..entry,
            Self::Within(entry) => entry..entry + 1,
            Self::Without { lost, flush } => log.flushed_before(lost)..flush,
        }
    }
}

impl DiskLog {
    /// What was logged so far. The emulator may go on.
    ///
    /// # Errors
    /// It is no such log, or has an entry that a door's disk never gets.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let end = file.metadata()?.len();
        let mut head = [0; 28];
        file.read_exact_at(&mut head, 0).context("the log of the disk has no head")?;
        ensure!(head.starts_with(MAGIC) && number(&head, 1) == 1, "the log of the disk begins otherwise");
        ensure!(head[24..] == (SECTOR as u32).to_le_bytes(), "the log has sectors of another size");
        let (mut entries, mut at) = (Vec::new(), SECTOR);
        while at + SECTOR <= end {
            let mut head = [0; 24];
            file.read_exact_at(&mut head, at)?;
            let [first, sectors, flags] = [0, 1, 2].map(|index| number(&head, index));
            if head == [0; 24] {
                break;
            }
            ensure!(flags & !(FLUSH | LASTING) == 0, "entry {} of the log has flags {flags}", entries.len());
            at += SECTOR;
            if flags & FLUSH != 0 {
                entries.push(Entry::Flush);
            }
            if sectors > 0 {
                entries.push(Entry::Write { to: first * SECTOR, length: sectors * SECTOR, at });
                at += sectors * SECTOR;
            }
        }
        Ok(Self { file, entries })
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry after the last flush before this one.
    fn flushed_before(&self, entry: usize) -> usize {
        let before = self.entries[..entry].iter().rposition(|entry| *entry == Entry::Flush);
        before.map_or(0, |flush| flush + 1)
    }

    /// All that a cut can leave between these entries, each once, in an order in which [`Disk`] can make it.
    pub fn cuts(&self, between: Range<usize>) -> Vec<Cut> {
        let mut cuts = Vec::new();
        for entry in between.clone() {
            if entry == self.flushed_before(entry) {
                cuts.extend(self.without_one(entry));
            }
            // A flush writes nothing: the cut after it leaves the same disk.
            if let Entry::Write { to, length, .. } = self.entries[entry] {
                cuts.push(Cut::Before(entry));
                let can_tear = length > SECTOR && to + length > SUPERBLOCK_END;
                cuts.extend(can_tear.then_some(Cut::Within(entry)));
            }
        }
        cuts.push(Cut::Before(between.end));
        cuts
    }

    /// The cuts before the next flush that leave out one write; without the last one a cut before it is the same.
    fn without_one(&self, from: usize) -> Vec<Cut> {
        let Some(length) = self.entries[from..].iter().position(|entry| *entry == Entry::Flush) else {
            return Vec::new();
        };
        let flush = from + length;
        (from..flush.saturating_sub(1)).map(|lost| Cut::Without { lost, flush }).collect()
    }

    /// The bytes of a write, and where they go.
    fn bytes(&self, entry: usize) -> anyhow::Result<Option<(u64, Vec<u8>)>> {
        let Entry::Write { to, length, at } = self.entries[entry] else { return Ok(None) };
        let mut bytes = vec![0; length as usize];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(Some((to, bytes)))
    }
}

/// A disk to which the log is written again.
pub struct Disk<'a> {
    log: &'a DiskLog,
    bytes: Vec<u8>,
    written: usize,
}

impl<'a> Disk<'a> {
    /// The disk as it was before the log began.
    pub fn new(log: &'a DiskLog, before: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(before).with_context(|| before.display().to_string())?;
        Ok(Self { log, bytes, written: 0 })
    }

    /// What a cut leaves, as a file. Cuts come in the order of [`DiskLog::cuts`].
    ///
    /// # Errors
    /// They do not; a write is beyond the disk's end.
    pub fn leave(&mut self, cut: Cut, path: &Path) -> anyhow::Result<()> {
        let moment = cut.moment(self.log);
        ensure!(self.written <= moment.start, "{cut:?} comes too late");
        while self.written < moment.start {
            if let Some((to, bytes)) = self.log.bytes(self.written)? {
                let there = self.bytes.get_mut(to as usize..).and_then(|rest| rest.get_mut(..bytes.len()));
                there.context("a write beyond the end of the disk")?.copy_from_slice(&bytes);
            }
            self.written += 1;
        }
        std::fs::write(path, &self.bytes).with_context(|| path.display().to_string())?;
        let file = File::options().write(true).open(path)?;
        for entry in moment {
            let Some((to, mut bytes)) = self.log.bytes(entry)? else { continue };
            match cut {
                Cut::Without { lost, .. } if lost == entry => continue,
                Cut::Within(_) => bytes.truncate((bytes.len() / 2).next_multiple_of(SECTOR as usize)),
                _ => {}
            }
            file.write_all_at(&bytes, to)?;
        }
        Ok(())
    }
}

/// A number of eight bytes.
fn number(head: &[u8], index: usize) -> u64 {
    let bytes = head[8 * index..8 * index + 8].try_into();
    u64::from_le_bytes(bytes.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of writes, each of so many sectors of one byte value to a sector, and of flushes.
    fn log(folder: &Path, entries: &[Option<(u64, u64, u8)>]) -> DiskLog {
        let mut bytes = MAGIC.to_vec();
        for word in [1, 0, SECTOR] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.resize(SECTOR as usize, 0);
        for entry in entries {
            let (to, sectors, value) = entry.unwrap_or_default();
            let start = bytes.len();
            for word in [to, sectors, u64::from(entry.is_none()), 0] {
                bytes.extend(word.to_le_bytes());
            }
            bytes.resize(start + SECTOR as usize, 0);
            bytes.resize(bytes.len() + (sectors * SECTOR) as usize, value);
        }
        // What the emulator has made room for, and not written.
        bytes.resize(bytes.len() + 4 * SECTOR as usize, 0);
        let path = folder.join("log");
        std::fs::write(&path, bytes).expect("written");
        DiskLog::open(&path).expect("a log")
    }

    /// What a cut leaves of the last three sectors of a disk: the first byte of each.
    fn left(log: &DiskLog, folder: &Path, cut: Cut) -> [u8; 3] {
        let (before, path) = (folder.join("before"), folder.join("left"));
        std::fs::write(&before, [0; 11 * 512]).expect("written");
        Disk::new(log, &before).and_then(|mut disk| disk.leave(cut, &path)).expect("made");
        let bytes = std::fs::read(&path).expect("read");
        [8, 9, 10].map(|sector| bytes[sector * 512])
    }

    #[test]
    fn a_cut_leaves_all_that_was_flushed_and_some_of_the_rest() {
        let room = tempfile::tempdir().expect("a folder");
        let folder = room.path();
        let log = log(folder, &[Some((8, 1, 1)), None, Some((8, 2, 2)), Some((10, 1, 3)), None, None]);
        assert_eq!(log.len(), 6);
        let without = Cut::Without { lost: 2, flush: 4 };
        assert_eq!(log.cuts(1..4), [without, Cut::Before(2), Cut::Within(2), Cut::Before(3), Cut::Before(4)]);
        let left = |cut| left(&log, folder, cut);
        assert_eq!(left(Cut::Before(0)), [0, 0, 0]);
        assert_eq!(left(Cut::Before(2)), [1, 0, 0]);
        assert_eq!(left(Cut::Within(2)), [2, 0, 0]);
        assert_eq!(left(Cut::Before(4)), [2, 2, 3]);
        assert_eq!(left(without), [1, 0, 3]);
        assert_eq!(without.moment(&log), 2..4);
        assert_eq!(Cut::Within(2).moment(&log), 2..3);
    }

    #[test]
    fn the_superblock_is_written_as_a_whole() {
        let room = tempfile::tempdir().expect("a folder");
        let log = log(room.path(), &[Some((2, 2, 1)), Some((7, 2, 1))]);
        assert_eq!(log.cuts(0..2), [Cut::Before(0), Cut::Before(1), Cut::Within(1), Cut::Before(2)]);
    }

    #[test]
    fn cuts_come_in_an_order_in_which_a_disk_can_make_them() {
        let room = tempfile::tempdir().expect("a folder");
        let folder = room.path();
        let log =
            log(folder, &[Some((0, 2, 1)), Some((1, 2, 2)), None, Some((0, 1, 3)), Some((1, 1, 4)), None]);
        let before = folder.join("before");
        std::fs::write(&before, [0; 3 * 512]).expect("written");
        let mut disk = Disk::new(&log, &before).expect("a disk");
        for cut in log.cuts(0..log.len()) {
            disk.leave(cut, &folder.join("left")).expect("in order");
        }
        assert!(disk.leave(Cut::Before(0), &folder.join("left")).is_err());
    }
}
