//! From the types of the door to those of the protocol. This is the one place where frames, faces and verdicts become
//! messages.

use board_api::{CameraState, ResetReason, SecretPlace};
use liveness::{Gesture, RejectReason, Verdict};
use protocol::{Error, Flaw};
use template::CosineScore;
use vision::SUBPIXEL_BITS;

use crate::{
    link::BusState,
    pipeline::{self, FaceAssessment, Match, NetworkKind},
    store::Room,
    text::text,
};

/// A cosine in the 16 bits of the protocol; 1.0 becomes the largest value.
pub(crate) fn similarity(similarity: CosineScore) -> protocol::CosineScore {
    let range = i32::from(protocol::CosineScore::MIN)..=i32::from(protocol::CosineScore::MAX);
    similarity.0.clamp(*range.start(), *range.end()) as protocol::CosineScore
}

/// A name, which has the same length in both.
pub(crate) fn name(name: &gallery::Name) -> protocol::Name {
    protocol::Name::try_from(name.as_str()).unwrap_or_default()
}

/// A person, or an empty name.
pub(crate) fn name_or_empty(name: Option<gallery::Name>) -> protocol::Name {
    name.as_ref().map(self::name).unwrap_or_default()
}

/// A match.
pub(crate) fn candidate(found: &Match) -> protocol::Candidate {
    protocol::Candidate {
        person: found.person,
        name: name(&found.name),
        similarity: similarity(found.similarity),
    }
}

/// A verdict on liveness.
pub(crate) fn liveness(verdict: &Verdict) -> protocol::Liveness {
    let Verdict { score, needed, reject, .. } = *verdict;
    protocol::Liveness { score, needed, reject: reject.map(reject_reason) }
}

/// Why a face failed liveness.
pub(crate) fn reject_reason(reason: RejectReason) -> protocol::RejectReason {
    match reason {
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
    }
}

/// An active model.
pub(crate) fn model(info: &pipeline::ModelInfo) -> protocol::ModelInfo {
    let pipeline::ModelInfo { kind, name, sha256, length } = info.clone();
    protocol::ModelInfo { kind: model_kind(kind), name, sha256, length }
}

/// The kind of a network.
pub(crate) fn model_kind(kind: NetworkKind) -> protocol::ModelKind {
    match kind {
        NetworkKind::Detector => protocol::ModelKind::Detector,
        NetworkKind::Encoder => protocol::ModelKind::Encoder,
        NetworkKind::Liveness => protocol::ModelKind::Liveness,
    }
}

/// How a threshold is known.
pub(crate) fn basis(basis: template::Basis) -> protocol::Basis {
    match basis {
        template::Basis::Measured => protocol::Basis::Measured,
        template::Basis::Modelled => protocol::Basis::Modelled,
        template::Basis::Unproven => protocol::Basis::Unproven,
    }
}

/// The state of the OSDP port.
pub(crate) fn osdp(state: BusState) -> protocol::OsdpState {
    protocol::OsdpState { address: state.address, secure: state.secure }
}

/// Why a frame cannot be assessed.
pub(crate) fn pipeline_error(error: pipeline::Error) -> Error {
    match error {
        pipeline::Error::NoModel(kind) => Error::NoModel { kind: model_kind(kind) },
        pipeline::Error::NoFit => {
            Error::BadModel { reason: text("detector and encoder do not fit together") }
        }
        pipeline::Error::NoCalibration => Error::NoCalibration,
        pipeline::Error::Engine(pipeline::Fault(reason)) => Error::Internal { reason },
        pipeline::Error::Gallery(error) => unreadable(error),
        pipeline::Error::CoverOpen => Error::NotOpened { why: protocol::NotOpened::CoverOpen },
    }
}

/// Why the gallery cannot be read.
pub(crate) fn unreadable(error: gallery::Error) -> Error {
    refusal(error, "", Room { needed: 0, free: 0 })
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

/// What the camera gives.
pub(crate) fn camera_state(state: CameraState) -> protocol::CameraState {
    match state {
        CameraState::Pictures => protocol::CameraState::Pictures,
        CameraState::Dark => protocol::CameraState::Dark,
        CameraState::Nothing { for_ms } => protocol::CameraState::Nothing { for_ms },
    }
}

/// Where the secret is kept.
pub(crate) fn secret_place(place: SecretPlace) -> protocol::SecretPlace {
    match place {
        SecretPlace::Fuses => protocol::SecretPlace::Fuses,
        SecretPlace::Credential => protocol::SecretPlace::Credential,
        SecretPlace::Otp => protocol::SecretPlace::Otp,
        SecretPlace::File => protocol::SecretPlace::File,
    }
}

/// The time that a clock shows.
pub(crate) fn clock(time: audit::Time) -> protocol::Clock {
    protocol::Clock { unix_ms: time.unix_ms, exact: time.exact }
}

/// An assessed face.
pub(crate) fn face(assessment: &FaceAssessment) -> protocol::Face {
    let FaceAssessment { face, quality, flaw: worst } = assessment;
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
        flaw: worst.map(flaw),
    }
}

/// A coordinate from the middle of the first pixel, in 1/1024, as one from the corner of the
/// picture, in 1/16.
fn sixteenths(coordinate: i32) -> i32 {
    coordinate.saturating_add(1 << (SUBPIXEL_BITS - 1)) >> (SUBPIXEL_BITS - 4)
}

/// A flaw of a view.
pub(crate) fn flaw(flaw: vision::Flaw) -> Flaw {
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
        gallery::Error::NoTemplate(templates) => Error::NoTemplate {
            name: protocol::Name::try_from(asked).unwrap_or_default(),
            templates: templates as u8,
        },
        gallery::Error::PersonFull(person) => {
            Error::TooManyTemplates { name: name(&person), limit: gallery::TEMPLATES_PER_PERSON as u8 }
        }
        gallery::Error::Full => Error::GalleryFull { needed: room.needed as u32, free: room.free as u32 },
        gallery::Error::NoRow { needed, free } => {
            Error::GalleryFull { needed: needed as u32, free: free as u32 }
        }
        gallery::Error::Flash => Error::Flash,
        gallery::Error::Tampered => Error::Tampered,
        other => Error::Internal { reason: text(other) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pixels_middle_is_half_a_pixel_from_the_corner() {
        assert_eq!(sixteenths(0), 8);
        assert_eq!(sixteenths(1024), 24);
        assert_eq!(sixteenths(-512), 0);
        assert_eq!(similarity(CosineScore::ONE), i16::MAX);
    }
}
