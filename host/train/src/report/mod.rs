//! Plots of a training.

mod compare;
mod curves;
mod distances;
mod map;
mod principal;

pub use compare::compare;
pub use curves::curves;
pub use distances::{Distances, distances};
pub use map::map;
pub use principal::principal;

use std::path::Path;

use plots::{Area, Drawn};

/// Draws into the PNG file at `path`.
///
/// # Errors
/// [`Error::Plot`](crate::Error::Plot).
fn draw(path: &Path, size: (u32, u32), paint: impl FnOnce(&Area) -> Drawn) -> Result<(), crate::Error> {
    plots::to_file(path, size, paint)
        .map_err(|plots::Error { path, problem }| crate::Error::Plot { path, problem })
}
