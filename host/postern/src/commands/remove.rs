//! `postern remove`: forget somebody, or one of their photographs.

use crate::answers::Sorted;
use crate::answers::people::{Removed, TemplateRemoved};
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output};
use crate::portraits::Portraits;

/// Options of `postern remove`.
#[derive(clap::Args)]
pub struct Args {
    /// The person's name, as `postern users` lists it
    #[arg(value_parser = crate::name::parse)]
    name: String,

    /// Forget only this template, counted from 1 in the order in which they were added
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    template: Option<u8>,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Forgets the person.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(number) = args.template {
        args.device.connect()?.remove_template(&args.name, number.saturating_sub(1))?;
        let report = TemplateRemoved { name: args.name.clone(), template: number };
        return output
            .print(&Sorted(report), |out| writeln!(out, "template {number} of {} is forgotten", args.name))
            .map(|()| Outcome::Done);
    }
    let templates = args.device.connect()?.remove(&args.name)?;
    Portraits::of(&args.device)?.remove(&args.name)?;
    let report = Removed { name: args.name.clone(), templates };
    output.print(&Sorted(report), |out| writeln!(out, "{} is forgotten", args.name))?;
    Ok(Outcome::Done)
}
