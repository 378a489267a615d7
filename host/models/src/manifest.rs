//! The manifest of a model: `models/NAME/manifest.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::package::Source;

/// A manifest, as far as programs read it. People also find licence, training and measured figures there.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// Name of the folder and of the image, see [`plain_name`](crate::plain_name).
    #[serde(deserialize_with = "crate::plain_name::deserialize")]
    pub name: String,
    /// What the network is for.
    pub kind: Kind,
    /// Where the network is published; `None` if it was trained here and only its image is published.
    pub source: Option<Source>,
    /// The preprocessing of its input. A painter's manifest has none: its pixels are used as they are.
    #[serde(default)]
    pub input: Input,
    /// Thresholds for false-match rates; an encoder's, once measured.
    pub calibration: Option<Calibration>,
    /// The nodes of the file by the names that the literature gives the layers; a feature network's.
    #[serde(default)]
    pub layers: BTreeMap<String, String>,
}

/// What a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Finds faces.
    Detector,
    /// Turns an aligned face into an embedding.
    Encoder,
    /// Distinguishes a face from a picture of a face.
    Liveness,
    /// Gives the features of style transfer.
    Features,
    /// Paints in the style of a picture.
    Painter,
}

/// What a network is fetched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be compiled for a board.
    Door,
    /// To paint with, on the host only.
    Style,
}

/// The input of a network: `(pixel - mean) * scale`, in the order `channels`.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Width in pixels; 0 if the network takes any size.
    #[serde(default)]
    pub width: usize,
    /// Height in pixels; 0 if the network takes any size.
    #[serde(default)]
    pub height: usize,
    /// Order of the channels.
    pub channels: Channels,
    /// Subtracted first, by channel.
    pub mean: [f32; 3],
    /// Multiplied then.
    pub scale: f32,
}

/// Order of the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// The table that `postern calibrate` measured.
#[derive(Clone, Debug, Deserialize)]
pub struct Calibration {
    /// Rising in both.
    pub points: Vec<CalibrationPoint>,
    /// The group of strangers who pass for each other most often, once measured.
    pub worst_group: Option<WorstGroup>,
    /// How often pictures of one person do not match, by threshold, once measured.
    pub misses: Option<Misses>,
}

/// How often pictures of one person do not match.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Misses {
    /// The pictures that it was measured on.
    pub of: String,
    /// By threshold, rising in both.
    pub points: Vec<Miss>,
}

/// The share of comparisons of one person below a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Miss {
    /// Cosine score in Q15.
    pub threshold: i32,
    /// The share, 0 to 1.
    pub share: f64,
}

/// A group of strangers who are alike.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct WorstGroup {
    /// Its name.
    pub group: String,
    /// Measured at the threshold for one false match in so many comparisons of all strangers.
    pub one_in: u32,
    /// How many times the rate of all strangers the rate among them is.
    pub times: f64,
}

/// A threshold of an encoder.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct CalibrationPoint {
    /// One false match in this number of comparisons of different people.
    pub one_in: u32,
    /// Cosine score in Q15: the upper end of the 95 % band.
    pub threshold: i32,
    /// The estimate within the band, in Q15.
    pub estimate: i32,
    /// How the threshold is known.
    pub basis: Basis,
}

/// How a threshold is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// At least ten false matches were counted.
    Measured,
    /// The tail of the scores was fitted and continued.
    Modelled,
    /// Nothing bears it out.
    Unproven,
}

impl Basis {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Modelled => "modelled",
            Self::Unproven => "unproven",
        }
    }
}

impl Default for Input {
    fn default() -> Self {
        Self { width: 0, height: 0, channels: Channels::Rgb, mean: [0.0; 3], scale: 1.0 }
    }
}

impl Kind {
    /// What a network of this kind is fetched for.
    pub fn purpose(self) -> Purpose {
        match self {
            Self::Detector | Self::Encoder | Self::Liveness => Purpose::Door,
            Self::Features | Self::Painter => Purpose::Style,
        }
    }
}
