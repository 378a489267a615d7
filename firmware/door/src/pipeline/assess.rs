//! From a frame to an assessed face: detection, the quality gate, encoding.
//!
//! The door and the requests of a host use the same functions. So a request on a photo returns what the door would do.

use gallery::Probe;
use template::Template;
use vision::{Face, Faces, Flaw, Frame, Limits, Quality};

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

/// An assessed face, and its template if it passed the quality gate.
pub(crate) struct Assessed {
    pub(crate) assessment: FaceAssessment,
    /// How far the eyes are open, see [`vision::openness`].
    pub(crate) openness: u16,
    pub(crate) template: Result<Template, Flaw>,
}

/// The quality gate: returns the worst flaw of a view that is too poor to be encoded.
pub(crate) fn quality_gate(quality: &Quality) -> Option<Flaw> {
    Limits::default().judge(quality).flaws().next()
}

/// Finds the faces of a frame, the largest first.
pub(crate) fn find<E: Engine>(engine: &mut E, pair: &E::Pair<'_>, frame: &Frame) -> Result<Faces, Fault> {
    let mut faces = Faces::new();
    for face in engine.detect(pair, frame)? {
        // The sort of `core` would cost 8 KiB of flash.
        let place = faces.partition_point(|larger| larger.bounds.area() >= face.bounds.area());
        // The list has room for all faces of the detector.
        let _ = faces.insert(place, face);
    }
    Ok(faces)
}

/// Assesses an aligned face.
pub(crate) fn measure<A: Aligned>(face: &Face, aligned: &mut A) -> FaceAssessment {
    let quality = aligned.quality();
    FaceAssessment { face: *face, quality, flaw: quality_gate(&quality) }
}

/// Assesses a face, and encodes it if it passes the quality gate.
pub(crate) fn assess<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    frame: &Frame,
    face: &Face,
) -> Result<Assessed, Fault> {
    let mut aligned = engine.align(pair, frame, face)?;
    let assessment = measure(face, &mut aligned);
    let openness = aligned.openness();
    let template = match assessment.flaw {
        None => Ok(aligned.encode()?),
        Some(flaw) => Err(flaw),
    };
    Ok(Assessed { assessment, openness, template })
}

/// Chooses the face that counts: of `faces`, the largest first, the first that passes the quality gate, else the first.
pub(crate) fn choose<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    frame: &Frame,
    faces: &[Face],
) -> Result<Option<Assessed>, Fault> {
    let mut chosen = None;
    for face in faces {
        let assessed = assess(engine, pair, frame, face)?;
        if assessed.template.is_ok() {
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
