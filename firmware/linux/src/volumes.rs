//! The further volumes of the gallery in the flash: 39 of them, behind all that a flash had once.
//!
//! A flash of before is shorter, by their length. A file grows when the door starts; a partition has them if it is long enough and
//! nothing else lies there. Else the gallery keeps its one volume, and the door says why.
//!
//! | step | a kill or a power cut after it leaves |
//! |---|---|
//! | 1. the file gets its length, and its room on the disk | zeros behind the flash of before, which nobody reads |
//! | 2. the volumes are erased to ones | the same, partly ones |
//! | 3. once that is on the disk, the header counts them | volumes that can be used |
//!
//! So a start that is cut short before the third step begins again. What a flash has from before is not written at all.
//!
//! The count in the header is not sealed. A file whose further volumes have something in them, and are not counted, was changed: without
//! them most people would be unknown for a boot, so the door does not start. Of a partition that is not known, as something else may
//! lie there.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

pub use host_window::window::VOLUMES as ERASED_ONCE;
use host_window::{LINUX, LINUX_ONE_VOLUME};
use nor_model::ERASED;
use partitions::Region;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::medium::Kind;

/// Where they lie.
const VOLUMES: Region = LINUX.partitions.further;

/// Whether there are further volumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum More {
    /// They are there.
    Erased,
    /// They are not, and this is why.
    None(String),
}

impl More {
    /// For how many people the gallery has room, in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Erased => format!("room for {} people", LINUX.partitions.volumes() * PEOPLE),
            Self::None(why) => format!("room for {PEOPLE} people only: {why}"),
        }
    }
}

/// People of a volume.
const PEOPLE: usize = 256;

/// What the header has where the further volumes are there.
const COUNT: u32 = LINUX.partitions.volumes() as u32 - 1;

/// Whether a header counts further volumes that a flash of this length has not. A partition that was ones before the
/// first start keeps them there, and has none.
pub fn are_cut_off(word: u32, length: u64) -> bool {
    word == COUNT && length < LINUX.file_len
}

/// Erases the further volumes, if that was never done and there is room for them. `sync` returns when the disk has what was written.
///
/// # Errors
/// As reading and writing a file. A full disk is none: the door works on with what it has. [`ErrorKind::InvalidData`] if a file has further
/// volumes that its header does not count.
pub fn make(file: &File, kind: Kind, length: u64, sync: impl Fn() -> io::Result<()>) -> io::Result<More> {
    let mut word = [0; 4];
    file.read_exact_at(&mut word, ERASED_ONCE as u64)?;
    if u32::from_le_bytes(word) == COUNT {
        return Ok(More::Erased);
    }
    let no_room = |why: &str| Ok(More::None(why.to_owned()));
    if length < LINUX.file_len {
        let needed = LINUX.file_len >> 20;
        if kind == Kind::Device {
            return no_room(&format!("the partition has less than {needed} MiB"));
        }
        match fallocate(file, FallocateFlags::empty(), LINUX_ONE_VOLUME, LINUX.file_len - LINUX_ONE_VOLUME) {
            Ok(()) => {}
            Err(Errno::OPNOTSUPP) => file.set_len(LINUX.file_len)?,
            Err(Errno::NOSPC | Errno::DQUOT) => {
                // A part of it may be there.
                file.set_len(LINUX_ONE_VOLUME)?;
                return no_room(&format!("the disk is full, and the flash needs {needed} MiB"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !is_blank(file, VOLUMES)? {
        if kind == Kind::File {
            return Err(ErrorKind::InvalidData.into());
        }
        return no_room("something else lies behind the flash");
    }
    match erase(file, VOLUMES) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            return no_room("the disk is full");
        }
        Err(error) => return Err(error),
    }
    sync()?;
    file.write_all_at(&COUNT.to_le_bytes(), ERASED_ONCE as u64)?;
    sync()?;
    Ok(More::Erased)
}

/// Whether nothing was written there.
///
/// # Errors
/// As reading a file.
pub fn is_blank(file: &File, region: Region) -> io::Result<bool> {
    let mut piece = vec![0; 1 << 20];
    let mut at = region.offset;
    while at < region.end() {
        let length = piece.len().min((region.end() - at) as usize);
        file.read_exact_at(&mut piece[..length], at.into())?;
        // Ones are left by a first start that was cut short.
        if !piece[..length].iter().all(|byte| matches!(byte, 0 | 0xff)) {
            return Ok(false);
        }
        at += length as u32;
    }
    Ok(true)
}

/// Erases all of it.
///
/// # Errors
/// As writing a file.
pub fn erase(file: &File, region: Region) -> io::Result<()> {
    let ones = vec![ERASED; 1 << 20];
    let mut at = region.offset;
    while at < region.end() {
        let length = ones.len().min((region.end() - at) as usize);
        file.write_all_at(&ones[..length], at.into())?;
        at += length as u32;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flash of before, with something in all of its partitions.
    fn of_before() -> (File, Vec<u8>) {
        let file = tempfile::tempfile().expect("a file");
        let mut bytes: Vec<u8> = (0..LINUX_ONE_VOLUME).map(|at| (at * 7 + at / 251) as u8).collect();
        bytes[ERASED_ONCE..ERASED_ONCE + 4].fill(0);
        bytes[VOLUMES.offset as usize..].fill(0);
        file.write_all_at(&bytes, 0).expect("written");
        (file, bytes)
    }

    fn length(file: &File) -> u64 {
        file.metadata().expect("a length").len()
    }

    fn made(file: &File, kind: Kind) -> More {
        make(file, kind, length(file), || Ok(())).expect("no error")
    }

    /// What the file has of before, but for the count of volumes.
    fn kept(file: &File) -> Vec<u8> {
        let mut bytes = vec![0; LINUX_ONE_VOLUME as usize];
        file.read_exact_at(&mut bytes, 0).expect("read");
        bytes[ERASED_ONCE..ERASED_ONCE + 4].fill(0);
        bytes
    }

    #[test]
    fn a_file_of_before_grows_once_and_what_it_has_stays() {
        let (file, before) = of_before();
        // A start that was cut short: at first nothing is behind, then zeros, then ones in a part.
        file.set_len(LINUX_ONE_VOLUME + 4096).expect("set");
        assert_eq!(made(&file, Kind::File), More::Erased);
        assert_eq!(length(&file), LINUX.file_len);
        let region = |file: &File| {
            let mut bytes = vec![0; VOLUMES.len as usize];
            file.read_exact_at(&mut bytes, VOLUMES.offset.into()).expect("read");
            bytes
        };
        let behind = region(&file);
        // The first of them begins in what a flash of before had behind its log: nobody's bytes.
        assert!(behind.iter().all(|cell| *cell == ERASED));
        let own = VOLUMES.offset as usize;
        assert!(kept(&file)[..own] == before[..own]);
        file.write_all_at(&[1, 2, 3], VOLUMES.offset.into()).expect("written");
        assert_eq!(made(&file, Kind::File), More::Erased);
        assert_eq!(region(&file)[..4], [1, 2, 3, ERASED], "once");
    }

    /// Whoever writes the file hides the people of 39 volumes by one bit of its header.
    #[test]
    fn a_file_with_further_volumes_that_its_header_does_not_count_is_refused() {
        let (file, _) = of_before();
        assert_eq!(made(&file, Kind::File), More::Erased);
        file.write_all_at(b"a person", u64::from(VOLUMES.end()) - 4096).expect("written");
        for word in [0, 38, 0x27 | 1 << 9, u32::MAX] {
            file.write_all_at(&u32::to_le_bytes(word), ERASED_ONCE as u64).expect("written");
            let opened = make(&file, Kind::File, length(&file), || Ok(()));
            assert_eq!(opened.expect_err("hidden").kind(), ErrorKind::InvalidData, "{word}");
        }
        file.write_all_at(&39u32.to_le_bytes(), ERASED_ONCE as u64).expect("written");
        assert_eq!(made(&file, Kind::File), More::Erased);
    }

    #[test]
    fn a_partition_that_is_too_short_or_has_something_behind_keeps_what_it_has() {
        let (file, before) = of_before();
        let short = made(&file, Kind::Device);
        assert_eq!(short.describe(), "room for 256 people only: the partition has less than 57 MiB");
        file.set_len(LINUX.file_len).expect("set");
        file.write_all_at(b"letters", LINUX.file_len - (1 << 20)).expect("written");
        let used = made(&file, Kind::Device);
        assert_eq!(used.describe(), "room for 256 people only: something else lies behind the flash");
        assert!(kept(&file) == before);
        file.write_all_at(&[0; 7], LINUX.file_len - (1 << 20)).expect("written");
        assert_eq!(made(&file, Kind::Device).describe(), "room for 10240 people");
    }

    #[test]
    fn a_short_flash_whose_header_has_ones_there_is_not_cut_off() {
        for word in [0, u32::MAX] {
            assert!(!are_cut_off(word, LINUX_ONE_VOLUME));
        }
        assert!(are_cut_off(39, LINUX_ONE_VOLUME) && !are_cut_off(39, LINUX.file_len));
    }
}
