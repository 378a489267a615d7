//! `cargo xtask deb`: the door on Linux as a Debian package, for this computer or for another architecture.
//!
//! What is in the package lies in `firmware/linux/package`; [`debian_package`](crate::debian_package) packs it. The same
//! program and commit give the same bytes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::architecture::Architecture;
use crate::cross::{Compiler, Tools};
use crate::debian_package::{DATE, Entry, Package};
use crate::{process, workspace};

mod pages;

/// Options of `cargo xtask deb`.
#[derive(clap::Args)]
pub struct Args {
    /// Build for this architecture; without it, for that of this computer
    #[arg(long = "arch", alias = "architecture")]
    architecture: Option<Architecture>,

    /// Build the door with tract, so that it runs encoders in float (`postern compile --engine tract`)
    #[arg(long)]
    tract: bool,

    /// Build for another architecture with this compiler only; without it, with rustup's, or with Debian's where rustup cannot
    #[arg(long, value_name = "WHOSE")]
    compiler: Option<Compiler>,
}

/// Builds the package and prints its path.
///
/// # Errors
/// No compiler for the architecture, or the program does not build.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let here = Architecture::of_this_computer();
    let architecture =
        args.architecture.or(here).context("this computer is none that the door is built for")?;
    let features: &[&str] = if args.tract { &["postern-linux/tract"] } else { &[] };
    let tools = Tools::of(architecture, args.compiler)?;
    let built = build(&tools, &[DOOR], features)?;
    let program = stripped(&built[0], &tools)?;
    let package = package(architecture, &program, VERSION)?;
    let path = workspace::target()?.join("debian").join(package.file_name());
    std::fs::create_dir_all(path.parent().context("no folder")?)?;
    std::fs::write(&path, package.bytes()?).with_context(|| path.display().to_string())?;
    println!("{}", path.display());
    Ok(())
}

/// The door: its crate and its program.
pub const DOOR: [&str; 2] = ["postern-linux", "postern-door"];

/// Builds programs, each named by its crate and its own name, with these features. Returns their paths.
///
/// # Errors
/// A program does not build.
pub fn build(tools: &Tools, programs: &[[&str; 2]], features: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--locked"]);
    for [package, program] in programs {
        cargo.args(["--package", package, "--bin", program]);
    }
    if !features.is_empty() {
        cargo.arg("--features").arg(features.join(","));
    }
    let folder = tools.tell(&mut cargo)?;
    process::shown(cargo.current_dir(workspace::root()))?;
    Ok(programs.iter().map(|[_, program]| folder.join("release").join(program)).collect())
}

/// The program without what is there for debuggers.
///
/// # Errors
/// There is no `strip` for the architecture.
pub fn stripped(program: &Path, tools: &Tools) -> anyhow::Result<Vec<u8>> {
    let room = tempfile::tempdir()?;
    let to = room.path().join("postern-door");
    process::captured(Command::new(tools.strip()).arg("-o").arg(&to).arg(program), None)?;
    Ok(std::fs::read(to)?)
}

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The package around a program.
///
/// # Errors
/// A file of the package cannot be read.
pub fn package(architecture: Architecture, program: &[u8], version: &str) -> anyhow::Result<Package> {
    let folder = workspace::root().join("firmware/linux/package");
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).with_context(|| path.display().to_string())
    };
    let entry = |path: &str, mode, bytes| Entry { path: path.to_owned(), mode, bytes };
    let mut files = vec![
        entry("etc/postern/postern-door.toml", 0o644, read("postern-door.toml")?),
        entry("usr/bin/postern-door", 0o755, program.to_vec()),
        entry("usr/lib/systemd/system/postern-door.service", 0o644, read("postern-door.service")?),
        entry("usr/lib/sysusers.d/postern-door.conf", 0o644, read("postern-door.sysusers")?),
        entry("usr/lib/tmpfiles.d/postern-door.conf", 0o644, read("postern-door.tmpfiles")?),
        entry("usr/lib/udev/rules.d/60-postern-door.rules", 0o644, read("postern-door.rules")?),
        entry("usr/share/doc/postern-door/changelog.gz", 0o644, changelog(version)?),
        entry(
            "usr/share/doc/postern-door/copyright",
            0o644,
            std::fs::read(workspace::root().join("LICENSE-MIT"))?,
        ),
    ];
    files.extend(pages::all()?);
    let scripts = ["preinst", "postinst", "prerm", "postrm"].map(|name| Ok((name, read(name)?)));
    let control = control(architecture, program, version, &files)?;
    Package::new(control, scripts.into_iter().collect::<anyhow::Result<_>>()?, files)
}

/// Who makes the package. It is made where it is used.
const MAINTAINER: &str = "The Postern authors <postern@localhost>";

/// The changes of the package in Debian's form, compressed. Those of the door are in the workspace's CHANGELOG.md.
fn changelog(version: &str) -> anyhow::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    write!(
        packed,
        "postern-door ({version}) unstable; urgency=medium\n\n  * Built from the workspace; its CHANGELOG.md has the changes.\n\n \
         -- {MAINTAINER}  {DATE}\n"
    )?;
    Ok(packed.finish()?)
}

/// The fields of the package, in the order in which `dpkg` shows them.
fn control(
    architecture: Architecture,
    program: &[u8],
    version: &str,
    files: &[Entry],
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let size: usize = files.iter().map(|file| file.bytes.len().div_ceil(1024)).sum();
    Ok(vec![
        ("Package", "postern-door".to_owned()),
        ("Version", version.to_owned()),
        ("Architecture", architecture.name().to_owned()),
        ("Maintainer", MAINTAINER.to_owned()),
        ("Installed-Size", size.to_string()),
        ("Depends", format!("libc6 (>= {}), libgcc-s1, systemd, udev", c_library(program)?)),
        ("Suggests", "gpiod, v4l-utils, ffmpeg".to_owned()),
        ("Section", "misc".to_owned()),
        ("Priority", "optional".to_owned()),
        (
            "Description",
            "face-recognition door that works without a network\n The door lets in people that it knows by their \
             faces: a camera, a lock at a\n line of a GPIO chip, and a keeper process that locks when the door dies.\n ."
                .to_owned()
                + &format!("\n {}.", float_encoders(program)?),
        ),
    ])
}

/// What the door says of encoders in float, in `--check`: with tract and without.
const FLOAT_ENCODERS: [&str; 2] =
    ["float encoders: run by tract", "float encoders: refused, tract is not built in"];

/// What this program says of encoders in float.
///
/// # Errors
/// It says neither, or both.
fn float_encoders(program: &[u8]) -> anyhow::Result<String> {
    let says = |text: &&&str| program.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    match FLOAT_ENCODERS.iter().filter(|text| says(text)).collect::<Vec<_>>()[..] {
        [text] => Ok(text.replacen('f', "F", 1)),
        _ => bail!("the program does not say whether it runs encoders in float"),
    }
}

/// The oldest release of the C library that has all that the program asks for.
fn c_library(program: &[u8]) -> anyhow::Result<String> {
    let mut newest = None;
    for (at, _) in program.windows(6).enumerate().filter(|(_, bytes)| bytes == b"GLIBC_") {
        let name = &program[at + 6..];
        let name = &name[..name.iter().position(|byte| *byte == 0).unwrap_or(0)];
        let Ok(name) = core::str::from_utf8(name) else { continue };
        let numbers: Option<Vec<u32>> = name.split('.').map(|number| number.parse().ok()).collect();
        newest = newest.max(numbers);
    }
    let Some(numbers) = newest else { bail!("the program names no release of the C library") };
    ensure!(numbers.len() >= 2, "the program names no release of the C library");
    Ok(numbers.iter().map(u32::to_string).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod installation;
#[cfg(test)]
mod tests;
