//! A detected face and its quality.

use serde::{Deserialize, Serialize};

/// A position in an image, in 1/16 pixel from the upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

/// A detected face: its box and five landmarks, in 1/16 pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// Upper left corner of the box.
    pub corner: Point,
    /// Width of the box.
    pub width: i32,
    /// Height of the box.
    pub height: i32,
    /// Right eye, left eye, nose, right and left mouth corner, from the person's point of view.
    pub landmarks: [Point; 5],
    /// Score of the detector, Q15.
    pub score: u16,
    /// The quality measures.
    pub quality: Quality,
    /// The most significant flaw; `None` if the face passes the quality gate.
    pub flaw: Option<Flaw>,
}

/// Quality measures of a face. The vision crate defines them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Distance of the eyes in pixels.
    pub eye_distance: u16,
    /// Part of the box inside the image, in percent.
    pub visible: u8,
    /// Horizontal offset of the nose from the middle, in percent of the eye distance; 0 when frontal.
    pub yaw: i16,
    /// Vertical position of the nose between eyes and mouth, in percent; about 50 when frontal.
    pub pitch: i16,
    /// Sine of the angle of the line through the eyes, in percent, clockwise positive.
    pub roll: i16,
    /// Variance of the Laplacian of the luma; larger is sharper.
    pub sharpness: u32,
    /// Mean luma of the face, 0 to 255.
    pub brightness: u8,
    /// Standard deviation of the luma.
    pub contrast: u8,
}

/// Why a face fails the quality gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flaw {
    /// The score of the detector is low.
    Doubtful,
    /// Too few pixels between the eyes.
    TooSmall,
    /// Partly outside the image.
    CutOff,
    /// The head is turned to a side.
    Turned,
    /// The head looks up or down.
    Tilted,
    /// The head is tilted towards a shoulder.
    Rolled,
    /// Out of focus or blurred by motion.
    Blurred,
    /// Too little light on the face.
    TooDark,
    /// Too much light on the face.
    TooBright,
    /// Fog, glare or backlight.
    LowContrast,
}

impl core::fmt::Display for Flaw {
    /// The flaw, and what the person can do about it.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Flaw::Doubtful => "not clearly visible: uncover the whole face",
            Flaw::TooSmall => "too small: come closer",
            Flaw::CutOff => "partly outside the image: move to the middle",
            Flaw::Turned => "turned to a side: face the camera",
            Flaw::Tilted => "looking up or down: look straight at the camera",
            Flaw::Rolled => "tilted to a side: hold the head upright",
            Flaw::Blurred => "not sharp: hold still, clean or focus the lens",
            Flaw::TooDark => "too dark: add light in front",
            Flaw::TooBright => "too bright: reduce the light in front",
            Flaw::LowContrast => "low in contrast: avoid light from behind",
        })
    }
}
