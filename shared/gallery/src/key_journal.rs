//! The journal of the people's keys: one key for each person, which is erased with the person.
//!
//! Flash is not overwritten: an older value of the map stays in its sector until that is erased. So each
//! person's records are sealed by a key of their own, whose salt is here. When a person is removed, the salt is
//! erased at once. After that nobody can read the old records.
//!
//! ```text
//! sectors   bank A | bank B | the map's            a bank: 8 KiB, in whole sectors
//! bank      header, 16 bytes | cells, 24 bytes each, in the order of enrolment
//! header    "PKR1" | generation u32 LE | check, 8 bytes
//! cell      person slot u16 LE | salt, 18 bytes | check, 4 bytes
//! check     first bytes of HKDF-SHA-256( gallery's key, salt: content, "postern ring" )
//! key       HKDF-SHA-256( gallery's key, salt, "postern person" )
//! ```
//!
//! # Power cuts
//! | change | 1st | 2nd (commit) | after a cut |
//! |---|---|---|---|
//! | enrol a person | append a cell | the person's record, in the map | the next opening drops a cell without a person |
//! | remove a person | rewrite the journal without the cell, see [`Journal`] | | the old cells or the new ones |

use crypto::{Entropy, Key, Tag};
use embedded_storage::nor_flash::NorFlash;
use nor_store::{Check, Journal};
use zeroize::Zeroize;

use crate::{
    Error,
    memory::{SALT, Salts},
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
        Some(self.own_key().derive(salt, b"postern person"))
    }

    /// The key of records that belong to no person.
    pub(crate) fn own_key(&self) -> &Key {
        &self.0.check().0
    }

    /// Reads the journal, and completes an interrupted removal. `false` if there is no journal.
    pub(crate) fn read<F: NorFlash>(&mut self, flash: &mut F, salts: &mut Salts) -> Result<bool, Error> {
        salts.zeroize();
        Ok(self.0.read(flash, |content| {
            let Some((slot, salt)) = content.split_first_chunk() else { return };
            let place = salts.get_mut(usize::from(u16::from_le_bytes(*slot)));
            if let (Some(place), Some(salt)) = (place, salt.first_chunk()) {
                *place = Some(*salt);
            }
        })?)
    }

    /// Makes a journal without keys.
    pub(crate) fn format<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Error> {
        Ok(self.0.format(flash)?)
    }

    /// Makes a key for the person at a slot, and writes it to flash.
    pub(crate) fn add<F: NorFlash>(
        &mut self,
        flash: &mut F,
        salts: &mut Salts,
        slot: u16,
        random: &mut impl Entropy,
    ) -> Result<(), Error> {
        if self.0.is_full() {
            self.rewrite(flash, salts)?;
        }
        let mut salt = [0; SALT];
        random.fill(&mut salt);
        let mut cell = cell(slot, &salt);
        let appended = self.0.append(flash, &cell);
        cell.zeroize();
        appended?;
        *salts.get_mut(usize::from(slot)).ok_or(Error::Full)? = Some(salt);
        Ok(())
    }

    /// Keeps only these salts: writes them into the other bank, and erases this one.
    pub(crate) fn rewrite<F: NorFlash>(&mut self, flash: &mut F, salts: &Salts) -> Result<(), Error> {
        let kept = (0u16..).zip(salts).filter_map(|(slot, salt)| Some(cell(slot, salt.as_ref()?)));
        Ok(self.0.rewrite(flash, kept)?)
    }
}

fn cell(slot: u16, salt: &[u8; SALT]) -> [u8; CONTENT] {
    let mut cell = [0; CONTENT];
    cell.iter_mut().zip(slot.to_le_bytes().iter().chain(salt)).for_each(|(to, from)| *to = *from);
    cell
}
