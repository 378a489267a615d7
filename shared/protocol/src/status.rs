//! The state of a board, and the settings of its door.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{Clock, CosineScore, Hash, Limits, LivenessMode, ModelInfo, OsdpState, Text};

/// The state of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Name of the board, as "an547".
    pub board: Text,
    /// Version of the firmware.
    pub firmware: Text,
    /// Milliseconds since boot, by the board's clock.
    pub uptime_ms: u64,
    /// Instructions since boot.
    pub instructions: u64,
    /// Why it booted.
    pub reset: ResetReason,
    /// What the lock does.
    pub door: Door,
    /// The networks in force, at most one of a kind.
    pub models: Vec<ModelInfo, 4>,
    /// People enrolled.
    pub people: u16,
    /// Their templates.
    pub templates: u16,
    /// Templates of another encoder than the one in force. They are never compared.
    pub foreign_templates: u16,
    /// The encoder that made the gallery; none while it is empty.
    pub gallery_encoder: Option<Hash>,
    /// Bytes of flash free for more templates.
    pub free_bytes: u32,
    /// The similarity needed now to open the door (1:N); none without an encoder.
    pub threshold: Option<CosineScore>,
    /// The settings in force.
    pub settings: Settings,
    /// Sequence number of the last picture taken from the camera; 0 for none.
    pub camera_sequence: u32,
    /// Hosts that are paired; 0 on a board that belongs to nobody yet.
    pub hosts: u8,
    /// What the clock shows.
    pub clock: Clock,
    /// Entries of the audit log that could not be written since boot, and that the log does not tell of yet.
    pub log_lost: u32,
    /// How the board stands with an access controller on the bus; none if it answers nobody there.
    pub osdp: Option<OsdpState>,
}

/// Settings of the door, kept in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The false-accept rate asked for: the door may open to one in so many strangers.
    /// The thresholds follow from it, 1:1 and 1:N.
    pub far_one_in: u32,
    /// Pictures in a row that must show the same person, 1 to 16.
    pub agreement_frames: u8,
    /// How long the lock opens, in milliseconds, 100 to 60,000.
    pub open_ms: u32,
    /// What shows that a face is a living one.
    pub liveness: LivenessMode,
    /// After how many failures the door is shut to everybody, and for how long; and other limits.
    pub limits: Limits,
    /// Whether another controller is told who was let in.
    pub wiegand: Wiegand,
    /// With whom a face is compared.
    pub matching: Matching,
}

/// With whom a face at the door is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Matching {
    /// With everybody (1:N).
    #[default]
    Identify,
    /// With whose code was typed before, and nobody else (1:1).
    Verify,
}

impl core::fmt::Display for Matching {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Matching::Identify => "identify",
            Matching::Verify => "verify",
        })
    }
}

/// What another controller is told of who was let in, over Wiegand's two wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Wiegand {
    /// Nothing.
    #[default]
    Off,
    /// The person's number in a message of 26 bits.
    Bits26 {
        /// The site, as the controller expects it.
        facility: u8,
    },
    /// The person's number in a message of 34 bits.
    Bits34 {
        /// The site, as the controller expects it.
        facility: u16,
    },
}

impl Default for Settings {
    /// One stranger in 10,000, three pictures, three seconds, and no photographs.
    fn default() -> Self {
        Self {
            far_one_in: 10_000,
            agreement_frames: 3,
            open_ms: 3_000,
            liveness: LivenessMode::Passive,
            limits: Limits::default(),
            wiegand: Wiegand::Off,
            matching: Matching::Identify,
        }
    }
}

/// What the lock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Door {
    /// Locked: the state after boot and on every fault.
    Locked,
    /// Open for a while.
    Open {
        /// Milliseconds left.
        left_ms: u32,
    },
}

/// Why a board booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetReason {
    /// Its power came.
    PowerOn,
    /// It was asked to.
    Requested,
    /// It hung, and the watchdog reset it.
    Watchdog,
    /// A fault of the processor or a panic.
    Fault,
    /// It does not know.
    Unknown,
}
