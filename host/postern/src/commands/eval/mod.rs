//! `postern eval`: measures on pictures of people how often the door would be wrong.

mod detection;
mod embed;
pub mod liveness;
mod material;
mod page;
mod pairs;
pub mod people;
pub mod presentations;
mod report;
pub mod samples;

use crate::output::{Outcome, Output};

/// Options of `postern eval`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to measure.
#[derive(clap::Subcommand)]
enum What {
    /// Verification by the protocol of Labeled Faces in the Wild, and over all pairs
    Pairs(pairs::Args),
    /// The same as a page with plots and the worst pairs, encoders side by side
    Report(page::Args),
    /// Attacks with pictures: errors by attack_type as ISO/IEC 30107-3 names them, on sequences made of
    /// photographs or on recorded ones
    Liveness(liveness::Args),
    /// Recall of a detector for faces as high as they are at a door
    Detection(detection::Args),
}

/// Runs the measurement asked for.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    match args.what {
        What::Pairs(args) => pairs::run(&args, output),
        What::Report(args) => page::run(&args, output),
        What::Liveness(args) => liveness::run(&args, output),
        What::Detection(args) => detection::run(&args, output),
    }
}
