//! Lines of text on a picture.
//!
//! The fonts are embedded, so that pictures look alike everywhere: Ubuntu for Latin, Greek and
//! Cyrillic, Hack for what Ubuntu lacks. A character in neither is drawn as an empty box: a name in
//! another script is seen to be there, and never an error.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::RgbImage;

use crate::canvas::{self, Area};

static FONTS: LazyLock<Vec<FontRef<'static>>> = LazyLock::new(|| {
    [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR]
        .into_iter()
        .filter_map(|bytes| FontRef::try_from_slice(bytes).ok())
        .collect()
});

/// Width of the box that stands for a character without a glyph, in sizes.
const MISSING_WIDTH: f32 = 0.6;

/// Width of one line in pixels.
pub(crate) fn width(text: &str, size: f32) -> f32 {
    text.chars().map(|character| advance(character, size)).sum()
}

/// The line, cut and ended by an ellipsis where it would be wider than `limit`.
pub(crate) fn shortened(text: &str, size: f32, limit: f32) -> String {
    if width(text, size) <= limit {
        return text.into();
    }
    let mut short: String = text.into();
    while short.pop().is_some() {
        let candidate = format!("{}…", short.trim_end());
        if width(&candidate, size) <= limit {
            return candidate;
        }
    }
    String::new()
}

/// Draws one line, its top left corner at `(x, y)`, `size` pixels high.
pub(crate) fn draw(image: &mut RgbImage, x: f32, y: f32, size: f32, color: [u8; 3], text: &str) {
    let mut pen = x;
    for character in text.chars() {
        match font(character) {
            Some(font) => draw_glyph(image, font, pen, y, size, color, character),
            None if character.is_control() || character.is_whitespace() => {}
            None => {
                let area = Area {
                    x: pen + size * 0.08,
                    y: y + size * 0.2,
                    width: size * (MISSING_WIDTH - 0.16),
                    height: size * 0.62,
                };
                canvas::outline(image, area, 1.0, 1.2, color);
            }
        }
        pen += advance(character, size);
    }
}

fn draw_glyph(
    image: &mut RgbImage,
    font: &FontRef<'static>,
    x: f32,
    y: f32,
    size: f32,
    color: [u8; 3],
    character: char,
) {
    let scaled = font.as_scaled(PxScale::from(size));
    let position = point(x, y + scaled.ascent());
    let glyph = font.glyph_id(character).with_scale_and_position(size, position);
    if let Some(outline) = font.outline_glyph(glyph) {
        let corner = outline.px_bounds().min;
        outline.draw(|column, row, cover| {
            let (x, y) = (corner.x as i64 + i64::from(column), corner.y as i64 + i64::from(row));
            // The font is a light one: its strokes are made a little stronger.
            canvas::blend(image, x, y, color, cover.powf(0.7));
        });
    }
}

fn advance(character: char, size: f32) -> f32 {
    match font(character) {
        Some(font) => font.as_scaled(PxScale::from(size)).h_advance(font.glyph_id(character)),
        None if character.is_control() => 0.0,
        None => size * MISSING_WIDTH,
    }
}

/// The first font that has the character.
fn font(character: char) -> Option<&'static FontRef<'static>> {
    FONTS.iter().find(|font| !character.is_control() && font.glyph_id(character).0 != 0)
}
