//! Where the record is kept: an append log of two sectors, whose newest entry counts.
//!
//! ```text
//! slot       256 bytes, of which the last 104 stay erased
//! 0    4     number n, u32 LE
//! 4    116   the record
//! 120  32    tag: HKDF-SHA-256 with a key of this board, the number as salt, the record as purpose
//! ```
//! A record is not secret. Its tag shows that this board made it; a record that was changed, or another
//! board's, does not count. Which slot a record takes, and what a power cut leaves, is drawn in
//! [`AppendLog`]: the record before or the new one.

use embedded_storage::nor_flash::NorFlash;
use keys::Key;
use nor_store::{AppendLog, Codec};

use crate::{Error, Record, TEXT_BYTES};

/// Where the record and its tag begin in a slot.
const TEXT: usize = 4;
const TAG: usize = TEXT + TEXT_BYTES;
/// Bytes that are written: whole words of up to 8 bytes.
const WRITTEN: usize = TAG + 32;

/// Records tagged by a key of this board.
struct Tagged(Key);

impl Codec for Tagged {
    type Entry = [u8; TEXT_BYTES];
    type Slot = [u8; WRITTEN];
    const PITCH: usize = 256;

    fn slot() -> Self::Slot {
        [0; WRITTEN]
    }

    fn encode(&self, number: u32, text: &[u8; TEXT_BYTES], slot: &mut Self::Slot) {
        slot[TEXT..TAG].copy_from_slice(text);
        slot[TAG..].copy_from_slice(self.0.derive(&number.to_le_bytes(), text).bytes());
    }

    fn decode(&self, number: u32, slot: &Self::Slot) -> Option<[u8; TEXT_BYTES]> {
        let (mut text, mut tag) = ([0; TEXT_BYTES], [0; 32]);
        text.copy_from_slice(&slot[TEXT..TAG]);
        tag.copy_from_slice(&slot[TAG..]);
        (self.0.derive(&number.to_le_bytes(), &text) == Key::new(tag)).then_some(text)
    }
}

/// The records in their partition.
pub struct Ring<F> {
    log: AppendLog<F, Tagged>,
    record: Option<Record>,
}

impl<F: NorFlash> Ring<F> {
    /// Finds the newest record in `flash` that the board of this `unique` secret made.
    ///
    /// # Errors
    /// [`Error::Partition`], [`Error::Flash`].
    // Apart from its caller: in the frame of a task, which is large, its code would be longer.
    #[inline(never)]
    pub fn open(flash: F, unique: &Key) -> Result<Self, Error> {
        let log = AppendLog::open(flash, Tagged(unique.derive(b"", b"postern boot")))?;
        // A record of another version is none: an older one must not count in its place.
        let record = log.newest().and_then(|(_, text)| Record::from_bytes(text));
        Ok(Self { log, record })
    }

    /// The record; `None` if there is none of this board.
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// The record, to be changed and then saved.
    pub fn edit(&mut self) -> Option<&mut Record> {
        self.record.as_mut()
    }

    /// Writes the first record of a board.
    ///
    /// # Errors
    /// As [`Ring::save`].
    pub fn program(&mut self, record: Record) -> Result<(), Error> {
        self.record = Some(record);
        self.save()
    }

    /// Writes the record as it was changed.
    ///
    /// # Errors
    /// [`Error::NoRecord`], [`Error::Flash`]. After an error the previous record counts, as after a power cut,
    /// and there is none here until the ring is opened again.
    pub fn save(&mut self) -> Result<(), Error> {
        let saved = match &self.record {
            Some(record) => self.log.append(record.bytes()).map(|_| ()).map_err(Error::from),
            None => Err(Error::NoRecord),
        };
        if saved.is_err() {
            self.record = None;
        }
        saved
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.log.into_flash()
    }
}
