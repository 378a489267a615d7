//! `postern setup`: fetches models and pictures, and copies firmware, into the data folder.

use std::path::PathBuf;

use anyhow::ensure;
use emulator::Machine;
use models::{Purpose, Store, fetch};

use crate::answers::{Sorted, models as answer};
use crate::output::{Outcome, Output, note};
use crate::progress::Bar;

/// Options of `postern setup`.
#[derive(clap::Args)]
pub struct Args {
    /// Also fetch the networks of `postern stylize`, about 65 MB
    #[arg(long)]
    style: bool,

    /// Copy the boards' firmware from this source tree or target folder, where `cargo xtask firmware` built it
    #[arg(long, value_name = "FOLDER")]
    firmware: Option<PathBuf>,
}

/// Fetches what is missing, and reports what is there.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(folder) = &args.firmware {
        let found = emulator::install_firmware(folder)?;
        ensure!(
            !found.is_empty(),
            "{} contains no firmware: build it in the source tree with `cargo xtask firmware`",
            folder.display()
        );
    }
    let purposes: &[Purpose] = if args.style { &[Purpose::Door, Purpose::Style] } else { &[Purpose::Door] };
    let store = Store::find();
    let fetches = store.fetches(purposes)?;
    for package in fetches.iter().filter(|package| !fetch::is_here(package)) {
        let what = format!("fetching {}", package.package.label());
        note!("{what}");
        let bar = Bar::spinner();
        let fetched = fetch::fetch(package);
        bar.finish_and_clear();
        fetched?;
    }
    let files: Vec<PathBuf> =
        fetches.iter().flat_map(|package| &package.files).map(|file| file.target.clone()).collect();
    let boards: Vec<&'static str> = Machine::ALL
        .into_iter()
        .filter(|&machine| emulator::built_firmware(machine).is_some())
        .map(Machine::name)
        .collect();
    let report = answer::Setup { data: store.data(""), files: files.clone(), firmware: boards.clone() };
    output.print(&Sorted(report), |out| {
        for file in &files {
            writeln!(out, "ready: {}", file.display())?;
        }
        for board in &boards {
            writeln!(out, "ready: firmware of {board}")?;
        }
        Ok(())
    })?;
    if boards.is_empty() {
        note!(
            "There is nothing that `postern board up` could start; a door elsewhere, at --device, needs none of it. Build in the \
             source tree: `cargo build --release -p postern-linux` for the door on Linux, `cargo xtask firmware` for emulated \
             boards. Then run `postern setup --firmware SOURCE`."
        );
    }
    for name in [models::DETECTOR, models::LIVENESS] {
        if store.image(name).is_err() {
            note!("Next: `postern compile {name}`.");
        }
    }
    Ok(Outcome::Done)
}
