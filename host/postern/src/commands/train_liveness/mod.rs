//! `postern train-liveness`: the sequence model of liveness, from samples of living heads and of attacks; and the network
//! that scores a crop of a face, from crops of both.

mod crops;
mod network;
mod sequence;

use crate::output::{Outcome, Output};

/// Options of `postern train-liveness`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,

    #[command(flatten)]
    sequence: Option<sequence::Args>,
}

/// What to train beside the sequence model.
#[derive(clap::Subcommand)]
enum What {
    /// Train the liveness network, from recorded faces and from pictures of living ones
    Network(network::Args),
}

/// Trains what was asked for.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    match (&args.what, &args.sequence) {
        (Some(What::Network(args)), _) => network::run(args, output),
        (None, Some(args)) => sequence::run(args, output),
        (None, None) => {
            anyhow::bail!("there are no samples: `postern eval liveness --write-samples` writes them")
        }
    }
}
