//! What failed: the reasons of faults.
//!
//! Numbers are never given another meaning.

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Fault {
    /// Entries could not be written; the detail counts them.
    LogLost = 1,
    /// The people in flash cannot be read.
    Gallery = 2,
    /// The settings in flash cannot be read.
    Settings = 3,
    /// A network in flash cannot be loaded.
    Model = 4,
    /// The lock's output does not do as told.
    Lock = 5,
    /// More happened at once than could be told.
    Missed = 6,
    /// The settings or the boot record are older ones than the board has had, or another counter was put in.
    RolledBack = 7,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::LogLost,
        Self::Gallery,
        Self::Settings,
        Self::Model,
        Self::Lock,
        Self::Missed,
        Self::RolledBack,
    ];

    /// In one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogLost => "log-lost",
            Self::Gallery => "gallery",
            Self::Settings => "settings",
            Self::Model => "model",
            Self::Lock => "lock",
            Self::Missed => "missed",
            Self::RolledBack => "rolled-back",
        }
    }
}
