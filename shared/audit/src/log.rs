//! The log in flash: an append log of sealed slots, chained by their hashes.
//!
//! Where an entry lies, and what a power cut leaves, is drawn in [`AppendLog`]. With 64 slots a sector, a
//! partition of `s` sectors keeps at least `(s - 1) * 64` entries.

use embedded_storage::nor_flash::NorFlash;
use nor_store::AppendLog;

use crate::{
    chain::Chain,
    entry::{ENTRY_BYTES, Entry},
    error::Error,
    slot::{Linked, Seal, Sealed},
};

/// An entry as the log keeps it: what a [`Verifier`](crate::Verifier) takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// Its number.
    pub number: u32,
    /// Its bytes: [`Entry::from_bytes`].
    pub bytes: [u8; ENTRY_BYTES],
    /// Its link of the chain.
    pub chain: Chain,
}

/// The log in its flash partition.
pub struct Log<F, S: Seal>(AppendLog<F, Sealed<S>>);

impl<F: NorFlash, S: Seal> Log<F, S> {
    /// Opens the log that takes the whole of `flash`, and finds its newest entry.
    ///
    /// # Errors
    /// [`Error::Partition`], [`Error::Flash`] or [`Error::Exhausted`].
    pub fn open(flash: F, seal: S) -> Result<Self, Error> {
        Ok(Self(AppendLog::open(flash, Sealed(seal))?))
    }

    /// From the number of the oldest entry that may still be there to the number of the next one.
    pub fn numbers(&self) -> core::ops::Range<u32> {
        self.0.numbers()
    }

    /// The newest entry.
    pub fn newest(&self) -> Option<Entry> {
        self.0.newest().and_then(|(_, linked)| Entry::from_bytes(&linked.bytes))
    }

    /// The number of the newest entry, and its link of the chain.
    pub fn newest_link(&self) -> Option<(u32, Chain)> {
        self.0.newest().map(|(number, linked)| (number, linked.chain))
    }

    /// Appends an entry and returns its number. Once this returns, the entry survives a power cut.
    ///
    /// # Errors
    /// [`Error::Flash`]; the number is not used again if something may have been written under it.
    /// [`Error::Exhausted`].
    pub fn append(&mut self, entry: &Entry) -> Result<u32, Error> {
        let bytes = entry.to_bytes();
        let before = self.0.newest().map_or(Chain::default(), |(_, newest)| newest.chain);
        let chain = before.next(self.0.next(), &bytes);
        Ok(self.0.append(&Linked { bytes, chain })?)
    }

    /// The entry of this number; `None` if a power cut interrupted it, its sector was erased, or it does not
    /// open.
    ///
    /// # Errors
    /// [`Error::Flash`].
    pub fn read(&mut self, number: u32) -> Result<Option<Read>, Error> {
        let linked = self.0.read(number)?;
        Ok(linked.map(|Linked { bytes, chain }| Read { number, bytes, chain }))
    }
}
