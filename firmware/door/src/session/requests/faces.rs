//! Requests about the faces of a frame: detect, embed, enrol, compare.

use board_api::{Board, Capture, System as _};
use heapless::Vec;
use liveness::single_frame_verdict;
use protocol::{Basis, Comparison, Enrolment, Error, LivenessMode, Matching, Request, Response, Source};
use template::{CosineScore, Template};
use vision::MAX_FACES;

use crate::{
    pipeline::{
        Aligned, Assessed, Engine, FaceAssessment, Fault, Match, Models, assess, find, measure, probe,
    },
    session::{
        capture::{Captured, frame_of},
        requests::{opening, promise},
        translate::{self, pipeline_error, refusal, unreadable},
    },
    store::{Enrolled, opened},
    text::text,
    worker::parts::Parts,
};

/// Two templates this similar (0.97) are of one picture: stored, scaled or compressed again.
const SAME_PICTURE: CosineScore = CosineScore(CosineScore::ONE.0 / 100 * 97);

/// Finds and measures all faces. A frame of the camera is kept, so that the host can have this very frame enrolled.
pub(super) fn detect<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    source: Source,
    captured: Captured<'_>,
    models: &Models<'_, E>,
) -> Result<Response, Error> {
    let (pair, _) = models.pair().map_err(pipeline_error)?;
    if let (Source::Camera, Ok(capture)) = (source, &captured) {
        parts.staging.keep(&capture.frame);
    }
    let capture = frame_of(source, captured, &parts.staging)?;
    let started = parts.system.instructions();
    let mut faces: Vec<protocol::Face, MAX_FACES> = Vec::new();
    let engine = &mut parts.pipeline.engine;
    for face in &find(engine, pair, &capture.frame).map_err(internal)? {
        let mut aligned = engine.align(pair, &capture.frame, face).map_err(internal)?;
        // The list has room for all faces.
        let _ = faces.push(translate::face(&measure(face, &mut aligned)));
    }
    let instructions = parts.system.instructions().saturating_sub(started);
    Ok(Response::Faces { faces, instructions })
}

/// Encodes the largest face, also one that fails the quality gate.
pub(super) fn embed<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    source: Source,
    captured: Captured<'_>,
    models: &Models<'_, E>,
) -> Result<Response, Error> {
    let (pair, info) = models.pair().map_err(pipeline_error)?;
    let capture = frame_of(source, captured, &parts.staging)?;
    let started = parts.system.instructions();
    let engine = &mut parts.pipeline.engine;
    let faces = find(engine, pair, &capture.frame).map_err(internal)?;
    let largest = faces.first().ok_or(Error::NoFace)?;
    let mut aligned = engine.align(pair, &capture.frame, largest).map_err(internal)?;
    let face = translate::face(&measure(largest, &mut aligned));
    let template = aligned.encode().map_err(internal)?;
    let instructions = parts.system.instructions().saturating_sub(started);
    Ok(Response::Embedding {
        face,
        faces: faces.len() as u8,
        encoder: info.identity.0,
        template: template.values().iter().copied().collect(),
        instructions,
    })
}

/// Enrols the largest face. The liveness network looks at it: where the settings demand a challenge, what it takes for an
/// attack is not enrolled; otherwise reply and log say so.
pub(super) fn enrol<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    (name, enrolment): (&str, Enrolment),
    source: Source,
    captured: Captured<'_>,
    models: &Models<'_, E>,
) -> Result<Response, Error> {
    let (name, threshold) = enrollable(parts, name, models)?;
    let (pair, info) = models.pair().map_err(pipeline_error)?;
    let capture = frame_of(source, captured, &parts.staging)?;
    let started = parts.system.instructions();
    let engine = &mut parts.pipeline.engine;
    let Largest { faces, assessment, template } = encode_largest(engine, pair, &capture)?;
    let challenge = parts.settings.liveness == LivenessMode::Challenge;
    let alive = match models.liveness(parts.pipeline.config.liveness) {
        Ok(Some(network)) => {
            let score = engine.live(network, &capture.frame, &assessment.face).map_err(internal)?;
            Some(single_frame_verdict(score).reject.is_none())
        }
        Err(error) if challenge => return Err(pipeline_error(error)),
        _ => None,
    };
    if challenge && alive == Some(false) {
        return Err(Error::NotAlive);
    }
    let probe = probe(&template, info);
    let room = parts.people.room();
    let gallery = parts.people.gallery_mut().map_err(unreadable)?;
    let enrolled = match enrolment {
        Enrolment::NewPerson => {
            let storage = opened(&mut parts.storage)?;
            // A number may be lost, and is never given twice.
            let mut note = |last_id| {
                let enrolled = Enrolled { last_id, ..storage.enrolled() };
                storage.set_enrolled(enrolled).map_err(|_| gallery::Error::Flash)
            };
            gallery.enrol_noted(&name, probe, threshold, &mut note).map(|_| ())
        }
        Enrolment::AddTemplate => {
            let own = gallery.verify(&name, probe).map_err(|error| refusal(error, &name, room))?;
            let compared = own.person.templates();
            let least = models.threshold(parts.settings.far_one_in, compared).map_err(pipeline_error)?;
            resembles(own, least.similarity)?;
            gallery.add_template(&name, probe, threshold).map(|_| ())
        }
        Enrolment::AddAnyTemplate => gallery.add_template(&name, probe, threshold).map(|_| ()),
    };
    enrolled.map_err(|error| refusal(error, &name, room))?;
    // They may be the first in their volume.
    let _ = parts.people.settle(0, parts.storage.as_mut(), false);
    let gallery = parts.people.gallery().map_err(unreadable)?;
    let found = gallery.find(&name).and_then(|person| Some((person, *person.numbers().last()?)));
    let (person, templates, template) = match found {
        Some((person, number)) => (person.id(), person.templates() as u8, number),
        None => return Err(Error::Internal { reason: text("the person enrolled is not there") }),
    };
    parts.restart_frames();
    let instructions = parts.system.instructions().saturating_sub(started);
    let face = translate::face(&assessment);
    let basis = promise::basis(parts, models).unwrap_or(Basis::Unproven);
    Ok(Response::Enrolled { person, templates, faces, face, instructions, basis, alive, template })
}

/// Refuses a further template that would not pass for its person, at the score `least`, and one that tells nothing new.
fn resembles(own: gallery::Candidate<'_>, least: CosineScore) -> Result<(), Error> {
    let name = translate::name(own.person.name());
    let similarity = translate::similarity(own.similarity);
    if own.similarity < least {
        return Err(Error::Unlike { name, similarity, least: translate::similarity(least) });
    }
    if own.similarity >= SAME_PICTURE {
        return Err(Error::SamePicture { name, similarity });
    }
    Ok(())
}

/// Checks what of a request for a frame of the camera needs none: so one that fails here takes none from the door. And a command
/// that opens: one that is refused here costs its carrier nothing.
///
/// # Errors
/// As the request itself.
pub(crate) fn check_first<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    request: &Request<'_>,
    models: &Models<'_, E>,
) -> Result<(), Error> {
    match request {
        Request::Open { signer, counter, until, signature } => {
            let command = opening::Command { counter: *counter, until: *until, signature };
            opening::check(parts, *signer, &command).map(drop)
        }
        Request::Enrol { name, .. } => enrollable(parts, name, models).map(drop),
        Request::Verify { name, .. } => needed(parts, Some(name), models).map(drop),
        Request::Identify { .. } => needed(parts, None, models).map(drop),
        _ => models.pair().map(drop).map_err(pipeline_error),
    }
}

/// The name of a person to be enrolled, and from which similarity on a face is another person's.
fn enrollable<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    name: &str,
    models: &Models<'_, E>,
) -> Result<(gallery::Name, CosineScore), Error> {
    let name = gallery::Name::new(name).map_err(|_| Error::BadName)?;
    models.pair().map_err(pipeline_error)?;
    // Who is in flash and not in memory comes back with the enrolment.
    let gallery = parts.people.whole().map_err(unreadable)?;
    let compared = gallery.templates();
    let own = gallery.find(&name).map_or(0, |person| person.templates());
    let later = 1 + if parts.settings.matching == Matching::Verify { own } else { compared };
    let threshold = models.threshold(parts.settings.far_one_in, compared).map_err(pipeline_error)?.similarity;
    promise::check(&parts.settings, later, models)?;
    Ok((name, threshold))
}

/// The similarity that a face needs to be the person of a name (1:1), or anybody (1:N).
fn needed<B: Board, E: Engine>(
    parts: &Parts<'_, '_, B, E>,
    name: Option<&str>,
    models: &Models<'_, E>,
) -> Result<CosineScore, Error> {
    models.pair().map_err(pipeline_error)?;
    models.liveness(parts.pipeline.config.liveness).map_err(pipeline_error)?;
    let gallery = parts.people.gallery().map_err(unreadable)?;
    let compared = match name {
        None => gallery.templates(),
        Some(name) => {
            let person = gallery.find(name).ok_or(gallery::Error::NotFound);
            person.map_err(|error| refusal(error, name, parts.people.room()))?.templates()
        }
    };
    let threshold = models.threshold(parts.settings.far_one_in, compared).map_err(pipeline_error)?;
    Ok(threshold.similarity)
}

/// Compares the largest face with the person of a name (1:1), or with everybody (1:N).
pub(super) fn compare<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    name: Option<&str>,
    source: Source,
    captured: Captured<'_>,
    models: &Models<'_, E>,
) -> Result<Comparison, Error> {
    let threshold = needed(parts, name, models)?;
    let (pair, info) = models.pair().map_err(pipeline_error)?;
    let network = models.liveness(parts.pipeline.config.liveness).map_err(pipeline_error)?;
    let gallery = parts.people.gallery().map_err(unreadable)?;
    let room = parts.people.room();
    let capture = frame_of(source, captured, &parts.staging)?;
    let started = parts.system.instructions();
    let engine = &mut parts.pipeline.engine;
    let Largest { faces, assessment, template } = encode_largest(engine, pair, &capture)?;
    let mut liveness = None;
    if let Some(network) = network {
        let score = engine.live(network, &capture.frame, &assessment.face).map_err(internal)?;
        liveness = Some(single_frame_verdict(score));
    }
    let best = match name {
        None => gallery.identify(probe(&template, info)),
        Some(name) => gallery.verify(name, probe(&template, info)).map(Some),
    };
    let best = best.map_err(|error| refusal(error, name.unwrap_or_default(), room))?;
    // A face that fails liveness is compared, as whoever shows a photograph wants to know whose it is; it is no match.
    let alive = liveness.is_none_or(|liveness| liveness.reject.is_none());
    Ok(Comparison {
        accepted: alive && best.is_some_and(|best| best.similarity >= threshold),
        best: best.map(|best| translate::candidate(&Match::from(best))),
        threshold: translate::similarity(threshold),
        faces,
        face: translate::face(&assessment),
        instructions: parts.system.instructions().saturating_sub(started),
        liveness: liveness.as_ref().map(translate::liveness),
    })
}

/// The largest face of a frame.
struct Largest {
    /// Faces in the frame.
    faces: u8,
    assessment: FaceAssessment,
    template: Template,
}

/// Encodes the largest face, which must pass the quality gate.
fn encode_largest<E: Engine>(
    engine: &mut E,
    pair: &E::Pair<'_>,
    capture: &Capture<'_>,
) -> Result<Largest, Error> {
    let faces = find(engine, pair, &capture.frame).map_err(internal)?;
    let largest = faces.first().ok_or(Error::NoFace)?;
    let Assessed { assessment, template, .. } =
        assess(engine, pair, &capture.frame, largest, |_| true).map_err(internal)?;
    if let Some(flaw) = assessment.flaw {
        return Err(Error::PoorFace { flaw: translate::flaw(flaw) });
    }
    let template = template.ok_or(Error::NoFace)?;
    Ok(Largest { faces: faces.len() as u8, assessment, template })
}

/// A network did not run.
fn internal(Fault(reason): Fault) -> Error {
    Error::Internal { reason }
}
