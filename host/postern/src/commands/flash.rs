//! `postern flash`: firmware and models onto a board. [`firmware`] and [`models`] do it, for the console, too.

use std::path::PathBuf;

use client::protocol::ModelKind;
use client::{Fallback, FirmwareSignature, ModelSignature, Signer};

use crate::answers::Sorted;
use crate::answers::board::{FirmwareFlashed, ModelFlashed};
use crate::device::{DeviceArgs, short};
use crate::output::{Outcome, Output, note};
use crate::signing_key;
use crate::transfer::Transfer;

pub mod firmware;
pub mod model_check;
pub mod models;

/// Options of `postern flash`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Update the board's firmware over its line, signed by this computer. The board rolls back if the new firmware does
    /// not run well
    Firmware(FirmwareArgs),
    /// Install models, signed by this computer: yunet, postern-128 and liveness by default. The old model stays active
    /// until the new one is complete
    Models(ModelsArgs),
}

#[derive(clap::Args)]
struct FirmwareArgs {
    /// The firmware's ELF file [default: the one that was built or that setup copied]
    elf: Option<PathBuf>,

    /// The release number; a board refuses a lower number than it had before [default: the time in seconds since 1970]
    #[arg(long, value_name = "NUMBER")]
    release: Option<u64>,

    /// The file that `postern sign` wrote for this firmware on another computer
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    signature: Option<PathBuf>,

    /// A board that has started this release never falls back to an older one: for a release that closes a security hole
    #[arg(long, conflicts_with = "signature")]
    no_fallback: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(clap::Args)]
struct ModelsArgs {
    /// The detector: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE")]
    detector: Option<String>,

    /// The encoder: a model's name, or an image. People enrolled with another encoder must be enrolled again
    #[arg(long, value_name = "NAME|IMAGE")]
    encoder: Option<String>,

    /// The liveness network: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE")]
    liveness: Option<String>,

    /// A file that `postern sign` wrote for a model on another computer; once for each model. Without names of models, those
    /// are installed whose signatures are named
    #[arg(long, value_name = "FILE")]
    signature: Vec<PathBuf>,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Flashes.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    match args.what {
        What::Firmware(args) => update(&args, output),
        What::Models(args) => install_models(&args, output),
    }
}

fn update(args: &FirmwareArgs, output: &Output) -> anyhow::Result<Outcome> {
    let signature = args.signature.as_deref().map(FirmwareSignature::read).transpose()?;
    let seal = match signature {
        Some(signature) => firmware::Seal::Signature(signature),
        None => firmware::Seal::Signer {
            signer: signer(&args.device)?,
            release: args.release,
            fallback: if args.no_fallback { Fallback::Refused } else { Fallback::Permitted },
        },
    };
    let mut device = args.device.connect_paired()?;
    let (mut progress, mut sent) = (Some(Transfer::new(ModelKind::Firmware)), 0);
    let elf = args.elf.as_deref();
    let flashed = firmware::install(&mut device, &args.device, elf, &seal, &mut |step| match step {
        firmware::Step::Sent { done, all } => {
            if let Some(progress) = &mut progress {
                progress.advance(done, all);
            }
        }
        firmware::Step::Trying(release) => {
            sent = progress.take().map_or(0, Transfer::finish);
            note!("The board tries release {release} now.");
        }
    })?;
    let firmware::Flashed { elf, release, before } = flashed;
    let report = FirmwareFlashed { firmware: elf, release, before, sent };
    output.print(&Sorted(report), |out| {
        writeln!(out, "release {release} is active, {before} was active before")
    })?;
    Ok(Outcome::Done)
}

/// The signing key for a board that this computer is paired with: for another one none is made or unlocked.
fn signer(device: &DeviceArgs) -> anyhow::Result<Signer> {
    if let Some(board) = device.emulated() {
        board.open()?;
    }
    signing_key::signer(&device.paired()?.0.signing_key())
}

fn install_models(args: &ModelsArgs, output: &Output) -> anyhow::Result<Outcome> {
    let signatures: Vec<ModelSignature> =
        args.signature.iter().map(|file| ModelSignature::read(file)).collect::<Result<_, _>>()?;
    let named = [&args.detector, &args.encoder, &args.liveness].map(|name| name.as_deref());
    let wanted = models::find(models::chosen(named, &signatures)?)?;
    let seal = match signatures.is_empty() {
        true => models::Seal::Signer(Box::new(signer(&args.device)?)),
        false => models::Seal::Signatures(signatures),
    };
    let mut device = args.device.connect_paired()?;
    let mut progress = None;
    let remark = models::install(&mut device, &args.device, wanted, &seal, &mut |kind, step| match step {
        models::Step::Sent { done, all } => {
            progress.get_or_insert_with(|| Transfer::new(kind)).advance(done, all);
            Ok(())
        }
        models::Step::Active { model, unchanged } => {
            let report = ModelFlashed {
                kind: kind.to_string(),
                name: model.name.to_string(),
                sha256: hex::encode(model.sha256),
                bytes: model.length,
                sent: progress.take().map_or(0, Transfer::finish),
                unchanged,
            };
            output.print(&Sorted(report), |out| {
                let again = if unchanged { " already: nothing was sent" } else { "" };
                writeln!(out, "{kind} {} {} is active{again}", model.name, short(&model.sha256))
            })
        }
    })?;
    if let Some(remark) = remark {
        note!("{remark}");
    }
    Ok(Outcome::Done)
}
