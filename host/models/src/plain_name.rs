//! Names that become parts of paths: of models, images and boards.
//!
//! They come from images, manifests, boards and other people, and a name such as `../x` or `/x` leaves the folder that it is
//! joined to. Every path with such a name is made of what [`plain_name`] accepts.

use crate::{Error, Result};

/// The name, if it can only be that of one file or folder, and a terminal shows it as it is: letters, digits, spaces and
/// `-_.,'+()`, of which the first is neither a space nor a `.`, and whatever else is no ASCII and is printed, such as the accents of a
/// name in decomposed form.
///
/// # Errors
/// [`Error::Name`].
pub fn plain_name(name: &str) -> Result<&str> {
    let is_plain = |c: char| {
        !c.is_ascii()
            || c.is_ascii_alphanumeric()
            || matches!(c, ' ' | '-' | '_' | '.' | ',' | '\'' | '+' | '(' | ')')
    };
    // Behind a letter, as an accent is escaped where there is none to carry it.
    let others: String = core::iter::once('a').chain(name.chars().filter(|c| !c.is_ascii())).collect();
    let is_printed = others.escape_debug().eq(others.chars());
    if !name.is_empty() && !name.starts_with([' ', '.']) && name.chars().all(is_plain) && is_printed {
        return Ok(name);
    }
    Err(Error::Name { name: name.to_owned() })
}

/// Reads a name of a manifest.
pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> core::result::Result<String, D::Error> {
    let name: String = serde::Deserialize::deserialize(from)?;
    plain_name(&name).map_err(serde::de::Error::custom)?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_name_is_one_part_of_a_path_and_nothing_that_a_terminal_obeys() {
        for name in [
            "sface",
            "postern-128",
            "my faces (2)",
            "v1.2+b",
            "Dan_O'Hara, Jr.",
            "Zoë",
            "Zoe\u{308}",
            "हिन्दी",
            "人脸",
            "_x",
            "-dev-ttyACM0",
        ] {
            assert_eq!(plain_name(name).expect(name), name);
            assert_eq!(Path::new("a").join(name).parent(), Some(Path::new("a")));
        }
        let refused = [
            "",
            ".",
            "..",
            ".x",
            " x",
            "/x",
            "a/b",
            "../x",
            "a\\b",
            "a\0b",
            "a\nb",
            "\u{1b}[2J",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{2028}b",
            "a\u{85}b",
            "a\u{a0}b",
        ];
        for name in refused {
            assert!(matches!(plain_name(name), Err(Error::Name { .. })), "{name:?}");
        }
    }
}
