//! A person's name: what people type, made safe to store, compare and print.

use core::{fmt, ops::Deref};

use zeroize::Zeroize;

/// Most bytes of a name in UTF-8.
pub const MAX_NAME: usize = 64;

/// A name of 1 to 64 bytes of UTF-8, with no white space at its ends and no control characters.
///
/// Names are compared byte by byte: "Ann" and "ann" are two people.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name(heapless::String<MAX_NAME>);

impl Name {
    /// The name in a text, trimmed; `None` if nothing or more than 64 bytes remain, or a control character is inside.
    pub(crate) fn in_text(text: &str) -> Option<Self> {
        let name = text.trim();
        if name.is_empty() || name.chars().any(char::is_control) {
            return None;
        }
        heapless::String::try_from(name).map(Self).ok()
    }

    /// Overwrites the name in memory.
    pub(crate) fn wipe(&mut self) {
        self.0.zeroize();
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Name {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.as_str());
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::Error;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(Name::new("  Zoë Ågren\n").unwrap().as_str(), "Zoë Ågren");
        assert_eq!(Name::new(&"é".repeat(32)).unwrap().len(), 64);
        for bad in ["", "   ", "a\nb", "a\u{7f}", "\u{85}x\u{1b}[31m", &"é".repeat(33)] {
            assert_eq!(Name::new(bad), Err(Error::Name), "{bad:?}");
        }
    }
}
