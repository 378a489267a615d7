//! Answers on faces: what the door saw and did, and what a comparison found. Similarities are cosines, from -1 to 1.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

/// A face was compared, with one person or with everybody: a line for each photograph.
#[derive(Serialize, JsonSchema)]
pub struct Compared {
    /// The photograph.
    pub photo: PathBuf,
    /// Whether the face is that of the person, or of one of the people.
    pub r#match: bool,
    /// The number of the person whose face it is. `null` if there is no match.
    pub person: Option<u32>,
    /// The name of the person whose face it is. `null` if there is no match.
    pub name: Option<String>,
    /// The most similar person, whether the face matches or not. `null` if nobody was compared.
    pub most_similar: Option<String>,
    /// The similarity to that person. `null` if nobody was compared.
    pub similarity: Option<f64>,
    /// The similarity of a match.
    pub threshold: f64,
    /// At most one in this many strangers matches.
    pub far_one_in: u32,
    /// How alive the face looked. `null` if liveness is off.
    pub liveness: Option<Liveness>,
    /// Faces in the photograph; the largest was compared.
    pub faces: u8,
    /// What the board spent on it.
    pub instructions: u64,
}

/// How alive a face looked.
#[derive(Serialize, JsonSchema)]
pub struct Liveness {
    /// Whether it passes for a living face.
    pub live: bool,
    /// The score, from 0 to 1.
    pub score: f64,
    /// The score that is needed.
    pub needed: f64,
    /// The check that it failed. `null` if it passes.
    pub reject_reason: Option<String>,
}

/// The template of a face: a line for each photograph.
#[derive(Serialize, JsonSchema)]
pub struct Embedded {
    /// The photograph.
    pub photo: PathBuf,
    /// SHA-256 of the encoder, in hexadecimal digits.
    pub encoder: String,
    /// The template: 64, 128, 256 or 512 values.
    pub template: Vec<i8>,
    /// Faces in the photograph; the largest was embedded.
    pub faces: u8,
    /// What the board spent on it. `null` on the host, which counts nothing.
    pub instructions: Option<u64>,
}

/// What the door decided on a presentation: a line for each.
#[derive(Serialize, JsonSchema)]
pub struct Shown {
    /// The photograph, or the folder of a sequence.
    pub picture: PathBuf,
    /// Whether the door opened.
    #[schemars(extend("enum" = ["open", "locked"]))]
    pub door: &'static str,
    /// Whether the last picture shows a person who is enrolled.
    pub known: bool,
    /// That person. `null` if the face is not known.
    pub name: Option<String>,
    /// The most similar person, whether known or not. `null` if nobody was compared.
    pub most_similar: Option<String>,
    /// The similarity to that person. `null` if nobody was compared.
    pub similarity: Option<f64>,
    /// The similarity of a match. `null` without an encoder.
    pub threshold: Option<f64>,
    /// How alive the face looked. `null` if it was not assessed.
    pub liveness: Option<Liveness>,
    /// What the door saw in the last picture, in words.
    pub sees: String,
    /// Why the door stayed locked, in one word. `null` if it opened.
    pub reason: Option<&'static str>,
    /// Why the door stayed locked, in a sentence. `null` if it opened.
    pub why: Option<String>,
    /// Faces in the last picture.
    pub faces: u8,
    /// Pictures that were assessed until the decision.
    pub pictures: u32,
    /// What the board spent on the last picture.
    pub instructions: u64,
    /// The file of the annotated picture. `null` without `--save`.
    pub saved: Option<PathBuf>,
}

/// Something happened at the door: a line for each.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The board booted; the door is locked.
    Booted {
        /// Why it booted.
        #[schemars(extend("enum" = ["power-on", "requested", "watchdog", "fault", "unknown"]))]
        reset: &'static str,
        #[serde(flatten)]
        at: At,
    },
    /// A picture was assessed: changes alone without `--pictures`.
    Frame(Box<Frame>),
    /// The door opened.
    Opened {
        /// The number of the person let in. `null` if the button opened the door.
        person: Option<u32>,
        /// The name of the person let in. `null` if the button opened the door.
        name: Option<String>,
        /// The number of the picture in which the person was recognised.
        frame: u32,
        /// For how long the door opens.
        open_ms: u32,
        #[serde(flatten)]
        at: At,
    },
    /// A signed command opened the door.
    OpenedByCommand {
        /// For how long the door opens.
        open_ms: u32,
        #[serde(flatten)]
        at: At,
    },
    /// The door is locked again.
    Locked {
        #[serde(flatten)]
        at: At,
    },
    /// A computer was paired with the board.
    Paired {
        /// What it may do.
        #[schemars(extend("enum" = ["auditor", "operator", "installer"]))]
        role: String,
        /// Its name.
        label: String,
        #[serde(flatten)]
        at: At,
    },
    /// An alarm began or ended.
    Alarm {
        /// Which alarm.
        #[schemars(extend("enum" = ["forced", "held", "cover"]))]
        alarm: &'static str,
        /// Whether it ended.
        over: bool,
        #[serde(flatten)]
        at: At,
    },
    /// Somebody was refused.
    Denied {
        /// The number of the person. `null` for faces or PINs that are nobody's.
        person: Option<u32>,
        /// The name of the person. `null` for faces or PINs that are nobody's.
        name: Option<String>,
        /// Why, in one word.
        reason: &'static str,
        /// For how long a lockout lasts. `null` for another reason.
        left_ms: Option<u32>,
        #[serde(flatten)]
        at: At,
    },
    /// The door waits for the face of the person who typed a PIN.
    FaceRequested {
        #[serde(flatten)]
        who: Who,
        #[serde(flatten)]
        at: At,
    },
    /// The door waits for the PIN of the person who was recognised.
    PinRequested {
        #[serde(flatten)]
        who: Who,
        #[serde(flatten)]
        at: At,
    },
    /// A person typed their duress PIN: the door opened, and somebody forces them.
    Duress {
        #[serde(flatten)]
        who: Who,
        #[serde(flatten)]
        at: At,
    },
}

/// A picture was assessed.
#[derive(Serialize, JsonSchema)]
pub struct Frame {
    /// What it shows.
    #[schemars(extend("enum" = [
        "no-face", "poor", "stranger", "known", "challenge", "not-live", "unclaimed", "unable"
    ]))]
    pub result: &'static str,
    /// The person who was recognised. `null` if `result` is not `known`.
    pub name: Option<String>,
    /// The number of that person. `null` if `result` is not `known`.
    pub person: Option<u32>,
    /// The most similar person, whether known or not. `null` if nobody was compared.
    pub most_similar: Option<String>,
    /// The similarity to that person. `null` if nobody was compared.
    pub similarity: Option<f64>,
    /// The similarity of a match. `null` without an encoder.
    pub threshold: Option<f64>,
    /// How alive the face looked. `null` if it was not assessed.
    pub liveness: Option<Liveness>,
    /// The gesture that the door asks for. `null` if `result` is not `challenge`.
    pub challenge: Option<String>,
    /// Faces in the picture.
    pub faces: u8,
    /// Pictures in a row in which the person was recognised.
    pub agreement: u8,
    /// The number of the picture.
    pub frame: u32,
    /// What the board spent on it.
    pub instructions: u64,
    #[serde(flatten)]
    pub at: At,
}

/// A person.
#[derive(Serialize, JsonSchema)]
pub struct Who {
    /// The person's number.
    pub person: u32,
    /// The person's name.
    pub name: String,
}

/// When an event happened, and why the door stayed locked.
#[derive(Serialize, JsonSchema)]
pub struct At {
    /// Why the door stayed locked, in a sentence. Absent if nobody is refused or asked for something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    pub why: Option<String>,
    /// The number of the event since the board booted.
    pub sequence: u32,
    /// When it happened, by the board's clock since it booted.
    pub uptime_ms: u64,
}
