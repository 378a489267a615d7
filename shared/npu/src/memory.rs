//! The stream in memory of the board.
//!
//! Flash outside the chip can be changed at any time, also after the stream in it was checked, and an NPU without memory
//! protection runs what it finds. So a board copies a stream into memory of its own, and the checker walks through the copy:
//! what was verified is what is used. Weights stay in flash, since they decide no address.

use bytemuck::bytes_of;

use crate::format::Header;
use crate::{Error, Section};

/// Memory of the board for the stream of one section.
#[derive(Debug)]
pub struct StreamMemory<'b> {
    words: &'b mut [u32],
    /// The header of the section whose stream is there, and was checked there.
    held: Option<Header>,
}

impl<'b> StreamMemory<'b> {
    /// A memory that holds no stream yet. It must begin at a multiple of 16.
    pub fn new(words: &'b mut [u32]) -> Self {
        Self { words, held: None }
    }

    /// Forgets the stream: the images in flash have changed.
    pub fn clear(&mut self) {
        self.held = None;
    }

    /// Fails unless the stream of a section fits.
    ///
    /// # Errors
    /// [`Error::LongStream`].
    pub fn fits(&self, section: &Section) -> Result<(), Error> {
        let words = section.stream().len();
        if words <= self.words.len() { Ok(()) } else { Err(Error::LongStream(words)) }
    }

    /// The section with its stream in this memory. It is copied and checked, unless it is there.
    ///
    /// # Errors
    /// [`Error::LongStream`], or why the copy is refused: the stream has changed since the section was read.
    pub fn hold<'x>(&'x mut self, section: &Section<'x>) -> Result<Section<'x>, Error> {
        self.fits(section)?;
        let known = self.held.is_some_and(|held| bytes_of(&held) == bytes_of(section.header()));
        self.held = None;
        let words = section.stream().len();
        let copy = self.words.get_mut(..words).ok_or(Error::LongStream(words))?;
        let section = if known { section.at(copy) } else { section.copied(copy)? };
        self.held = Some(*section.header());
        Ok(section)
    }
}
