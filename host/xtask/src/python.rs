//! ONNX Runtime and libosdp from PyPI, which the tests compare our ONNX files and our OSDP with, Arm's compiler Vela, and
//! Arm's reference model of TOSA, which the tests compare our networks for the NPU with.
//!
//! Each set lies in a folder of the cache with its dependencies, outside of Python's default path. Only wheels are taken,
//! and only those whose SHA-256 is in `requirements.txt`: installing them runs nothing of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use models::pip;

use crate::{process, workspace};

/// Packages that lie in one folder.
pub struct Packages {
    /// The packages to install and all that is used of what they depend on, pinned by version and digest.
    requirements: &'static str,
    /// Folder in the cache.
    folder: &'static str,
    /// What they are, for people.
    pub label: &'static str,
    /// Whether what they depend on is not needed.
    alone: bool,
}

/// What the tests compare with.
pub const TESTS: Packages = Packages {
    requirements: include_str!("requirements.txt"),
    folder: "python",
    label: "ONNX Runtime and libosdp",
    alone: false,
};

/// Arm's compiler for `postern compile --npu`.
pub const VELA: Packages = Packages {
    requirements: include_str!("vela-requirements.txt"),
    folder: "vela",
    label: "Arm's compiler Vela",
    alone: false,
};

/// The reference model of TOSA. It is a program that needs no Python, so what the package's modules depend on stays away.
pub const TOSA: Packages = Packages {
    requirements: include_str!("tosa-requirements.txt"),
    folder: "tosa",
    label: "Arm's TOSA reference model",
    alone: true,
};

/// The file that names the versions in the folder, so that other versions replace it.
const STAMP: &str = "requirements.txt";

impl Packages {
    /// Whether the pinned versions are installed.
    pub fn are_here(&self) -> bool {
        let stamp = workspace::cache(self.folder).join(STAMP);
        fs::read_to_string(stamp).is_ok_and(|found| found == self.requirements)
    }

    /// Installs them by pip.
    ///
    /// # Errors
    /// pip fails, an archive has another digest, or the cache cannot be written.
    pub fn install(&self) -> anyhow::Result<()> {
        let what = format!("installing {}", self.label);
        let mut pip = pip::command();
        if self.alone {
            pip.env("PIP_NO_DEPS", "1");
        }
        install_to(pip, &what, self.requirements, &workspace::cache(self.folder))
            .with_context(|| format!("cannot install {}", self.label))
    }
}

/// Installs what `requirements` list in `folder`, which is replaced as a whole or left as it was.
fn install_to(mut pip: Command, what: &str, requirements: &str, folder: &Path) -> anyhow::Result<()> {
    let parent = folder.parent().context("the cache is a folder")?;
    fs::create_dir_all(parent)?;
    let beside = tempfile::tempdir_in(parent)?;
    let list = beside.path().join(STAMP);
    fs::write(&list, requirements)?;
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "--require-hashes",
    ]);
    pip.arg("--target").arg(beside.path()).arg("--requirement").arg(&list);
    process::quiet(what, &mut pip, None)?;
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::rename(beside.keep(), folder)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wheel made of Python's own parts, as another would be that somebody put into the index.
    const WHEEL: &str = "import sys, zipfile\n\
        archive = zipfile.ZipFile(sys.argv[1], 'w')\n\
        archive.writestr('poisoned.py', '')\n\
        archive.writestr('poisoned-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: poisoned\\nVersion: 1.0\\n')\n\
        archive.writestr('poisoned-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n\
        archive.writestr('poisoned-1.0.dist-info/RECORD', '')\n\
        archive.close()\n";

    #[test]
    fn a_poisoned_wheel_is_refused_and_what_was_installed_stays() {
        if !models::fetch::has_client(models::package::Registry::Pypi) {
            eprintln!("skipped: there is no pip");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder.path().join("poisoned-1.0-py3-none-any.whl");
        process::captured(Command::new("python3").args(["-c", WHEEL]).arg(&wheel), None).unwrap();
        let target = folder.path().join("python");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("before.py"), "").unwrap();
        let install = |digest: &str| {
            let mut pip = pip::command();
            pip.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", folder.path());
            install_to(pip, "installing", &format!("poisoned==1.0 --hash=sha256:{digest}\n"), &target)
        };
        let error = format!("{:#}", install(&"0".repeat(64)).unwrap_err());
        assert!(error.contains("HASH"), "{error}");
        assert!(target.join("before.py").exists() && !target.join("poisoned.py").exists());
        let listing = process::captured(Command::new("sha256sum").arg(&wheel), None).unwrap();
        install(&listing[..64]).unwrap();
        assert!(target.join("poisoned.py").exists() && !target.join("before.py").exists());
    }

    #[test]
    fn every_requirement_has_a_digest() {
        for (packages, least) in [(TESTS, 3), (VELA, 3), (TOSA, 1)] {
            let entries = packages.requirements.replace("\\\n", " ");
            let entries: Vec<&str> = entries.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(entries.len() >= least);
            assert!(entries.iter().all(|entry| entry.contains("==") && entry.contains("--hash=sha256:")));
        }
    }
}
