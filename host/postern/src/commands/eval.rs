//! `postern eval`: measures on pictures of people how often the door would be wrong.

use anyhow::bail;

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
    /// Verification by the protocol of Labeled Faces in the Wild
    Pairs(Pairs),
}

/// Options of `postern eval pairs`.
#[derive(clap::Args)]
struct Pairs {
    /// Folder of pictures, one folder a person
    #[arg(long, value_name = "DIR")]
    images: std::path::PathBuf,
}

/// Runs the measurement asked for.
pub fn run(args: Args, _output: &Output) -> anyhow::Result<Outcome> {
    let What::Pairs(pairs) = args.what;
    bail!(
        "cannot measure on {}: this build has no evaluation yet",
        pairs.images.display()
    )
}
