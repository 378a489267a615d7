//! ONNX Runtime and libosdp from PyPI, which the tests compare our ONNX files and our OSDP with.
//!
//! They lie in a folder of the cache with their dependencies, outside of Python's default path. Only wheels are taken,
//! and only those whose SHA-256 is in `requirements.txt`: installing them runs nothing of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use models::pip;

use crate::{process, workspace};

/// The packages to install and all that they depend on, pinned by version and digest.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Folder in the cache.
const FOLDER: &str = "python";

/// The file that names the versions in the folder, so that other versions replace it.
const STAMP: &str = "requirements.txt";

/// Whether the pinned versions are installed.
pub fn is_here() -> bool {
    let stamp = workspace::cache(FOLDER).join(STAMP);
    fs::read_to_string(stamp).is_ok_and(|found| found == REQUIREMENTS)
}

/// Installs them by pip.
///
/// # Errors
/// pip fails, an archive has another digest, or the cache cannot be written.
pub fn install() -> anyhow::Result<()> {
    install_to(pip::command(), REQUIREMENTS, &workspace::cache(FOLDER))
        .context("cannot install ONNX Runtime and libosdp")
}

/// Installs what `requirements` list in `folder`, which is replaced as a whole or left as it was.
fn install_to(mut pip: Command, requirements: &str, folder: &Path) -> anyhow::Result<()> {
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
    process::quiet("installing ONNX Runtime and libosdp for the tests", &mut pip, None)?;
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
            install_to(pip, &format!("poisoned==1.0 --hash=sha256:{digest}\n"), &target)
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
        let entries = REQUIREMENTS.replace("\\\n", " ");
        let entries: Vec<&str> = entries.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(entries.len() >= 3);
        assert!(entries.iter().all(|entry| entry.contains("==") && entry.contains("--hash=sha256:")));
    }
}
