//! The scaffold of plots: a PNG file, the embedded font, colours, the legend.
//!
//! The font is embedded, so that a plot looks the same on every computer.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use plotters::coord::{CoordTranslate, Shift};
use plotters::prelude::*;
use plotters::style::register_font;

/// The name of the embedded font.
pub const FONT: &str = "plot";

/// Blue of a plot with few series.
pub const BLUE: RGBColor = RGBColor(31, 119, 180);
/// Orange of a plot with few series.
pub const ORANGE: RGBColor = RGBColor(224, 112, 20);
/// Green of a plot with few series.
pub const GREEN: RGBColor = RGBColor(44, 140, 60);

/// The area to draw on.
pub type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// The result of drawing; the plotting library has an error type for each backend.
pub type Drawn = Result<(), Box<dyn std::error::Error>>;

/// A plot could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw {}: {problem}", path.display())]
pub struct Error {
    /// The picture's file.
    pub path: PathBuf,
    /// The message of the plotting library, or of the file system.
    pub problem: String,
}

/// Draws on a white area of `size` pixels, and saves it as the PNG file `path`.
///
/// # Errors
/// The drawing fails, or the file cannot be written.
pub fn to_file(path: &Path, size: (u32, u32), draw: impl FnOnce(&Area) -> Drawn) -> Result<(), Error> {
    let drawn = || -> Drawn {
        register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
            .map_err(|_| "the embedded font cannot be read")?;
        let mut pixels = vec![0; size.0 as usize * size.1 as usize * 3];
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
        drop(area);
        let mut png = std::io::Cursor::new(Vec::new());
        image::write_buffer_with_format(
            &mut png,
            &pixels,
            size.0,
            size.1,
            image::ExtendedColorType::Rgb8,
            image::ImageFormat::Png,
        )?;
        Ok(output_file::replace_with(path, png.get_ref())?)
    };
    drawn().map_err(|error| Error { path: path.to_owned(), problem: error.to_string() })
}

/// Draws the legend in a corner of the plot.
///
/// # Errors
/// The drawing fails.
pub fn legend<'a, 'b, C: CoordTranslate>(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_is_a_white_picture_of_its_size() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plot.png");
        to_file(&path, (30, 20), |area| Ok(area.draw_pixel((3, 4), &BLUE)?)).expect("drawn");
        let picture = image::open(&path).expect("read").to_rgb8();
        assert_eq!(picture.dimensions(), (30, 20));
        assert_eq!((picture.get_pixel(3, 4).0, picture.get_pixel(0, 0).0), ([31, 119, 180], [255; 3]));
        assert!(to_file(&folder.path().join("no/plot.png"), (3, 3), |_| Ok(())).is_err());
    }
}
