//! `cargo xtask aarch64`: the kernels of 64-bit Arm hosts, emulated.
//!
//! Not part of `cargo xtask test`, because it needs a target, a linker and an emulator that nothing else needs.

use std::process::Command;

use anyhow::Context;

use crate::{process, toolchain, workspace};

const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
/// A processor with every instruction that the emulator knows; and a Cortex-A53, which has no dot products.
const RUNNERS: [&str; 2] = [
    "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu max",
    "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu cortex-a53",
];

/// Runs the tests of the kernels and the conformance suite of the boards, which must give the same bytes.
pub fn run() -> anyhow::Result<()> {
    for program in [LINKER, "qemu-aarch64"] {
        process::captured(Command::new(program).arg("--version"), None)
            .context("run `apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross`")?;
    }
    toolchain::add_by_rustup(&[TARGET])?;
    for runner in RUNNERS {
        for arguments in
            [&["postern-kernels", "--features", "std"][..], &["postern-conformance", "--test", "host"]]
        {
            let mut cargo = Command::new("cargo");
            cargo.args(["test", "--release", "--target", TARGET, "--package"]).args(arguments);
            cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER);
            cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", runner);
            process::shown(cargo.current_dir(workspace::root())).with_context(|| runner.to_owned())?;
        }
    }
    Ok(())
}
