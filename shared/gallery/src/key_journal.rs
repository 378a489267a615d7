//! The journal of the people's keys: one key for each person, which is erased with the person.
//!
//! Flash is not overwritten: an older value of the map stays in its sector until that is erased. So each
//! person's records are sealed by a key of their own, whose salt is here. When a person is removed, the salt is
//! programmed with zeros at once. After that nobody can read the old records.
//!
//! ```text
//! sectors   bank A | bank B | the map's            a bank: 8 KiB, in whole sectors
//! bank      header, 16 bytes | cells, 24 bytes each, in the order of enrolment
//! header    "PKR1" | generation u32 LE | check, 8 bytes
//! cell      person slot u16 LE | salt, 18 bytes | check, 4 bytes; or zeros, once the person is removed
//! check     first bytes of HKDF-SHA-256( gallery's key, salt: content, "postern ring" )
//! key       HKDF-SHA-256( gallery's key, salt, "postern person" )
//! ```
//!
//! # Power cuts
//! | change | 1st | 2nd | after a cut |
//! |---|---|---|---|
//! | enrol a person | append a cell | the person's record, in the map | the next opening drops a cell without a person |
//! | remove a person | the person as removed, in the map | zeros over the cell | the next opening writes the zeros, see [`Journal`] |
//! | enrol, where the bank is full | rewrite the journal without deleted cells | then as above | the old bank or the new one |

use crypto::{Entropy, Key, Tag};
use embedded_storage::nor_flash::{MultiwriteNorFlash, NorFlash};
use nor_store::{Check, Journal};
use zeroize::Zeroize;

use crate::{
    Error,
    memory::{SALT, Salt, Salts},
};

/// Bytes of a bank, at least.
const BANK: usize = 8192;
/// Bytes of a cell.
const CELL: usize = CONTENT + 4;
/// Bytes of a cell without its check.
const CONTENT: usize = 2 + SALT;

/// Checks cells by the gallery's key.
struct ByKey(Key);

impl ByKey {
    fn tag<const N: usize>(&self, content: &[u8]) -> Tag<N> {
        self.0.tag(content, b"postern ring").shortened()
    }
}

impl Check for ByKey {
    const MAGIC: [u8; 4] = *b"PKR1";

    fn check(&self, content: &[u8]) -> [u8; 8] {
        *self.tag::<8>(content).bytes()
    }

    fn matches(&self, content: &[u8], check: &[u8]) -> bool {
        match check.len() {
            8 => self.tag::<8>(content).matches(check),
            _ => self.tag::<4>(content).matches(check),
        }
    }
}

/// The keys of the people, in the first sectors of the gallery's partition.
pub(crate) struct KeyJournal(Journal<ByKey, BANK, CELL>);

impl KeyJournal {
    /// Bytes of flash that the journal takes.
    pub(crate) fn bytes<F: NorFlash>() -> usize {
        Journal::<ByKey, BANK, CELL>::bytes::<F>()
    }

    /// A journal that was not read yet.
    pub(crate) fn new(key: Key) -> Self {
        Self(Journal::new(ByKey(key)))
    }

    /// The key of the person at a slot; `None` if it was erased.
    pub(crate) fn person_key(&self, salts: &Salts, slot: u16) -> Option<Key> {
        let salt = salts.get(usize::from(slot))?.as_ref()?;
        Some(self.own_key().derive(&salt.bytes, b"postern person"))
    }

    /// The key of records that belong to no person.
    pub(crate) fn own_key(&self) -> &Key {
        &self.0.check().0
    }

    /// Reads the journal, and completes an interrupted removal. `false` if there is no journal.
    pub(crate) fn read<F: MultiwriteNorFlash>(
        &mut self,
        flash: &mut F,
        salts: &mut Salts,
    ) -> Result<bool, Error> {
        salts.zeroize();
        Ok(self.0.read(flash, |number, content| {
            let Some((slot, bytes)) = content.split_first_chunk() else { return };
            let place = salts.get_mut(usize::from(u16::from_le_bytes(*slot)));
            if let (Some(place), Some(bytes)) = (place, bytes.first_chunk()) {
                *place = Some(Salt { bytes: *bytes, cell: number as u16 });
            }
        })?)
    }

    /// Makes a journal without keys.
    pub(crate) fn format<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Error> {
        Ok(self.0.format(flash)?)
    }

    /// Makes a key for the person at a slot, and writes it to flash.
    pub(crate) fn add<F: MultiwriteNorFlash>(
        &mut self,
        flash: &mut F,
        salts: &mut Salts,
        slot: u16,
        random: &mut impl Entropy,
    ) -> Result<(), Error> {
        // A slot has one cell; there is one already if an enrolment was given up after its key was made.
        self.erase(flash, salts, slot)?;
        if self.0.is_full() {
            self.drop_deleted(flash, salts)?;
        }
        let mut bytes = [0; SALT];
        random.fill(&mut bytes);
        let mut cell = cell(slot, &bytes);
        let appended = self.0.append(flash, &cell);
        cell.zeroize();
        let salt = Salt { bytes, cell: appended? as u16 };
        *salts.get_mut(usize::from(slot)).ok_or(Error::Full)? = Some(salt);
        Ok(())
    }

    /// Erases the key of the person at a slot from flash, and then from memory. Without such a key it does nothing.
    pub(crate) fn erase<F: MultiwriteNorFlash>(
        &mut self,
        flash: &mut F,
        salts: &mut Salts,
        slot: u16,
    ) -> Result<(), Error> {
        let Some(place) = salts.get_mut(usize::from(slot)) else { return Ok(()) };
        if let Some(salt) = place {
            self.0.delete(flash, usize::from(salt.cell))?;
            place.zeroize();
        }
        Ok(())
    }

    /// Writes the keys into the other bank, and so makes room where cells of removed people were.
    fn drop_deleted<F: NorFlash>(&mut self, flash: &mut F, salts: &mut Salts) -> Result<(), Error> {
        let kept = (0u16..).zip(&*salts).filter_map(|(slot, salt)| Some(cell(slot, &salt.as_ref()?.bytes)));
        self.0.rewrite(flash, kept)?;
        // The new cells have the order of the slots.
        for (number, salt) in (0..).zip(salts.iter_mut().flatten()) {
            salt.cell = number;
        }
        Ok(())
    }
}

fn cell(slot: u16, salt: &[u8; SALT]) -> [u8; CONTENT] {
    let mut cell = [0; CONTENT];
    cell.iter_mut().zip(slot.to_le_bytes().iter().chain(salt)).for_each(|(to, from)| *to = *from);
    cell
}
