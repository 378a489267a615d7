//! The quality gate: is a face good enough to be encoded, and if not, which flaws does it have?

use crate::Quality;
use core::fmt;

/// A quality flaw of a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u16)]
pub enum Flaw {
    /// The score of the detector is low.
    Doubtful = 1,
    /// The face is too far away: too few pixels between the eyes.
    TooSmall = 1 << 1,
    /// Part of the face is outside the frame.
    CutOff = 1 << 2,
    /// The head is turned to a side.
    Turned = 1 << 3,
    /// The head looks up or down.
    Tilted = 1 << 4,
    /// The head is tilted towards a shoulder.
    Rolled = 1 << 5,
    /// Out of focus or blurred by motion.
    Blurred = 1 << 6,
    /// Too little light on the face.
    TooDark = 1 << 7,
    /// Too much light on the face.
    TooBright = 1 << 8,
    /// Fog, glare or backlight: too little contrast in the face.
    LowContrast = 1 << 9,
}

impl Flaw {
    /// All flaws, the most significant first.
    pub const ALL: [Self; 10] = [
        Self::Doubtful,
        Self::TooSmall,
        Self::CutOff,
        Self::Turned,
        Self::Tilted,
        Self::Rolled,
        Self::TooDark,
        Self::TooBright,
        Self::LowContrast,
        Self::Blurred,
    ];

    /// Advice to the person in front of the camera.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Doubtful => "show the whole face, uncovered",
            Self::TooSmall => "come closer",
            Self::CutOff => "move to the middle of the image",
            Self::Turned => "face the camera",
            Self::Tilted => "look straight at the camera",
            Self::Rolled => "hold the head upright",
            Self::Blurred => "hold still; clean or focus the lens",
            Self::TooDark => "add light in front of the face",
            Self::TooBright => "reduce the light on the face",
            Self::LowContrast => "avoid light from behind",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Doubtful => "doubtful face",
            Self::TooSmall => "face too small",
            Self::CutOff => "face cut off",
            Self::Turned => "head turned",
            Self::Tilted => "head tilted",
            Self::Rolled => "head rolled",
            Self::Blurred => "blurred",
            Self::TooDark => "too dark",
            Self::TooBright => "too bright",
            Self::LowContrast => "low contrast",
        })
    }
}

/// The set of flaws of a face; the face is acceptable if it is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Verdict(u16);

impl Verdict {
    /// Whether there are no flaws.
    pub fn is_acceptable(self) -> bool {
        self.0 == 0
    }

    /// Whether `flaw` was found.
    pub fn has(self, flaw: Flaw) -> bool {
        self.0 & flaw as u16 != 0
    }

    /// The flaws, the most significant first.
    pub fn flaws(self) -> impl Iterator<Item = Flaw> {
        Flaw::ALL.into_iter().filter(move |&flaw| self.has(flaw))
    }

    /// The flaws as a bit set of [`Flaw`] discriminants, for messages and records.
    pub fn bits(self) -> u16 {
        self.0
    }

    /// A verdict from a bit set; unknown bits are dropped.
    pub fn from_bits(bits: u16) -> Self {
        let known = Flaw::ALL.into_iter().fold(0, |known, flaw| known | flaw as u16);
        Self(bits & known)
    }
}

/// Inclusive bounds on [`Quality`]; [`Limits::default`] has the defaults of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Least detector score, Q15.
    pub score: u16,
    /// Least distance between the eyes, in frame pixels.
    pub eye_distance: u16,
    /// Least part of the face inside the frame, in percent.
    pub visible: u8,
    /// Greatest magnitude of [`Quality::yaw`].
    pub yaw: i16,
    /// Least and greatest [`Quality::pitch`].
    pub pitch: (i16, i16),
    /// Greatest magnitude of [`Quality::roll`].
    pub roll: i16,
    /// Least [`Quality::sharpness`] of a face with a brightness of [`FULL_BRIGHTNESS`] or more; see [`Limits::least_sharpness`].
    pub sharpness: u32,
    /// Least and greatest [`Quality::brightness`].
    pub brightness: (u8, u8),
    /// Least [`Quality::contrast`].
    pub contrast: u8,
}

impl Default for Limits {
    /// Limits up to which an encoder still recognizes a face. Portraits that were blurred, shrunk and relit
    /// until the cosine to the original fell from 0.9 to about 0.7 (SFace) reached these limits. They reject
    /// one ordinary press photograph in a hundred. A box that is cut off to 80 % still contains all five
    /// landmarks and matches at 0.85 (MobileFaceNet), so a quarter may be missing.
    fn default() -> Self {
        Self {
            score: 22_938, // 0.7
            eye_distance: 12,
            visible: 75,
            yaw: 35,
            pitch: (25, 75),
            roll: 50,
            sharpness: 15,
            brightness: (30, 225),
            contrast: 8,
        }
    }
}

/// Brightness of a face in good light.
pub const FULL_BRIGHTNESS: u8 = 100;

/// No face is sharp below this: what is left is rounding.
const LEAST_SHARPNESS: u32 = 2;

impl Limits {
    /// Least [`Quality::sharpness`] of a face with this [`Quality::brightness`]. The variance of the Laplacian falls with the square
    /// of the light, so in little light a sharp face has a low one.
    pub fn least_sharpness(&self, brightness: u8) -> u32 {
        let squared = |brightness: u8| u32::from(brightness).pow(2);
        let least = u64::from(self.sharpness) * u64::from(squared(brightness.min(FULL_BRIGHTNESS)));
        ((least / u64::from(squared(FULL_BRIGHTNESS))) as u32).max(LEAST_SHARPNESS.min(self.sharpness))
    }

    /// The flaws of a face with this `quality`.
    pub fn judge(&self, quality: &Quality) -> Verdict {
        let found = [
            (quality.score < self.score, Flaw::Doubtful),
            (quality.eye_distance < self.eye_distance, Flaw::TooSmall),
            (quality.visible < self.visible, Flaw::CutOff),
            (quality.yaw.saturating_abs() > self.yaw, Flaw::Turned),
            (quality.pitch < self.pitch.0 || quality.pitch > self.pitch.1, Flaw::Tilted),
            (quality.roll.saturating_abs() > self.roll, Flaw::Rolled),
            (quality.sharpness < self.least_sharpness(quality.brightness), Flaw::Blurred),
            (quality.brightness < self.brightness.0, Flaw::TooDark),
            (quality.brightness > self.brightness.1, Flaw::TooBright),
            (quality.contrast < self.contrast, Flaw::LowContrast),
        ];
        Verdict(found.into_iter().filter(|f| f.0).fold(0, |bits, (_, flaw)| bits | flaw as u16))
    }
}
