//! Several trainings in one plot: how hard their triplets stayed, and what unseen people say.

use std::path::Path;

use plots::FONT;
use plotters::prelude::*;

use super::curves::{Series, panel, smoothed};
use super::draw;
use crate::Error;
use crate::run::{read_steps, read_validations};

/// Draws the logs in the folders `runs`, each under its name, into the PNG file at `path`.
///
/// # Errors
/// [`Error::Read`] of a log, [`Error::Plot`].
pub fn compare(path: &Path, title: &str, runs: &[(&str, &Path)]) -> Result<(), Error> {
    let (mut active, mut errors) = (Vec::new(), Vec::new());
    let mut last = 1.0f64;
    for (_, folder) in runs {
        let steps = read_steps(folder)?;
        last = steps.last().map_or(last, |row| last.max(row.done as f64));
        active.push(smoothed(&steps, 60, |row| row.triplets.map(|triplets| triplets.active)));
        let rows = read_validations(folder)?;
        errors.push(rows.iter().map(|row| (row.done as f64, row.equal_error_rate)).collect());
    }
    let named = |all: Vec<Vec<(f64, f64)>>| -> Vec<Series> {
        let colour = |at: usize| {
            let (red, green, blue) = Palette99::pick(at).to_rgba().rgb();
            RGBColor(red, green, blue)
        };
        let named = runs.iter().zip(all).enumerate();
        named
            .map(|(at, (&(name, _), points))| Series { name: name.into(), colour: colour(at), points })
            .collect()
    };
    let (active, errors) = (named(active), named(errors));
    draw(path, (1000, 760), |area| {
        let area = area.titled(title, (FONT, 24))?;
        let (upper, lower) = area.split_vertically(360);
        panel(&upper, last, "share of active triplets", &active)?;
        panel(&lower, last, "equal error rate, unseen people", &errors)
    })
}
