//! Pictures of an evaluation, as PNG files of 1000 by 700 pixels.

mod det;
mod identification;
mod scores;
mod sizes;

use std::path::Path;

use plotters::coord::CoordTranslate;
use plotters::prelude::*;
use plotters::style::register_font;

use crate::Error;

pub use det::{Curve, plot_det};
pub use identification::plot_identification;
pub use scores::plot_scores;
pub use sizes::{Sized, plot_sizes};

/// What the embedded font is called here.
const FONT: &str = "plot";

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Draws into the PNG file at `path`.
///
/// # Errors
/// [`Error::Plot`] if the file cannot be written.
fn to_file(path: &Path, draw: impl FnOnce(&Area) -> Drawn) -> Result<(), Error> {
    let drawn = || -> Drawn {
        // The font is embedded, so that a plot looks alike everywhere.
        register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
            .map_err(|_| "the embedded font cannot be read")?;
        let area = BitMapBackend::new(path, (1000, 700)).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
        Ok(())
    };
    drawn().map_err(|error| Error::Plot { path: path.to_owned(), problem: error.to_string() })
}

/// Says in a corner of the plot which line is which.
fn legend<'a, 'b, C: CoordTranslate>(
    chart: &mut ChartContext<'a, BitMapBackend<'b>, C>,
    position: SeriesLabelPosition,
) -> Drawn
where
    'b: 'a,
{
    chart
        .configure_series_labels()
        .position(position)
        .border_style(BLACK.mix(0.4))
        .background_style(WHITE)
        .label_font((FONT, 16))
        .draw()?;
    Ok(())
}
