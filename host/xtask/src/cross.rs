//! What builds the door for another architecture than this computer's. There are two ways:
//!
//! | compiler | compiler and libraries of Rust | linker and C library | it takes |
//! |---|---|---|---|
//! | rustup's | the workspace's own, and a target that rustup adds | Debian's packages, installed | rustup's server, and root once |
//! | Debian's | Debian's packages, unpacked into `.cache/cross` | the same | apt; neither root nor rustup |
//!
//! An unpacked program looks for its libraries where they are not. So each has a script in `bin`, which says where they are.
//! The linker's is told that the folder is its root, because the C library names its parts by whole paths.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::architecture::Architecture;
use crate::packages::{self, Pinned};
use crate::{debian, process, toolchain, workspace};

/// The packages of Debian.
const PACKAGES: &str = include_str!("cross-packages.txt");

/// The release of GCC in them.
const GCC: &str = "12";

/// Whose compiler builds for another architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Compiler {
    /// The workspace's own, with a target that rustup adds
    Rustup,
    /// Debian's, unpacked into the cache
    Debian,
}

/// What builds for an architecture.
#[derive(Debug)]
pub struct Tools {
    architecture: Architecture,
    way: Way,
}

#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// For this computer.
    Here,
    /// What is installed.
    Installed,
    /// What is unpacked: the folder with its scripts.
    Unpacked(PathBuf),
}

impl Tools {
    /// What builds for an architecture: what is there, or what can be had.
    ///
    /// # Errors
    /// Neither way is open; the message says why, and what to install.
    pub fn of(architecture: Architecture, compiler: Option<Compiler>) -> anyhow::Result<Self> {
        let of = |way| Self { architecture, way };
        if Architecture::of_this_computer() == Some(architecture) {
            return Ok(of(Way::Here));
        }
        match compiler {
            Some(Compiler::Rustup) => install(architecture).map(|()| of(Way::Installed)),
            Some(Compiler::Debian) => unpack(architecture).map(|bin| of(Way::Unpacked(bin))),
            None => {
                let Err(error) = install(architecture) else { return Ok(of(Way::Installed)) };
                eprintln!("  rustup's compiler does not build for {}: {error:#}", architecture.name());
                eprintln!("  Debian's does instead, unpacked into the cache");
                unpack(architecture).map(|bin| of(Way::Unpacked(bin)))
            }
        }
    }

    /// The C compiler, which links, and knows where the C library is.
    pub fn compiler(&self) -> String {
        self.tool("gcc")
    }

    /// The program that takes out what is there for debuggers.
    pub fn strip(&self) -> String {
        self.tool("strip")
    }

    /// As [`Architecture::libraries`].
    pub fn libraries(&self) -> Option<[&'static str; 2]> {
        self.architecture.libraries()
    }

    fn tool(&self, name: &str) -> String {
        let of_architecture = format!("{}-{name}", self.architecture.triplet());
        match &self.way {
            Way::Here => name.to_owned(),
            Way::Installed => of_architecture,
            Way::Unpacked(bin) => bin.join(of_architecture).display().to_string(),
        }
    }

    /// Tells cargo what to build with, and returns the folder that it builds in.
    ///
    /// # Errors
    /// cargo cannot read the workspace.
    pub fn tell(&self, cargo: &mut Command) -> anyhow::Result<PathBuf> {
        let mut folder = workspace::target()?;
        if self.way == Way::Here {
            return Ok(folder);
        }
        let target = self.architecture.target();
        let name = target.to_uppercase().replace('-', "_");
        cargo.args(["--target", target]).env(format!("CARGO_TARGET_{name}_LINKER"), self.compiler());
        if let Way::Unpacked(bin) = &self.way {
            // Another compiler in the same folder would build all again, and so would the first one after it.
            folder.push("debian-rust");
            cargo.env("RUSTC", bin.join("rustc")).env("CARGO_TARGET_DIR", &folder);
        }
        Ok(folder.join(target))
    }
}

/// Installs linker and target, as far as they are not there.
fn install(architecture: Architecture) -> anyhow::Result<()> {
    if !process::answers(&format!("{}-gcc", architecture.triplet())) {
        debian::install(&architecture.linker_packages())?;
    }
    if !toolchain::has_libraries(architecture.target()) {
        toolchain::add_by_rustup(&[architecture.target()])?;
    }
    Ok(())
}

/// Unpacks Debian's packages, unless they are there, and returns the folder with the scripts.
fn unpack(architecture: Architecture) -> anyhow::Result<PathBuf> {
    let here = Architecture::of_this_computer();
    ensure!(here == Some(Architecture::Amd64), "Debian's compiler is pinned for amd64 alone");
    let packages = pinned(PACKAGES, architecture)?;
    let folder = workspace::cache("cross").join(architecture.name());
    // The list is written last.
    let list = folder.join("packages");
    let wanted = packages.iter().map(|one| format!("{one:?}\n")).collect::<String>();
    if !fs::read_to_string(&list).is_ok_and(|found| found == wanted) {
        let debs = packages::fetch(&packages)?;
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(&folder)?;
        for deb in debs {
            packages::unpack(&deb, &folder)?;
        }
        scripts(architecture, &folder)?;
        fs::write(&list, wanted)?;
    }
    Ok(folder.join("bin"))
}

/// The packages for every architecture, and those for this one.
fn pinned(list: &'static str, architecture: Architecture) -> anyhow::Result<Vec<Pinned>> {
    let (all, mut others) = list.split_once("\nonly ").context("the list names no architecture")?;
    let mut packages = packages::list(all)?;
    loop {
        let (section, rest) =
            others.split_once("\nonly ").map_or((others, None), |(one, rest)| (one, Some(rest)));
        let (name, of_architecture) = section.split_once('\n').context("a section has no packages")?;
        if name == architecture.name() {
            packages.extend(packages::list(of_architecture)?);
            return Ok(packages);
        }
        let Some(rest) = rest else {
            bail!(
                "no packages of Debian's compiler are pinned for {}: `rustup target add {}`, and install {}",
                architecture.name(),
                architecture.target(),
                architecture.linker_packages().join(" ")
            );
        };
        others = rest;
    }
}

/// Writes the scripts that start the unpacked programs.
fn scripts(architecture: Architecture, folder: &Path) -> anyhow::Result<()> {
    let (bin, triplet) = (folder.join("bin"), architecture.triplet());
    fs::create_dir_all(&bin)?;
    let (gcc, strip) = (format!("{triplet}-gcc"), format!("{triplet}-strip"));
    let root = format!("--sysroot={}", folder.display());
    let programs = [
        ("rustc", "rustc".to_owned(), ""),
        (&gcc, format!("{gcc}-{GCC}"), &root),
        (&strip, strip.clone(), ""),
    ];
    for (script, program, argument) in programs {
        let path = bin.join(script);
        fs::write(&path, text(folder, &program, argument))?;
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, executable).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// A script that starts an unpacked program.
fn text(folder: &Path, program: &str, argument: &str) -> String {
    let folder = folder.display();
    let argument = if argument.is_empty() { String::new() } else { format!(" \"{argument}\"") };
    format!(
        "#!/bin/sh\nLD_LIBRARY_PATH=\"{folder}/usr/lib/x86_64-linux-gnu:{folder}/lib/x86_64-linux-gnu\" \\\n    \
         exec \"{folder}/usr/bin/{program}\"{argument} \"$@\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_a_compiler_and_what_it_builds_with_for_one_architecture_alone() {
        let packages = pinned(PACKAGES, Architecture::Arm64).expect("a list");
        let has = |name: &str, architecture: &str| {
            packages.iter().any(|one| one.package == name && one.architecture == architecture)
        };
        assert!(has("rustc-web", "amd64") && has("libstd-rust-web-dev", "amd64"));
        assert!(has("libstd-rust-web-dev", "arm64") && has("gcc-12-aarch64-linux-gnu", "amd64"));
        assert!(packages.iter().all(|one| one.sha256.len() == 64));
        let error = pinned(PACKAGES, Architecture::Amd64).expect_err("none for this computer").to_string();
        assert!(error.contains("rustup target add x86_64-unknown-linux-gnu"), "{error}");
    }

    #[test]
    fn a_section_is_found_wherever_it_is() {
        let list = "a 1 all 00\nonly arm64\nb 1 all 00\nonly armhf\nc 1 all 00\n";
        let names = |architecture| {
            let packages = pinned(list, architecture).expect("packages");
            packages.iter().map(|one| one.package).collect::<Vec<_>>()
        };
        assert_eq!(names(Architecture::Arm64), ["a", "b"]);
        assert_eq!(names(Architecture::Armhf), ["a", "c"]);
    }

    #[test]
    fn a_script_hands_on_its_arguments_one_by_one() {
        let room = tempfile::tempdir().expect("a folder");
        let folder = room.path().join("with a space");
        fs::create_dir_all(folder.join("usr/bin")).expect("a folder");
        std::os::unix::fs::symlink("/usr/bin/printf", folder.join("usr/bin/printf")).expect("a link");
        let script = room.path().join("script");
        fs::write(&script, text(&folder, "printf", "%s;")).expect("written");
        let said =
            process::captured(Command::new("sh").arg(&script).args(["a b", "$c"]), None).expect("it runs");
        assert_eq!(said, "a b;$c;");
    }

    #[test]
    fn this_computer_needs_no_other_tools() {
        let Some(here) = Architecture::of_this_computer() else { return };
        let tools = Tools::of(here, None).expect("tools");
        assert_eq!((tools.compiler().as_str(), tools.strip().as_str()), ("gcc", "strip"));
    }
}
