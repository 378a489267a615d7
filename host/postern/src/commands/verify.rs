//! `postern verify`: compares a photograph with one person (1:1).

use std::path::PathBuf;

use crate::clock;
use crate::commands::identify::{is_only_lifeless, report};
use crate::device::{DeviceArgs, cost};
use crate::output::{Outcome, Output};
use crate::picture::{Shot, note_faces};

/// Options of `postern verify`.
#[derive(clap::Args)]
pub struct Args {
    /// The claimed person
    #[arg(value_parser = crate::name::parse)]
    name: String,

    /// A photograph; the largest face is used
    photo: PathBuf,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Compares the face with that person's templates.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let shot = Shot::open(&args.photo)?;
    let mut device = args.device.connect()?;
    let status = device.status()?;
    clock::note_drift(status.clock);
    let one_in = status.settings.far_one_in;
    let comparison =
        args.device.show(&mut device, &shot, |device, source| device.verify(&args.name, source))?;
    note_faces(&shot, comparison.faces);
    let verdict = if is_only_lifeless(&comparison) {
        format!("no living face; it would match {}", args.name)
    } else if comparison.accepted {
        format!("yes, this is {}", args.name)
    } else {
        format!("no, this is not {}", args.name)
    };
    let cost = cost(comparison.instructions, &device, output);
    report(&shot, &comparison, one_in, (&verdict, cost), output)
}
