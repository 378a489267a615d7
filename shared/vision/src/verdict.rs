//! Whether a view of a face is good enough, and if not, why: so that a door can say what to do.

use crate::Quality;
use core::fmt;

/// What is wrong with a view of a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u16)]
pub enum Flaw {
    /// The detector is not sure that this is a face.
    Doubtful = 1,
    /// The face is too far away: few pixels between the eyes.
    TooSmall = 1 << 1,
    /// Part of the face is outside the frame.
    CutOff = 1 << 2,
    /// The head is turned to a side.
    Turned = 1 << 3,
    /// The head looks up or down.
    Tilted = 1 << 4,
    /// The head lies on a side.
    Rolled = 1 << 5,
    /// The picture is out of focus or moved.
    Blurred = 1 << 6,
    /// Too little light on the face.
    TooDark = 1 << 7,
    /// Too much light on the face.
    TooBright = 1 << 8,
    /// Fog, glare or backlight: hardly any difference of light in the face.
    LowContrast = 1 << 9,
}

impl Flaw {
    /// All flaws, the most telling first.
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

    /// What the person before the camera can do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Doubtful => "show the whole face, uncovered",
            Self::TooSmall => "come closer",
            Self::CutOff => "move into the middle of the picture",
            Self::Turned => "face the camera",
            Self::Tilted => "look straight at the camera",
            Self::Rolled => "hold the head upright",
            Self::Blurred => "hold still; clean or focus the lens",
            Self::TooDark => "more light on the face",
            Self::TooBright => "less light on the face",
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

/// The flaws of one view; acceptable when there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Verdict(u16);

impl Verdict {
    /// Whether no limit was broken.
    pub fn is_acceptable(self) -> bool {
        self.0 == 0
    }

    /// Whether `flaw` was found.
    pub fn has(self, flaw: Flaw) -> bool {
        self.0 & flaw as u16 != 0
    }

    /// The flaws, the most telling first.
    pub fn flaws(self) -> impl Iterator<Item = Flaw> {
        Flaw::ALL.into_iter().filter(move |&flaw| self.has(flaw))
    }

    /// The flaws as bits, for a message or a record; [`Flaw`]'s discriminants say which is which.
    pub fn bits(self) -> u16 {
        self.0
    }

    /// A verdict from its bits; bits that no flaw has are dropped.
    pub fn from_bits(bits: u16) -> Self {
        let known = Flaw::ALL.into_iter().fold(0, |known, flaw| known | flaw as u16);
        Self(bits & known)
    }
}

/// Bounds on [`Quality`], inclusive; a door's defaults are [`Limits::default`].
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
    /// Least [`Quality::sharpness`].
    pub sharpness: u32,
    /// Least and greatest [`Quality::brightness`].
    pub brightness: (u8, u8),
    /// Least [`Quality::contrast`].
    pub contrast: u8,
}

impl Default for Limits {
    /// Where an encoder still recognizes. Portraits that were blurred, shrunk and relit until the
    /// cosine to the original fell from 0.9 to some 0.7 (SFace) reached these limits; one ordinary
    /// press photograph in a hundred is refused. A box that is cut off to 80 % still holds all
    /// five landmarks and matches at 0.85 (MobileFaceNet), so a quarter may be missing.
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

impl Limits {
    /// Which limits `quality` breaks.
    pub fn judge(&self, quality: &Quality) -> Verdict {
        let found = [
            (quality.score < self.score, Flaw::Doubtful),
            (quality.eye_distance < self.eye_distance, Flaw::TooSmall),
            (quality.visible < self.visible, Flaw::CutOff),
            (quality.yaw.saturating_abs() > self.yaw, Flaw::Turned),
            (quality.pitch < self.pitch.0 || quality.pitch > self.pitch.1, Flaw::Tilted),
            (quality.roll.saturating_abs() > self.roll, Flaw::Rolled),
            (quality.sharpness < self.sharpness, Flaw::Blurred),
            (quality.brightness < self.brightness.0, Flaw::TooDark),
            (quality.brightness > self.brightness.1, Flaw::TooBright),
            (quality.contrast < self.contrast, Flaw::LowContrast),
        ];
        Verdict(found.into_iter().filter(|f| f.0).fold(0, |bits, (_, flaw)| bits | flaw as u16))
    }
}
