//! Where things lie: the workspace and its cache.
//!
//! ```text
//! .cache/models/NAME.onnx      networks as published, checked by SHA-256
//! .cache/pictures/FILE         photographs, checked by SHA-256
//! .cache/images/NAME.pstn      networks compiled for the boards
//! .cache/python/               ONNX Runtime and libosdp, for the tests
//! .cache/vela/                 Arm's compiler for `postern compile --npu`
//! .cache/tosa/                 Arm's TOSA reference model, for the tests
//! .cache/cross/                Debian's compiler for other architectures, unpacked
//! .cache/linux/                Debian's kernel for 64-bit Arm, and the virtual computer of `cargo xtask linux`
//! .cache/setup/                what setup found out about this machine
//! ```
//! A file is written under another name and renamed when it is whole.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Context;

use crate::process;

/// The root of the workspace.
pub fn root() -> PathBuf {
    // This crate lies in host/xtask.
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf()
}

/// A path in the cache, which git ignores.
pub fn cache(path: &str) -> PathBuf {
    root().join(".cache").join(path)
}

/// The folder that cargo builds in. cargo is asked once: a task that runs thousands of commands would wait for it.
///
/// # Errors
/// cargo cannot read the workspace.
pub fn target() -> anyhow::Result<PathBuf> {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    if let Some(folder) = FOLDER.get() {
        return Ok(folder.clone());
    }
    let folder = metadata()?["target_directory"].as_str().map(PathBuf::from);
    let folder = folder.context("cargo metadata names no target folder")?;
    Ok(FOLDER.get_or_init(|| folder).clone())
}

/// The output of `cargo metadata` for the crates of the workspace.
pub fn metadata() -> anyhow::Result<serde_json::Value> {
    let mut cargo = process::cargo();
    cargo.args(["metadata", "--no-deps", "--format-version=1"]).current_dir(root());
    Ok(serde_json::from_str(&process::captured(&mut cargo, None)?)?)
}
