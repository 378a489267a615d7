//! Answers on people: enrolled, listed, ruled, renamed and removed.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

/// A picture was enrolled: a line for each.
#[derive(Serialize, JsonSchema)]
pub struct Enrolled {
    /// The person's name.
    pub name: String,
    /// The person's number, which stays the same when the person is renamed.
    pub person: u32,
    /// The photograph. `null` for a frame of the door's camera.
    pub photo: Option<PathBuf>,
    /// Templates that the person has now.
    pub templates: u8,
    /// Faces in the picture; the largest was enrolled.
    pub faces: u8,
    /// What the board spent on it.
    pub instructions: u64,
    /// How the door's threshold is known for the people enrolled now.
    #[schemars(extend("enum" = ["measured", "modelled", "unproven"]))]
    pub basis: String,
    /// Whether the liveness network takes the face for a living one. `null` if liveness is off.
    pub alive: Option<bool>,
}

/// A portrait was painted (`--avatar`): the last line.
#[derive(Serialize, JsonSchema)]
pub struct Portrait {
    /// The person's name.
    pub name: String,
    /// The file of the portrait, on this computer.
    pub portrait: PathBuf,
}

/// The people enrolled, and the threshold.
#[derive(Serialize, JsonSchema)]
pub struct Users {
    /// Everybody.
    pub people: Vec<Person>,
    /// The cosine from which a face is taken for a person's. `null` without an encoder.
    pub threshold: Option<f64>,
    /// At most one in this many strangers is let in.
    pub far_one_in: u32,
    /// How the threshold is known: `measured`, `modelled` or `unproven`. `null` without a threshold.
    #[schemars(extend("enum" = ["measured", "modelled", "unproven", null]))]
    pub basis: Option<String>,
}

/// A person who is enrolled.
#[derive(Serialize, JsonSchema)]
pub struct Person {
    /// Their number, which stays the same when they are renamed.
    pub person: u32,
    /// Their name.
    pub name: String,
    /// Templates, one for each photograph.
    pub templates: u8,
    /// SHA-256 of the encoder that made the templates, in hexadecimal digits.
    pub encoder: String,
    /// Whether the person is suspended. `null` if the board cannot read their rule, and therefore refuses
    /// them, or if two people have the name.
    pub suspended: Option<bool>,
}

/// When a person may pass, and with what.
#[derive(Serialize, JsonSchema)]
pub struct PersonRule {
    /// The person's number.
    pub person: u32,
    /// The person's name.
    pub name: String,
    /// The hours, as `--hours` takes them: `always`, or windows by the clock of the door's zone.
    pub hours: String,
    /// How far that zone is ahead of UTC now.
    #[schemars(extend("unit" = "minutes"))]
    pub utc_offset_minutes: i16,
    /// That zone, as the `TZ` variable of POSIX has it.
    pub zone: String,
    /// Its name, as it was set from this computer. `null` if it was set as an offset, or from another computer.
    pub zone_name: Option<String>,
    /// Whether the person must type a PIN, too.
    pub pin: bool,
    /// Whether there is a duress PIN.
    pub duress_pin: bool,
    /// Whether the person is suspended: refused, whatever the rest says.
    pub suspended: bool,
}

/// A person is suspended or resumed.
#[derive(Serialize, JsonSchema)]
pub struct Suspended {
    /// The person's number.
    pub person: u32,
    /// The person's name.
    pub name: String,
    /// Whether the door refuses the person now.
    pub suspended: bool,
}

/// A person has another name.
#[derive(Serialize, JsonSchema)]
pub struct Renamed {
    /// The new name.
    pub name: String,
    /// The name before.
    pub before: String,
}

/// A person is forgotten.
#[derive(Serialize, JsonSchema)]
pub struct Removed {
    /// The person's name.
    pub name: String,
    /// Templates that were erased.
    pub templates: u8,
}

/// One template of a person is forgotten (`--template`).
#[derive(Serialize, JsonSchema)]
pub struct TemplateRemoved {
    /// The person's name.
    pub name: String,
    /// The template, counted from 1.
    pub template: u8,
}
