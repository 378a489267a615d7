//! `cargo xtask setup`: installs and fetches what is missing, and nothing else.
//!
//! Each part is looked at first; when all is there, setup says so within a second.

use crate::sources::Purpose;
use crate::toolchain::{DEBIAN_PACKAGES, Provider, TARGETS};
use crate::{debian, process, python, registry, sources, toolchain};

/// Options of `cargo xtask setup`.
#[derive(clap::Args)]
pub struct Args {
    /// Fetch the networks of `postern stylize` too, some 65 MB more
    #[arg(long)]
    style: bool,
}

/// Makes the machine ready for what `args` ask for.
pub fn with(args: &Args) -> anyhow::Result<()> {
    run()?;
    if args.style { fetch(&[Purpose::Style]) } else { Ok(()) }
}

/// Makes the machine ready for every other task.
pub fn run() -> anyhow::Result<()> {
    compilers()?;
    fetch(&[Purpose::Door])?;
    python()
}

/// The ARM compilers and the emulator.
fn compilers() -> anyhow::Result<()> {
    let missing = |target: &&str| Provider::of(target).is_none();
    let targets: Vec<&str> = TARGETS.into_iter().filter(missing).collect();
    let mut packages = Vec::new();
    if !targets.is_empty()
        && let Err(error) = toolchain::add_by_rustup(&targets)
    {
        eprintln!("  rustup cannot add {}: {error:#}", targets.join(", "));
        eprintln!("  Debian's compiler, with the sources of core, does instead");
        packages.extend(DEBIAN_PACKAGES);
    }
    if !process::answers("qemu-system-arm") {
        packages.push("qemu-system-arm");
    }
    if !packages.is_empty() {
        debian::install(&packages)?;
    }
    for target in TARGETS {
        match Provider::of(target) {
            Some(Provider::Rustup) => done(&format!("{target}: rustup's libraries")),
            Some(Provider::Debian) => done(&format!("{target}: Debian's compiler, core from source")),
            None => anyhow::bail!(
                "there is still no compiler for {target}: `rustup target add {target}` or Debian's {}",
                DEBIAN_PACKAGES.join(" ")
            ),
        }
    }
    done("qemu-system-arm");
    Ok(())
}

/// Models and pictures, and the clients that fetch them where any is missing.
fn fetch(purposes: &[Purpose]) -> anyhow::Result<()> {
    let fetches = sources::all(purposes)?;
    let missing: Vec<_> = fetches.iter().filter(|fetch| !registry::is_here(fetch)).collect();
    let wants = |registry| missing.iter().any(|fetch| fetch.package.registry == registry);
    let mut packages = Vec::new();
    if wants(sources::Registry::Pypi) && !has_pip() {
        packages.push("python3-pip");
    }
    if wants(sources::Registry::Npm) && !process::answers("npm") {
        packages.push("npm");
    }
    if !packages.is_empty() {
        debian::install(&packages)?;
    }
    for fetch in missing {
        registry::fetch(fetch)?;
    }
    for file in fetches.iter().flat_map(|fetch| &fetch.files) {
        done(
            &file.target.strip_prefix(crate::workspace::root()).unwrap_or(&file.target).display().to_string(),
        );
    }
    Ok(())
}

/// What the tests hold our ONNX files and our OSDP to.
fn python() -> anyhow::Result<()> {
    if !python::is_here() {
        if !has_pip() {
            debian::install(&["python3-pip"])?;
        }
        python::install()?;
    }
    done("ONNX Runtime and libosdp");
    Ok(())
}

fn has_pip() -> bool {
    let mut pip = std::process::Command::new("python3");
    process::captured(pip.args(["-m", "pip", "--version"]), None).is_ok()
}

fn done(what: &str) {
    eprintln!("  ready: {what}");
}
