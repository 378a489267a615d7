//! The disk of a computer with systemd: packages of Debian, unpacked and not configured.
//!
//! No debootstrap, and no root: a package is unpacked into a folder, and `mke2fs` makes a disk of it. The first process
//! gives all files to root. What scripts of the packages would do is done here, as far as this computer needs it: users
//! and groups, the folders that Debian has merged, and dpkg's list of what is installed, by which it decides whether the
//! door's package has all that it needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::machine;
use crate::{packages, process};

/// Name, version, architecture and SHA-256 of each package, one a line.
const PACKAGES: &str = include_str!("root-packages.txt");

/// Mebibytes of the disk.
const SIZE: u32 = 512;

/// The folder with programs: its files can be executed.
const PROGRAMS: &str = "usr/bin/";

/// A file of the computer beside those of the packages: its path, and its bytes.
pub type Extra<'a> = (&'a str, &'a [u8]);

/// Makes the disk at `path`.
///
/// # Errors
/// As [`packages::fetch`]; there is no `dpkg-deb`, `tar` or `mke2fs`.
pub fn make(path: &Path, extras: &[Extra<'_>]) -> anyhow::Result<()> {
    let debs = packages::fetch(&packages::list(PACKAGES)?)?;
    let room = tempfile::tempdir()?;
    let root = room.path().join("root");
    merged_folders(&root)?;
    let mut status = String::new();
    for deb in &debs {
        packages::unpack(deb, &root)?;
        status += &installed(deb)?;
    }
    let write = |path: &str, bytes: &[u8]| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        fs::write(&path, bytes).with_context(|| path.display().to_string())
    };
    write("var/lib/dpkg/status", status.as_bytes())?;
    for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "tmp", "root"] {
        fs::create_dir_all(root.join(folder))?;
    }
    for list in ["passwd", "group"] {
        let of_debian = root.join(format!("usr/share/base-passwd/{list}.master"));
        let of_debian = fs::read(&of_debian).with_context(|| of_debian.display().to_string())?;
        write(&format!("etc/{list}"), &of_debian)?;
    }
    // Without one systemd would take this for its first start, and wait for an administrator.
    write("etc/machine-id", b"0123456789abcdef0123456789abcdef\n")?;
    write("etc/hostname", b"door\n")?;
    for (path, bytes) in extras {
        write(path, bytes)?;
        if path.starts_with(PROGRAMS) {
            let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(root.join(path), executable)?;
        }
    }
    machine::make_disk_of(path, SIZE, Some(&root))
}

/// The folders that Debian has in `/usr`, with links in their old places.
fn merged_folders(root: &Path) -> anyhow::Result<()> {
    for folder in ["bin", "sbin", "lib"] {
        fs::create_dir_all(root.join("usr").join(folder))?;
        std::os::unix::fs::symlink(format!("usr/{folder}"), root.join(folder))?;
    }
    Ok(())
}

/// What dpkg's list says of a package.
fn installed(deb: &PathBuf) -> anyhow::Result<String> {
    let fields = process::captured(Command::new("dpkg-deb").arg("--field").arg(deb), None)?;
    Ok(as_installed(&fields))
}

/// The fields of a package as dpkg keeps them once it is installed.
fn as_installed(fields: &str) -> String {
    format!("{}\nStatus: install ok installed\n\n", fields.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_is_pinned_by_a_whole_digest_and_named_once() {
        let pinned = packages::list(PACKAGES).expect("a list");
        assert!(pinned.iter().any(|pinned| pinned.package == "systemd"));
        for one in &pinned {
            assert!(one.sha256.len() == 64 && one.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert_eq!(pinned.iter().filter(|other| other.package == one.package).count(), 1, "{one:?}");
        }
    }

    #[test]
    fn an_installed_package_says_so_after_its_fields() {
        assert_eq!(
            as_installed("Package: x\nVersion: 1\n"),
            "Package: x\nVersion: 1\nStatus: install ok installed\n\n"
        );
    }
}
