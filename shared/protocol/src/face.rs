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
    pub score: i16,
    /// How good the picture of it is.
    pub quality: Quality,
}

/// How well a face shows in a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Distance of the eyes in pixels.
    pub eye_distance: u16,
    /// Sharpness; larger is sharper.
    pub sharpness: u16,
    /// How straight it looks into the camera, Q15, from the landmarks.
    pub frontality: i16,
    /// Mean luminance of the face, 0 to 255.
    pub brightness: u8,
    /// What makes it too poor to compare; none if it is good enough.
    pub flaw: Option<Flaw>,
}

/// Why a face is too poor to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Flaw {
    /// Too few pixels between the eyes.
    TooSmall,
    /// Not sharp.
    Blurred,
    /// Turned away from the camera.
    Turned,
    /// Partly out of the picture.
    Cut,
    /// Too dark.
    Dark,
    /// Too bright.
    Bright,
}

impl core::fmt::Display for Flaw {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Flaw::TooSmall => "too small; come closer",
            Flaw::Blurred => "not sharp",
            Flaw::Turned => "turned away; look into the camera",
            Flaw::Cut => "partly out of the picture",
            Flaw::Dark => "too dark",
            Flaw::Bright => "too bright",
        })
    }
}
