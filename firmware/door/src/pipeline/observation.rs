//! The result of the pipeline for one frame.

use gallery::{Candidate, Name};
use liveness::{RejectReason, Verdict};
use template::CosineScore;
use vision::Flaw;

use super::{assess::FaceAssessment, error::Error};

/// The result of the pipeline for one frame.
pub(crate) struct Observation {
    pub(crate) result: FrameResult,
    /// Faces in the frame.
    pub(crate) faces: u8,
    /// The face that counts.
    pub(crate) face: Option<FaceAssessment>,
    /// The cosine that a match needs; `None` if the frame was not assessed.
    pub(crate) threshold: Option<CosineScore>,
    /// `None` if liveness was not checked.
    pub(crate) liveness: Option<Verdict>,
    /// The person that a face that failed liveness resembles, or who was awaited when its challenge began: a failure of this
    /// person. It opens nothing.
    pub(crate) like: Option<u32>,
}

impl Observation {
    /// Of a frame that is not assessed.
    pub(crate) fn unable(error: Error) -> Self {
        let result = FrameResult::Unable(error);
        Self { result, faces: 0, face: None, threshold: None, liveness: None, like: None }
    }
}

/// What a frame shows.
#[derive(Debug, Clone)]
pub(crate) enum FrameResult {
    /// No face.
    NoFace,
    /// A face that did not pass the quality gate.
    Poor(Flaw),
    /// A face that failed liveness, or has not passed it yet. It was not matched.
    NotLive(RejectReason),
    /// A living face that nobody's template matches, and the best candidate.
    Stranger(Option<Match>),
    /// An enrolled person.
    Known(Match),
    /// A face that was neither tried for liveness nor matched, since nobody typed a PIN before.
    Unclaimed,
    /// The frame cannot be assessed.
    Unable(Error),
}

/// A person and the best cosine to one of their templates.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) person: u32,
    pub(crate) name: Name,
    pub(crate) similarity: CosineScore,
}

impl From<Candidate<'_>> for Match {
    fn from(candidate: Candidate<'_>) -> Self {
        let Candidate { person, similarity } = candidate;
        Self { person: person.id(), name: person.name().clone(), similarity }
    }
}

impl FrameResult {
    /// Whether somebody is refused by this frame alone.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Stranger(_) => true,
            Self::NotLive(reason) => !is_undecided(*reason),
            _ => false,
        }
    }
}

/// Whether liveness needs more frames.
pub(crate) fn is_undecided(reason: RejectReason) -> bool {
    matches!(
        reason,
        RejectReason::TooFewSamples | RejectReason::ChallengeRequested(_) | RejectReason::StraightRequested
    )
}
