//! The recognition pipeline: detect, assess, check liveness, match.
//!
//! ```text
//! frame ─► search ─► assess ─► liveness ─► match ─► observation
//!            │         │          │          │
//!          no face    poor     not live   known, stranger, unclaimed
//! ```
//! # Invariants
//! - A face that fails the quality gate is not encoded. A face that fails liveness opens nothing. It
//!   is compared only to find whose failures it counts among.
//! - Who is matched is matched by a template of the frame that passed liveness, and of the face whose samples passed it.
//! - Liveness rests on one unbroken track: a frame without a face ends it. So does a challenge, which fails with its track.
//! - Where a PIN comes first, a face is tried for liveness only while somebody's is awaited, by frames of that wait alone. A challenge
//!   that does not end with the wait has failed, for whoever was awaited.
//! - The crop is made once, for quality and template.
//! - No type here is a message of the host. `session` translates observations once, when they are reported.

mod assess;
mod engine;
mod error;
mod float;
mod liveness_watch;
mod models;
mod networks;
mod npu;
mod observation;
mod recheck;
mod search;
#[cfg(test)]
mod tests;

pub use engine::{Aligned, EncoderInfo, Engine, Fault, NetworkInfo, NetworkKind};
pub use float::FloatRuntime;
pub use networks::Networks;
pub use npu::{EthosU, Npu, NpuMemory};

pub(crate) use assess::{Assessed, FaceAssessment, assess, find, measure, probe};
pub(crate) use error::Error;
pub(crate) use liveness_watch::LivenessMode;
pub(crate) use models::{ModelInfo, Models};
pub(crate) use observation::{FrameResult, Match, Observation, is_undecided};
pub(crate) use recheck::{AllInFlash, InFlash, Recheck};

use embedded_storage::nor_flash::MultiwriteNorFlash;
use liveness::{Gesture, MIN_SIMILARITY, RejectReason, STEPS};
use template::Template;
use vision::{Face, Frame, Thumbnail};

use crate::store::People;

use self::{
    assess::choose,
    liveness_watch::{LiveFace, LivenessWatch},
    search::Search,
};

/// What the pipeline goes by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Config {
    /// The door may open to one in this many strangers.
    pub(crate) one_in: u32,
    /// Frames over which the liveness score is averaged.
    pub(crate) frames: u8,
    pub(crate) liveness: LivenessMode,
}

/// Whose templates a face is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    /// Everybody's (1:N).
    Everybody,
    /// This person's (1:1); with nobody's if it is `None`.
    Person(Option<u32>),
}

impl Against {
    /// Who a face claims to be.
    fn claimed(self) -> Option<u32> {
        match self {
            Self::Everybody => None,
            Self::Person(person) => person,
        }
    }
}

/// What a step needs besides the frame.
pub(crate) struct Scene<'s, 'i, 'm, E: Engine + 'i, F: MultiwriteNorFlash> {
    pub(crate) models: &'s Models<'i, E>,
    pub(crate) people: &'s People<'m, F>,
    pub(crate) against: Against,
    /// The time in milliseconds.
    pub(crate) now_ms: u64,
}

/// The pipeline: the engine, and the frames so far.
pub(crate) struct Pipeline<E> {
    pub(crate) engine: E,
    pub(crate) config: Config,
    search: Search,
    watch: LivenessWatch,
    /// Who the face of the last frame claimed to be.
    claimed: Option<u32>,
    /// The face that was refused last.
    refused: Option<Template>,
    /// The face that is passed over, and until when, in milliseconds.
    held: Option<(Template, u64)>,
}

impl<E: Engine> Pipeline<E> {
    /// A pipeline that has seen no frame.
    pub(crate) fn new(engine: E, config: Config) -> Self {
        let (search, watch) = (Search::new(), LivenessWatch::new());
        Self { engine, config, search, watch, claimed: None, refused: None, held: None }
    }

    /// Forgets the frames so far. A challenge that is under way has failed.
    pub(crate) fn reset(&mut self) {
        self.search.reset();
        self.watch.reset();
    }

    /// Forgets the frames so far, for nothing that a face did.
    pub(crate) fn interrupt(&mut self) {
        self.search.reset();
        self.watch.interrupt();
    }

    /// Passes over the face that was refused last until that time, in milliseconds. Other faces are assessed as before.
    pub(crate) fn hold(&mut self, until_ms: u64) {
        self.held = self.refused.take().map(|face| (face, until_ms));
    }

    /// The face that is passed over now.
    fn held(&self, now_ms: u64) -> Option<&Template> {
        self.held.as_ref().filter(|(_, until)| now_ms < *until).map(|(face, _)| face)
    }

    /// Assesses a frame. `random` draws the gestures of a challenge.
    pub(crate) fn step<F: MultiwriteNorFlash>(
        &mut self,
        scene: &Scene<'_, '_, '_, E, F>,
        frame: &Frame<'_>,
        random: impl FnOnce() -> [u8; STEPS],
    ) -> Observation {
        let claimed = scene.against.claimed();
        if claimed != self.claimed {
            // A claim begins with frames of its own, and ends with them.
            self.reset();
        }
        let before = core::mem::replace(&mut self.claimed, claimed);
        let begun = self.watch.take_abandoned().map(|face| (face, before));
        let mut observation = self.try_step(scene, frame, random).unwrap_or_else(Observation::unable);
        match &observation.result {
            FrameResult::NoFace | FrameResult::Unable(_) => self.watch.miss(None, scene.now_ms),
            FrameResult::Poor(_) => {
                self.watch.miss(observation.face.as_ref().map(|face| &face.face), scene.now_ms);
            }
            _ => {}
        }
        let ended = begun.or_else(|| self.watch.take_abandoned().map(|face| (face, claimed)));
        if let Some((template, of)) = ended {
            observation.result = FrameResult::NotLive(RejectReason::ChallengeFailed);
            observation.like = of.or_else(|| self.like(scene, &template));
            self.refused = Some(template);
        }
        observation
    }

    /// Whether a challenge is under way whose failure was not told.
    pub(crate) fn is_asking(&self) -> bool {
        self.watch.is_asking()
    }

    /// The gesture that the door waits for.
    pub(crate) fn requested(&self) -> Option<Gesture> {
        self.watch.requested().filter(|_| self.config.liveness == LivenessMode::Challenge)
    }

    /// Whose failure it is if the challenge that began with this frame fails.
    pub(crate) fn asked<F: MultiwriteNorFlash>(&self, scene: &Scene<'_, '_, '_, E, F>) -> Option<u32> {
        let like = || self.like(scene, self.watch.asked()?);
        scene.against.claimed().or_else(like)
    }

    /// The person that a face which failed liveness resembles, where nobody typed a PIN.
    fn like<F: MultiwriteNorFlash>(
        &self,
        scene: &Scene<'_, '_, '_, E, F>,
        template: &Template,
    ) -> Option<u32> {
        let Scene { models, people, against: Against::Everybody, .. } = scene else { return None };
        let (gallery, (_, info)) = (people.gallery().ok()?, models.pair().ok()?);
        let threshold = models.threshold(self.config.one_in, gallery.templates()).ok()?;
        let best = gallery.identify(probe(template, info)).ok().flatten();
        let like = best.filter(|best| best.similarity >= threshold.similarity);
        like.map(|like| like.person.id())
    }

    fn try_step<F: MultiwriteNorFlash>(
        &mut self,
        scene: &Scene<'_, '_, '_, E, F>,
        frame: &Frame<'_>,
        random: impl FnOnce() -> [u8; STEPS],
    ) -> Result<Observation, Error> {
        let Scene { models, people, against, now_ms } = scene;
        let (pair, info) = models.pair()?;
        let network = models.liveness(self.config.liveness)?;
        let gallery = people.gallery()?;
        let awaited = match against {
            Against::Everybody => None,
            Against::Person(person) => Some(person.and_then(|id| people.person(id))),
        };
        let templates = match &awaited {
            Some(person) => person.map_or(0, |person| person.templates()),
            None => gallery.templates(),
        };
        let threshold = models.threshold(self.config.one_in, templates)?;
        let faces = self.search.faces(&mut self.engine, pair, frame)?;
        let mut observation = Observation {
            result: FrameResult::NoFace,
            faces: faces.len() as u8,
            face: None,
            threshold: Some(threshold.similarity),
            liveness: None,
            like: None,
        };
        // Where nobody claims to be anybody nothing counts, so nothing may tell what would pass.
        let unclaimed = awaited.is_some() && templates == 0;
        let held = self.held(*now_ms).filter(|_| awaited.is_none()).cloned();
        let (watch, mode) = (&self.watch, self.config.liveness);
        let encodes = |face: &Face, thumbnail: &Thumbnail| {
            !unclaimed
                && (network.is_none()
                    || held.is_some()
                    || watch.needs_template(face, thumbnail, mode, *now_ms))
        };
        let follows = |face: &Face| watch.follows(face, mode);
        let chosen = choose(&mut self.engine, pair, frame, &faces, follows, encodes)?;
        self.search.follow(chosen.as_ref().map(|chosen| &chosen.assessment.face));
        let Some(Assessed { assessment, openness, thumbnail, mut template }) = chosen else {
            return Ok(observation);
        };
        observation.face = Some(assessment);
        if let Some(flaw) = assessment.flaw {
            observation.result = FrameResult::Poor(flaw);
            return Ok(observation);
        }
        if unclaimed {
            observation.result = FrameResult::Unclaimed;
            return Ok(observation);
        }
        let alike = held.zip(template.as_ref()).and_then(|(held, template)| held.similarity(template));
        if alike.is_some_and(|alike| alike.0 >= MIN_SIMILARITY.into()) {
            self.watch.reset();
            observation.result = FrameResult::Stranger(None);
            return Ok(observation);
        }
        if let Some(network) = network {
            let face = &assessment.face;
            let score = self.engine.live(network, frame, face)?;
            let live =
                LiveFace { score, face, openness, thumbnail, template: template.as_ref(), at_ms: *now_ms };
            let verdict = self.watch.see(live, mode, self.config.frames, random);
            observation.liveness = Some(verdict);
            if let Some(reason) = verdict.reject {
                observation.result = FrameResult::NotLive(reason);
                // Of a frame that was not encoded, the last template is one of the same face.
                if let Some(template) = template.or_else(|| self.watch.template().cloned())
                    && awaited.is_none()
                    && !is_undecided(reason)
                {
                    observation.like = self.like(scene, &template);
                    self.refused = Some(template);
                }
                return Ok(observation);
            }
        }
        let template = match template.take() {
            Some(template) => template,
            None => {
                let template = self.engine.align(pair, frame, &assessment.face)?.encode()?;
                if !self.watch.confirm(&template) {
                    observation.result = FrameResult::NotLive(RejectReason::TooFewSamples);
                    return Ok(observation);
                }
                template
            }
        };
        let probe = probe(&template, info);
        let best = match awaited {
            None => gallery.identify(probe)?,
            Some(Some(person)) if templates > 0 => Some(gallery.verify(person.name(), probe)?),
            Some(_) => {
                observation.result = FrameResult::Unclaimed;
                return Ok(observation);
            }
        };
        observation.result = match best {
            Some(best) if best.similarity >= threshold.similarity => FrameResult::Known(best.into()),
            other => FrameResult::Stranger(other.map(Match::from)),
        };
        if let FrameResult::Stranger(_) = observation.result {
            self.refused = Some(template);
        }
        Ok(observation)
    }
}
