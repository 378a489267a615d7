//! The disk of a whole system: its files become root's, it becomes `/`, and its systemd becomes process 1.
//!
//! What is around the door is made by a second process of this program, which goes on beside systemd.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::os::unix::fs::lchown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::setup::{self, DISK};

/// The word by which the kernel's command line asks for it: the kernel hands it on as a variable.
const WANTED: &str = "POSTERN_ROOT";

/// The argument of the process beside systemd.
pub const BESIDE: &str = "beside";

/// Where the disk is mounted at first.
const ROOT: &str = "/system";

/// Whether the computer has such a disk.
pub fn is_wanted() -> bool {
    std::env::var_os(WANTED).is_some()
}

/// Enters the disk, starts the process beside systemd, and becomes systemd.
///
/// # Errors
/// The disk has no file system, or no systemd.
pub fn enter() -> io::Result<Infallible> {
    fs::create_dir_all(ROOT)?;
    setup::mount(DISK, ROOT, "ext4")?;
    give_to_root(Path::new(ROOT))?;
    for moved in ["/proc", "/sys", "/dev", "/run"] {
        let to = format!("{ROOT}{moved}");
        fs::create_dir_all(&to)?;
        setup::move_mount(moved, &to)?;
    }
    std::env::set_current_dir(ROOT)?;
    setup::move_mount(".", "/")?;
    std::os::unix::fs::chroot(".")?;
    std::env::set_current_dir("/")?;
    // The file of this program is no longer in reach by its name.
    let mut beside = Command::new("/proc/self/exe");
    beside.arg(BESIDE).env("PATH", "/usr/sbin:/usr/bin").env("HOME", "/root").stdin(Stdio::null()).spawn()?;
    Err(Command::new("/lib/systemd/systemd").env_clear().exec())
}

/// Gives all below a folder to root: whoever made the disk had another number.
fn give_to_root(folder: &Path) -> io::Result<()> {
    lchown(folder, Some(0), Some(0))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            give_to_root(&entry.path())?;
        } else {
            lchown(entry.path(), Some(0), Some(0))?;
        }
    }
    Ok(())
}
