//! The kinds of board that this program knows: their names, and where things lie in their memory.

use host_window::Layout;

use crate::{Error, Result};

/// A kind of board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Arm MPS3 AN547: Cortex-M55 with Helium.
    An547,
    /// Arm MPS2 AN500: Cortex-M7.
    An500,
    /// A computer with Linux. Its program is no firmware in its flash: the package manager updates it.
    Linux,
}

impl Machine {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::An547, Self::An500, Self::Linux];

    /// The kind called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownMachine`].
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "an547" => Ok(Self::An547),
            "an500" => Ok(Self::An500),
            "linux" => Ok(Self::Linux),
            _ => Err(Error::UnknownMachine { name: name.to_owned() }),
        }
    }

    /// Its name, such as "an547".
    pub fn name(self) -> &'static str {
        match self {
            Self::An547 => "an547",
            Self::An500 => "an500",
            Self::Linux => "linux",
        }
    }

    /// Whether an emulator runs it, with firmware in its flash that a boot loader starts.
    pub fn is_emulated(self) -> bool {
        match self {
            Self::An547 | Self::An500 => true,
            Self::Linux => false,
        }
    }

    /// Where everything lies in its memory.
    pub fn map(self) -> Layout {
        match self {
            Self::An547 => host_window::AN547,
            Self::An500 => host_window::AN500,
            Self::Linux => host_window::LINUX,
        }
    }
}
