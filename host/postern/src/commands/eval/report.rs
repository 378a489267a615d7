//! The figures of an evaluation, as JSON or as text.

use std::io::Write;

use eval::{Accuracy, Comparison, HeldOut, OperatingPoint, intervals};
use schemars::JsonSchema;
use serde::Serialize;

use super::promise::{self, Promise};

/// False-match rates that are reported over all pairs.
const ALL_PAIRS: [f64; 4] = [1e-3, 1e-4, 1e-5, 1e-6];

/// False-match rates that the protocol's few pairs are enough for.
const PROTOCOL: [f64; 2] = [1e-2, 1e-3];

/// How often an encoder is wrong on the pictures.
#[derive(JsonSchema, Serialize)]
pub struct Report {
    /// The encoder's name.
    pub encoder: String,
    /// `device` for the integer pipeline, `float` for the networks as published.
    pub pipeline: &'static str,
    /// Number of pictures.
    pub pictures: usize,
    /// Pictures in which no face was found; they match nothing.
    pub without_face: usize,
    /// Pictures of all folds that were left out, because the door refuses their view. `null` without `--good-views`.
    pub refused: Option<usize>,
    /// Pictures that were left out, because they show another person than their name says. `null` without `--judge`.
    pub misnamed: Option<Vec<Named>>,
    /// The protocol's own figure. `null` where there are fewer than two folds, or where a fold
    /// lacks pairs because pictures were left out.
    pub accuracy: Option<Accuracy>,
    /// The figure of the folds held out; all others are of their pictures, too. `null` without `--held-out`, and
    /// where pictures were left out and a fold lacks pairs.
    pub held_out: Option<HeldOut>,
    /// Over the pairs that the protocol lists.
    pub protocol_pairs: Rates,
    /// Over all pairs of the same pictures.
    pub all_pairs: Rates,
    /// What the image promises, and what all pairs show; nothing in float.
    pub promises: Vec<Promise>,
}

/// A picture under a wrong name.
#[derive(JsonSchema, Serialize)]
pub struct Named {
    /// The picture, below the folder.
    pub picture: String,
    /// The name of the person in it.
    pub shows: String,
}

/// Misses at false-match rates.
#[derive(JsonSchema, Serialize)]
pub struct Rates {
    /// Comparisons of one person with themselves.
    pub genuine: u64,
    /// Comparisons of two people.
    pub impostors: u64,
    /// The door at each rate.
    pub points: Vec<OperatingPoint>,
}

impl Rates {
    /// Of the pairs that the protocol lists.
    pub fn of_protocol(comparison: &Comparison) -> Self {
        Self::new(comparison, &PROTOCOL)
    }

    /// Of all pairs.
    pub fn of_all_pairs(comparison: &Comparison) -> Self {
        Self::new(comparison, &ALL_PAIRS)
    }

    fn new(comparison: &Comparison, rates: &[f64]) -> Self {
        let found = intervals(comparison, rates);
        let point = |(&rate, interval)| OperatingPoint { interval, ..comparison.at(rate) };
        Self {
            genuine: comparison.genuine_count(),
            impostors: comparison.impostor_count(),
            points: rates.iter().zip(found).map(point).collect(),
        }
    }
}

impl Report {
    /// Writes the report for people.
    pub fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{} ({}), {} pictures, {} without a face",
            self.encoder, self.pipeline, self.pictures, self.without_face
        )?;
        if let Some(refused) = self.refused {
            writeln!(out, "{refused} more are left out: the door refuses their view")?;
        }
        for Named { picture, shows } in self.misnamed.iter().flatten() {
            writeln!(out, "{picture} is left out: it shows {shows}")?;
        }
        if let Some(accuracy) = &self.accuracy {
            writeln!(
                out,
                "accuracy {:.2} % +- {:.2} (standard error over {} folds), threshold {:.3}",
                accuracy.mean * 100.0,
                accuracy.standard_error * 100.0,
                accuracy.folds,
                accuracy.threshold
            )?;
        }
        if let Some(held_out) = &self.held_out {
            writeln!(
                out,
                "accuracy {:.2} % of {} pairs held out, threshold {:.3} from the others",
                held_out.accuracy * 100.0,
                held_out.pairs,
                held_out.threshold
            )?;
        }
        print_rates(out, "the protocol's pairs", &self.protocol_pairs)?;
        print_rates(out, "all pairs", &self.all_pairs)?;
        promise::print(&self.promises, out)
    }
}

fn print_rates(out: &mut dyn Write, title: &str, rates: &Rates) -> std::io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{title}: {} of one person, {} of two", rates.genuine, rates.impostors)?;
    writeln!(out, "  {:>12}  {:>9}  {:>8}  95 % interval", "FMR", "threshold", "TAR")?;
    for point in &rates.points {
        let one_in = format!("1 in {:.0}", 1.0 / point.fmr);
        match (point.tar, point.threshold) {
            (Some(tar), Some(threshold)) => {
                let interval =
                    point.interval.map_or(String::new(), |i| format!("{:.4} to {:.4}", i.low, i.high));
                writeln!(out, "  {one_in:>12}  {threshold:>9.3}  {tar:>8.4}  {interval}")?;
            }
            _ => writeln!(out, "  {one_in:>12}  too few pairs for this rate")?,
        }
    }
    Ok(())
}
