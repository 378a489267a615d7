//! Where record and requests are kept: append logs of two sectors each, whose newest entry counts.
//!
//! ```text
//! slot       256 bytes, of which the last 48 stay erased
//! 0    4     number n, u32 LE
//! 4    172   the record, or a request
//! 176  32    tag: HKDF-SHA-256 with a key of this board, the number as salt, the text as purpose
//! ```
//! Neither is secret. The tag shows that this board made it; a text that was changed, or another board's, does not count.
//! Which slot a text takes, and what a power cut leaves, is drawn in [`AppendLog`]: the text before or the new one.
//!
//! ```text
//! device secret        in fuses; the boot loader reads it
//! +- "postern boot record"    tags records; the boot loader alone has it
//! +- "postern application"    what the firmware gets in place of the device secret
//!    +- "postern boot request"    tags requests
//! ```

use embedded_storage::nor_flash::NorFlash;
use keys::{Key, Tag};
use nor_store::{AppendLog, Codec};

use crate::record::array;
use crate::{Ask, Error, Record, Request, TEXT_BYTES};

/// Where the text and its tag begin in a slot.
const TEXT: usize = 4;
const TAG: usize = TEXT + TEXT_BYTES;
/// Bytes that are written: whole words of up to 8 bytes.
const WRITTEN: usize = TAG + 32;

/// Texts tagged by a key of this board.
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
        slot[TAG..].copy_from_slice(self.0.tag(&number.to_le_bytes(), text).bytes());
    }

    fn decode(&self, number: u32, slot: &Self::Slot) -> Option<[u8; TEXT_BYTES]> {
        let (text, tag) = (array(slot, TEXT), array(slot, TAG));
        (self.0.tag(&number.to_le_bytes(), &text) == Tag::new(tag)).then_some(text)
    }
}

/// The secret that the boot loader hands to the firmware in place of the device secret. The key of the record cannot
/// be derived from it.
#[must_use]
pub fn application_secret(unique: &Key) -> Key {
    unique.derive(b"", b"postern application")
}

/// The records in their partition.
pub struct Ring<F>(AppendLog<F, Tagged>);

impl<F: NorFlash> Ring<F> {
    /// Finds the newest record in `flash` that the board of this `unique` secret made.
    ///
    /// # Errors
    /// [`Error::Partition`], [`Error::Flash`].
    pub fn open(flash: F, unique: &Key) -> Result<Self, Error> {
        Ok(Self(AppendLog::open(flash, Tagged(unique.derive(b"", b"postern boot record")))?))
    }

    /// The record; `None` if there is none of this board, or if another version wrote it: an older one must not count in
    /// its place.
    pub fn record(&self) -> Option<Record> {
        self.0.newest().and_then(|(_, text)| Record::from_bytes(text))
    }

    /// Writes a record.
    ///
    /// # Errors
    /// [`Error::Flash`]; then the record before counts, as after a power cut.
    pub fn save(&mut self, record: &Record) -> Result<(), Error> {
        Ok(self.0.append(record.bytes()).map(|_| ())?)
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.0.into_flash()
    }
}

/// The requests in their partition.
pub struct Requests<F>(AppendLog<F, Tagged>);

impl<F: NorFlash> Requests<F> {
    /// Finds the newest request of the firmware with this [`application_secret`].
    ///
    /// # Errors
    /// [`Error::Partition`], [`Error::Flash`].
    // Apart from its caller: in the frame of a task, which is large, its code would be longer.
    #[inline(never)]
    pub fn open(flash: F, application: &Key) -> Result<Self, Error> {
        Ok(Self(AppendLog::open(flash, Tagged(application.derive(b"", b"postern boot request")))?))
    }

    /// The newest request.
    pub fn newest(&self) -> Option<Request> {
        self.0.newest().and_then(|(_, text)| Request::from_bytes(text))
    }

    /// Writes a request, and carries it out in the firmware's copy of the record. The copy is unchanged after an error.
    ///
    /// # Errors
    /// [`Error::Flash`].
    #[inline(never)]
    pub fn ask(&mut self, record: &mut Record, ask: Ask) -> Result<(), Error> {
        let request = Request { serial: record.serial().saturating_add(1), ask };
        self.0.append(&request.to_bytes())?;
        record.carry_out(&request);
        Ok(())
    }
}
