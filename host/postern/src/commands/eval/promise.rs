//! Whether the calibration table in an encoder's image keeps its promise on pictures that it was not made from.

use std::io::{self, Write};

use anyhow::Context;
use eval::{Comparison, ENOUGH};
use models::{ImageFile, Miss, Misses};
use schemars::JsonSchema;
use serde::Serialize;

use crate::commands::calibrate::table::Row;

/// Thresholds of the misses, in 50ths of a cosine of 1: .2 to .9.
const STEPS: std::ops::RangeInclusive<i32> = 10..=45;

/// What the image's table promises at a rate, and what the pictures show.
#[derive(JsonSchema, Serialize)]
pub struct Promise {
    /// The row of the table.
    row: Row,
    /// Share of comparisons of one person at or above the threshold.
    tar: f64,
    /// Comparisons of two people at or above the threshold.
    matches: u64,
    /// The rate that was found over the rate that is promised; above 1 the promise is broken. `null` where fewer than
    /// ten matches are promised: so few tell nothing.
    ratio: Option<f64>,
}

/// The rows of the image of `encoder`, a model's name or a file.
pub fn promises(encoder: &str, comparison: &Comparison) -> anyhow::Result<Vec<Promise>> {
    let file = ImageFile::read(&models::image(encoder)?)?;
    let model = file.model().with_context(|| encoder.to_owned())?;
    let promise = |record: compiler::CalibrationRecord| {
        let score = comparison.score_of_q15(record.threshold);
        let matches = comparison.matches(score);
        let promised = comparison.impostor_count() as f64 / f64::from(record.one_in);
        let ratio = (promised >= ENOUGH as f64).then(|| matches as f64 / promised);
        Promise { row: Row::of(record), tar: comparison.true_accept_rate(score), matches, ratio }
    };
    Ok(model.calibration().map(promise).collect())
}

/// How often pictures of one person do not match, by threshold.
pub fn misses(comparison: &Comparison, of: String) -> Misses {
    let point = |threshold: i32| Miss {
        threshold,
        share: 1.0 - comparison.true_accept_rate(comparison.score_of_q15(threshold)),
    };
    Misses { of, points: STEPS.map(|step| point(step * 32768 / 50)).collect() }
}

/// Writes the rows that the comparison can tell.
pub fn print(promises: &[Promise], out: &mut dyn Write) -> io::Result<()> {
    if promises.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "the image's table on these pairs of two people:")?;
    writeln!(
        out,
        "  {:>20}  {:>9}  {:>10}  {:>6}  {:>7}  found over promised",
        "at most", "threshold", "", "TAR", "matches"
    )?;
    for Promise { row, tar, matches, ratio } in promises {
        let ratio = ratio.map_or("too few pictures tell".to_owned(), |ratio| format!("{ratio:.2}"));
        let Row { one_in, threshold, basis, .. } = row;
        let cosine = f64::from(*threshold) / 32768.0;
        writeln!(
            out,
            "  {:>20}  {cosine:>9.4}  {basis:>10}  {tar:>6.4}  {matches:>7}  {ratio}",
            format!("1 in {one_in}")
        )?;
    }
    Ok(())
}
