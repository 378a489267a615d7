//! `postern keys`: who may do what with a board, and the keys of this computer.

use std::path::PathBuf;

use anyhow::{Context, bail};
use client::protocol::{Hash, Role};
use client::{Credentials, Signer, random_key};

use crate::answers::Sorted;
use crate::answers::keys::{
    Computer, Forgotten, Invited, Keys, Opener, Protected, Removed, Rotated, SigningKey,
};
#[cfg(feature = "bridge")]
use crate::commands::fleet::rotated;
use crate::device::{DeviceArgs, short};
use crate::output::{Outcome, Output, note};
use crate::signing_key;

/// Options of `postern keys`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show the keys of this computer and the computers that the board knows (the default)
    Show(DeviceArgs),
    /// Replace this computer's key for the board
    Rotate(DeviceArgs),
    /// Allow one more computer to pair within five minutes, as operator, auditor or installer
    Invite(InviteArgs),
    /// Remove a computer from the board
    Remove(RemoveArgs),
    /// Delete this computer's key for the board
    Forget(DeviceArgs),
    /// Make the board trust this computer's signing key
    Signing(SigningArgs),
    /// Allow an operator of a fleet to open the door by signed commands (`postern fleet open`)
    AllowOpening(OpenerArgs),
    /// Allow an operator no more to open the door by signed commands
    ForbidOpening(OpenerArgs),
    /// Protect this computer's signing key by a passphrase, or by another one
    Protect(ProtectArgs),
}

#[derive(clap::Args)]
struct ProtectArgs {
    /// Take the new passphrase from the first line of this file, and do not ask for it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// The signing key [default: that of the boards of this computer]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(clap::Args)]
struct InviteArgs {
    /// The role of that computer
    #[arg(value_parser = super::pair::role)]
    role: Role,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(clap::Args)]
struct RemoveArgs {
    /// The first digits of its key, as `postern keys` shows them
    key: String,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(clap::Args)]
struct OpenerArgs {
    /// The operator's code, which `postern fleet code` prints; or the key alone, as `postern keys` lists it, which has no check digit
    #[arg(value_name = "CODE", value_parser = opener)]
    key: Hash,

    #[command(flatten)]
    device: DeviceArgs,
}

/// The key by which an operator signs.
fn opener(text: &str) -> Result<Hash, String> {
    #[cfg(feature = "bridge")]
    if let Ok(public) = text.parse::<fleet::identity::Public>() {
        return Ok(public.signing);
    }
    let neither = "this is neither an operator's code, of 132 hexadecimal digits, nor a key, of 64";
    crate::log_head::public_key(text).map_err(|_| neither.to_owned())
}

#[derive(clap::Args)]
struct SigningArgs {
    /// Make a new signing key first. Repeat this command without the option for each other board
    #[arg(long)]
    rotate: bool,

    /// Trust this public key in place of the one here: that of the computer on which `postern sign` runs
    #[arg(long, value_name = "KEY", conflicts_with = "rotate", value_parser = crate::log_head::public_key)]
    trust: Option<Hash>,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Shows or changes keys.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    match args.action {
        None => show(&args.device, output),
        Some(Action::Show(device)) => show(&device, output),
        Some(Action::Rotate(device)) => rotate(&device, output),
        Some(Action::Invite(args)) => invite(&args, output),
        Some(Action::Remove(args)) => remove(&args, output),
        Some(Action::Forget(device)) => forget(&device, output),
        Some(Action::Signing(args)) => signing(&args, output),
        Some(Action::AllowOpening(args)) => set_opener(&args, true, output),
        Some(Action::ForbidOpening(args)) => set_opener(&args, false, output),
        Some(Action::Protect(args)) => protect(&args, output),
    }
}

fn show(args: &DeviceArgs, output: &Output) -> anyhow::Result<Outcome> {
    let folder = args.chosen()?;
    let credentials = args.credentials()?;
    let signing_path = folder.signing_key();
    let signer = Signer::public_at(&signing_path)?;
    let (mut role, mut hosts, mut openers) = (None, Vec::new(), Vec::new());
    if credentials.is_some() {
        let mut device = args.connect()?;
        role = device.role();
        if role.is_some() {
            hosts = device.hosts()?;
            openers = device.openers()?;
        }
    }
    let computers = hosts.iter().map(|host| Computer {
        key: hex::encode(host.key),
        role: host.role.to_string(),
        label: host.label.to_string(),
    });
    let report = Keys {
        key: credentials.as_ref().map(|kept| hex::encode(kept.public())),
        board_key: credentials.as_ref().map(|kept| hex::encode(kept.board)),
        log_key: credentials.as_ref().and_then(|kept| kept.log).map(hex::encode),
        role: role.map(|role| role.to_string()),
        signing_key: signer.map(|(public, _)| hex::encode(public)),
        signing_key_file: signer.map(|_| signing_path.clone()),
        signing_key_protected: signer.map(|(_, protected)| protected),
        openers: openers.iter().map(hex::encode).collect(),
        computers: computers.collect(),
    };
    output.print(&Sorted(report), |out| {
        match (&credentials, role) {
            (None, _) => writeln!(out, "not paired with this board")?,
            (Some(kept), None) => {
                writeln!(out, "the board {} does not know this computer any more", short(&kept.board))?;
            }
            (Some(kept), Some(role)) => {
                writeln!(out, "board      {}", short(&kept.board))?;
                writeln!(out, "this       {} {role}", short(&kept.public()))?;
            }
        }
        if let Some(key) = credentials.as_ref().and_then(|kept| kept.log) {
            writeln!(out, "log        {}", hex::encode(key))?;
        }
        match signer {
            Some((public, protected)) => {
                let how =
                    if protected { "protected by a passphrase" } else { "not protected by a passphrase" };
                writeln!(out, "signing    {} {how}: {}", short(&public), signing_path.display())?;
            }
            None => writeln!(out, "signing    none yet")?,
        }
        for opener in &openers {
            // Whole, as `forbid-opening` takes it.
            writeln!(out, "opener     {} may open the door by signed commands", hex::encode(opener))?;
        }
        for host in &hosts {
            writeln!(out, "known      {} {:<9} {}", short(&host.key), host.role.to_string(), host.label)?;
        }
        Ok(())
    })?;
    if credentials.is_none() {
        note!("`postern pair` pairs this computer with the board.");
    }
    Ok(Outcome::Done)
}

fn rotate(args: &DeviceArgs, output: &Output) -> anyhow::Result<Outcome> {
    let path = args.chosen()?.host_key();
    let kept = args.credentials()?.context("this computer is not paired: `postern pair`")?;
    let mut device = args.connect()?;
    if device.role().is_none() {
        bail!("the board does not know this computer any more: `postern pair`");
    }
    // An earlier rotation may not have come to its end.
    let secret = device.secret().unwrap_or_else(|| kept.secret.clone());
    let next = random_key()?;
    let both = Credentials { secret, next: Some(next.clone()), ..kept.clone() };
    both.save(&path)?;
    let new = Credentials { secret: next, next: None, ..kept.clone() };
    device.replace_key(new.public())?;
    new.save(&path)?;
    // If the acknowledgement of the one before was lost, the fleet still knows the key before that.
    #[cfg(feature = "bridge")]
    for from in [&kept, &both] {
        rotated(args.folder()?.path(), from, &new)?;
    }
    output.print(&Sorted(Rotated { key: hex::encode(new.public()) }), |out| {
        writeln!(out, "the board knows this computer as {} now", short(&new.public()))
    })?;
    Ok(Outcome::Done)
}

fn invite(args: &InviteArgs, output: &Output) -> anyhow::Result<Outcome> {
    args.device.connect()?.invite(args.role)?;
    output.print(&Sorted(Invited { role: args.role.to_string() }), |out| {
        writeln!(out, "for five minutes `postern pair --role {}` may pair one more computer", args.role)
    })?;
    Ok(Outcome::Done)
}

fn remove(args: &RemoveArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut device = args.device.connect()?;
    let wanted = args.key.to_lowercase();
    let keys: Vec<Hash> = device.hosts()?.iter().map(|host| host.key).collect();
    let matching: Vec<&Hash> = keys.iter().filter(|key| hex::encode(*key).starts_with(&wanted)).collect();
    let &[key] = &matching[..] else {
        bail!(
            "`{wanted}` is the beginning of {} keys that the board knows: `postern keys` lists them",
            matching.len()
        );
    };
    device.remove_host(*key)?;
    output.print(&Sorted(Removed { key: hex::encode(key) }), |out| {
        writeln!(out, "{} is forgotten", short(key))
    })?;
    Ok(Outcome::Done)
}

fn forget(args: &DeviceArgs, output: &Output) -> anyhow::Result<Outcome> {
    let was_paired = Credentials::forget(&args.chosen()?.host_key())?;
    output.print(&Sorted(Forgotten { was_paired }), |out| {
        let already = if was_paired { "" } else { "already " };
        writeln!(out, "the board is {already}forgotten by this computer")
    })?;
    if was_paired {
        note!("The board still knows the key; another installer removes it with `postern keys remove`.");
    }
    Ok(Outcome::Done)
}

fn signing(args: &SigningArgs, output: &Output) -> anyhow::Result<Outcome> {
    let path = args.device.folder()?.signing_key();
    let mut device = args.device.connect()?;
    // The key must not be lost for a board that will not take the new one.
    if device.role() != Some(Role::Installer) {
        bail!("only an installer's computer can set the signing key that the board trusts");
    }
    let signer = match args.trust {
        Some(key) => key,
        None if args.rotate => signing_key::replace(&path)?.public(),
        None => signing_key::public(&path)?,
    };
    device.set_signer(signer)?;
    output.print(&Sorted(SigningKey { signing_key: hex::encode(signer) }), |out| {
        writeln!(out, "the board trusts models and firmware signed by {}", short(&signer))
    })?;
    Ok(Outcome::Done)
}

/// Allows somebody to open the door by signed commands, or no more.
fn set_opener(args: &OpenerArgs, allowed: bool, output: &Output) -> anyhow::Result<Outcome> {
    let (_, credentials) = args.device.paired()?;
    let mut device = args.device.connect()?;
    if !allowed && !device.openers()?.contains(&args.key) {
        bail!("{} may not open this door as it is: `postern keys` lists who may", hex::encode(args.key));
    }
    device.set_opener(args.key, allowed)?;
    let board_key = hex::encode(credentials.board);
    let report = Opener { opener: hex::encode(args.key), allowed, board_key: board_key.clone() };
    output.print(&Sorted(report), |out| match allowed {
        true => writeln!(
            out,
            "{} may open this door by signed commands; the board is {board_key}",
            hex::encode(args.key)
        ),
        false => writeln!(out, "{} may open this door no more", hex::encode(args.key)),
    })?;
    if allowed {
        note!(
            "`postern bridge --allow-opening` carries the commands, and `postern fleet open DOOR --board {board_key}` sends one from \
             the operator's computer."
        );
    }
    Ok(Outcome::Done)
}

fn protect(args: &ProtectArgs, output: &Output) -> anyhow::Result<Outcome> {
    let path = match &args.key {
        Some(key) => key.clone(),
        None => args.device.folder()?.signing_key(),
    };
    let public = signing_key::protect(&path, args.key.is_some(), args.passphrase_file.as_deref())?.public();
    let report = Protected { signing_key: hex::encode(public), signing_key_file: path.clone() };
    output.print(&Sorted(report), |out| {
        writeln!(out, "{} is protected by a passphrase: key {}", path.display(), short(&public))
    })?;
    note!("Without the passphrase the key is lost. Earlier copies of the file are not protected.");
    Ok(Outcome::Done)
}
