//! A face laid on the encoder's template.
//!
//! The crop is made once and used twice: to judge the view of the face, and to encode it. An
//! [`Aligned`] holds the arena that the crop lies in, so that nothing can be written over it in
//! between, and encoding consumes it, since the network does write over it.

use gallery::Template;
use nn::Model;
use vision::{Face, Quality};

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

impl Aligned<'_> {
    /// The crop: square RGB, `i8 = u8 - 128`.
    pub fn crop(&mut self) -> &[i8] {
        self.encoder.input_mut(self.arena)
    }

    /// How good the view of the face is. Costs little beside a network.
    pub fn quality(&mut self) -> Quality {
        let (face, width, height) = (self.face, self.frame_width, self.frame_height);
        Quality::measure(&face, self.crop(), width, height)
    }

    /// How far its eyes are open: [`vision::openness`] of the crop.
    pub fn openness(&mut self) -> u16 {
        vision::openness(self.crop())
    }

    /// The template of the face.
    ///
    /// # Errors
    /// [`Error::Arena`] or [`Error::Embedding`].
    pub fn encode(self) -> Result<Template, Error> {
        encode(&self.encoder, self.arena)
    }
}

/// The encoder's input.
pub(crate) fn crop_in<'a>(encoder: &Model, arena: &'a mut [i8]) -> Result<&'a mut [i8], Error> {
    let crop = encoder.input_mut(arena);
    if crop.is_empty() { Err(Error::Arena) } else { Ok(crop) }
}

/// The template of the crop in the encoder's input.
pub(crate) fn encode(encoder: &Model, arena: &mut [i8]) -> Result<Template, Error> {
    encoder.run(arena).map_err(|_| Error::Arena)?;
    // The dimension was checked with the network, so zeros are all that can be wrong.
    Template::normalise(encoder.read(arena, 0).iter()).map_err(|_| Error::Embedding)
}
