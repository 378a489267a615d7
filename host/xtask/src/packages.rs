//! Packages of Debian, also for other architectures: fetched by apt, pinned by SHA-256, unpacked.
//!
//! apt has a folder of its own below `.cache/linux`, so that it needs no root, and so that this computer's dpkg knows no
//! foreign architecture. Where to fetch from it reads in this computer's own lists. A package is opened only if its digest
//! is right, and nothing of it runs on this computer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

use crate::{process, workspace};

/// A package, pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// Its name.
    pub package: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// `arm64`, `amd64`, or `all`.
    pub architecture: &'static str,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: &'static str,
}

impl Pinned {
    /// As apt is asked for it.
    fn name(&self) -> String {
        let architecture = match self.architecture {
            "all" => String::new(),
            other => format!(":{other}"),
        };
        format!("{}{architecture}={}", self.package, self.version)
    }

    /// As apt names the file.
    fn file_name(&self) -> String {
        format!("{}_{}_{}.deb", self.package, self.version.replace(':', "%3a"), self.architecture)
    }

    /// Whether a file is the package.
    ///
    /// # Errors
    /// It is another one.
    pub fn check(&self, file: &Path) -> anyhow::Result<()> {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let (label, expected) = (self.package, self.sha256);
        ensure!(
            found == expected,
            "{} is not {label}: its SHA-256 is {found} and not {expected}",
            file.display()
        );
        Ok(())
    }
}

/// Fetches packages into the cache, as far as they are not there, and returns their files.
///
/// # Errors
/// apt does not have one, or it is another one than pinned.
pub fn fetch(packages: &[Pinned]) -> anyhow::Result<Vec<PathBuf>> {
    let folder = workspace::cache("linux/packages");
    fs::create_dir_all(&folder)?;
    let file = |pinned: &Pinned| folder.join(pinned.file_name());
    let missing: Vec<_> = packages.iter().filter(|pinned| pinned.check(&file(pinned)).is_err()).collect();
    if !missing.is_empty() {
        let settings = settings(&architectures(&missing))?;
        let apt = || {
            let mut apt = Command::new("apt-get");
            apt.arg("-q").env("APT_CONFIG", &settings).current_dir(&folder);
            apt
        };
        // A list that is not for this architecture fails; what is missing then is said below.
        let _ = process::quiet("asking Debian for its list of packages", apt().arg("update"), None);
        let names = missing.iter().map(|pinned| pinned.name());
        let what = format!("fetching {} packages of Debian", missing.len());
        if let Err(error) = process::quiet(&what, apt().arg("download").args(names), None) {
            bail!(
                "{error:#}\nThese packages are in the main section of Debian 12 (bookworm): add it to the lists of apt, or put \
                 the files into {}",
                folder.display()
            );
        }
    }
    let checked = packages.iter().map(|pinned| pinned.check(&file(pinned)).map(|()| file(pinned)));
    checked.collect()
}

/// The packages of a list: name, version, architecture and SHA-256, one a line. A line with `#` says something.
///
/// # Errors
/// A line has not all four.
pub fn list(text: &'static str) -> anyhow::Result<Vec<Pinned>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let of = |line: &'static str| match line.split(' ').collect::<Vec<_>>()[..] {
        [package, version, architecture, sha256] => Ok(Pinned { package, version, architecture, sha256 }),
        _ => bail!("not name, version, architecture and SHA-256: {line}"),
    };
    lines.map(of).collect()
}

/// What nobody reads of an unpacked package.
const LEFT_OUT: [&str; 4] =
    ["./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", "./usr/share/info/*"];

/// Unpacks a package into a folder. `tar` follows the links of merged folders, which `dpkg-deb --extract` would replace.
///
/// # Errors
/// There is no `dpkg-deb` or `tar`; the disk is full.
pub fn unpack(deb: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut files = Command::new("dpkg-deb");
    files.arg("--fsys-tarfile").arg(deb).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut files = files.spawn().context("dpkg-deb, of Debian's package dpkg, unpacks packages")?;
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--keep-directory-symlink", "--no-same-owner"]);
    tar.args(LEFT_OUT.map(|left_out| format!("--exclude={left_out}")));
    tar.arg("--directory").arg(folder).stdin(files.stdout.take().context("dpkg-deb gives no files")?);
    let unpacked = tar.status().context("tar unpacks packages")?;
    ensure!(unpacked.success() && files.wait()?.success(), "{} cannot be unpacked", deb.display());
    Ok(())
}

/// The architectures of packages, at least one. A list of apt that nobody needs must not fail.
fn architectures(packages: &[&Pinned]) -> Vec<&'static str> {
    let mut all: Vec<_> = packages.iter().map(|one| one.architecture).filter(|name| *name != "all").collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() { vec!["arm64"] } else { all }
}

/// Writes the settings of an apt that knows these architectures alone, and gives their path.
fn settings(architectures: &[&str]) -> anyhow::Result<PathBuf> {
    let folder = workspace::cache("linux/apt");
    for inside in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(folder.join(inside))?;
    }
    let text = format!(
        "APT::Architecture \"{1}\";\nAPT::Architectures {{ {2} }};\nAPT::Sandbox::User \"root\";\n\
         Dir::State::lists \"{0}/lists\";\nDir::State::status \"/dev/null\";\nDir::Cache \"{0}/cache\";\n\
         Acquire::Languages \"none\";\n",
        folder.display(),
        architectures[0],
        architectures.iter().map(|name| format!("\"{name}\";")).collect::<String>(),
    );
    let file = folder.join("apt.conf");
    fs::write(&file, text).with_context(|| file.display().to_string())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_with_a_colon_is_written_as_apt_writes_it() {
        let pinned = Pinned { package: "libattr1", version: "1:2.5.1-4", architecture: "arm64", sha256: "" };
        assert_eq!(pinned.file_name(), "libattr1_1%3a2.5.1-4_arm64.deb");
    }

    #[test]
    fn a_line_that_is_cut_is_an_error() {
        assert!(list("# a list\nsystemd 252 arm64").is_err());
        assert_eq!(list("# a list\nx 1 all 00").expect("a list").len(), 1);
    }

    #[test]
    fn apt_is_asked_for_the_architectures_of_what_is_missing_and_for_no_others() {
        let of = |architecture| Pinned { package: "x", version: "1", architecture, sha256: "" };
        let (arm, all) = (of("arm64"), of("all"));
        assert_eq!(architectures(&[&arm, &all, &arm]), ["arm64"]);
        assert_eq!(architectures(&[&of("amd64"), &arm]), ["amd64", "arm64"]);
        assert_eq!(architectures(&[&all]), ["arm64"]);
        assert_eq!((arm.name().as_str(), all.name().as_str()), ("x:arm64=1", "x=1"));
    }

    #[test]
    fn another_file_than_the_pinned_one_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kernel.deb");
        std::fs::write(&file, b"something else").expect("written");
        let pinned = Pinned { package: "linux-image", version: "6.1", architecture: "arm64", sha256: "00ff" };
        let error = pinned.check(&file).expect_err("it is another file").to_string();
        assert!(error.contains("linux-image") && error.contains("00ff"), "{error}");
    }
}
