//! What the flash lies on: a file, or a partition of a disk.
//!
//! One door has it at a time. A file is kept by a lock on it. A block device is opened exclusively (`O_EXCL`): the kernel then
//! gives it neither to a second door, nor to a mount, nor to swap, and refuses a device that one of these has.
//!
//! A flash of before has one volume for people, and is shorter (`volumes`). A partition may be larger than the flash. It never grows, and the door never makes it: a file with the name of a partition
//! that is not there would lie in the memory of the computer.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use host_window::window::{BOARD, MAGIC, MAGIC_WORD};
use host_window::{LINUX, LINUX_ONE_VOLUME};
use rustix::fs::{OFlags, major, minor};
use rustix::io::Errno;

use crate::{Error, Result};

/// How long a door that was told to end may still have the flash.
const ENDING: Duration = Duration::from_secs(3);

/// Between two tries in this time.
const PAUSE: Duration = Duration::from_millis(60);

/// How to find a partition.
const LIST: &str = "`lsblk -o PATH,SIZE,PARTUUID,MOUNTPOINTS` lists what there is";

/// What the flash lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file, which the door makes.
    File,
    /// A partition, or another block device.
    Device,
}

impl Kind {
    /// Why the flash cannot be on something of so many bytes, if it cannot.
    pub fn unfit(self, length: u64) -> Option<String> {
        let needed = LINUX_ONE_VOLUME;
        match self {
            // A file that has one volume for people grows, and a start that grew it may have been cut short.
            Self::File => {
                (!(needed..=LINUX.file_len).contains(&length)).then(|| "a file of another size".to_owned())
            }
            Self::Device => (length < needed).then(|| {
                format!("it has {length} bytes, and the flash needs {needed} ({} MiB)", needed >> 20)
            }),
        }
    }
}

/// Whether the flash of a door on Linux lies there, whosever it is.
pub fn is_of_a_door(path: &Path) -> bool {
    let has = |at: usize, what: u32| {
        let mut word = [0; 4];
        // A pipe would wait for its other end.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
        let read = file.and_then(|file| file.read_exact_at(&mut word, at as u64));
        read.is_ok() && u32::from_le_bytes(word) == what
    };
    has(MAGIC_WORD, MAGIC) && has(BOARD, LINUX.partitions.board)
}

/// Opens what the flash lies on for this door alone. A file is made if there is none.
///
/// # Errors
/// [`Error::FlashInUse`], [`Error::FlashDevice`], [`Error::ReadOnly`], [`Error::File`].
pub fn open(path: &Path) -> Result<(File, Kind)> {
    let unusable = |hint: String| Error::FlashDevice { path: path.to_owned(), hint };
    let kind = match path.metadata().map(|metadata| metadata.file_type()) {
        Ok(kind) if kind.is_block_device() => Kind::Device,
        Ok(kind) if kind.is_file() => Kind::File,
        Ok(_) => return Err(unusable(format!("it is neither a partition nor a file; {LIST}"))),
        Err(error) if error.kind() == ErrorKind::NotFound && is_of_devices(path) => {
            return Err(unusable(format!("it is not there; {LIST}")));
        }
        Err(_) => Kind::File,
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match kind {
        Kind::File => options.create(true).truncate(false),
        // Without O_CREAT: then it means that nobody else has the device.
        Kind::Device => options.custom_flags(OFlags::EXCL.bits() as i32),
    };
    let end = Instant::now() + ENDING;
    loop {
        let in_use = match options.open(path) {
            Ok(file) => match file.try_lock() {
                Ok(()) => return Ok((file, kind)),
                Err(TryLockError::WouldBlock) => Error::FlashInUse { path: path.to_owned() },
                Err(TryLockError::Error(error)) => return Err(Error::file(path)(error)),
            },
            Err(error) if kind == Kind::Device && Errno::from_io_error(&error) == Some(Errno::BUSY) => {
                match mounted_at(path) {
                    Some(folder) => return Err(unusable(format!("it is mounted at {folder}; unmount it"))),
                    None => unusable(format!("a door, swap, or a volume has it; {LIST}")),
                }
            }
            Err(error) if kind == Kind::Device && error.kind() == ErrorKind::PermissionDenied => {
                return Err(unusable(
                    "this user may not open it. Do not add the user to the group disk, which has all disks: a udev rule \
                     gives the user this partition alone, see linux.md"
                        .to_owned(),
                ));
            }
            Err(source) => {
                return Err(match source.kind() {
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                        Error::ReadOnly { path: path.to_owned(), source }
                    }
                    _ => Error::file(path)(source),
                });
            }
        };
        if Instant::now() >= end {
            return Err(in_use);
        }
        std::thread::sleep(PAUSE);
    }
}

/// How many bytes it has. The metadata of a block device say 0.
///
/// # Errors
/// As seeking in a file.
pub fn length(mut file: &File) -> std::io::Result<u64> {
    file.seek(SeekFrom::End(0))
}

/// Whether the kernel makes the files there, and a file of the door would lie in memory.
fn is_of_devices(path: &Path) -> bool {
    path.starts_with("/dev") && !path.starts_with("/dev/shm")
}

/// Where a block device is mounted.
fn mounted_at(device: &Path) -> Option<String> {
    let number = device.metadata().ok()?.rdev();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    mount_of([major(number), minor(number)], &mounts).map(str::to_owned)
}

/// The mount of a device in the kernel's list: number, parent, device, root, place, and more.
fn mount_of([major, minor]: [u32; 2], mounts: &str) -> Option<&str> {
    let device = format!("{major}:{minor}");
    mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(2);
        (words.next() == Some(device.as_str())).then(|| words.nth(1)).flatten()
    })
}

/// Whether the kernel writes nothing to this device: a card with its switch at "lock", or `blockdev --setro`.
pub fn is_read_only(file: &File) -> bool {
    let Ok(metadata) = file.metadata() else { return false };
    let number = metadata.rdev();
    let path = format!("/sys/dev/block/{}:{}/ro", major(number), minor(number));
    std::fs::read_to_string(path).is_ok_and(|flag| flag.trim() == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_may_be_larger_than_the_flash_and_a_file_may_not() {
        let needed = LINUX_ONE_VOLUME;
        assert_eq!(Kind::Device.unfit(needed), None);
        assert_eq!(Kind::Device.unfit(needed + 1), None);
        let small = Kind::Device.unfit(needed - 512).expect("too small");
        assert!(small.contains(&format!("{} bytes", needed - 512)) && small.contains("38 MiB"), "{small}");
        // What the metadata of a block device say.
        assert!(Kind::Device.unfit(0).is_some());
        for length in [needed, needed + 1, LINUX.file_len] {
            assert_eq!(Kind::File.unfit(length), None);
        }
        assert!(Kind::File.unfit(needed - 1).is_some() && Kind::File.unfit(LINUX.file_len + 1).is_some());
    }

    #[test]
    fn a_length_is_the_end_wherever_the_file_stands() {
        let mut file = tempfile::tempfile().expect("a file");
        file.set_len(12_345).expect("set");
        file.seek(SeekFrom::Start(17)).expect("sought");
        assert_eq!(length(&file).expect("a length"), 12_345);
    }

    #[test]
    fn a_mount_is_found_by_the_number_of_its_device() {
        let mounts = "25 30 0:23 / /sys rw - sysfs sysfs rw\n\
                      36 30 8:17 / /mnt/a\\040b rw shared:1 - ext4 /dev/sdb1 rw\n";
        assert_eq!(mount_of([8, 17], mounts), Some("/mnt/a\\040b"));
        assert_eq!(mount_of([8, 1], mounts), None);
    }

    #[test]
    fn a_partition_that_is_not_there_is_not_made() {
        assert!(is_of_devices(Path::new("/dev/disk/by-partuuid/x")));
        assert!(!is_of_devices(Path::new("/dev/shm/flash")));
        assert!(!is_of_devices(Path::new("/var/lib/postern-door/flash")));
    }
}
