//! Packages of Debian for 64-bit Arm: fetched by apt, pinned by SHA-256.
//!
//! apt has a folder of its own below `.cache/linux`, so that it needs no root, and so that this computer's dpkg knows no
//! foreign architecture. Where to fetch from it reads in this computer's own lists. A package is opened only if its digest
//! is right, and nothing of it runs on this computer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    /// `arm64`, or `all`.
    pub architecture: &'static str,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: &'static str,
}

impl Pinned {
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
        let settings = settings()?;
        let apt = || {
            let mut apt = Command::new("apt-get");
            apt.arg("-q").env("APT_CONFIG", &settings).current_dir(&folder);
            apt
        };
        // A list that is not for this architecture fails; what is missing then is said below.
        let _ = process::quiet("asking Debian for its list of packages", apt().arg("update"), None);
        let names = missing.iter().map(|pinned| format!("{}={}", pinned.package, pinned.version));
        let what = format!("fetching {} packages for 64-bit Arm", missing.len());
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

/// Writes the settings of an apt that knows 64-bit Arm alone, and gives their path.
fn settings() -> anyhow::Result<PathBuf> {
    let folder = workspace::cache("linux/apt");
    for inside in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(folder.join(inside))?;
    }
    let text = format!(
        "APT::Architecture \"arm64\";\nAPT::Architectures {{ \"arm64\"; }};\nAPT::Sandbox::User \"root\";\n\
         Dir::State::lists \"{0}/lists\";\nDir::State::status \"/dev/null\";\nDir::Cache \"{0}/cache\";\n\
         Acquire::Languages \"none\";\n",
        folder.display()
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
    fn another_file_than_the_pinned_one_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kernel.deb");
        std::fs::write(&file, b"something else").expect("written");
        let pinned = Pinned { package: "linux-image", version: "6.1", architecture: "arm64", sha256: "00ff" };
        let error = pinned.check(&file).expect_err("it is another file").to_string();
        assert!(error.contains("linux-image") && error.contains("00ff"), "{error}");
    }
}
