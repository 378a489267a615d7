//! Several pictures on one sheet, each with its text below it.

use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::{Photo, text};

const TEXT_SIZE: f32 = 20.0;
/// Height of a line.
const LINE: u32 = 28;
const MARGIN: u32 = 14;
const TEXT_COLOR: [u8; 3] = [40, 40, 40];
const SHEET_COLOR: [u8; 3] = [250, 249, 246];

/// A picture with what is written below it.
pub struct Tile {
    /// The picture.
    pub photo: Photo,
    /// Its text; each line of it becomes one or several.
    pub label: String,
}

/// Lays `tiles` out in rows; each picture is scaled to fit into a square of `side` pixels.
pub fn sheet(tiles: &[Tile], side: u32) -> Photo {
    // About as wide as high, rather wider.
    let columns = ((tiles.len() as f64).sqrt().ceil() as u32).max(1);
    let scaled: Vec<RgbImage> = tiles.iter().map(|tile| fitted(&tile.photo, side)).collect();
    let widest = scaled.iter().map(RgbImage::width).max().unwrap_or(side);
    let highest = scaled.iter().map(RgbImage::height).max().unwrap_or(side);
    let labels: Vec<_> =
        tiles.iter().map(|tile| text::lines(&tile.label, TEXT_SIZE, widest as f32)).collect();
    let most = labels.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let (step_x, step_y) = (widest + MARGIN, highest + MARGIN + most * LINE);
    let rows = (tiles.len() as u32).div_ceil(columns);
    let (width, height) = (columns * step_x + MARGIN, rows * step_y + MARGIN);
    let mut image = RgbImage::from_pixel(width, height, image::Rgb(SHEET_COLOR));
    for (number, (picture, lines)) in scaled.iter().zip(&labels).enumerate() {
        let (column, row) = (number as u32 % columns, number as u32 / columns);
        let (left, top) = (MARGIN + column * step_x, MARGIN + row * step_y);
        let (x, y) = (left + (widest - picture.width()) / 2, top + (highest - picture.height()) / 2);
        imageops::replace(&mut image, picture, x.into(), y.into());
        for (index, line) in lines.iter().enumerate() {
            let start = left as f32 + (widest as f32 - text::width(line, TEXT_SIZE)) / 2.0;
            let y = (top + highest + index as u32 * LINE) as f32 + 4.0;
            text::draw(&mut image, start, y, TEXT_SIZE, TEXT_COLOR, line);
        }
    }
    Photo { image }
}

/// The picture within a square; one that is small enough is not enlarged.
fn fitted(photo: &Photo, side: u32) -> RgbImage {
    let scale = f64::from(side) / f64::from(photo.width().max(photo.height()));
    if scale >= 1.0 {
        return photo.image.clone();
    }
    let length = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    imageops::resize(&photo.image, length(photo.width()), length(photo.height()), FilterType::Lanczos3)
}
