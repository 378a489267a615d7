//! `cargo xtask aarch64`: the kernels of 64-bit Arm, emulated.
//!
//! The tests of the kernels and the suite of the boards, with its small networks, must give the same bytes on a processor
//! with dot products and on one without. `cargo xtask test` does the same where target, linker and emulator are there.

use std::process::Command;

use anyhow::Context;

use crate::{debian, process, toolchain, workspace};

const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";

/// Debian's packages with linker, C library and emulator.
const PACKAGES: [&str; 3] = ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"];

/// A Cortex-A72, as in a Raspberry Pi 4, which has no dot products; and a processor with every instruction that the
/// emulator knows.
const PROCESSORS: [&str; 2] = ["cortex-a72", "max"];

/// Installs what is missing, and runs all.
///
/// # Errors
/// Something cannot be installed, or a test fails.
pub fn run() -> anyhow::Result<()> {
    if !process::answers(LINKER) || !process::answers(EMULATOR) {
        debian::install(&PACKAGES)?;
    }
    if !toolchain::has_libraries(TARGET) {
        toolchain::add_by_rustup(&[TARGET])?;
    }
    for (processor, mut cargo) in commands() {
        process::shown(&mut cargo).context(processor)?;
    }
    Ok(())
}

/// What is missing to run the tests; `None` if nothing is.
pub fn missing() -> Option<String> {
    let programs = [LINKER, EMULATOR].into_iter().find(|program| !process::answers(program));
    let target = (!toolchain::has_libraries(TARGET)).then_some(TARGET);
    programs.or(target).map(|what| format!("{what} is not installed: `cargo xtask aarch64` installs it"))
}

/// The tests, for each processor.
pub fn commands() -> Vec<(&'static str, Command)> {
    let suites = [&["postern-kernels", "--features", "std"][..], &["postern-conformance", "--test", "host"]];
    let of = |processor| {
        suites.map(|arguments| {
            let mut cargo = process::cargo();
            cargo.args(["test", "--release", "--target", TARGET, "--package"]).args(arguments);
            cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER);
            let runner = format!("{EMULATOR} -L /usr/aarch64-linux-gnu -cpu {processor}");
            cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", runner);
            cargo.current_dir(workspace::root());
            (processor, cargo)
        })
    };
    PROCESSORS.into_iter().flat_map(of).collect()
}
