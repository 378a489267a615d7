//! `postern train-liveness FILE`: the sequence model of liveness, from samples of living heads and of attacks.

use std::path::PathBuf;

use anyhow::Context;
use synthetic_attacks::AttackType;
use train::sequence::{Options, Presentation, fit, source};

use crate::answers::Sorted;
use crate::answers::models::TrainedLiveness;
use crate::commands::eval::people::PeopleArgs;
use crate::commands::eval::samples;
use crate::numbers::{count, factor, share};
use crate::output::{Outcome, Output, note};
use crate::output_args::ForceArgs;

/// Options of `postern train-liveness`.
#[derive(clap::Args)]
pub struct Args {
    /// Samples that `postern eval liveness --write-samples FILE` wrote
    #[arg(required = true, value_name = "FILE")]
    samples: Vec<PathBuf>,

    #[command(flatten)]
    people: PeopleArgs,

    /// Attack type to leave out, to measure the model on an attack it was not trained on
    #[arg(long, value_name = "ATTACK", num_args = 1..)]
    leave_out: Vec<String>,

    /// The file to write: the weights as Rust source, as `shared/liveness/src/weights.rs`
    // Optional, as clap fills this in for `network`, too.
    #[arg(short, long, value_name = "FILE", required = true)]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    /// Share of attacks that may be accepted. Both shares set the bounds of the sequential test
    #[arg(long, value_name = "SHARE", default_value_t = 0.02, value_parser = share)]
    accepted: f64,

    /// Share of living people that may be rejected
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = share)]
    refused: f64,

    /// Consecutive pictures that must agree, as `postern settings --agreement`
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = count::<usize>)]
    agreement: usize,

    /// Steps of the optimiser
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = count::<usize>)]
    steps: usize,

    /// Weight decay
    #[arg(long, value_name = "X", default_value_t = 0.1, value_parser = factor::<f64>)]
    decay: f64,

    /// Seed of the initial weights
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[cfg(test)]
impl Args {
    pub fn samples(&self) -> &[PathBuf] {
        &self.samples
    }
}

/// Trains and writes the weights.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let path = args.output.as_deref().context("--output names the file of the weights")?;
    let file = args.force.check(path, args.samples.iter().chain(&args.people.people))?;
    let names = args.people.names()?;
    let mut presentations = Vec::new();
    for path in &args.samples {
        let kept = samples::read(path)?.into_iter().filter(|one| {
            let person = names.as_ref().is_none_or(|names| names.contains(&one.person()));
            person && !args.leave_out.contains(&one.attack_type)
        });
        presentations.extend(kept.map(presentation));
    }
    let Args { accepted, refused, steps, decay, seed, agreement, .. } = *args;
    let options = Options { steps, decay, errors: [accepted, refused], together: agreement, seed };
    let fitted = fit(&presentations, &options)
        .context("there are no samples of living heads, or none of attacks, that are long enough")?;
    let apart = if names.is_some() {
        format!(" --people LIST --folds {}", list(&args.people.folds))
    } else {
        String::new()
    };
    let left_out = if args.leave_out.is_empty() {
        String::new()
    } else {
        format!(" --leave-out {}", args.leave_out.join(" "))
    };
    let notes = [
        format!("postern train-liveness SAMPLES{apart}{left_out}"),
        format!(
            "  --seed {seed} --accepted {accepted} --refused {refused} --agreement {agreement} --steps {steps} --decay {decay}"
        ),
        format!("{} presentations, {} windows", presentations.len(), fitted.windows),
    ];
    file.write(|to| to.write_all(source(&fitted.model, &notes).as_bytes()))?;
    let report = TrainedLiveness {
        passed: fitted.passed.iter().map(|(name, passed)| (name.clone(), passed.share)).collect(),
        windows: fitted.windows,
        weights: path.to_owned(),
    };
    output.print(&Sorted(report), |out| {
        writeln!(out, "{:<18} passes the model, people apart from those trained on", "attack_type")?;
        fitted.passed.iter().try_for_each(|(name, passed)| {
            writeln!(
                out,
                "{name:<18} {:>5.1} %, half of them in {} samples",
                100.0 * passed.share,
                passed.samples
            )
        })
    })?;
    note!("wrote {}", path.display());
    Ok(Outcome::Done)
}

fn presentation(one: samples::Presentation) -> Presentation {
    Presentation {
        alive: AttackType::is_alive(&one.attack_type),
        person: one.person(),
        attack_type: one.attack_type,
        looks: one.seen.iter().filter_map(|seen| seen.sample).collect(),
    }
}

fn list(numbers: &[usize]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
