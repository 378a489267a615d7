//! A face aligned to the encoder's template.
//!
//! The crop is made once and used twice: for the quality gate, and for encoding. An [`Aligned`] borrows the
//! arena with the crop, so nothing can overwrite it in between. Encoding consumes the [`Aligned`], because
//! the network overwrites the crop.

use nn::Model;
use template::Template;
use vision::{Face, Quality, Thumbnail};

use crate::Error;

/// The aligned crop of a face, in the arena.
#[derive(Debug)]
pub struct Aligned<'a> {
    pub(crate) encoder: Model<'a>,
    pub(crate) arena: &'a mut [i8],
    pub(crate) face: Face,
    pub(crate) frame_width: usize,
    pub(crate) frame_height: usize,
}

impl<'a> Aligned<'a> {
    /// The crop: square RGB, `i8 = u8 - 128`.
    pub fn crop(&mut self) -> &[i8] {
        self.encoder.input_mut(self.arena)
    }

    /// The quality of the face. Its cost is small compared with a network.
    pub fn quality(&mut self) -> Quality {
        let (face, width, height) = (self.face, self.frame_width, self.frame_height);
        Quality::measure(&face, self.crop(), width, height)
    }

    /// The openness of the eyes: [`vision::openness`] of the crop.
    pub fn openness(&mut self) -> u16 {
        vision::openness(self.crop())
    }

    /// The thumbnail of the crop, by which the same face is known a moment later.
    pub fn thumbnail(&mut self) -> Thumbnail {
        Thumbnail::of(self.crop())
    }

    /// The template of the face.
    ///
    /// # Errors
    /// [`Error::Arena`], [`Error::Float`] or [`Error::Embedding`].
    pub fn encode(self) -> Result<Template, Error> {
        self.encode_with(Model::run)
    }

    /// As [`encode`](Self::encode), where `run` runs the network: what [`Model::run`] computes, in another way.
    ///
    /// # Errors
    /// [`Error::Arena`] or [`Error::Embedding`].
    pub fn encode_with(
        self,
        run: impl FnOnce(&Model<'a>, &mut [i8]) -> Result<(), nn::Error>,
    ) -> Result<Template, Error> {
        encode(&self.encoder, self.arena, run)
    }
}

/// The encoder's input.
pub(crate) fn crop_in<'a>(encoder: &Model, arena: &'a mut [i8]) -> Result<&'a mut [i8], Error> {
    let crop = encoder.input_mut(arena);
    if crop.is_empty() { Err(Error::Arena) } else { Ok(crop) }
}

/// The template of the crop in the encoder's input.
pub(crate) fn encode<'m>(
    encoder: &Model<'m>,
    arena: &mut [i8],
    run: impl FnOnce(&Model<'m>, &mut [i8]) -> Result<(), nn::Error>,
) -> Result<Template, Error> {
    run(encoder, arena)?;
    // The dimension was checked with the network, so only an embedding of zeros can fail.
    Template::normalise(encoder.read(arena, 0).iter()).map_err(|_| Error::Embedding)
}
