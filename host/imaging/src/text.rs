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

/// The lines of a text as they are [`readable`], none wider than `limit`: a longer one goes on in the next line, after a
/// space where there is one. Nothing is left out.
pub(crate) fn lines(text: &str, size: f32, limit: f32) -> Vec<String> {
    text.lines().flat_map(|line| wrapped(&readable(line), size, limit)).collect()
}

/// One line, wrapped.
fn wrapped(line: &str, size: f32, limit: f32) -> Vec<String> {
    let fits = |text: &str| width(text, size) <= limit;
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let last = lines.len() - 1;
        let longer = if lines[last].is_empty() { word.to_owned() } else { format!("{} {word}", lines[last]) };
        if fits(&longer) {
            lines[last] = longer;
            continue;
        }
        if !lines[last].is_empty() {
            lines.push(String::new());
        }
        // A word that is too wide by itself is broken where the line ends.
        for character in word.chars() {
            let last = lines.len() - 1;
            let longer = format!("{}{character}", lines[last]);
            if fits(&longer) || lines[last].is_empty() {
                lines[last] = longer;
            } else {
                lines.push(character.into());
            }
        }
    }
    lines
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
        assert!(width(&lines("王小明", 20.0, 500.0).concat(), 20.0) > 20.0);
    }

    #[test]
    fn a_long_text_is_wrapped_and_nothing_of_it_is_lost() {
        let text = "a stranger: nobody's similarity reaches the threshold\nWolfeschlegelsteinhausenbergerdorff, locked";
        for limit in [60.0, 150.0, 400.0, 5000.0] {
            let lines = lines(text, 20.0, limit);
            assert!(lines.iter().all(|line| width(line, 20.0) <= limit), "{lines:?}");
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(letters(&lines.concat()), letters(text));
        }
        assert_eq!(lines(text, 20.0, 5000.0), text.lines().collect::<Vec<_>>());
        // A limit below the width of a letter still ends.
        assert_eq!(lines("abc", 20.0, 1.0), ["a", "b", "c"]);
    }
}
