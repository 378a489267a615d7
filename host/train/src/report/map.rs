//! A map of the embeddings: faces that are near each other look alike to the encoder.

use std::path::Path;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use plotters::style::{Color, Palette, Palette99};

use super::principal;
use crate::loss::Matrix;
use crate::{Error, SIDE};

/// The map, a face on it with its frame, and the margin, in pixels.
const MAP: u32 = 1100;
const THUMBNAIL: u32 = 44;
const FRAME: u32 = 3;
const MARGIN: u32 = 12;

/// Draws the faces where their embeddings lie along the two directions of most variance; a frame's colour
/// stands for a person.
///
/// # Errors
/// [`Error::Plot`]; those of `face`.
pub fn map(
    path: &Path,
    units: &Matrix,
    people: &[usize],
    face: impl Fn(usize) -> Result<Vec<u8>, Error>,
) -> Result<(), Error> {
    let places = principal(units);
    let range = |axis: usize| {
        let values = || places.iter().map(|place| place[axis]);
        let (least, most) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
        (least, (most - least).max(1e-9))
    };
    let (across, down) = (range(0), range(1));
    let mut sheet = RgbImage::from_pixel(MAP, MAP, Rgb([250, 249, 246]));
    let room = f64::from(MAP - THUMBNAIL - 2 * MARGIN);
    for (row, place) in places.iter().enumerate() {
        let whole =
            RgbImage::from_raw(SIDE as u32, SIDE as u32, face(row)?).expect("a face has SIDE x SIDE pixels");
        let inner = THUMBNAIL - 2 * FRAME;
        let small = imageops::resize(&whole, inner, inner, FilterType::Triangle);
        let (red, green, blue) = Palette99::pick(people[row]).to_rgba().rgb();
        let mut framed = RgbImage::from_pixel(THUMBNAIL, THUMBNAIL, Rgb([red, green, blue]));
        imageops::replace(&mut framed, &small, FRAME.into(), FRAME.into());
        let at = |value: f64, (least, width): (f64, f64)| {
            i64::from(MARGIN) + ((value - least) / width * room).round() as i64
        };
        imageops::overlay(&mut sheet, &framed, at(place[0], across), at(place[1], down));
    }
    let failed = |problem: String| Error::Plot { path: path.into(), problem };
    let mut png = std::io::Cursor::new(Vec::new());
    sheet.write_to(&mut png, image::ImageFormat::Png).map_err(|error| failed(error.to_string()))?;
    output_file::replace_with(path, png.get_ref()).map_err(|error| failed(error.to_string()))
}
