//! The names of people, in one form.
//!
//! Two names that look alike are one name: a name is brought to Unicode's normal form C. A character that nobody sees, or that
//! turns the direction of writing, is refused: with it, two names could look alike and be two.

use unicode_normalization::UnicodeNormalization;

use crate::visible::{is_obeyed, visible};

/// A name, from an argument.
///
/// # Errors
/// It is empty, or holds a character that is not seen.
pub fn parse(text: &str) -> Result<String, String> {
    let name: String = text.trim().nfc().collect();
    if name.is_empty() {
        return Err("a name has at least one letter".to_owned());
    }
    match name.chars().find(|&character| is_obeyed(character) || is_blank(character)) {
        Some(character) => Err(format!(
            "the name {} holds {}, which is not seen or turns the direction of writing; leave it out",
            visible(text),
            character.escape_unicode()
        )),
        None => Ok(name),
    }
}

/// Characters without a shape, other than the joiners that some scripts and emoji need.
fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\t' | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'
            ..='\u{180f}' | '\u{3164}' | '\u{ffa0}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one_name() {
        assert_eq!(parse("Zoe\u{308}"), parse("Zo\u{eb}"));
        assert_eq!(parse(" Ada ").as_deref(), Ok("Ada"));
        assert_eq!(parse("\u{1100}\u{1161}").as_deref(), Ok("\u{ac00}"));
        for name in ["王小明", "می‌خواهم", "👩‍🚀", "שרה"] {
            assert_eq!(parse(name).as_deref(), Ok(name));
        }
    }

    #[test]
    fn characters_that_are_not_seen_are_refused_by_their_code() {
        for (name, code) in [
            ("Ad\u{202e}a", "\\u{202e}"),
            ("Ada\u{200b}", "\\u{200b}"),
            ("A\u{ad}da", "\\u{ad}"),
            ("Ada\u{3164}", "\\u{3164}"),
            ("Ada\u{2066}", "\\u{2066}"),
            ("A\nda", "\\u{a}"),
        ] {
            let error = parse(name).unwrap_err();
            assert!(error.contains(code), "{error}");
        }
        assert!(parse(" ").is_err());
    }
}
