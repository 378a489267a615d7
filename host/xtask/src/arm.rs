//! `cargo xtask aarch64` and `cargo xtask armhf`: the kernels of 64-bit and of 32-bit Arm hosts, emulated.
//!
//! The tests of the kernels and the suite of the boards, with its small networks, must give the same bytes everywhere: on a
//! processor of 64 bits with dot products, on one without, and on one of 32 bits. `cargo xtask test` does the same for 64
//! bits where target, linker and emulator are there. Each network of the door must give the outputs of this computer, too; only
//! these tasks run them.

use std::process::Command;

use anyhow::{Context, ensure};

use crate::architecture::Architecture;
use crate::{debian, images, process, sources, toolchain, workspace};

/// The emulator of an architecture, and the processors that it is to be.
struct Emulated {
    architecture: Architecture,
    task: &'static str,
    emulator: &'static str,
    processors: &'static [&'static str],
}

/// A Cortex-A72, as in a Raspberry Pi 4, which has no dot products; and a processor with every instruction that the
/// emulator knows.
const ARM64: Emulated = Emulated {
    architecture: Architecture::Arm64,
    task: "aarch64",
    emulator: "qemu-aarch64",
    processors: &["cortex-a72", "max"],
};

/// A Cortex-A7, as in a Raspberry Pi 2.
const ARMHF: Emulated = Emulated {
    architecture: Architecture::Armhf,
    task: "armhf",
    emulator: "qemu-arm",
    processors: &["cortex-a7"],
};

/// Installs what is missing for 64-bit Arm, and runs all.
///
/// # Errors
/// Something cannot be installed, or a test fails.
pub fn aarch64() -> anyhow::Result<()> {
    ARM64.run()
}

/// As [`aarch64`], for 32-bit Arm.
///
/// # Errors
/// As [`aarch64`].
pub fn armhf() -> anyhow::Result<()> {
    ARMHF.run()
}

/// What is missing to run the tests for 64-bit Arm; `None` if nothing is.
pub fn missing() -> Option<String> {
    ARM64.missing()
}

/// The tests for 64-bit Arm, for each processor.
pub fn commands() -> Vec<(&'static str, Command)> {
    ARM64.commands()
}

impl Emulated {
    fn linker(&self) -> String {
        format!("{}-gcc", self.architecture.triplet())
    }

    fn run(&self) -> anyhow::Result<()> {
        if !process::answers(&self.linker()) || !process::answers(self.emulator) {
            let [linker, library] = self.architecture.linker_packages();
            debian::install(&[linker, library, "qemu-user"])?;
        }
        if !toolchain::has_libraries(self.architecture.target()) {
            toolchain::add_by_rustup(&[self.architecture.target()])?;
        }
        for (processor, mut cargo) in self.commands() {
            process::shown(&mut cargo).context(processor)?;
        }
        self.networks()
    }

    /// Runs each network of the door on each processor.
    fn networks(&self) -> anyhow::Result<()> {
        images::compile()?;
        let networks = sources::images()?;
        let inference = |cargo: &mut Command, target: &[&str]| {
            cargo.args(["run", "--release", "--package", "postern-conformance", "--example", "inference"]);
            cargo.args(target).args(["--", "1"]).args(&networks);
            process::captured(cargo.current_dir(workspace::root()), None)
        };
        let expected = inference(&mut process::cargo(), &[])?;
        for processor in self.processors {
            let found = inference(&mut self.cargo(processor), &["--target", self.architecture.target()])?;
            ensure!(found == expected, "on {processor}:\n{found}\nand on this computer:\n{expected}");
            println!("{processor}: the outputs of {} networks are those of this computer", networks.len());
        }
        Ok(())
    }

    /// cargo, which runs programs for this architecture as on this processor.
    fn cargo(&self, processor: &str) -> Command {
        let variable =
            format!("CARGO_TARGET_{}", self.architecture.target().to_uppercase().replace('-', "_"));
        let libraries = format!("/usr/{}", self.architecture.triplet());
        let mut cargo = process::cargo();
        cargo.env(format!("{variable}_LINKER"), self.linker());
        cargo.env(format!("{variable}_RUNNER"), format!("{} -L {libraries} -cpu {processor}", self.emulator));
        cargo.current_dir(workspace::root());
        cargo
    }

    fn missing(&self) -> Option<String> {
        let programs = [self.linker(), self.emulator.to_owned()];
        let program = programs.into_iter().find(|program| !process::answers(program));
        let target = self.architecture.target();
        let target = (!toolchain::has_libraries(target)).then(|| target.to_owned());
        let what = program.or(target)?;
        Some(format!("{what} is not installed: `cargo xtask {}` installs it", self.task))
    }

    fn commands(&self) -> Vec<(&'static str, Command)> {
        let suites =
            [&["postern-kernels", "--features", "std"][..], &["postern-conformance", "--test", "host"]];
        let target = self.architecture.target();
        let of = |processor: &&'static str| {
            suites.map(|arguments| {
                let mut cargo = self.cargo(processor);
                cargo.args(["test", "--release", "--target", target, "--package"]).args(arguments);
                (*processor, cargo)
            })
        };
        self.processors.iter().flat_map(of).collect()
    }
}
