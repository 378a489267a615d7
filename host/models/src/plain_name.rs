//! Names that become parts of paths: of models, images and boards.
//!
//! They come from images, manifests, boards and other people, and a name such as `../x` or `/x` leaves the folder that it is
//! joined to. Every path with such a name is made of what [`plain_name`] accepts.

use crate::{Error, Result};

/// The name, if it can only be that of one file or folder, and a terminal shows it as it is: letters, digits, spaces and
/// `-_.,'+()`, of which the first is neither a space nor a `.`.
///
/// # Errors
/// [`Error::Name`].
pub fn plain_name(name: &str) -> Result<&str> {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | ',' | '\'' | '+' | '(' | ')');
    if !name.is_empty() && !name.starts_with([' ', '.']) && name.chars().all(is_plain) {
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
        ];
        for name in refused {
            assert!(matches!(plain_name(name), Err(Error::Name { .. })), "{name:?}");
        }
    }
}
