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
    /// The people in flash cannot be read; the detail counts the volumes whose people are gone, if the others are read.
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
    /// The NPU does not run a network, which the processor then runs; the detail says why, see [`NpuFault`].
    Npu = 8,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::LogLost,
        Self::Gallery,
        Self::Settings,
        Self::Model,
        Self::Lock,
        Self::Missed,
        Self::RolledBack,
        Self::Npu,
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
            Self::Npu => "npu",
        }
    }
}

/// Why an NPU does not run a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum NpuFault {
    /// The image's section for the NPU is refused: it is damaged, or some command of it would leave its memory.
    Section = 1,
    /// The section is for another NPU than the board's, or the NPU's identification is unknown.
    OtherNpu = 2,
    /// The board has too little memory for the section.
    NoRoom = 3,
    /// The NPU cannot reach the section or its scratch, or was busy.
    NotReady = 4,
    /// The NPU did not end in time.
    TimeOut = 5,
    /// The NPU stopped with a fault.
    Stopped = 6,
    /// The NPU does not finish a reset.
    Stuck = 7,
    /// The NPU computed another result than the processor, whose result counts.
    Differs = 8,
}

impl NpuFault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Section,
        Self::OtherNpu,
        Self::NoRoom,
        Self::NotReady,
        Self::TimeOut,
        Self::Stopped,
        Self::Stuck,
        Self::Differs,
    ];

    /// In one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Section => "section",
            Self::OtherNpu => "other-npu",
            Self::NoRoom => "no-room",
            Self::NotReady => "not-ready",
            Self::TimeOut => "time-out",
            Self::Stopped => "stopped",
            Self::Stuck => "stuck",
            Self::Differs => "differs",
        }
    }
}
