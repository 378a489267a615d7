//! The names of people, in one form.
//!
//! Two names that look alike are one name: a name is brought to Unicode's normal form C, and each space is one plain space. A
//! character that nobody sees, or that turns the direction of writing, is refused: with it, two names could look alike and be
//! two. Letters of different scripts that look alike stay different.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::visible::{is_obeyed, visible};

/// A name, from an argument.
///
/// # Errors
/// It is empty, or holds a character that is not seen.
pub fn parse(text: &str) -> Result<String, String> {
    // A line break or a tab is no space between two names, and is refused below.
    let is_space = |character: char| character.is_whitespace() && !character.is_control();
    let words: Vec<&str> = text.trim().split(is_space).filter(|word| !word.is_empty()).collect();
    let name: String = words.join(" ").nfc().collect();
    if name.is_empty() {
        return Err("a name has at least one letter".to_owned());
    }
    let mut before = None;
    let refused = name.chars().find(|&character| {
        let unseen = is_obeyed(character) || is_blank(character) || joins_nothing(character, before);
        before = Some(character);
        unseen
    });
    match refused {
        Some(character) => Err(format!(
            "the name {} holds {}, which is not seen or turns the direction of writing; leave it out",
            visible(text),
            character.escape_unicode()
        )),
        None => Ok(name),
    }
}

/// Characters without a shape, other than the joiners that some scripts and emoji need: those that Unicode calls default
/// ignorable, and the blank of Braille.
fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\t' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'
            ..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'
            ..='\u{202e}' | '\u{2060}'
            ..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'
            ..='\u{fff8}' | '\u{1bca0}'
            ..='\u{1bca3}' | '\u{1d173}'
            ..='\u{1d17a}' | '\u{e0000}'
            ..='\u{e0fff}'
    )
}

/// Whether a character that changes the one `before` it has none that it could change.
fn joins_nothing(character: char, before: Option<char>) -> bool {
    // Latin letters, digits and punctuation take no joiner and have no other form.
    let plain = |before: Option<char>| before.is_none_or(|before| before < '\u{300}' || before == ' ');
    match character {
        '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => plain(before),
        _ => is_combining_mark(character) && before.is_none_or(|before| before == ' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one_name() {
        assert_eq!(parse("Zoe\u{308}"), parse("Zo\u{eb}"));
        assert_eq!(parse(" Ada ").as_deref(), Ok("Ada"));
        assert_eq!(parse("\u{1100}\u{1161}").as_deref(), Ok("\u{ac00}"));
        for spaced in ["Ada B", "Ada  B", "Ada\u{a0}B", "Ada\u{3000}B", "Ada\u{2003}\u{202f}B "] {
            assert_eq!(parse(spaced).as_deref(), Ok("Ada B"), "{spaced:?}");
        }
        for name in ["王小明", "❤\u{fe0f} Ada", "می‌خواهم", "👩‍🚀", "שרה"] {
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
            ("\u{2800}", "\\u{2800}"),
            ("A\u{2800}B", "\\u{2800}"),
            ("A\u{fe0f}B", "\\u{fe0f}"),
            ("A\u{200d}B", "\\u{200d}"),
            ("\u{1d173}x", "\\u{1d173}"),
            ("\u{301}", "\\u{301}"),
            ("Ada \u{301}", "\\u{301}"),
            ("A\u{e0041}", "\\u{e0041}"),
        ] {
            let error = parse(name).unwrap_err();
            assert!(error.contains(code), "{error}");
        }
        assert!(parse(" ").is_err());
    }
}
