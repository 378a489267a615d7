//! Tasks of the workspace, the same on a developer's machine and in continuous integration.
//!
//! `cargo xtask TASK`. Every task first makes what it needs, so that the README's two commands, `demo` and `test`, work
//! in a fresh clone. Exit code 2 is an error.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

mod architecture;
mod arm;
mod arrows;
#[cfg(feature = "sbom")]
mod bill;
mod bills;
mod bless;
mod book;
mod budget;
mod by_crate;
mod causes;
mod cross;
mod cycles;
mod deb;
mod debian;
mod debian_package;
mod demo;
mod deny;
mod diagram;
mod doc;
mod elf;
mod firmware;
mod fuzz;
mod images;
mod linux;
mod log_port;
mod modules;
mod npu;
mod packages;
mod pi_wiring;
mod process;
mod promises;
mod python;
mod reproduce;
#[cfg(feature = "sbom")]
mod sbom;
mod screenshots;
mod setup;
mod size;
mod sources;
mod suite;
mod tags;
mod test;
mod tidy;
mod toolchain;
mod vocabulary;
mod wiring;
mod workspace;
mod writes;

/// Tasks of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

/// What can be done.
#[derive(clap::Subcommand)]
enum Task {
    /// Install and fetch what is missing: ARM target, emulator, models, pictures
    Setup(setup::Args),
    /// Build the firmware of the boards
    Firmware(firmware::Args),
    /// The main job from start to end, on the door for Linux or on an emulated board
    Demo(demo::Args),
    /// Run every check and every test, on the host and on the emulated boards
    Test,
    /// Measure the cost of networks and firmware, and compare it with the budget
    Budget(budget::Args),
    /// Build the door on Linux as a Debian package
    Deb(deb::Args),
    /// Run the door on Debian's kernel for 64-bit Arm, in an emulated computer with camera, lines and a disk
    Linux(linux::Args),
    /// Run the kernels of 64-bit Arm hosts in an emulator
    Aarch64,
    /// Run the kernels and the suite of the boards as programs for 32-bit Arm in an emulator
    Armhf,
    /// Compare every network on the NPU with the engine and with Arm's reference model, byte for byte
    Npu,
    /// Write the expected files again, from what the code does now
    Bless,
    /// Check the source by the rules that the compiler does not know
    Tidy(tidy::Args),
    /// Flash and RAM of the firmware by section, and of each model
    Size(size::Args),
    /// Write the bills of materials of the firmware, its boot loader and the command line (CycloneDX)
    Sbom,
    /// Build the firmware twice, in folders of different names, and compare
    Reproduce(reproduce::Args),
    /// Build the documentation of every crate, boards included; a warning is an error
    Doc,
    /// Build the pages of docs/ as a book, with mdBook
    Book,
    /// Unpack or pack the seeds of the fuzz targets
    FuzzCorpus(fuzz::Args),
    /// Take pictures of the console's pages, for people who look at them and for docs/console.md
    Screenshots(screenshots::Args),
    /// Draw the wiring diagrams of docs/wiring.md and docs/raspberry-pi.md
    Wiring,
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Setup(args) => setup::with(&args),
        Task::Firmware(args) => firmware::run(&args),
        Task::Demo(args) => demo::run(&args),
        Task::Test => test::run(),
        Task::Budget(args) => budget::run(&args),
        Task::Deb(args) => deb::run(&args),
        Task::Linux(args) => linux::run(&args),
        Task::Aarch64 => arm::aarch64(),
        Task::Armhf => arm::armhf(),
        Task::Npu => npu::run(),
        Task::Bless => bless::run(),
        Task::Tidy(args) => tidy::with(&args),
        Task::Size(args) => size::run(&args),
        Task::Sbom => bills::run(),
        Task::Reproduce(args) => reproduce::run(&args),
        Task::Doc => doc::run(),
        Task::Book => book::run(),
        Task::FuzzCorpus(args) => fuzz::run(&args),
        Task::Screenshots(args) => screenshots::run(&args),
        Task::Wiring => wiring::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
