//! Plots of an evaluation, as PNG files of 1000 by 700 pixels.

mod det;
mod groups;
mod identification;
mod scores;
mod sizes;
mod trade_off;

use std::path::Path;

use plots::{Area, Drawn};

use crate::Error;

pub use det::{Curve, plot_det};
pub use groups::plot_groups;
pub use identification::plot_identification;
pub use scores::plot_scores;
pub use sizes::{Sized, plot_sizes};
pub use trade_off::plot_trade_off;

/// Draws into the PNG file at `path`.
///
/// # Errors
/// [`Error::Plot`].
fn to_file(path: &Path, draw: impl FnOnce(&Area) -> Drawn) -> Result<(), Error> {
    Ok(plots::to_file(path, (1000, 700), draw)?)
}
