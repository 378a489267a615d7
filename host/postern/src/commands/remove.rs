//! `postern remove`: forget somebody.

use serde_json::json;

use crate::device::DeviceArgs;
use crate::output::{Outcome, Output};
use crate::portraits::Portraits;

/// Options of `postern remove`.
#[derive(clap::Args)]
pub struct Args {
    /// The person's name, as `postern users` lists it
    name: String,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Forgets the person.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let templates = args.device.connect()?.remove(&args.name)?;
    Portraits::of(&args.device)?.remove(&args.name)?;
    output.print(&json!({ "name": args.name, "templates": templates }), |out| {
        writeln!(out, "{} is forgotten", args.name)
    })?;
    Ok(Outcome::Done)
}
