//! Where a frame is searched for faces: near the last face, in the whole frame, or, in an unchanged empty scene, nowhere.
//!
//! | situation | search | cost, of a whole one |
//! |---|---|---|
//! | a face was in the frame before | near its place; in the whole frame if it is large, or none is there | a quarter, or 1 |
//! | the same, [`WHOLE_EVERY`]th time | the whole frame, for whoever has come in beside | 1 |
//! | nobody was there, and nothing has changed since | none | a three-hundredth |
//! | the same, [`EMPTY_EVERY`]th time; or something has changed | the whole frame | 1 |

use recognizer::WHOLE_EVERY;
use vision::{Backdrop, Face, Faces, Frame};

use super::{
    assess::{find, largest_first},
    engine::{Engine, Fault},
};

/// Frames of an unchanged empty scene of which one is searched.
const EMPTY_EVERY: u8 = 8;

/// What the frames before say about where to search.
pub(crate) struct Search {
    /// The face that counted in the frame before.
    near: Option<Face>,
    /// The scene without a face.
    backdrop: Backdrop,
    /// Frames since the whole frame was searched.
    spared: u8,
}

impl Search {
    /// No frames yet.
    pub(crate) const fn new() -> Self {
        Self { near: None, backdrop: Backdrop::new(), spared: 0 }
    }

    /// Forgets the frames so far.
    pub(crate) fn reset(&mut self) {
        self.near = None;
        self.backdrop.forget();
        self.spared = 0;
    }

    /// The face of the next frame is near this one; `None` if there is none.
    pub(crate) fn follow(&mut self, face: Option<&Face>) {
        self.near = face.copied();
    }

    /// The faces of a frame, the largest first.
    pub(crate) fn faces<E: Engine>(
        &mut self,
        engine: &mut E,
        pair: &E::Pair<'_>,
        frame: &Frame,
    ) -> Result<Faces, Fault> {
        self.spared += 1;
        match &self.near {
            Some(face) if self.spared < WHOLE_EVERY => {
                let faces = engine.track(pair, frame, face)?;
                if !faces.is_empty() {
                    return Ok(largest_first(faces));
                }
            }
            None if self.spared < EMPTY_EVERY && self.backdrop.resembles(frame) => return Ok(Faces::new()),
            _ => {}
        }
        self.spared = 0;
        let faces = find(engine, pair, frame)?;
        match faces.is_empty() {
            true => self.backdrop.keep(frame),
            false => self.backdrop.forget(),
        }
        Ok(faces)
    }
}
