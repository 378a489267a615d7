//! `postern sign`: signs firmware or a model on a computer that reaches no board.
//!
//! The signing key can then stay on that computer. `postern flash firmware --signature FILE` and `postern flash models
//! --signature FILE` install what was signed, and `postern keys signing --trust KEY` makes a board trust the key.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use client::protocol::ModelKind;
use client::{Fallback, Firmware, FirmwareSignature, ModelSignature, Signer};
use emulator::Folder;
use models::ImageFile;

use crate::answers::{Sorted, keys};
use crate::device::short;
use crate::output::{Outcome, Output};
use crate::output_args::ForceArgs;
use crate::signing_key;

/// Options of `postern sign`.
#[derive(clap::Args)]
pub struct Args {
    /// The firmware's ELF file, or a model: its name, or an image
    #[arg(value_name = "ELF|IMAGE|NAME")]
    what: PathBuf,

    /// The release number; a board refuses a lower number than it had before [default: the time in seconds since 1970]
    #[arg(long, value_name = "NUMBER")]
    release: Option<u64>,

    /// A board that has started this firmware never falls back to an older one: for a release that closes a security hole
    #[arg(long)]
    no_fallback: bool,

    /// The signing key; it is made if there is none [default: that of the boards of this computer]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// The file for the signature [default: the file's name with .sig]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,
}

/// Signs.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let key = match &args.key {
        Some(key) => key.clone(),
        None => Folder::new(None, "an547")?.signing_key(),
    };
    let release = args.release.unwrap_or_else(Signer::sequence);
    let signed = match is_elf(&args.what)? {
        true => firmware(args, release, &key)?,
        false => model(args, release, &key)?,
    };
    let file = args.output.clone().unwrap_or_else(|| beside(&signed.path));
    let written = args.force.check(&file, [&signed.path, &key])?;
    written.write(|to| to.write_all(signed.text.as_bytes()))?;
    let report = keys::Signed {
        signature: file.clone(),
        release,
        key,
        signing_key: hex::encode(signed.signer),
        board: signed.is_firmware.then_some(signed.what),
        model: (!signed.is_firmware).then_some(signed.what),
    };
    output.print(&Sorted(report), |out| {
        writeln!(
            out,
            "release {release} for {}, signed by {}: {}",
            signed.what,
            short(&signed.signer),
            file.display()
        )
    })?;
    Ok(Outcome::Done)
}

/// A signature, and of what.
struct Signed {
    path: PathBuf,
    text: String,
    signer: [u8; 32],
    is_firmware: bool,
    /// The board, or the kind of the model.
    what: &'static str,
}

fn firmware(args: &Args, release: u64, key: &Path) -> anyhow::Result<Signed> {
    let firmware = Firmware::read(&args.what)?;
    let fallback = if args.no_fallback { Fallback::Refused } else { Fallback::Permitted };
    let signature = FirmwareSignature::new(&firmware, release, fallback, &signing_key::signer(key)?);
    let (text, signer, what) = (signature.to_text(), signature.signer, signature.machine.name());
    Ok(Signed { path: args.what.clone(), text, signer, is_firmware: true, what })
}

/// The image is checked as a board does it: nothing is signed that no board loads.
fn model(args: &Args, release: u64, key: &Path) -> anyhow::Result<Signed> {
    ensure!(!args.no_fallback, "--no-fallback is for firmware, and {} is a model", args.what.display());
    let name = args.what.to_str().context("the name of a model is text")?;
    let path = models::image(name)?;
    let file = ImageFile::read(&path)?;
    let loaded = file.model().with_context(|| path.display().to_string())?;
    let (kind, what) = match loaded.kind() {
        nn::format::Kind::Detector => (ModelKind::Detector, "a detector"),
        nn::format::Kind::Encoder | nn::format::Kind::FloatEncoder => (ModelKind::Encoder, "an encoder"),
        nn::format::Kind::Liveness => (ModelKind::Liveness, "a liveness network"),
        nn::format::Kind::Other => bail!("{} is a network that no door uses", path.display()),
    };
    let signature = ModelSignature::new(kind, file.bytes(), release, &signing_key::signer(key)?)?;
    Ok(Signed { path, text: signature.to_text(), signer: signature.signer, is_firmware: false, what })
}

/// Whether there is an ELF file of this name.
pub fn is_elf(path: &Path) -> anyhow::Result<bool> {
    use std::io::Read;
    if !path.is_file() {
        return Ok(false);
    }
    let mut start = Vec::new();
    let opened = std::fs::File::open(path).and_then(|file| file.take(4).read_to_end(&mut start));
    opened.with_context(|| path.display().to_string())?;
    Ok(start == b"\x7fELF")
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}
