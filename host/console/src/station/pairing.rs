//! How far a pairing is, as a page shows it.

use client::protocol::Role;

/// How far a pairing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// None was begun.
    None,
    /// The board is being asked; its button does not count yet.
    Asking,
    /// The pairing button has to be pressed once.
    Press,
    /// Whoever sits here types the code that the board shows.
    Type {
        /// The code of this computer, which they are not told.
        own: u32,
    },
    /// Two codes are equal.
    Compare {
        /// The code of this computer.
        own: u32,
        /// The code of the board: on the display of an emulated one, or as it was typed.
        board: Option<u32>,
        /// Whether the button counts now.
        confirm: bool,
    },
    /// This computer is paired.
    Done(Role),
    /// It failed.
    Failed(String),
}

impl Pairing {
    /// Whether it goes on: the line is its own until it ends.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Asking | Self::Press | Self::Type { .. } | Self::Compare { .. })
    }
}
