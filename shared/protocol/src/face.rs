//! A face in a picture.

use serde::{Deserialize, Serialize};

/// A place in a picture, in sixteenths of a pixel from its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

/// A face found: its box and five landmarks, in sixteenths of a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// Upper left corner of the box.
    pub corner: Point,
    /// Width of the box.
    pub width: i32,
    /// Height of the box.
    pub height: i32,
    /// Right eye, left eye, nose, right and left mouth corner, of the person.
    pub landmarks: [Point; 5],
    /// The detector's score, Q15.
    pub score: u16,
    /// How good the view of it is.
    pub quality: Quality,
    /// What makes the view too poor to compare, the most telling first; none if it is good.
    pub flaw: Option<Flaw>,
}

/// How well a face shows in a picture. Percentages are measured as the vision crate says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Distance of the eyes in pixels.
    pub eye_distance: u16,
    /// Part of the box inside the picture, in percent.
    pub visible: u8,
    /// How far the nose is beside the middle, in percent of the eye distance; 0 when frontal.
    pub yaw: i16,
    /// How far the nose is down the way from eyes to mouth, in percent; about 50 when frontal.
    pub pitch: i16,
    /// Sine of the angle of the eyes' line, in percent, clockwise positive.
    pub roll: i16,
    /// Variance of the Laplacian of the face's luma; larger is sharper.
    pub sharpness: u32,
    /// Mean luma of the face, 0 to 255.
    pub brightness: u8,
    /// Standard deviation of that luma.
    pub contrast: u8,
}

/// Why a view of a face is too poor to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flaw {
    /// The detector is not sure that this is a face.
    Doubtful,
    /// Few pixels between the eyes.
    TooSmall,
    /// Partly out of the picture.
    CutOff,
    /// The head is turned to a side.
    Turned,
    /// The head looks up or down.
    Tilted,
    /// The head lies on a side.
    Rolled,
    /// Out of focus or moved.
    Blurred,
    /// Too little light on the face.
    TooDark,
    /// Too much light on the face.
    TooBright,
    /// Fog, glare or backlight.
    LowContrast,
}

impl core::fmt::Display for Flaw {
    /// What is wrong, and what the person can do about it.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Flaw::Doubtful => "hard to tell from something else: show all of it, uncovered",
            Flaw::TooSmall => "too small: come closer",
            Flaw::CutOff => "partly out of the picture: move to its middle",
            Flaw::Turned => "turned to a side: face the camera",
            Flaw::Tilted => "looking up or down: look straight at the camera",
            Flaw::Rolled => "lying on a side: hold the head upright",
            Flaw::Blurred => "not sharp: hold still, clean or focus the lens",
            Flaw::TooDark => "too dark: more light on it",
            Flaw::TooBright => "too bright: less light on it",
            Flaw::LowContrast => "pale: avoid light from behind",
        })
    }
}
