//! `postern sign`: signs firmware on a computer that reaches no board.
//!
//! The signing key can then stay on that computer. `postern flash firmware --signature FILE` installs what was signed, and
//! `postern keys signing --trust KEY` makes a board trust the key.

use std::path::{Path, PathBuf};

use anyhow::Context;
use client::{Fallback, Firmware, FirmwareSignature, Signer};
use emulator::Folder;
use serde_json::json;

use crate::device::short;
use crate::output::{Outcome, Output};
use crate::signing_key;

/// Options of `postern sign`.
#[derive(clap::Args)]
pub struct Args {
    /// The firmware's ELF file
    elf: PathBuf,

    /// The release number; a board refuses a lower number than it had before [default: the time in seconds since 1970]
    #[arg(long, value_name = "NUMBER")]
    release: Option<u64>,

    /// A board that has started this release never falls back to an older one: for a release that closes a security hole
    #[arg(long)]
    no_fallback: bool,

    /// The signing key; it is made if there is none [default: that of the boards of this computer]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// The file for the signature [default: the ELF file's name with .sig]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Signs.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let key = match &args.key {
        Some(key) => key.clone(),
        None => Folder::new(None, "an547")?.signing_key(),
    };
    let firmware = Firmware::read(&args.elf)?;
    let signer = signing_key::signer(&key)?;
    let release = args.release.unwrap_or_else(Signer::sequence);
    let fallback = if args.no_fallback { Fallback::Refused } else { Fallback::Permitted };
    let signature = FirmwareSignature::new(&firmware, release, fallback, &signer);
    let file = args.output.clone().unwrap_or_else(|| beside(&args.elf));
    std::fs::write(&file, signature.to_text()).with_context(|| file.display().to_string())?;
    let board = signature.machine.name();
    let report = json!({
        "signature": file,
        "board": board,
        "release": release,
        "key": key,
        "signing_key": hex::encode(signature.signer),
    });
    output.print(&report, |out| {
        writeln!(
            out,
            "release {release} for {board}, signed by {}: {}",
            short(&signature.signer),
            file.display()
        )
    })?;
    Ok(Outcome::Done)
}

fn beside(elf: &Path) -> PathBuf {
    let mut name = elf.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}
