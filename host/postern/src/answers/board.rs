//! Answers on a board: its switches and wires, its settings, and what is flashed.

use std::path::PathBuf;

use emulator::LogLine;
use schemars::JsonSchema;
use serde::Serialize;

/// A board is down.
#[derive(Serialize, JsonSchema)]
pub struct Down {
    /// The board's name.
    pub board: String,
    /// Whether it was up before.
    pub was_up: bool,
}

/// A board is deleted.
#[derive(Serialize, JsonSchema)]
pub struct Deleted {
    /// The board's name.
    pub board: String,
    /// Always true.
    pub deleted: bool,
}

/// A button was pressed.
#[derive(Serialize, JsonSchema)]
pub struct Pressed {
    /// The board's name.
    pub board: String,
    /// Which button.
    #[schemars(extend("enum" = ["button", "pairing button"]))]
    pub button: &'static str,
    /// The code of a pairing that the board shows since the press, six digits. Absent if it shows none, and where the button was held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    pub code: Option<String>,
}

/// The door contact or the cover has another position.
#[derive(Serialize, JsonSchema)]
pub struct Switched {
    /// The board's name.
    pub board: String,
    /// Whether it is open.
    pub open: bool,
    /// Whether the board's alarm is on.
    pub alarm: bool,
}

/// The last message on the Wiegand wires.
#[derive(Serialize, JsonSchema)]
pub struct Wires {
    /// Its length; 0 before the first message.
    #[schemars(extend("unit" = "bits"))]
    pub bits: u32,
    /// The number of the site. `null` if the bits are no message.
    pub facility: Option<u16>,
    /// The number of the person let in. `null` if the bits are no message.
    pub number: Option<u16>,
}

/// A line of the log of the board's firmware.
#[derive(Serialize, JsonSchema)]
pub struct Logged {
    /// When it was written, since the board started. `null` for a door on Linux, whose lines have no time, and for a damaged line.
    #[schemars(extend("unit" = "seconds"))]
    pub uptime: Option<f64>,
    /// How serious it is. `null` for a door on Linux, for a damaged line, and for a line without a level.
    #[schemars(extend("enum" = ["trace", "debug", "info", "warn", "error", null]))]
    pub level: Option<&'static str>,
    /// What happened. `null` for a line that a power cut or noise damaged.
    pub text: Option<String>,
    /// The file and line of the source that wrote it. `null` if the firmware does not tell.
    pub source: Option<String>,
}

impl Logged {
    /// A line as programs read it.
    pub fn of(line: &LogLine) -> Self {
        let uptime = line.seconds.as_ref().and_then(|seconds| seconds.parse().ok());
        Self { uptime, level: line.level, text: line.text.clone(), source: line.source.clone() }
    }
}

/// A PIN was typed.
#[derive(Serialize, JsonSchema)]
pub struct Typed {
    /// The board's name.
    pub board: String,
}

/// The settings.
#[derive(Serialize, JsonSchema)]
pub struct Settings {
    /// At most one in this many strangers is let in.
    pub far_one_in: u32,
    /// Whether that holds also where the encoder's calibration table does not prove the rate.
    pub accept_unproven_rate: bool,
    /// Pictures in a row in which a person must be recognised.
    pub agreement_frames: u8,
    /// For how long the door opens.
    pub open_ms: u32,
    /// How liveness is checked.
    #[schemars(extend("enum" = ["off", "passive", "challenge"]))]
    pub liveness: String,
    /// Failures in a row that lock a person out.
    pub failures: u8,
    /// For how long the first lockout lasts; the next ones last longer.
    pub lockout_ms: u32,
    /// For how long a person who came in is not admitted again; 0 to admit them at once.
    pub passback_ms: u32,
    /// For how long the door waits for a PIN.
    pub pin_ms: u32,
    /// How far the door's local time is ahead of UTC now.
    #[schemars(extend("unit" = "minutes"))]
    pub utc_offset_minutes: i16,
    /// The door's zone, as the `TZ` variable of POSIX has it.
    pub zone: String,
    /// Its name, as it was set from this computer. `null` if it was set as an offset, or from another computer.
    pub zone_name: Option<String>,
    /// After how long a door that is held open raises the alarm; 0 for never.
    pub held_ms: u32,
    /// Whether the lock opens without power.
    pub fail_safe: bool,
    /// What goes out on the Wiegand wires: `off`, `26:FACILITY` or `34:FACILITY`.
    pub wiegand: String,
    /// Whether a face is compared with everybody, or with the owner of the PIN that was typed.
    #[schemars(extend("enum" = ["identify", "verify"]))]
    pub matching: String,
}

/// The access controller on the board's bus.
#[derive(Serialize, JsonSchema)]
pub struct Controller {
    /// The address at which the board answers. `null` if OSDP is off.
    pub address: Option<u8>,
    /// Whether there is a secure channel.
    pub secure: bool,
    /// The new key for the controller (SCBK), in hexadecimal digits. `null` if none was made.
    pub key: Option<String>,
}

/// Firmware was installed, and runs.
#[derive(Serialize, JsonSchema)]
pub struct FirmwareFlashed {
    /// The file of the firmware.
    pub firmware: PathBuf,
    /// Its release number.
    pub release: u64,
    /// The release number of the firmware before.
    pub before: u64,
    /// Bytes that went over the line: none to an emulated board, whose flash the host writes.
    #[schemars(extend("unit" = "bytes"))]
    pub sent: u64,
}

/// A model is active: a line for each.
#[derive(Serialize, JsonSchema)]
pub struct ModelFlashed {
    /// Its kind.
    #[schemars(extend("enum" = ["detector", "encoder", "liveness network", "firmware"]))]
    pub kind: String,
    /// Its name.
    pub name: String,
    /// SHA-256 of its image, in hexadecimal digits.
    pub sha256: String,
    /// The size of its image.
    pub bytes: u32,
    /// Bytes that went over the line.
    #[schemars(extend("unit" = "bytes"))]
    pub sent: u64,
    /// Whether the board had this image already.
    pub unchanged: bool,
}

/// Where a browser signs in to the console: a line for each address.
#[derive(Serialize, JsonSchema)]
pub struct ConsoleAddress {
    /// The address. It signs in one browser, once.
    pub address: String,
}
