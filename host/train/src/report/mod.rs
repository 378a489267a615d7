//! What a training came to, drawn.

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

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::register_font;

/// What the embedded font is called here.
const FONT: &str = "plot";

const BLUE: RGBColor = RGBColor(31, 119, 180);
const ORANGE: RGBColor = RGBColor(224, 112, 20);
const GREEN: RGBColor = RGBColor(44, 140, 60);

type Drawing = Result<(), Box<dyn Error>>;

/// Opens a white PNG at `path`, draws, and saves.
fn draw(
    path: &Path,
    size: (u32, u32),
    paint: impl FnOnce(&DrawingArea<BitMapBackend, plotters::coord::Shift>) -> Drawing,
) -> Result<(), crate::Error> {
    let drawn = || -> Drawing {
        register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
            .map_err(|_| "the embedded font is broken")?;
        let area = BitMapBackend::new(path, size).into_drawing_area();
        area.fill(&WHITE)?;
        paint(&area)?;
        area.present()?;
        Ok(())
    };
    drawn().map_err(|error| crate::Error::Plot { path: path.into(), problem: error.to_string() })
}
