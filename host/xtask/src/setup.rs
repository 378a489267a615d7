//! `cargo xtask setup`: installs and fetches only what is missing.
//!
//! Each part is checked first; if nothing is missing, setup ends within a second.

use models::package::{Fetch, Form, Package, Registry, Wanted};
use models::{Purpose, fetch};

use crate::architecture::Architecture;
use crate::cross::{Compiler, Tools};
use crate::python::Packages;
use crate::toolchain::{DEBIAN_PACKAGES, Provider, TARGETS};
use crate::{debian, process, python, sources, toolchain, workspace};

/// Options of `cargo xtask setup`.
#[derive(clap::Args, Default)]
pub struct Args {
    /// Fetch the networks of `postern stylize` too, some 65 MB more
    #[arg(long)]
    style: bool,

    /// Fetch Arm's compiler Vela for `postern compile --npu` too, some 25 MB more
    #[arg(long)]
    npu: bool,

    /// Fetch Arm's TOSA reference model for the tests of the NPU too, some 27 MB more
    #[arg(long)]
    tosa: bool,

    /// Install an MQTT broker for the tests of `postern bridge` too: Debian's mosquitto
    #[arg(long)]
    mqtt: bool,

    /// Install a browser for the tests of `postern console` too, Debian's chromium, and fetch the checker axe-core
    #[arg(long)]
    browser: bool,

    /// Install a font for Chinese, Japanese and Korean names on pictures too: Debian's fonts-droid-fallback
    #[arg(long)]
    font: bool,

    /// Prepare building the door for another architecture too: by rustup, or with Debian's compiler, unpacked
    #[arg(long = "arch", alias = "architecture")]
    architecture: Option<Architecture>,

    /// Prepare this compiler only for the other architecture
    #[arg(long, value_name = "WHOSE", requires = "architecture")]
    compiler: Option<Compiler>,
}

/// Prepares the machine as `args` say.
pub fn with(args: &Args) -> anyhow::Result<()> {
    run()?;
    if args.style {
        fetch(&[Purpose::Style])?;
    }
    if args.mqtt {
        broker()?;
    }
    if args.browser {
        browser()?;
    }
    if args.font {
        font()?;
    }
    if let Some(architecture) = args.architecture {
        let tools = Tools::of(architecture, args.compiler)?;
        done(&format!("{}: {}", architecture.name(), tools.compiler()));
    }
    if args.npu {
        python(&python::VELA)?;
    }
    if args.tosa { python(&python::TOSA) } else { Ok(()) }
}

/// Prepares the machine for all tests.
pub fn for_tests() -> anyhow::Result<()> {
    for_npu()?;
    if let Err(error) = broker() {
        eprintln!("  no MQTT broker, so the tests with one are skipped: {error:#}");
    }
    if let Err(error) = browser() {
        eprintln!("  no browser, so the tests with one are skipped: {error:#}");
    }
    if let Err(error) = font() {
        eprintln!("  no font with Chinese letters, so the test with one is skipped: {error:#}");
    }
    Ok(())
}

/// Prepares the machine for the tests of the NPU.
pub fn for_npu() -> anyhow::Result<()> {
    with(&Args { npu: true, tosa: true, ..Args::default() })
}

/// Fetches what the demo needs; an emulated board needs [`compilers`], too.
pub fn for_demo() -> anyhow::Result<()> {
    fetch(&[Purpose::Door])
}

/// Prepares the machine for every other task.
pub fn run() -> anyhow::Result<()> {
    compilers()?;
    fetch(&[Purpose::Door])?;
    python(&python::TESTS)
}

/// The ARM compilers and the emulator.
pub fn compilers() -> anyhow::Result<()> {
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

/// Models and pictures, and the registry clients that fetch them where any is missing.
fn fetch(purposes: &[Purpose]) -> anyhow::Result<()> {
    take(&sources::store().fetches(purposes)?)
}

/// Fetches what is missing of these packages.
fn take(fetches: &[Fetch]) -> anyhow::Result<()> {
    let missing: Vec<_> = fetches.iter().filter(|fetch| !fetch::is_here(fetch)).collect();
    let mut packages = Vec::new();
    for (registry, package) in [(Registry::Pypi, "python3-pip"), (Registry::Npm, "npm")] {
        let wanted = missing.iter().any(|fetch| fetch.package.registry == registry);
        if wanted && !fetch::has_client(registry) {
            packages.push(package);
        }
    }
    if !packages.is_empty() {
        debian::install(&packages)?;
    }
    for package in missing {
        let what = format!("fetching {}", package.package.label());
        let bar = process::spinner(&what);
        if bar.is_hidden() {
            eprintln!("  {what}");
        }
        let fetched = fetch::fetch(package);
        bar.finish_and_clear();
        fetched?;
    }
    for file in fetches.iter().flat_map(|fetch| &fetch.files) {
        done(&file.target.strip_prefix(workspace::root()).unwrap_or(&file.target).display().to_string());
    }
    Ok(())
}

/// Python packages: those that the tests compare our ONNX files and our OSDP with, or a compiler.
fn python(packages: &Packages) -> anyhow::Result<()> {
    if !packages.are_here() {
        if !fetch::has_client(Registry::Pypi) {
            debian::install(&["python3-pip"])?;
        }
        packages.install()?;
    }
    done(packages.label);
    Ok(())
}

/// Whether there is a broker. It is a service, which Debian puts into a folder that is not in everybody's path.
pub fn has_broker() -> bool {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"];
    folders.iter().any(|folder| std::path::Path::new(folder).join("mosquitto").is_file())
}

fn broker() -> anyhow::Result<()> {
    if !has_broker() {
        debian::install(&["mosquitto"])?;
    }
    done("mosquitto");
    Ok(())
}

/// Whether there is a font with the letters that those of `postern` lack.
pub fn has_font() -> bool {
    std::path::Path::new("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf").is_file()
}

fn font() -> anyhow::Result<()> {
    if !has_font() {
        debian::install(&["fonts-droid-fallback"])?;
    }
    done("fonts-droid-fallback");
    Ok(())
}

/// Whether there is a browser, and the program that drives it.
pub fn has_browser() -> bool {
    ["chromium", "chromedriver"].into_iter().all(process::answers)
}

/// Chromium with its driver, and the accessibility checker that the tests run in it.
fn browser() -> anyhow::Result<()> {
    if !has_browser() {
        debian::install(&["chromium", "chromium-driver"])?;
    }
    done("chromium, chromedriver");
    let file = Wanted {
        inside: "package/axe.min.js".to_owned(),
        sha256: "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c".to_owned(),
        target: workspace::cache("axe/axe.min.js"),
    };
    let package = Package {
        registry: Registry::Npm,
        package: "axe-core".to_owned(),
        version: "4.14.1".to_owned(),
        form: Form::Tarball,
        archive_sha256: "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745".to_owned(),
    };
    take(&[Fetch { package, files: vec![file] }])
}

fn done(what: &str) {
    eprintln!("  ready: {what}");
}
