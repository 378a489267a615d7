//! ONNX Runtime and libosdp from PyPI, which the tests compare our ONNX files and our OSDP with.
//!
//! They lie in a folder of the cache with their dependencies, outside of Python's default path.

use std::fs;
use std::process::Command;

use anyhow::Context;

use crate::{process, workspace};

/// The packages to install, pinned.
const REQUIREMENTS: &[&str] = &["onnxruntime==1.32.0", "numpy==2.4.6", "libosdp==3.2.9"];

/// Folder in the cache.
const FOLDER: &str = "python";

/// The file that names the versions in the folder, so that other versions replace it.
const STAMP: &str = "requirements.txt";

/// Whether the pinned versions are installed.
pub fn is_here() -> bool {
    let stamp = workspace::cache(FOLDER).join(STAMP);
    fs::read_to_string(stamp).is_ok_and(|found| found == REQUIREMENTS.join("\n"))
}

/// Installs them by pip.
///
/// # Errors
/// pip fails, or the cache cannot be written.
pub fn install() -> anyhow::Result<()> {
    let folder = workspace::cache(FOLDER);
    let parent = folder.parent().context("the cache is a folder")?;
    fs::create_dir_all(parent)?;
    let beside = tempfile::tempdir_in(parent)?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]);
    pip.arg("--target").arg(beside.path()).args(REQUIREMENTS);
    process::quiet("installing ONNX Runtime and libosdp for the tests", &mut pip, None)
        .context("cannot install ONNX Runtime and libosdp")?;
    fs::write(beside.path().join(STAMP), REQUIREMENTS.join("\n"))?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::rename(beside.keep(), &folder)?;
    Ok(())
}
