//! `postern rename`: another name for somebody who is enrolled.

use crate::answers::Sorted;
use crate::answers::people::Renamed;
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output};
use crate::portraits::Portraits;

/// Options of `postern rename`.
#[derive(clap::Args)]
pub struct Args {
    /// The person's name, as `postern users` lists it
    #[arg(value_parser = crate::name::parse)]
    name: String,

    /// The new name, which nobody else has
    #[arg(value_parser = crate::name::parse)]
    new: String,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Renames the person, who keeps templates, rule and portrait.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    args.device.connect()?.rename(&args.name, &args.new)?;
    Portraits::of(&args.device)?.rename(&args.name, &args.new)?;
    let report = Renamed { name: args.new.clone(), before: args.name.clone() };
    output.print(&Sorted(report), |out| writeln!(out, "{} is now {}", args.name, args.new))?;
    Ok(Outcome::Done)
}
