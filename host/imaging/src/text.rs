//! Lines of text on a picture.
//!
//! The fonts are embedded, so that pictures look alike everywhere: Ubuntu for Latin, Greek and
//! Cyrillic, Hack for what Ubuntu lacks. A character in neither is written in Latin letters
//! ([`readable`]), and never as an empty box.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::RgbImage;

use crate::canvas;

static FONTS: LazyLock<Vec<FontRef<'static>>> = LazyLock::new(|| {
    [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR]
        .into_iter()
        .filter_map(|bytes| FontRef::try_from_slice(bytes).ok())
        .collect()
});

/// The text with each character in Latin letters that no font here has, such as those of Arabic, Hebrew and Chinese.
///
/// A name in which such a character stands is written so as a whole: half of a name in each script would be read wrongly.
pub fn readable(text: &str) -> String {
    match text.chars().all(is_drawn) {
        true => text.into(),
        false => {
            let latin = deunicode::deunicode_with_tofu(text, "?");
            latin.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}

/// Whether a font has the character, or it needs none.
fn is_drawn(character: char) -> bool {
    character.is_control() || character.is_whitespace() || font(character).is_some()
}

/// Width of one line in pixels.
pub(crate) fn width(text: &str, size: f32) -> f32 {
    text.chars().map(|character| advance(character, size)).sum()
}

/// The line as it is [`readable`], cut and ended by an ellipsis where it would be wider than `limit`.
pub(crate) fn shortened(text: &str, size: f32, limit: f32) -> String {
    let mut short = readable(text);
    if width(&short, size) <= limit {
        return short;
    }
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
        if let Some(font) = font(character) {
            draw_glyph(image, font, pen, y, size, color, character);
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
        None => 0.0,
    }
}

/// The first font that has the character.
fn font(character: char) -> Option<&'static FontRef<'static>> {
    FONTS.iter().find(|font| !character.is_control() && font.glyph_id(character).0 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_font_has_is_written_in_latin_letters() {
        for name in ["Ada", "Zo\u{eb}", "Ελένη", "Борис"] {
            assert_eq!(readable(name), name);
        }
        assert_eq!(readable("王小明"), "Wang Xiao Ming");
        for name in ["مريم", "שרה", "さくら", "김민수", "王 Ada"] {
            let latin = readable(name);
            assert!(latin.is_ascii() && latin.chars().all(is_drawn) && !latin.is_empty(), "{name}: {latin}");
        }
        assert!(width(&shortened("王小明", 20.0, 500.0), 20.0) > 20.0);
    }
}
