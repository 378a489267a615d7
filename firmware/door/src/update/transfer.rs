//! The transfer of an image: chunk by chunk into the idle slot.
//!
//! | step | flash | after a power cut |
//! |---|---|---|
//! | begin | checkpoint: slot, length, SHA-256, 0 bytes safe | goes on at 0 |
//! | begin, and the slot holds these bytes: the image before the active one, or written by the host of an emulated board | the same | begins again; no chunk is needed |
//! | chunk | erases each sector as it is reached, programs it | goes on at the checkpoint |
//! | every 64 KiB | checkpoint: so many bytes safe | goes on there |
//! | commit | checks SHA-256 and image, then records the release number, then the active slot | old or new, never neither |
//! | after commit | no transfer | a finished transfer starts again, and does no harm |
//!
//! The slot that the record calls active is never written. So it works on after an interrupted transfer.

use embedded_storage::nor_flash::NorFlash;
use protocol::{Error, Hash, ModelKind};
use sha2::{Digest, Sha256};

use crate::store::{Checkpoint, Image, Storage};

/// Bytes between two checkpoints. Sectors of a slot divide it.
const CHECKPOINT: u32 = 64 * 1024;
/// Largest word of a flash that can hold a model.
const MAX_WORD: usize = 32;

/// A transfer under way.
pub(crate) struct Transfer {
    pub(crate) kind: ModelKind,
    pub(crate) image: Image,
    /// The number of the release.
    pub(crate) sequence: u64,
    /// Bytes that are in flash, and hashed.
    next: u32,
    hash: Sha256,
}

impl Transfer {
    /// Checks that an image of this length fits into its slot, whose bytes are `in_flash`.
    ///
    /// # Errors
    /// [`Error::SlotSize`].
    pub(crate) fn fits(kind: ModelKind, length: u32, in_flash: &[u8]) -> Result<(), Error> {
        if length == 0 || length as usize > in_flash.len() {
            return Err(Error::SlotSize { kind, length, slot: in_flash.len() as u32 });
        }
        Ok(())
    }

    /// Begins a transfer into the idle slot, whose bytes are `in_flash` and which it [`fits`](Self::fits). Continues an interrupted
    /// transfer of the same image. An image that is there whole is not sent again; the commit checks it as any other.
    ///
    /// # Errors
    /// [`Error::Flash`].
    pub(crate) fn begin<F: NorFlash>(
        kind: ModelKind,
        image: Image,
        sequence: u64,
        in_flash: &[u8],
        storage: &mut Storage<F>,
    ) -> Result<Self, Error> {
        let Image { slot: _, length, sha256: _ } = image;
        let mut hash = Sha256::new();
        let mut whole = Sha256::new();
        whole.update(in_flash.get(..length as usize).unwrap_or_default());
        let is_there = Hash::from(whole.clone().finalize()) == image.sha256;
        let before = storage.transfer(kind)?;
        let next = match before.filter(|before| before.image == image) {
            Some(Checkpoint { safe, .. }) => {
                let safe = safe.min(length) / CHECKPOINT * CHECKPOINT;
                hash.update(in_flash.get(..safe as usize).unwrap_or_default());
                safe
            }
            None => {
                storage.set_transfer(kind, Some(Checkpoint { image, safe: 0 }))?;
                0
            }
        };
        if is_there {
            return Ok(Self { kind, image, sequence, next: length, hash: whole });
        }
        Ok(Self { kind, image, sequence, next, hash })
    }

    /// The offset wanted next.
    pub(crate) fn next(&self) -> u32 {
        self.next
    }

    /// Takes a chunk. If it ends neither at a whole word of the flash nor at the end of the image, only its whole words are
    /// taken.
    ///
    /// # Errors
    /// [`Error::Offset`] if it is out of order or reaches past the end; [`Error::Flash`].
    pub(crate) fn chunk<F: NorFlash>(
        &mut self,
        offset: u32,
        data: &[u8],
        slot: &mut F,
        storage: &mut Storage<F>,
    ) -> Result<u32, Error> {
        let refusal = Error::Offset { offset, next: self.next, length: self.image.length };
        let end = u32::try_from(data.len()).ok().and_then(|length| offset.checked_add(length));
        let end = end.filter(|end| *end <= self.image.length).ok_or(refusal.clone())?;
        if end <= self.next {
            return Ok(self.next);
        }
        if offset != self.next || F::WRITE_SIZE > MAX_WORD {
            return Err(refusal);
        }
        let whole = data.len() - data.len() % F::WRITE_SIZE;
        let (words, rest) = data.split_at(whole);
        self.erase_reached(offset + whole as u32, slot)?;
        slot.write(offset, words).map_err(|_| Error::Flash)?;
        self.hash.update(words);
        self.next += whole as u32;
        if !rest.is_empty() && end == self.image.length {
            self.erase_reached(end, slot)?;
            let mut word = [0xff; MAX_WORD];
            word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            let word = word.get(..F::WRITE_SIZE).unwrap_or_default();
            slot.write(self.next, word).map_err(|_| Error::Flash)?;
            self.hash.update(rest);
            self.next = end;
        }
        if offset / CHECKPOINT != self.next / CHECKPOINT {
            let safe = self.next / CHECKPOINT * CHECKPOINT;
            storage.set_transfer(self.kind, Some(Checkpoint { image: self.image, safe }))?;
        }
        Ok(self.next)
    }

    /// Erases the sectors that begin at `next` or later and before `end`.
    fn erase_reached<F: NorFlash>(&self, end: u32, slot: &mut F) -> Result<(), Error> {
        let sector = F::ERASE_SIZE as u32;
        let from = self.next.next_multiple_of(sector);
        let to = end.next_multiple_of(sector);
        if from < to {
            slot.erase(from, to).map_err(|_| Error::Flash)?;
        }
        Ok(())
    }

    /// Checks that the image is complete and has the announced hash.
    ///
    /// # Errors
    /// [`Error::Incomplete`] and [`Error::HashMismatch`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.next < self.image.length {
            return Err(Error::Incomplete { next: self.next, length: self.image.length });
        }
        let received: Hash = self.hash.clone().finalize().into();
        if received != self.image.sha256 {
            return Err(Error::HashMismatch { received });
        }
        Ok(())
    }
}
