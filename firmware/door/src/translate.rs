//! From the types of gallery and vision to those of the protocol.

use core::fmt::{self, Write as _};

use board_api::ResetReason;
use gallery::Candidate;
use liveness::{Gesture, RejectReason, Verdict};
use protocol::{Error, Flaw, Text};
use template::CosineScore;
use vision::{Limits, Quality, SUBPIXEL_BITS};

/// What a thing says, as much of it as fits.
pub(crate) fn text(what: impl fmt::Display) -> Text {
    struct Cut(Text);
    impl fmt::Write for Cut {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            part.chars().try_for_each(|c| self.0.push(c)).map_err(|_| fmt::Error)
        }
    }
    let mut cut = Cut(Text::new());
    // An error is the end of the room, and what fitted stays.
    let _ = write!(cut, "{what}");
    cut.0
}

/// A similarity in the protocol's 16 bits, in which 1.0 is one too large.
pub(crate) fn similarity(similarity: CosineScore) -> protocol::CosineScore {
    let range = i32::from(protocol::CosineScore::MIN)..=i32::from(protocol::CosineScore::MAX);
    similarity.0.clamp(*range.start(), *range.end()) as protocol::CosineScore
}

/// A name, which has the same length in both.
pub(crate) fn name(name: &gallery::Name) -> protocol::Name {
    protocol::Name::try_from(name.as_str()).unwrap_or_default()
}

/// A candidate.
pub(crate) fn candidate(found: Candidate<'_>) -> protocol::Candidate {
    protocol::Candidate {
        person: found.person.id(),
        name: name(found.person.name()),
        similarity: similarity(found.similarity),
    }
}

/// A verdict on the looks at a face.
pub(crate) fn liveness(verdict: &Verdict) -> protocol::Liveness {
    let reject = verdict.reject.map(|reject| match reject {
        RejectReason::Flat => protocol::RejectReason::Flat,
        RejectReason::Still => protocol::RejectReason::Still,
        RejectReason::Repeats => protocol::RejectReason::Repeats,
        RejectReason::TooFewSamples => protocol::RejectReason::TooFewSamples,
        RejectReason::Sequence => protocol::RejectReason::Sequence,
        RejectReason::StraightRequested => {
            protocol::RejectReason::ChallengeRequested(protocol::Gesture::Straight)
        }
        RejectReason::ChallengeRequested(gesture) => {
            protocol::RejectReason::ChallengeRequested(match gesture {
                Gesture::Left => protocol::Gesture::Left,
                Gesture::Right => protocol::Gesture::Right,
                Gesture::Up => protocol::Gesture::Up,
                Gesture::Down => protocol::Gesture::Down,
                Gesture::Blink => protocol::Gesture::Blink,
            })
        }
        RejectReason::ChallengeFailed => protocol::RejectReason::ChallengeFailed,
        RejectReason::Score => protocol::RejectReason::Score,
    });
    protocol::Liveness { score: verdict.score, needed: verdict.needed, reject }
}

/// Why the board started.
pub(crate) fn reset_reason(system: &impl board_api::System) -> protocol::ResetReason {
    match system.reset_reason() {
        ResetReason::PowerOn => protocol::ResetReason::PowerOn,
        ResetReason::Requested => protocol::ResetReason::Requested,
        ResetReason::Watchdog => protocol::ResetReason::Watchdog,
        ResetReason::Fault => protocol::ResetReason::Fault,
        ResetReason::Unknown => protocol::ResetReason::Unknown,
    }
}

/// The time that a clock shows.
pub(crate) fn clock(time: audit::Time) -> protocol::Clock {
    protocol::Clock { unix_ms: time.unix_ms, exact: time.exact }
}

/// A face with its measures.
pub(crate) fn face(face: &vision::Face, quality: &Quality) -> protocol::Face {
    protocol::Face {
        corner: protocol::Point { x: sixteenths(face.bounds.x), y: sixteenths(face.bounds.y) },
        width: face.bounds.width >> (SUBPIXEL_BITS - 4),
        height: face.bounds.height >> (SUBPIXEL_BITS - 4),
        landmarks: face
            .landmarks
            .map(|point| protocol::Point { x: sixteenths(point.x), y: sixteenths(point.y) }),
        score: face.score,
        quality: protocol::Quality {
            eye_distance: quality.eye_distance,
            visible: quality.visible,
            yaw: quality.yaw,
            pitch: quality.pitch,
            roll: quality.roll,
            sharpness: quality.sharpness,
            brightness: quality.brightness,
            contrast: quality.contrast,
        },
        flaw: Limits::default().judge(quality).flaws().next().map(flaw),
    }
}

/// A coordinate from the middle of the first pixel, in 1/1024, as one from the corner of the
/// picture, in 1/16.
fn sixteenths(coordinate: i32) -> i32 {
    coordinate.saturating_add(1 << (SUBPIXEL_BITS - 1)) >> (SUBPIXEL_BITS - 4)
}

fn flaw(flaw: vision::Flaw) -> Flaw {
    match flaw {
        vision::Flaw::TooSmall => Flaw::TooSmall,
        vision::Flaw::CutOff => Flaw::CutOff,
        vision::Flaw::Turned => Flaw::Turned,
        vision::Flaw::Tilted => Flaw::Tilted,
        vision::Flaw::Rolled => Flaw::Rolled,
        vision::Flaw::Blurred => Flaw::Blurred,
        vision::Flaw::TooDark => Flaw::TooDark,
        vision::Flaw::TooBright => Flaw::TooBright,
        vision::Flaw::LowContrast => Flaw::LowContrast,
        _ => Flaw::Doubtful,
    }
}

/// Bytes of flash: for an enrolment, and free.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) needed: usize,
    pub(crate) free: usize,
}

/// A refusal of the gallery; `asked` is the name that the request gave.
pub(crate) fn refusal(error: gallery::Error, asked: &str, room: Room) -> Error {
    match error {
        gallery::Error::Name => Error::BadName,
        gallery::Error::DuplicateName(existing) => Error::DuplicateName { name: name(&existing) },
        gallery::Error::DuplicateFace { name: existing, similarity: found } => {
            Error::DuplicateFace { name: name(&existing), similarity: similarity(found) }
        }
        gallery::Error::OtherEncoder { stored, running } => {
            Error::ForeignGallery { gallery: stored.0, active: running.0 }
        }
        gallery::Error::NotFound => {
            Error::UnknownPerson { name: protocol::Name::try_from(asked).unwrap_or_default() }
        }
        gallery::Error::PersonFull(person) => {
            Error::TooManyTemplates { name: name(&person), limit: gallery::TEMPLATES_PER_PERSON as u8 }
        }
        gallery::Error::Full => Error::GalleryFull { needed: room.needed as u32, free: room.free as u32 },
        gallery::Error::Flash => Error::Flash,
        gallery::Error::Tampered => Error::Tampered,
        other => Error::Internal { reason: text(other) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_characters() {
        assert_eq!(text("é".repeat(30)).as_str(), "é".repeat(24));
        assert_eq!(text(7).as_str(), "7");
    }

    #[test]
    fn the_first_pixels_middle_is_half_a_pixel_from_the_corner() {
        assert_eq!(sixteenths(0), 8);
        assert_eq!(sixteenths(1024), 24);
        assert_eq!(sixteenths(-512), 0);
        assert_eq!(similarity(CosineScore::ONE), i16::MAX);
    }
}
