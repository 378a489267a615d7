//! `postern suspend` and `postern resume`: refuse a person for a while, without forgetting them.

use crate::answers::Sorted;
use crate::answers::people::Suspended;
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output};

/// Options of `postern suspend` and `postern resume`.
#[derive(clap::Args)]
pub struct Args {
    /// The person's name, as `postern users` lists it
    #[arg(value_parser = crate::name::parse)]
    name: String,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Suspends the person, or resumes them.
pub fn run(args: &Args, suspended: bool, output: &Output) -> anyhow::Result<Outcome> {
    let rule = args.device.connect()?.suspend(&args.name, suspended)?;
    let report = Suspended { person: rule.person, name: args.name.clone(), suspended: rule.suspended };
    output.print(&Sorted(report), |out| match suspended {
        true => writeln!(out, "{} is suspended: the door refuses them", args.name),
        false => writeln!(out, "{} may pass again, as `postern rule` shows", args.name),
    })?;
    Ok(Outcome::Done)
}
