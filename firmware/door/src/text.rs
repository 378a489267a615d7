//! Short texts for people: names of models, reasons of faults.

use core::fmt::{self, Write as _};

/// A short text, at most 48 bytes of UTF-8.
pub type Text = heapless::String<48>;

/// Formats a value, cut at the last character that fits.
pub(crate) fn text(value: impl fmt::Display) -> Text {
    struct Cut(Text);
    impl fmt::Write for Cut {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            part.chars().try_for_each(|c| self.0.push(c)).map_err(|_| fmt::Error)
        }
    }
    let mut cut = Cut(Text::new());
    // An error means that the text is full; what fitted stays.
    let _ = write!(cut, "{value}");
    cut.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_characters() {
        assert_eq!(text("é".repeat(30)).as_str(), "é".repeat(24));
        assert_eq!(text(7).as_str(), "7");
    }
}
