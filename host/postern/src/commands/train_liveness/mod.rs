//! `postern train-liveness`: the sequence model of liveness, from samples of living heads and of attacks; and the network
//! that scores a crop of a face, from crops of both.

mod crops;
mod judged;
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
    sequence: sequence::Args,
}

/// What to train beside the sequence model.
#[derive(clap::Subcommand)]
enum What {
    /// Train the liveness network, from recorded faces and from pictures of living ones
    Network(network::Args),
}

/// Trains what was asked for.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    match &args.what {
        Some(What::Network(args)) => network::run(args, output),
        None => sequence::run(&args.sequence, output),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn samples_are_found_and_the_network_is_trained_by_its_name() {
        let parse =
            |words: &[&str]| Command::try_parse_from([&["postern"], words].concat()).map(|it| it.args);
        let args = parse(&["a.jsonl", "b.jsonl", "--output", "weights.rs", "--force"]).unwrap();
        assert!(args.what.is_none());
        assert_eq!(args.sequence.samples(), [Path::new("a.jsonl"), Path::new("b.jsonl")]);
        assert!(parse(&["network", "--recorded", "folder"]).unwrap().what.is_some());
        assert!(parse(&["a.jsonl"]).is_err() && parse(&["--output", "weights.rs"]).is_err());
    }
}
