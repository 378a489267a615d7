//! The state of a board and the settings of its door.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{Clock, CosineScore, Hash, Limits, LivenessMode, ModelInfo, ModelKind, OsdpState, Text};

/// The state of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Name of the board, such as "an547".
    pub board: Text,
    /// Version of the firmware.
    pub firmware: Text,
    /// Milliseconds since boot.
    pub uptime_ms: u64,
    /// Instructions since boot.
    pub instructions: u64,
    /// Reason of the last reset.
    pub reset: ResetReason,
    /// State of the lock.
    pub door: Door,
    /// The active models, at most one of a kind.
    pub models: Vec<ModelInfo, 4>,
    /// Number of enrolled people.
    pub people: u16,
    /// Number of their templates.
    pub templates: u16,
    /// Number of templates of an encoder other than the active one. They are never matched.
    pub foreign_templates: u16,
    /// The encoder that made the gallery; `None` if the gallery is empty.
    pub gallery_encoder: Option<Hash>,
    /// Bytes of flash free for more templates.
    pub free_bytes: u32,
    /// The current threshold to open the door (1:N); `None` without an encoder.
    pub threshold: Option<CosineScore>,
    /// How this threshold is known; `None` without an encoder.
    pub basis: Option<Basis>,
    /// The active settings; the defaults where they are lost.
    pub settings: Settings,
    /// Whether the settings are lost. Nobody is admitted then, until an installer sets all of them.
    pub settings_lost: bool,
    /// Sequence number of the last frame taken from the camera; 0 for none.
    pub camera_sequence: u32,
    /// Number of paired hosts, and of records of hosts that were lost; 0 on a new board.
    pub hosts: u8,
    /// The clock.
    pub clock: Clock,
    /// Number of audit log entries that could not be written since boot and are not yet reported in the log.
    pub log_lost: u32,
    /// State of the OSDP bus; `None` if it is disabled.
    pub osdp: Option<OsdpState>,
    /// Whether this is development firmware, whose log port tells names, scores and pairing codes.
    pub development: bool,
    /// Value of the monotonic counter; `None` if the board has none. Then it cannot know that its flash is an older copy.
    pub counter: Option<u32>,
    /// Whether the door stands open, by its contact. What it says of the lock is `door`.
    pub contact_open: bool,
    /// Whether the cover of the board is open.
    pub cover_open: bool,
    /// Whether an alarm is active: cover open, door forced open or held open.
    pub alarm: bool,
    /// The networks that an NPU runs; the processor runs the others, with the same bytes as result.
    pub npu: Vec<ModelKind, 4>,
    /// Where the board's secret is kept.
    pub secret: SecretPlace,
    /// What the camera gives.
    pub camera: CameraState,
    /// Volumes of the gallery whose people are gone from the flash. Nobody is enrolled there until an installer gives them up, by
    /// setting all settings, or the flash comes back.
    pub volumes_gone: u8,
}

/// What a board's camera gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CameraState {
    /// Pictures. A board that cannot tell says this, too.
    Pictures,
    /// Pictures, and all of them are dark.
    Dark,
    /// No picture that can be used.
    Nothing {
        /// For so many milliseconds.
        for_ms: u32,
    },
}

/// Where a board's secret is kept: who can read it. Without it, a copy of the flash is worthless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretPlace {
    /// In fuses, which only the boot loader reads.
    Fuses,
    /// In a credential that systemd decrypts when it starts the door, by a TPM where there is one.
    Credential,
    /// Derived from the one-time programmable memory of a Raspberry Pi, which root can read.
    Otp,
    /// In a file, which is on the same disk as the flash unless it was put elsewhere.
    File,
}

impl core::fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Fuses => "fuses",
            Self::Credential => "credential",
            Self::Otp => "otp",
            Self::File => "file",
        })
    }
}

/// Settings of the door, stored in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The target false-accept rate: the door may open to one in this many strangers. The thresholds for 1:1
    /// and 1:N follow from it.
    pub far_one_in: u32,
    /// Consecutive frames that must show the same person, 1 to 16.
    pub agreement_frames: u8,
    /// Opening time of the lock in milliseconds, 100 to 60,000.
    pub open_ms: u32,
    /// The liveness checks.
    pub liveness: LivenessMode,
    /// Limits of the access policy.
    pub limits: Limits,
    /// The Wiegand output.
    pub wiegand: Wiegand,
    /// The matching mode.
    pub matching: Matching,
    /// The installer's word that people are enrolled although the encoder's calibration table does not bear out the
    /// false-accept rate for so many templates, see [`Basis::Unproven`].
    pub accept_unproven: bool,
}

/// How a threshold is known: what bears out that the false-accept rate is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// The encoder's calibration table: enough false matches were counted.
    Measured,
    /// The same table: the tail of the scores of different people was fitted and continued.
    Modelled,
    /// Nothing.
    Unproven,
}

impl core::fmt::Display for Basis {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Basis::Measured => "measured",
            Basis::Modelled => "modelled",
            Basis::Unproven => "unproven",
        })
    }
}

/// How a face at the door is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Matching {
    /// Identification: with all enrolled people (1:N).
    #[default]
    Identify,
    /// Verification: only with the person whose PIN was typed before (1:1).
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

/// The Wiegand output, which sends the ID of a person who enters to an access controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Wiegand {
    /// Disabled.
    #[default]
    Off,
    /// 26-bit format.
    Bits26 {
        /// The facility code.
        facility: u8,
    },
    /// 34-bit format.
    Bits34 {
        /// The facility code.
        facility: u16,
    },
}

impl Default for Settings {
    /// One stranger in 10,000, three frames, three seconds, passive liveness, no Wiegand, 1:N.
    fn default() -> Self {
        Self {
            far_one_in: 10_000,
            agreement_frames: 3,
            open_ms: 3_000,
            liveness: LivenessMode::Passive,
            limits: Limits::default(),
            wiegand: Wiegand::Off,
            matching: Matching::Identify,
            accept_unproven: false,
        }
    }
}

/// State of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Door {
    /// Locked: the state after boot and on every fault.
    Locked,
    /// Open for a limited time.
    Open {
        /// Milliseconds until it locks.
        left_ms: u32,
    },
}

/// Reason of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetReason {
    /// Power-on.
    PowerOn,
    /// A request of the host.
    Requested,
    /// The watchdog.
    Watchdog,
    /// A processor fault or a panic.
    Fault,
    /// The board does not know.
    Unknown,
}
