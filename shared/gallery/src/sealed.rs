//! The bytes of the gallery's records in flash: sealed, see [`crypto::record`].
//!
//! ```text
//! record   02 | owner u16 LE | nonce, 24 bytes | content | tag, 16 bytes
//!          associated data: map key u16 LE | 02 | owner u16 LE
//! ```
//! The owner is the person slot by whose key it is sealed ([`key_journal`](crate::key_journal)), or 0xffff for the
//! gallery's own key: a free template slot and a removed person belong to nobody. The first byte is
//! the version of the format.
//!
//! A person's key is made at the enrolment and exists as long as the person. So a record is bound to its
//! place and to this enrolment: the record of another place or of an earlier person does not open there.
//! An older record of the same person at the same place does, if somebody writes it back into flash, or damages
//! the newer one: it can give the person a template back that was removed, or take one.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use crypto::{Entropy, Key, record as seal};
use heapless::Vec;
use nor_store::MapKey;

use crate::{
    Error,
    record::{self, Place},
};

/// The version of the format.
const VERSION: u8 = 2;
/// Version and owner.
const HEAD: usize = 1 + 2;
/// The owner of what belongs to nobody.
pub(crate) const NOBODY: u16 = 0xffff;

/// Bytes by which a record is longer than its content.
const OVERHEAD: usize = HEAD + seal::OVERHEAD;
/// Bytes of the largest template record.
pub(crate) const MAX_TEMPLATE_RECORD: usize = OVERHEAD + record::MAX_TEMPLATE;
/// Bytes of the largest person record.
pub(crate) const MAX_PERSON_RECORD: usize = OVERHEAD + record::MAX_PERSON;
/// Bytes of a free slot's record.
pub(crate) const FREE_RECORD: usize = OVERHEAD;
/// Bytes of a removed person's record.
pub(crate) const REMOVED_RECORD: usize = OVERHEAD + record::REMOVED;

/// A record as it goes to flash.
pub(crate) type Record = Vec<u8, MAX_TEMPLATE_RECORD>;

/// Seals a content for its place.
pub(crate) fn seal(
    key: &Key,
    random: &mut impl Entropy,
    place: Place,
    owner: u16,
    content: &[u8],
) -> Result<Record, Error> {
    let [low, high] = owner.to_le_bytes();
    let room = [0; seal::NONCE].iter().chain(content).chain(&[0; seal::OVERHEAD - seal::NONCE]);
    let mut record: Record = [VERSION, low, high].iter().chain(room).copied().collect();
    let sealed = record.get_mut(HEAD..).unwrap_or_default();
    let length = content.len();
    seal::seal(key, random, &associated(place, owner), sealed, length).map_err(|_| Error::Corrupted)?;
    Ok(record)
}

/// By whose key a record is sealed.
///
/// # Errors
/// [`Error::Format`] for another version, [`Error::Corrupted`] for what is no record.
pub(crate) fn owner(record: &[u8]) -> Result<u16, Error> {
    match record {
        [VERSION, low, high, ..] => Ok(u16::from_le_bytes([*low, *high])),
        [VERSION, ..] | [] => Err(Error::Corrupted),
        [version, ..] => Err(Error::Format(*version)),
    }
}

/// Opens a record in `room`, and returns its content.
///
/// # Errors
/// [`Error::Tampered`] if it was not sealed by this key for this place.
pub(crate) fn open<'b>(
    key: &Key,
    place: Place,
    record: &[u8],
    room: &'b mut Record,
) -> Result<&'b [u8], Error> {
    let owner = owner(record)?;
    room.clear();
    let sealed = record.get(HEAD..).unwrap_or_default();
    room.extend_from_slice(sealed).map_err(|_| Error::Tampered)?;
    let opened = seal::open(key, &associated(place, owner), room);
    opened.map(|content| &*content).map_err(|_| Error::Tampered)
}

fn associated(place: Place, owner: u16) -> [u8; 5] {
    let ([key_low, key_high], [low, high]) = (place.number().to_le_bytes(), owner.to_le_bytes());
    [key_low, key_high, VERSION, low, high]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::Generator;

    #[test]
    fn a_record_opens_at_its_place_for_its_owner_alone() {
        let key = Key::new([1; 32]);
        let mut random = Generator::new(&key, b"");
        let record = seal(&key, &mut random, Place::Person(3), 3, b"Ann").unwrap();
        assert_eq!(record.len(), OVERHEAD + 3);
        assert_eq!(record[..3], [2, 3, 0]);
        assert_eq!(owner(&record), Ok(3));
        let mut room = Record::new();
        assert_eq!(open(&key, Place::Person(3), &record, &mut room), Ok(&b"Ann"[..]));
        assert_eq!(open(&key, Place::Person(4), &record, &mut room), Err(Error::Tampered));
        assert_eq!(open(&key, Place::Template(3), &record, &mut room), Err(Error::Tampered));
        let mut other = record.clone();
        other[1] = 4;
        assert_eq!(open(&key, Place::Person(3), &other, &mut room), Err(Error::Tampered));
        assert_eq!(owner(&[1, 0, 0]), Err(Error::Format(1)));
        assert_eq!(owner(&[2, 0]), Err(Error::Corrupted));
        assert_eq!(owner(&[]), Err(Error::Corrupted));
    }
}
