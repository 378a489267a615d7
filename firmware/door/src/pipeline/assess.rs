//! From a frame to an assessed face: detection, the quality gate, encoding.
//!
//! The door and the requests of a host use the same functions. So a request on a photo returns what the door would do.

use gallery::Probe;
use template::Template;
use vision::{Face, Faces, Flaw, Frame, Limits, Quality, Thumbnail};

use super::engine::{Aligned, EncoderInfo, Engine, Fault};

/// A face and the quality of its view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaceAssessment {
    /// As the detector found it.
    pub(crate) face: Face,
    pub(crate) quality: Quality,
    /// The worst flaw; `None` if the view is good enough to be encoded.
    pub(crate) flaw: Option<Flaw>,
}

/// An assessed face.
pub(crate) struct Assessed {
    pub(crate) assessment: FaceAssessment,
    /// How far the eyes are open, see [`vision::openness`].
    pub(crate) openness: u16,
    pub(crate) thumbnail: Thumbnail,
    /// The template, if the face passed the quality gate and was encoded.
    pub(crate) template: Option<Template>,
}

/// The quality gate: returns the worst flaw of a view that is too poor to be encoded.
pub(crate) fn quality_gate(quality: &Quality) -> Option<Flaw> {
    Limits::default().judge(quality).flaws().next()
}

/// Finds the faces of a frame, the largest first.
pub(crate) fn find<E: Engine>(engine: &mut E, pair: &E::Pair<'_>, frame: &Frame) -> Result<Faces, Fault> {
    engine.detect(pair, frame).map(largest_first)
}

/// Sorts faces, the largest first.
pub(crate) fn largest_first(found: Faces) -> Faces {
    let mut faces = Faces::new();
    for face in found {
        // The sort of `core` would cost 8 KiB of flash.
        let place = faces.partition_point(|larger| larger.bounds.area() >= face.bounds.area());
        // The list has room for all faces of the detector.
        let _ = faces.insert(place, face);
    }
    faces
}

/// Assesses an aligned face.
pub(crate) fn measure<A: Aligned>(face: &Face, aligned: &mut A) -> FaceAssessment {
    let quality = aligned.quality();
    FaceAssessment { face: *face, quality, flaw: quality_gate(&quality) }
}

/// Assesses a face, and encodes it if it passes the quality gate and `encodes` says so.
pub(crate) fn assess<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    frame: &Frame,
    face: &Face,
    encodes: impl FnOnce(&Thumbnail) -> bool,
) -> Result<Assessed, Fault> {
    let mut aligned = engine.align(pair, frame, face)?;
    let assessment = measure(face, &mut aligned);
    let (openness, thumbnail) = (aligned.openness(), aligned.thumbnail());
    let encoded = assessment.flaw.is_none() && encodes(&thumbnail);
    let template = if encoded { Some(aligned.encode()?) } else { None };
    Ok(Assessed { assessment, openness, thumbnail, template })
}

/// Chooses the face that counts: of `faces`, the largest first, the first that passes the quality gate or that `follows` says
/// is followed, else the first. It is encoded if `encodes` says so.
pub(crate) fn choose<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    frame: &Frame,
    faces: &[Face],
    follows: impl Fn(&Face) -> bool,
    encodes: impl Fn(&Face, &Thumbnail) -> bool,
) -> Result<Option<Assessed>, Fault> {
    let mut chosen = None;
    for face in faces {
        let assessed = assess(engine, pair, frame, face, |thumbnail| encodes(face, thumbnail))?;
        if assessed.assessment.flaw.is_none() || follows(face) {
            return Ok(Some(assessed));
        }
        chosen.get_or_insert(assessed);
    }
    Ok(chosen)
}

/// A template with the hash of its encoder.
pub(crate) fn probe<'t>(template: &'t Template, info: &EncoderInfo) -> Probe<'t> {
    Probe { template, encoder: info.identity }
}
