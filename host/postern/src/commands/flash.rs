//! `postern flash`: firmware and models onto a board.

use std::path::PathBuf;

use anyhow::{Context, bail};
use client::protocol::{ModelKind, Role};
use client::{Fallback, Firmware, FirmwareSignature, Machine, ModelSignature};
use sha2::{Digest, Sha256};

use crate::answers::Sorted;
use crate::answers::board::{FirmwareFlashed, ModelFlashed};
use crate::device::{DeviceArgs, short};
use crate::output::{Outcome, Output, note};
use crate::signing_key;
use crate::transfer::Transfer;

mod model_check;

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

    /// Send models that are active already, too: the board learns their release again, if it lost its record of it
    #[arg(long)]
    again: bool,

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
        What::Firmware(args) => firmware(&args, output),
        What::Models(args) => install_models(&args, output),
    }
}

fn firmware(args: &FirmwareArgs, output: &Output) -> anyhow::Result<Outcome> {
    let signature = args.signature.as_deref().map(FirmwareSignature::read).transpose()?;
    let signer = match signature {
        Some(_) => None,
        None => Some(signing_key::signer(&args.device.folder()?.signing_key())?),
    };
    let mut device = args.device.connect()?;
    if !Machine::named(device.board())?.is_emulated() {
        bail!("the program of a door on Linux is updated by its package, with apt, and not over the line");
    }
    let elf = match &args.elf {
        Some(elf) => elf.clone(),
        None => {
            let machine = Machine::named(device.board())?;
            let none = || emulator::Error::NoFirmware { machine: machine.name() };
            emulator::built_firmware(machine).ok_or_else(none)?
        }
    };
    let firmware = Firmware::read(&elf)?;
    firmware.check(Machine::named(device.board())?)?;
    let before = device.running_firmware()?;
    let fallback = if args.no_fallback { Fallback::Refused } else { Fallback::Permitted };
    let mut progress = Transfer::new(ModelKind::Firmware);
    let mut advance = |done, all| progress.advance(done, all);
    let release = match (&signature, &signer) {
        (Some(signature), _) => device.stage_signed(&firmware, signature, &mut advance)?,
        (None, Some(signer)) => {
            device.stage_firmware(&firmware, args.release, fallback, signer, &mut advance)?
        }
        (None, None) => bail!("there is nothing to sign with"),
    };
    progress.finish();
    note!("The board tries release {release} now.");
    device.try_firmware(release).with_context(|| format!("release {release} did not become active"))?;
    if let Some(emulated) = args.device.emulated() {
        // Its log is read by the file that was linked.
        emulated.open()?.keep_firmware(&elf)?;
    }
    let report = FirmwareFlashed { firmware: elf, release, before: before.newest };
    output.print(&Sorted(report), |out| {
        writeln!(out, "release {release} is active, {} was active before", before.newest)
    })?;
    Ok(Outcome::Done)
}

fn install_models(args: &ModelsArgs, output: &Output) -> anyhow::Result<Outcome> {
    let signatures: Vec<ModelSignature> =
        args.signature.iter().map(|file| ModelSignature::read(file)).collect::<Result<_, _>>()?;
    let named = [&args.detector, &args.encoder, &args.liveness].map(|name| name.as_deref());
    let images = chosen(named, &signatures)?
        .into_iter()
        .map(|(kind, name)| Ok((kind, models::image(name)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let signer = match signatures.is_empty() {
        true => Some(signing_key::signer(&args.device.folder()?.signing_key())?),
        false => None,
    };
    let mut device = args.device.connect()?;
    let machine = Machine::named(device.board()).ok();
    // All are checked before the first byte is sent.
    let images = images
        .into_iter()
        .map(|(kind, path)| {
            let image = std::fs::read(&path).with_context(|| path.display().to_string())?;
            model_check::check(kind, &path, &image, machine)?;
            Ok((kind, path, image))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let active = device.status()?.models;
    for (kind, path, image) in images {
        let sha256 = <[u8; 32]>::from(Sha256::digest(&image));
        let signed = signatures.iter().find(|signature| signature.kind == kind);
        let there = active.iter().find(|old| old.kind == kind && old.sha256 == sha256);
        let mut sent = 0;
        let model = match (there, signed, &signer) {
            // A signature of another computer may raise the release number, so it is passed on.
            (Some(there), None, _) if !args.again => there.clone(),
            (_, signed, signer) => {
                // Others are not told which models are active, so the idle slot would be a guess.
                if let Some(emulated) = args.device.emulated()
                    && device.role() == Some(Role::Installer)
                {
                    emulated.open()?.place_model(kind, &image, &active)?;
                }
                let mut progress = Transfer::new(kind);
                let mut advance = |done, all| progress.advance(done, all);
                let installed = match (signed, signer) {
                    (Some(signature), _) => device.install_signed(kind, &image, signature, &mut advance),
                    (None, Some(signer)) => device.install_model(kind, &image, signer, &mut advance),
                    (None, None) => bail!("there is nothing to sign with"),
                };
                let model = installed.with_context(|| path.display().to_string())?;
                sent = progress.finish();
                model
            }
        };
        let unchanged = there.is_some() && !args.again;
        let report = ModelFlashed {
            kind: kind.to_string(),
            name: model.name.to_string(),
            sha256: hex::encode(model.sha256),
            bytes: model.length,
            sent,
            unchanged,
        };
        output.print(&Sorted(report), |out| {
            let again = if unchanged { " already: nothing was sent" } else { "" };
            writeln!(out, "{kind} {} {} is active{again}", model.name, short(&model.sha256))
        })?;
    }
    let status = device.status()?;
    if status.foreign_templates > 0 {
        note!(
            "{} templates were made by another encoder and are not compared: enrol these people \
             again, or flash that encoder.",
            status.foreign_templates
        );
    }
    Ok(Outcome::Done)
}

/// The models to install, each with its name: those that are named, or the usual ones. With signatures it is the usual
/// ones of their kinds, and each model has exactly one.
fn chosen<'a>(
    named: [Option<&'a str>; 3],
    signatures: &[ModelSignature],
) -> anyhow::Result<Vec<(ModelKind, &'a str)>> {
    let usual = [models::DETECTOR, models::ENCODER, models::LIVENESS];
    let any_is_named = named.iter().any(Option::is_some);
    let mut chosen = Vec::new();
    for ((kind, name), usual) in
        [ModelKind::Detector, ModelKind::Encoder, ModelKind::Liveness].into_iter().zip(named).zip(usual)
    {
        let signed = signatures.iter().filter(|signature| signature.kind == kind).count();
        let wanted =
            name.or_else(|| (!any_is_named && (signatures.is_empty() || signed > 0)).then_some(usual));
        match wanted {
            Some(_) if signed > 1 => bail!("there are {signed} signatures of the {kind}: name one"),
            Some(name) if signed == 0 && !signatures.is_empty() => bail!(
                "there is no signature of the {kind}: sign it with `postern sign {name}`, and name the file with --signature"
            ),
            None if signed > 0 => bail!("there is a signature of the {kind}, and no {kind} is named"),
            Some(name) => chosen.push((kind, name)),
            None => {}
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::Signer;

    #[test]
    fn models_and_signatures_that_do_not_match_are_refused_before_the_line_is_opened() {
        let signer = Signer::passing().unwrap();
        let of = |kind| ModelSignature::new(kind, b"image", 7, &signer).unwrap();
        let (detector, encoder) = (of(ModelKind::Detector), of(ModelKind::Encoder));
        let usual = chosen([None, None, None], &[]).unwrap();
        assert_eq!(usual.iter().map(|(kind, _)| *kind as u8).collect::<Vec<_>>().len(), 3);
        let one = chosen([None, None, None], std::slice::from_ref(&encoder)).unwrap();
        assert_eq!(one, [(ModelKind::Encoder, models::ENCODER)]);
        let named = chosen([Some("a"), Some("b"), None], &[encoder.clone(), detector.clone()]).unwrap();
        assert_eq!(named, [(ModelKind::Detector, "a"), (ModelKind::Encoder, "b")]);
        let refused =
            |named, signatures: &[ModelSignature]| chosen(named, signatures).unwrap_err().to_string();
        let lacking = refused([None, Some("b"), Some("c")], std::slice::from_ref(&encoder));
        assert!(lacking.contains("sign it with `postern sign c`"), "{lacking}");
        let extra = refused([None, Some("b"), None], &[encoder.clone(), detector]);
        assert!(extra.contains("a signature of the detector"), "{extra}");
        assert!(refused([None, None, None], &[encoder.clone(), encoder]).contains("2 signatures"));
    }
}
