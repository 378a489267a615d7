//! The camera's pictures: who is it, and may they pass?

use core::sync::atomic::Ordering;

use board_api::{Board, Capture, System as _};
use embassy_time::Instant;
use liveness::Sample;
use policy::Reason;
use protocol::{
    CosineScore, Error, EventKind, FrameResult, Gesture, LivenessMode, Matching, Name, RejectReason,
};
use template::Coverage;
use vision::Frame;

use crate::{
    desk::Desk,
    engine::Engine,
    log::log,
    recognition::{self, Models, choose, find, probe},
    translate,
};

/// What a picture shows.
struct Judged {
    judgement: FrameResult,
    faces: u8,
    face: Option<protocol::Face>,
    threshold: Option<CosineScore>,
    liveness: Option<protocol::Liveness>,
}

impl<B: Board, E: Engine> Desk<'_, '_, B, E> {
    /// Judges a picture of the camera, records what it shows, and opens the door to whom enough
    /// pictures in a row show.
    pub(crate) async fn watch(&mut self, models: &Models<'_, E>, capture: Capture<'_>) {
        let Capture { sequence: frame, frame: pixels } = capture;
        self.camera_sequence = frame;
        let started = self.system.instructions();
        let judged = self.judge(models, &pixels).unwrap_or_else(|error| {
            let reason = translate::text(error);
            log!(warn, "picture {=u32} cannot be judged: {=str}", frame, reason.as_str());
            Judged { judgement: FrameResult::Unable, faces: 0, face: None, threshold: None, liveness: None }
        });
        let instructions = self.system.instructions().saturating_sub(started);
        let Judged { judgement, faces, face, threshold, liveness } = judged;
        let (person, score) = match &judgement {
            FrameResult::Known(known) => (Some(known.person), known.similarity),
            _ => (None, 0),
        };
        let seen = self.agreement.see(frame, Instant::now(), person, self.settings.agreement_frames);
        let refused = match judgement {
            FrameResult::Stranger(_) => true,
            FrameResult::NotLive(reason) => !reason.is_pending(),
            _ => false,
        };
        self.link.refused.store(refused, Ordering::Relaxed);
        match judgement {
            FrameResult::NotLive(RejectReason::ChallengeRequested(gesture)) => self.link.ask(gesture),
            // Who turns too far to be judged is asked all the same.
            FrameResult::Poor(_) => {}
            _ => self.link.ask(Gesture::Straight),
        }
        tell(frame, &judgement, threshold, seen.count);
        match &judgement {
            FrameResult::Stranger(best) => {
                let score = best.as_ref().map_or(0, |best| best.similarity);
                self.journal.refused(Reason::Stranger, score, None);
            }
            FrameResult::NotLive(_) if refused => self.journal.refused(Reason::NotLive, 0, None),
            _ => {}
        }
        let claim = self.event_of(&judgement, seen.agreed);
        self.link.record(EventKind::FrameAssessed {
            frame,
            result: judgement,
            faces,
            face,
            threshold,
            agreement: seen.count,
            instructions,
            liveness,
        });
        if let Some(claim) = claim {
            self.decide(claim, score).await;
        }
    }

    /// With whom a face is compared; none for everybody.
    fn awaited(&self) -> Option<Awaited> {
        if self.settings.matching != Matching::Verify {
            return None;
        }
        let awaited = self.policy.face_requested(Instant::now().as_millis());
        let person = awaited.and_then(|id| {
            let gallery = self.gallery().ok()?;
            gallery.next_person(id).filter(|person| person.id() == id)
        });
        Some(Awaited {
            name: person.map(|person| translate::name(person.name())).unwrap_or_default(),
            templates: person.map_or(0, |person| person.templates()),
        })
    }

    fn judge(&mut self, models: &Models<'_, E>, frame: &Frame<'_>) -> Result<Judged, Error> {
        let (pair, info) = models.pair()?;
        let alive = models.liveness(self.settings.liveness)?;
        let awaited = self.awaited();
        let templates = match &awaited {
            Some(awaited) => awaited.templates,
            None => self.gallery()?.templates(),
        };
        let threshold = models.threshold(self.settings.far_one_in, templates)?;
        if threshold.coverage == Coverage::BeyondTable {
            log!(debug, "the rate asked for is beyond the encoder's calibration table");
        }
        let needed = Some(translate::similarity(threshold.similarity));
        let faces = find(&mut self.engine, pair, frame)?;
        let count = faces.len() as u8;
        let Some(chosen) = choose(&mut self.engine, pair, frame, &faces)? else {
            let judgement = FrameResult::NoFace;
            return Ok(Judged { judgement, faces: 0, face: None, threshold: needed, liveness: None });
        };
        let recognition::Judged { found, face, openness, template } = chosen;
        let template = match template {
            Ok(template) => template,
            Err(flaw) => {
                let judgement = FrameResult::Poor(flaw);
                return Ok(Judged {
                    judgement,
                    faces: count,
                    face: Some(face),
                    threshold: needed,
                    liveness: None,
                });
            }
        };
        let mut liveness = None;
        if let Some(network) = alive {
            let score = self.engine.live(network, frame, &found)?;
            // Whoever takes another's place begins anew, however still the place is.
            let alike = [&self.face, &self.first].map(|other| {
                let alike = other.as_ref().and_then(|other| other.similarity(&template));
                alike.map_or(i16::MAX, translate::similarity)
            });
            self.face = Some(template.clone());
            let look = Sample::new(score, &found, openness, Instant::now().as_millis(), alike);
            let mut verdict = self.looks.observe(look, self.settings.agreement_frames.into());
            let looks = self.looks.samples();
            if looks.len() == 1 {
                self.first = Some(template.clone());
            }
            if self.settings.liveness == LivenessMode::Challenge {
                let system = &mut self.system;
                verdict = self.challenge.observe(verdict, looks, || {
                    let mut random = [0; liveness::STEPS];
                    system.fill_random(&mut random);
                    random
                });
            }
            liveness = Some(translate::liveness(&verdict));
        }
        let judgement = if let Some(reason) = liveness.and_then(|liveness| liveness.reject) {
            FrameResult::NotLive(reason)
        } else if awaited.as_ref().is_some_and(|awaited| awaited.templates == 0) {
            FrameResult::Unclaimed
        } else {
            let room = self.room();
            let (gallery, probe) = (self.gallery()?, probe(&template, info));
            let best = match &awaited {
                Some(awaited) => gallery.verify(&awaited.name, probe).map(Some),
                None => gallery.identify(probe),
            };
            match best.map_err(|error| translate::refusal(error, "", room))? {
                Some(best) if best.similarity >= threshold.similarity => {
                    FrameResult::Known(translate::candidate(best))
                }
                other => FrameResult::Stranger(other.map(translate::candidate)),
            }
        };
        Ok(Judged { judgement, faces: count, face: Some(face), threshold: needed, liveness })
    }
}

/// With whom a face is compared where that is one person.
struct Awaited {
    name: Name,
    /// Their templates; none where nobody's code was typed.
    templates: usize,
}

/// Logs a decision in one line.
fn tell(frame: u32, judgement: &FrameResult, threshold: Option<CosineScore>, agreement: u8) {
    let threshold = threshold.unwrap_or_default();
    match judgement {
        FrameResult::Known(who) => log!(
            info,
            "picture {=u32}: {=str}, similarity {=i16} of {=i16} Q15, {=u8} in a row",
            frame,
            who.name.as_str(),
            who.similarity,
            threshold,
            agreement
        ),
        FrameResult::Stranger(Some(who)) => log!(
            info,
            "picture {=u32}: a stranger, most like {=str}: {=i16} of {=i16} Q15",
            frame,
            who.name.as_str(),
            who.similarity,
            threshold
        ),
        FrameResult::Stranger(None) => log!(info, "picture {=u32}: a stranger; nobody is enrolled", frame),
        FrameResult::Poor(flaw) => {
            let flaw = translate::text(flaw);
            log!(info, "picture {=u32}: the face is {=str}", frame, flaw.as_str());
        }
        FrameResult::NotLive(reason) => {
            let reason = translate::text(reason);
            log!(info, "picture {=u32}: the face {=str}", frame, reason.as_str());
        }
        FrameResult::NoFace => log!(debug, "picture {=u32}: no face", frame),
        _ => {}
    }
}
