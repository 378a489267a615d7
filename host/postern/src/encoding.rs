//! How an encoder's image runs on the host: in the engine of the boards, or by tract if it is a float one.

use anyhow::{Context, bail};
use engine_tract::Plan;
use nn::Model;
use recognizer::{Aligned, Error, Recognizer};
use template::Template;

/// What runs an encoder.
pub struct Encoding(Option<Plan>);

impl Encoding {
    /// What runs this encoder.
    ///
    /// # Errors
    /// It is a float one that tract does not run, or this program has no tract.
    pub fn of(encoder: &Model) -> anyhow::Result<Self> {
        if !encoder.is_float() {
            return Ok(Self(None));
        }
        is_built_in()?;
        Ok(Self(Some(Plan::load(encoder).with_context(|| format!("tract cannot run {}", encoder.name()))?)))
    }

    /// The template of an aligned face.
    ///
    /// # Errors
    /// The network gives no embedding for it.
    pub fn encode(&self, face: Aligned) -> anyhow::Result<Template> {
        self.run(|run| face.encode_with(run))
    }

    /// The template of an aligned crop.
    ///
    /// # Errors
    /// The crop has another size, or the network gives no embedding for it.
    pub fn encode_crop(
        &self,
        recognizer: &Recognizer,
        crop: &[i8],
        arena: &mut [i8],
    ) -> anyhow::Result<Template> {
        self.run(|run| recognizer.encode_aligned_with(crop, arena, run))
    }

    fn run(&self, encode: impl FnOnce(&mut Run) -> Result<Template, Error>) -> anyhow::Result<Template> {
        let mut fault = None;
        let encoded = encode(&mut |model, arena| match &self.0 {
            None => model.run(arena),
            Some(plan) => plan.run(model, arena).map_err(|why| {
                fault = Some(why);
                nn::Error::Float
            }),
        });
        match (encoded, fault) {
            (Ok(template), _) => Ok(template),
            (Err(_), Some(fault)) => Err(fault.into()),
            (Err(error), None) => Err(error.into()),
        }
    }
}

/// Runs a network on the input in an arena.
type Run<'r> = dyn FnMut(&Model, &mut [i8]) -> Result<(), nn::Error> + 'r;

/// Fails if this program has no tract.
///
/// # Errors
/// What to do.
pub fn is_built_in() -> anyhow::Result<()> {
    if !engine_tract::IS_BUILT_IN {
        bail!(
            "a float encoder is run by tract, and this program was built without it: build it with `cargo build --release \
             --features postern/tract,postern-linux/tract`"
        );
    }
    Ok(())
}
