//! The fonts of [`crate::text`], and one line in them.
//!
//! Two fonts are embedded, so that pictures look alike everywhere: Ubuntu for Latin, Greek and Cyrillic, DejaVu for Arabic,
//! Hebrew and others. A character in neither is looked for in the fonts of this computer, as one of Chinese is: a font of
//! them has several megabytes.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use ab_glyph::{Font, FontArc, FontRef, FontVec, GlyphId};
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::BidiInfo;

/// A font, for outlines and for shaping.
struct Face {
    outlines: FontArc,
    shapes: rustybuzz::Face<'static>,
}

/// A glyph, and where it stands in a line of one pixel's size.
pub(crate) struct Placed {
    /// The font that has it.
    pub(crate) font: &'static FontArc,
    /// Its number there.
    pub(crate) glyph: GlyphId,
    /// Its origin from the line's start, to the right.
    pub(crate) x: f32,
    /// Its origin below the baseline, downwards.
    pub(crate) y: f32,
}

static EMBEDDED: LazyLock<Vec<Face>> = LazyLock::new(|| {
    [epaint_default_fonts::UBUNTU_LIGHT, dejavu::sans::regular()].into_iter().filter_map(embedded).collect()
});

/// The fonts of this computer that had a character, by character.
static FOUND: LazyLock<Mutex<HashMap<char, Option<&'static Face>>>> = LazyLock::new(Mutex::default);

static COMPUTER: LazyLock<fontdb::Database> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_system_fonts();
    fonts
});

fn embedded(bytes: &'static [u8]) -> Option<Face> {
    let outlines = FontArc::new(FontRef::try_from_slice(bytes).ok()?);
    Some(Face { outlines, shapes: rustybuzz::Face::from_slice(bytes, 0)? })
}

/// The first font that has the character, with something to draw.
fn face(character: char) -> Option<&'static Face> {
    let has = |face: &&Face| {
        let glyph = face.outlines.glyph_id(character);
        glyph.0 != 0 && (character.is_whitespace() || face.outlines.outline(glyph).is_some())
    };
    EMBEDDED.iter().find(has).or_else(|| {
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        *found.entry(character).or_insert_with(|| of_computer(character).filter(|face| has(face)))
    })
}

/// A font of this computer that has the character. It is read once and kept while the program runs.
fn of_computer(character: char) -> Option<&'static Face> {
    static READ: LazyLock<Mutex<HashMap<fontdb::ID, Option<&'static Face>>>> = LazyLock::new(Mutex::default);
    let has = |info: &&fontdb::FaceInfo| {
        let upright = info.style == fontdb::Style::Normal && info.weight <= fontdb::Weight::MEDIUM;
        let looked = |data: &[u8], index| {
            let font = rustybuzz::ttf_parser::Face::parse(data, index).ok()?;
            // A font of coloured pictures alone has no outlines.
            (font.tables().glyf.is_some() || font.tables().cff.is_some()).then_some(())?;
            font.glyph_index(character)
        };
        upright && COMPUTER.with_face_data(info.id, looked).flatten().is_some()
    };
    let info = COMPUTER.faces().find(has)?;
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    *read.entry(info.id).or_insert_with(|| {
        let read = |data: &[u8], index| {
            let outlines = FontArc::new(FontVec::try_from_vec_and_index(data.to_vec(), index).ok()?);
            let kept: &'static [u8] = Box::leak(data.into());
            let shapes = rustybuzz::Face::from_slice(kept, index)?;
            Some(&*Box::leak(Box::new(Face { outlines, shapes })))
        };
        COMPUTER.with_face_data(info.id, read).flatten()
    })
}

/// Whether a font has the character, or it needs none.
pub(crate) fn is_drawn(character: char) -> bool {
    character.is_control() || character.is_whitespace() || is_unseen(character) || face(character).is_some()
}

/// Whether the character only joins, parts or turns its neighbours.
fn is_unseen(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}')
}

/// The glyphs of a line from left to right, as its scripts are read, and its width; both for a size of one pixel, from the
/// fonts' own ascent to descent.
pub(crate) fn shape(line: &str) -> (Vec<Placed>, f32) {
    let (mut placed, mut pen) = (Vec::new(), 0.0);
    let order = BidiInfo::new(line, None);
    for paragraph in &order.paragraphs {
        let (levels, runs) = order.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let backwards = levels[run.start].is_rtl();
            let mut parts = by_font(&line[run]);
            if backwards {
                parts.reverse();
            }
            for (face, text) in parts {
                pen = shape_part(face, text, backwards, pen, &mut placed);
            }
        }
    }
    (placed, pen)
}

/// The longest parts of a text that one font has. A character that none has takes no room.
fn by_font(text: &str) -> Vec<(&'static Face, &str)> {
    let mut parts: Vec<(&'static Face, &str)> = Vec::new();
    let mut start = 0;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let last = parts.last().map(|(face, _)| *face);
        // Accents, joiners and spaces stay with the letter before them if its font has them.
        let kept = last.filter(|last| {
            let has = last.outlines.glyph_id(character).0 != 0;
            is_unseen(character) || has && !character.is_alphanumeric()
        });
        match (kept.or_else(|| face(character).filter(|_| !character.is_control())), last) {
            (Some(face), Some(last)) if std::ptr::eq(face, last) => {
                if let Some(part) = parts.last_mut() {
                    part.1 = &text[start..end];
                }
            }
            (Some(face), _) => {
                start = at;
                parts.push((face, &text[at..end]));
            }
            (None, _) => {}
        }
    }
    parts
}

/// Shapes what one font has, from `pen` on; the pen behind it.
fn shape_part(face: &'static Face, text: &str, backwards: bool, pen: f32, placed: &mut Vec<Placed>) -> f32 {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.set_direction(if backwards { Direction::RightToLeft } else { Direction::LeftToRight });
    buffer.guess_segment_properties();
    let shaped = rustybuzz::shape(&face.shapes, &[], buffer);
    let height = face.outlines.height_unscaled();
    let mut pen = pen;
    for (info, place) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
        placed.push(Placed {
            font: &face.outlines,
            glyph: GlyphId(u16::try_from(info.glyph_id).unwrap_or(0)),
            x: pen + place.x_offset as f32 / height,
            y: -(place.y_offset as f32) / height,
        });
        pen += place.x_advance as f32 / height;
    }
    pen
}
