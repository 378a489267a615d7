//! Compiles model images that are missing or out of date, with `postern compile`.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::Context;

use crate::{process, sources, workspace};

/// Builds the programs of this computer, and compiles the models whose image is missing or older than its sources.
pub fn compile() -> anyhow::Result<()> {
    build()?;
    compile_with_built()
}

/// Builds the programs of this computer.
pub fn build() -> anyhow::Result<()> {
    process::shown(process::cargo().args(["build", "--release", "--bins"]).current_dir(workspace::root()))
}

/// Builds the command line and the door for Linux, and no other program.
pub fn build_door() -> anyhow::Result<()> {
    let programs = ["--bin", "postern", "--bin", "postern-door"];
    let mut cargo = process::cargo();
    process::shown(cargo.args(["build", "--release"]).args(programs).current_dir(workspace::root()))
}

/// As [`compile`], with the command line as it was built last.
pub fn compile_with_built() -> anyhow::Result<()> {
    compile_these(&sources::model_names(models::Purpose::Door)?)
}

/// As [`compile_with_built`], and of these models only.
pub fn compile_these(names: &[impl AsRef<str>]) -> anyhow::Result<()> {
    for name in names.iter().map(AsRef::as_ref) {
        let image = workspace::cache(&format!("images/{name}.pstn"));
        if is_current(&image, name) {
            eprintln!("  ready: {name} compiled");
            continue;
        }
        process::shown(&mut postern(&["compile", name])?)
            .with_context(|| format!("cannot compile the model {name}"))?;
    }
    Ok(())
}

/// The command line of this workspace with `arguments`; [`compile`] has built it.
pub fn postern(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(workspace::target()?.join("release/postern"));
    command.args(arguments).current_dir(workspace::root());
    Ok(command)
}

/// Whether the image is younger than the network, its manifest and the compiler's source.
fn is_current(image: &Path, name: &str) -> bool {
    let root = workspace::root();
    let sources = [
        workspace::cache(&format!("models/{name}.onnx")),
        root.join("models").join(name).join("manifest.toml"),
        root.join("host/compiler/src"),
        root.join("shared/nn/src/format.rs"),
    ];
    let Ok(made) = changed(image) else { return false };
    sources.iter().all(|source| changed(source).is_ok_and(|time| time < made))
}

/// When a file, or the youngest file of a folder, was last written.
fn changed(path: &Path) -> anyhow::Result<SystemTime> {
    let mut youngest = std::fs::metadata(path)?.modified()?;
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            youngest = youngest.max(changed(&entry?.path())?);
        }
    }
    Ok(youngest)
}
