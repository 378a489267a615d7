//! Whether the calibration table in an encoder's image keeps its promise on pictures that it was not made from.

use std::io::{self, Write};

use anyhow::Context;
use eval::{Comparison, ENOUGH};
use models::ImageFile;
use schemars::JsonSchema;
use serde::Serialize;

use crate::commands::calibrate::table::Row;

/// What the image's table promises at a rate, and what the pictures show.
#[derive(JsonSchema, Serialize)]
pub struct Promise {
    /// The row of the table.
    row: Row,
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
        let score = (f64::from(record.threshold) / 32768.0 * f64::from(comparison.one())).ceil() as i32;
        let matches = comparison.matches(score);
        let promised = comparison.impostor_count() as f64 / f64::from(record.one_in);
        let ratio = (promised >= ENOUGH as f64).then(|| matches as f64 / promised);
        Promise { row: Row::of(record), matches, ratio }
    };
    Ok(model.calibration().map(promise).collect())
}

/// Writes the rows that the comparison can tell.
pub fn print(promises: &[Promise], out: &mut dyn Write) -> io::Result<()> {
    if promises.iter().all(|promise| promise.ratio.is_none()) {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "the image's table on these pairs of two people:")?;
    writeln!(
        out,
        "  {:>20}  {:>9}  {:>10}  {:>7}  found over promised",
        "at most", "threshold", "", "matches"
    )?;
    for Promise { row, matches, ratio } in promises {
        let Some(ratio) = ratio else { continue };
        let Row { one_in, threshold, basis, .. } = row;
        let cosine = f64::from(*threshold) / 32768.0;
        writeln!(
            out,
            "  {:>20}  {cosine:>9.4}  {basis:>10}  {matches:>7}  {ratio:.2}",
            format!("1 in {one_in}")
        )?;
    }
    Ok(())
}
