//! Models and firmware that go to a board, and how far they are.

use client::protocol::{Firmware, ModelKind, Status};

/// What a computer could flash.
#[derive(Clone, Debug)]
pub struct Flashable {
    /// What the board has now.
    pub status: Status,
    /// Its firmware; `None` for a board without a boot loader.
    pub running: Option<Firmware>,
    /// The models that this computer has, by kind and name.
    pub models: Vec<(ModelKind, String)>,
    /// For each kind the model that was active before, if the log of the board knows one.
    pub before: Vec<Before>,
    /// The names of the models that `postern flash models` installs.
    pub usual: [(ModelKind, &'static str); 3],
    /// The file of the firmware, or why there is none for this board.
    pub firmware: Result<String, String>,
}

/// The model of a kind that was active before the one that is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// Its kind.
    pub kind: ModelKind,
    /// Its name; `None` if this computer does not have its image.
    pub name: Option<String>,
    /// The first digits of its hash.
    pub hash: String,
}

/// What is flashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flash {
    /// Models, by kind and name.
    Models(Vec<(ModelKind, String)>),
    /// The firmware that this computer has for the board.
    Firmware {
        /// Whether the board may fall back to an older release later.
        fallback: bool,
    },
}

/// How far a flashing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flashing {
    /// A line for each image, in the order in which they go.
    pub lines: Vec<FlashLine>,
    /// How it ended; `None` while it goes on.
    pub end: Option<Ended>,
}

/// How a flashing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All is active. There may be something to say.
    Done(Option<String>),
    /// What was not reached is as it was before.
    Failed(String),
}

/// How far an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlashLine {
    /// Its kind.
    pub kind: ModelKind,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub progress: FlashProgress,
}

/// How far an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashProgress {
    /// It is not its turn, or it is being checked.
    Waiting,
    /// It goes over the line.
    Sending {
        /// Bytes that the board has.
        done: u64,
        /// Bytes of the image.
        all: u64,
    },
    /// The board tries this release of the firmware.
    Trying(u64),
    /// It is active.
    Active,
    /// It was skipped: the board had it.
    Skipped,
}
