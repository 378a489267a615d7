//! What can go wrong with templates and the gallery: one flat enum.

use template::{CosineScore, EncoderHash};

use crate::Name;

/// Why a template or the gallery refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// A name has 1 to 64 bytes of UTF-8 besides white space at its ends, and no control characters.
    #[error("a name has 1 to 64 bytes and no control characters")]
    Name,
    /// No room for another person or template, in flash or in memory.
    #[error("the gallery is full")]
    Full,
    /// No room in memory for the values of another template: with so many values each there is room for fewer of them.
    #[error("the gallery has room for {free} more values, and a template of this encoder has {needed}")]
    NoRow {
        /// Values of a template.
        needed: usize,
        /// Values for which there is room.
        free: usize,
    },
    /// This person has as many templates as one may have.
    #[error("{0} has as many templates as one person may have")]
    PersonFull(Name),
    /// The person has so many templates, and not the one asked for; or it is the only one.
    #[error("the person has {0} templates, and keeps one")]
    NoTemplate(usize),
    /// Somebody of this name is enrolled.
    #[error("somebody named {0} is already enrolled")]
    DuplicateName(Name),
    /// The face is already enrolled as somebody else.
    #[error("this face is already enrolled as {name} (similarity {similarity})")]
    DuplicateFace {
        /// Who it resembles.
        name: Name,
        /// How much.
        similarity: CosineScore,
    },
    /// The templates were made by another encoder than the one that runs now.
    #[error("the gallery was made by encoder {stored}, but {running} is running")]
    OtherEncoder {
        /// The encoder of the templates in flash.
        stored: EncoderHash,
        /// The encoder that runs now.
        running: EncoderHash,
    },
    /// Nobody of this name is enrolled.
    #[error("nobody of this name is enrolled")]
    NotFound,
    /// The partition has too few sectors (8 of 4096 bytes would do), more than 256, or smaller ones
    /// than 2048 bytes, or is programmed in words that do not divide 8 bytes.
    #[error("the flash partition does not suit a gallery")]
    Partition,
    /// The partition holds a gallery of a newer firmware.
    #[error("the gallery has format {0}, which this firmware does not know")]
    Format(u8),
    /// The flash reported an error.
    #[error("the flash failed")]
    Flash,
    /// A record is not as this gallery sealed it: it was changed, or is another board's.
    #[error("the gallery was tampered with, or is another board's")]
    Tampered,
    /// The partition is damaged beyond what an interrupted write can leave.
    #[error("the gallery in flash is damaged")]
    Corrupted,
}

// Not in `name`: an error can hold a name, so a name knows no error.
impl Name {
    /// Trims and checks a name.
    ///
    /// # Errors
    /// [`Error::Name`] if nothing or more than 64 bytes remain, or a control character is inside.
    pub fn new(name: &str) -> Result<Self, Error> {
        Self::in_text(name).ok_or(Error::Name)
    }
}

impl From<nor_store::Error> for Error {
    fn from(error: nor_store::Error) -> Self {
        match error {
            nor_store::Error::Partition => Self::Partition,
            nor_store::Error::Flash => Self::Flash,
            nor_store::Error::Full | nor_store::Error::Exhausted => Self::Full,
            nor_store::Error::Corrupted | nor_store::Error::LogicBug => Self::Corrupted,
        }
    }
}
