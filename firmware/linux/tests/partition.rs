//! The flash on a block device: a loop device, where the tests run as root and there are such devices.

mod bench;

use std::os::unix::fs::{FileExt, OpenOptionsExt as _, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bench::{Bench, MADE, refusal};
use host_window::window::{BOOTS, MAGIC};
use host_window::{LINUX, LINUX_ONE_VOLUME};

/// Nobody's user and group.
const NOBODY: u32 = 65_534;

/// A loop device over a file, until it is dropped.
struct Loop {
    device: PathBuf,
    _file: tempfile::NamedTempFile,
}

impl Loop {
    /// A device of so many bytes, all zeros. `None` where the system gives none.
    fn new(length: u64, options: &[&str]) -> Option<Self> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(length).expect("set");
        let made = Command::new("losetup").args(options).args(["--show", "--find"]).arg(file.path()).output();
        let Ok(Output { status, stdout, .. }) = made else { return skip() };
        if !status.success() {
            return skip();
        }
        Some(Self { device: String::from_utf8_lossy(&stdout).trim().into(), _file: file })
    }

    /// A door with its flash on the device.
    fn bench(&self) -> Bench {
        Bench::with_config(&on(&self.device))
    }

    fn bytes<const N: usize>(&self, at: u64) -> [u8; N] {
        let mut bytes = [0; N];
        let device = std::fs::File::open(&self.device).expect("the device");
        device.read_exact_at(&mut bytes, at).expect("read");
        bytes
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("--detach").arg(&self.device).status();
    }
}

fn skip<T>() -> Option<T> {
    eprintln!("skipped: the system gives no loop device; root gets one");
    None
}

/// The configuration of a made door with its flash there.
fn on(flash: &Path) -> String {
    MADE.replace("file = \"flash\"", &format!("file = \"{}\"", flash.display()))
}

#[test]
fn a_partition_is_a_flash_for_one_door_at_a_time() {
    let Some(partition) = Loop::new(LINUX.file_len + (1 << 20), &[]) else { return };
    let mut bench = partition.bench();
    bench.start();
    assert_eq!(partition.bytes::<4>(0), MAGIC.to_le_bytes());
    bench.refused(&[], "a door, swap, or a volume has it");
    // A door that has a secret of its own; without one it is told that the secret of this flash is missing.
    let other = partition.bench();
    other.refused(&["--check"], "is missing, the secret of the door");
    let secret = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(other.path().join("unique.key"));
    std::io::Write::write_all(&mut secret.expect("a file"), &[7; 32]).expect("written");
    other.refused(&["--check"], "a door, swap, or a volume has it");
    bench.stop();
    other.refused(&[], "is the flash of another door");
    bench.start();
    assert_eq!(partition.bytes::<4>(BOOTS as u64), 2u32.to_le_bytes());
    // What lies behind the flash is nobody's.
    assert_eq!(partition.bytes::<512>(LINUX.file_len), [0; 512]);
}

#[test]
fn a_partition_that_is_too_small_or_has_something_else_is_refused_and_stays_as_it_is() {
    let Some(small) = Loop::new(LINUX_ONE_VOLUME - 512, &[]) else { return };
    for arguments in [&[][..], &["--check"]] {
        small.bench().refused(arguments, "it has 39845376 bytes, and the flash needs 39845888 (38 MiB)");
    }
    assert_eq!(small.bytes::<512>(0), [0; 512]);
    // Where the table of partitions is, the superblock of ext4, that of btrfs, and a file.
    for at in [510, 1_024, 65_536, 20 << 20] {
        let Some(used) = Loop::new(LINUX.file_len, &[]) else { return };
        let device = std::fs::File::options().write(true).open(&used.device).expect("the device");
        device.write_all_at(&[0x55; 2], at).expect("written");
        let said = used.bench().refused(&[], "a partition with something else in it");
        assert!(said.contains("dd if=/dev/zero"), "{said}");
        assert_eq!(used.bytes::<2>(at), [0x55; 2]);
        assert_eq!(used.bytes::<4>(0), [0; 4]);
    }
}

#[test]
fn a_partition_of_before_has_room_for_256_people_and_says_so() {
    let Some(partition) = Loop::new(LINUX_ONE_VOLUME, &[]) else { return };
    let mut bench = partition.bench();
    bench.start();
    assert!(bench.said().contains("room for 256 people only: the partition has less than 57 MiB"));
}

/// A card that is erased to ones, and one on which a door of before has left ones in its header.
#[test]
fn a_short_partition_of_ones_starts_again() {
    let Some(partition) = Loop::new(LINUX_ONE_VOLUME, &[]) else { return };
    let device = std::fs::File::options().write(true).open(&partition.device).expect("the device");
    device.write_all_at(&vec![0xff; LINUX_ONE_VOLUME as usize], 0).expect("written");
    let mut bench = partition.bench();
    for _ in 0..2 {
        bench.start();
        bench.stop();
    }
    assert_eq!(partition.bytes::<4>(BOOTS as u64)[..1], [1], "two starts, counted from ones");
}

#[test]
fn a_partition_that_cannot_be_had_is_said_with_what_to_do() {
    let Some(locked) = Loop::new(LINUX.file_len, &["--read-only"]) else { return };
    locked.bench().refused(&["--check"], "is the card locked?");
    let absent = Path::new("/dev/postern-of-nobody");
    Bench::with_config(&on(absent)).refused(&["--check"], "it is not there; `lsblk");
    assert!(!absent.exists());
    Bench::with_config(&on(Path::new("/dev/null"))).refused(&[], "neither a partition nor a file");

    let Some(partition) = Loop::new(LINUX.file_len, &[]) else { return };
    let bench = partition.bench();
    chown(bench.path(), Some(NOBODY), Some(NOBODY)).expect("given away");
    let door = bench.path().join("door");
    std::fs::copy(env!("CARGO_BIN_EXE_postern-door"), &door).expect("copied");
    std::fs::set_permissions(&door, std::fs::Permissions::from_mode(0o755)).expect("set");
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let config = bench.path().join("postern-door.toml");
    let output =
        Command::new("setpriv").args(user).arg(&door).arg("--check").arg("--config").arg(config).output();
    let said = refusal(&output.expect("setpriv of util-linux"), "this user may not open it");
    assert!(said.contains("a udev rule gives the user this partition alone"), "{said}");
}

#[test]
fn a_partition_that_is_mounted_is_refused_with_the_place() {
    let Some(partition) = Loop::new(64 << 20, &[]) else { return };
    let bench = partition.bench();
    let made = Command::new("/sbin/mke2fs").args(["-q", "-t", "ext4"]).arg(&partition.device).status();
    assert!(made.expect("mke2fs of e2fsprogs").success());
    let folder = bench.path().join("files");
    std::fs::create_dir(&folder).expect("a folder");
    let script = format!(
        "mount {device} {folder} && exec {door} --check --config {config}",
        device = partition.device.display(),
        folder = folder.display(),
        door = env!("CARGO_BIN_EXE_postern-door"),
        config = bench.path().join("postern-door.toml").display(),
    );
    // The mount ends with the name space.
    let output = Command::new("unshare").args(["--mount", "sh", "-ec", &script]).output().expect("it starts");
    refusal(&output, &format!("it is mounted at {}", folder.display()));
}
