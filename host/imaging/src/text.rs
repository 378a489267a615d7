//! Lines of text on a picture, in any script that a font here has. A text with a character in none is written in Latin
//! letters ([`readable`]), and never with empty boxes.

use ab_glyph::{Font, PxScale, ScaleFont, point};
use image::RgbImage;

use crate::{canvas, fonts};

/// The text with Latin letters if no font has one of its characters: neither one of those here nor one of this computer.
///
/// A name in which such a character stands is written so as a whole: half of a name in each script would be read wrongly.
pub fn readable(text: &str) -> String {
    match text.chars().all(fonts::is_drawn) {
        true => text.into(),
        false => {
            let latin = deunicode::deunicode_with_tofu(text, "?");
            latin.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}

/// Width of one line in pixels.
pub(crate) fn width(text: &str, size: f32) -> f32 {
    fonts::shape(text).1 * size
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
    for placed in fonts::shape(text).0 {
        let scaled = placed.font.as_scaled(PxScale::from(size));
        let position = point(x + placed.x * size, y + scaled.ascent() + placed.y * size);
        let glyph = placed.glyph.with_scale_and_position(size, position);
        let Some(outline) = scaled.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        outline.draw(|column, row, cover| {
            let (x, y) = (corner.x as i64 + i64::from(column), corner.y as i64 + i64::from(row));
            // The font is a light one: its strokes are made a little stronger.
            canvas::blend(image, x, y, color, cover.powf(0.7));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leftmost and the rightmost column with ink, and how much ink there is.
    fn ink(text: &str) -> (u32, u32, u32) {
        let mut image = RgbImage::from_pixel(400, 60, image::Rgb([255; 3]));
        draw(&mut image, 20.0, 10.0, 32.0, [0; 3], text);
        let dark = image.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] < 128).map(|(x, _, _)| x);
        let (mut from, mut to, mut count) = (400, 0, 0);
        for x in dark {
            (from, to, count) = (from.min(x), to.max(x), count + 1);
        }
        (from, to, count)
    }

    #[test]
    fn names_in_other_scripts_are_drawn_in_them() {
        for name in ["Ada", "Zo\u{eb}", "Ελένη", "Борис", "مريم", "שרה", "Աննա", "ქეთი"]
        {
            assert_eq!(readable(name), name);
            assert!(ink(name).2 > 100, "{name}");
        }
    }

    #[test]
    fn arabic_letters_join_and_stand_from_right_to_left() {
        // Joined letters are narrower than the same letters apart.
        let apart: f32 = "مريم".chars().map(|letter| width(&letter.to_string(), 32.0)).sum();
        assert!(width("مريم", 32.0) < 0.9 * apart);
        // The first letter stands right: without it, the picture loses its right end.
        let (whole, rest) = (ink("שרה1"), ink("רה1"));
        assert!(rest.1 < whole.1 && rest.0 == whole.0, "{whole:?}, {rest:?}");
        // In a line with Latin letters each script keeps its order.
        let (mixed, latin) = (ink("Ada שרה"), ink("Ada"));
        assert!(mixed.0 == latin.0 && mixed.1 > latin.1, "{mixed:?}, {latin:?}");
    }

    #[test]
    fn a_name_that_no_font_has_is_written_in_latin_letters() {
        // No font has this: it is in no script.
        assert_eq!(readable("Ada\u{10fffd}"), "Ada?");
        for name in ["王小明", "さくら", "김민수", "王 Ada"] {
            let shown = readable(name);
            let is_latin = shown.is_ascii() && !shown.is_empty();
            assert!(shown == name || is_latin, "{name}: {shown}");
            assert!(ink(&shown).2 > 100 && width(&shown, 20.0) > 20.0, "{name}: {shown}");
        }
    }

    #[test]
    fn a_font_of_this_computer_draws_what_those_here_lack() {
        fixtures::need!(fixtures::Need::ChineseFont);
        assert_eq!(readable("王小明"), "王小明");
        assert!(ink("王小明").2 > ink("Wang").2, "strokes of three characters");
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
