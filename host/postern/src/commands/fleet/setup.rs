//! Settings, models and firmware of a fleet, as the operator decides them.

use std::path::{Path, PathBuf};

use ::fleet::pictures::digest;
use ::fleet::setup::{Kind, MOST_CHUNKS, Release, Setup, chunks, settings_id};
use anyhow::{Context, bail, ensure};
use client::{Fallback, Firmware, FirmwareSignature, ModelSignature, Signer};
use emulator::Folder as BoardFolder;
use models::ImageFile;

use super::installing::kind_of;
use super::operator::{changed, send};
use super::{FleetArgs, Opened};
use crate::answers::Sorted;
use crate::answers::fleet::FleetSettings;
use crate::commands::flash::model_check;
use crate::commands::settings::Changes;
use crate::commands::sign::is_elf;
use crate::output::{Outcome, Output, note};
use crate::signing_key;

#[derive(clap::Args)]
pub struct SettingsArgs {
    /// An option of `postern settings` without its dashes, and its value: `open-ms=4000`. Without a value (`open-ms=`) each door
    /// has its own again. Without any, the settings of the fleet are shown
    #[arg(value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,

    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
pub struct ReleaseArgs {
    /// A model: its name, or an image; or the ELF file of firmware
    #[arg(value_name = "NAME|IMAGE|ELF")]
    what: PathBuf,

    /// The file that `postern sign` wrote for it on another computer
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    signature: Option<PathBuf>,

    /// The release number; a board refuses a lower number than it had before [default: the time in seconds since 1970]
    #[arg(long, value_name = "NUMBER")]
    release: Option<u64>,

    /// A board that has started this firmware never falls back to an older one: for a release that closes a security hole
    #[arg(long, conflicts_with = "signature")]
    no_fallback: bool,

    /// Release an encoder although doors run another one: their people cannot pass until each is enrolled again
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
pub struct WithdrawArgs {
    /// settings, detector, encoder, liveness, or the kind of board whose firmware it is
    what: String,

    #[command(flatten)]
    fleet: FleetArgs,
}

/// A name and a value.
fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or_else(|| "write NAME=VALUE, as open-ms=4000".to_owned())?;
    Ok((name.trim_start_matches('-').to_owned(), value.to_owned()))
}

/// Shows the settings of the fleet, after changing those that are given.
pub fn settings(args: &SettingsArgs, output: &Output) -> anyhow::Result<Outcome> {
    let shown = if args.settings.is_empty() {
        args.fleet.open_folder()?
    } else {
        let mut opened = args.fleet.open()?;
        let mut settings = opened.folder.fleet_settings();
        for (name, value) in &args.settings {
            match value.is_empty() {
                true => ensure!(settings.remove(name).is_some(), "the fleet does not decide {name}"),
                false => drop(settings.insert(name.clone(), value.clone())),
            }
        }
        Changes::of(&settings)?.check()?;
        opened.folder.set_up(settings_id(), Some(Setup::Settings(settings)), &[])?;
        let sent = send(&mut opened, false)?;
        note!(
            "On the way to {}. A door takes settings of an operator who it trusts as an installer: `postern fleet status` shows \
             which one refuses them.",
            ::fleet::counted::doors(sent.doors)
        );
        opened.folder
    };
    let report = Sorted(FleetSettings { settings: shown.fleet_settings(), run: shown.settings.run });
    let decided = &report.0.settings;
    output.print(&report, |out| {
        if decided.is_empty() {
            writeln!(out, "each door has its own settings")?;
        }
        decided.iter().try_for_each(|(name, value)| writeln!(out, "{name}={value}"))
    })?;
    Ok(Outcome::Done)
}

/// Releases a model or firmware to all doors.
pub fn release(args: &ReleaseArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    let (release, image) = match is_elf(&args.what)? {
        true => firmware(args)?,
        false => model(args)?,
    };
    ensure!(
        release.chunks.len() <= MOST_CHUNKS,
        "{} has {} bytes, more than a fleet carries",
        args.what.display(),
        image.len()
    );
    if release.kind == Kind::Encoder && !args.yes {
        super::encoders::refuse_to_lock_out(&mut opened, &release)?;
    }
    let (name, setup) = (release.name.clone(), Setup::Image(release));
    let what = format!("the {} in {} bytes is on the way", setup.what(), image.len());
    opened.folder.set_up(setup.id(), Some(setup), &image)?;
    changed(&mut opened, "released", &name, output, &what)
}

/// Leaves settings, a model or firmware to each door again.
pub fn withdraw(args: &WithdrawArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened: Opened = args.fleet.open()?;
    let is_meant = |setup: &Setup| {
        setup.what() == args.what || matches!(setup, Setup::Image(release) if release.board == args.what)
    };
    let found = opened.folder.setups.iter().find(|(_, kept)| kept.setup.as_ref().is_some_and(is_meant));
    let id = found.map(|(id, _)| *id);
    let Some(id) = id else {
        let all: Vec<String> =
            opened.folder.setups.values().filter_map(|kept| Some(kept.setup.as_ref()?.what())).collect();
        let all = if all.is_empty() { "nothing but people".to_owned() } else { all.join(", ") };
        bail!("the fleet does not decide {}: it decides {all}", args.what);
    };
    opened.folder.set_up(id, None, &[])?;
    changed(&mut opened, "withdrawn", &args.what, output, "each door keeps what it has, and decides it again")
}

/// The key that signs where no signature was made elsewhere.
fn signer() -> anyhow::Result<Signer> {
    signing_key::signer(&BoardFolder::new(None, "an547")?.signing_key())
}

fn firmware(args: &ReleaseArgs) -> anyhow::Result<(Release, Vec<u8>)> {
    let firmware = Firmware::read(&args.what).with_context(|| {
        format!("{} is no firmware of a board (a door on Linux has a package)", args.what.display())
    })?;
    let fallback = if args.no_fallback { Fallback::Refused } else { Fallback::Permitted };
    let signature = match &args.signature {
        Some(file) => FirmwareSignature::read(file)?,
        None => {
            let release = args.release.unwrap_or_else(Signer::sequence);
            FirmwareSignature::new(&firmware, release, fallback, &signer()?)
        }
    };
    let (image, _) = signature.apply(&firmware).with_context(|| args.what.display().to_string())?;
    let release = Release {
        kind: Kind::Firmware,
        board: firmware.machine().name().to_owned(),
        name: format!("{} release {}", firmware.machine().name(), signature.release),
        release: signature.release,
        length: u32::try_from(image.len()).context("firmware is short")?,
        sha256: digest(&image),
        signature: signature.to_text(),
        chunks: chunks(&image).into_iter().map(|(digest, _)| digest).collect(),
    };
    Ok((release, image))
}

/// The image is checked as a board does it: nothing is released that no board loads.
fn model(args: &ReleaseArgs) -> anyhow::Result<(Release, Vec<u8>)> {
    ensure!(!args.no_fallback, "--no-fallback is for firmware, and {} is a model", args.what.display());
    let name = args.what.to_str().context("the name of a model is text")?;
    let path: PathBuf = models::image(name)?;
    let file = ImageFile::read(&path)?;
    let loaded = file.model().with_context(|| path.display().to_string())?;
    let kind = model_check::kind_of(&loaded)
        .with_context(|| format!("{} is a network that no door uses", path.display()))?;
    let image = file.bytes().to_vec();
    model_check::check(kind, Path::new(&path), &image, None)?;
    let signature = match &args.signature {
        Some(file) => ModelSignature::read(file)?,
        None => ModelSignature::new(kind, &image, args.release.unwrap_or_else(Signer::sequence), &signer()?)?,
    };
    signature.apply(kind, &image).with_context(|| path.display().to_string())?;
    let release = Release {
        kind: kind_of(kind).context("a model is no firmware")?,
        board: String::new(),
        name: loaded.name().to_owned(),
        release: signature.release,
        length: signature.length,
        sha256: signature.sha256,
        signature: signature.to_text(),
        chunks: chunks(&image).into_iter().map(|(digest, _)| digest).collect(),
    };
    Ok((release, image))
}
