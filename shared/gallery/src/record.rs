//! The contents of the gallery's records, and the keys under which the map has them.
//!
//! Keys are places in a volume, not people: a place is used again when its person is removed, so that the map never
//! grows beyond [`MAX_PEOPLE`] + [`MAX_TEMPLATES`] keys.
//!
//! ```text
//! key    u16 LE   0x0000 | template slot     or     0x8000 | person slot
//!
//! template slot   person u32 LE | encoder hash, 32 bytes | values, 64 to 512 x i8
//!   free          nothing
//! person slot     id u32 LE | templates u8 | slots u16 LE each | name, UTF-8
//!   removed       id u32 LE
//! ```
//! The contents are sealed before they go to flash (`sealed`). The record of a removed person keeps the id,
//! so that the largest id ever used follows from the records alone, and no id is used twice as long as they are there. Whoever opens the
//! gallery tells it of ids in flash that is away.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use heapless::Vec;
use nor_store::MapKey;

use crate::{Error, MAX_NAME, Name, TEMPLATES_PER_PERSON, memory::Person};
#[cfg(doc)]
use crate::{MAX_PEOPLE, MAX_TEMPLATES};
use template::{EncoderHash, MAX_DIMENSION, TemplateView};

/// What tells a person's key from a template's.
const PERSON: u16 = 0x8000;
/// Person and encoder before a template's values.
const TEMPLATE_HEAD: usize = 4 + 32;
/// Id and number of templates before a person's slots.
const PERSON_HEAD: usize = 4 + 1;

/// Bytes of the largest template's content.
pub(crate) const MAX_TEMPLATE: usize = TEMPLATE_HEAD + MAX_DIMENSION;
/// Bytes of the largest person's content.
pub(crate) const MAX_PERSON: usize = PERSON_HEAD + 2 * TEMPLATES_PER_PERSON + MAX_NAME;
/// Bytes of a removed person's content.
pub(crate) const REMOVED: usize = 4;

/// A record's content.
pub(crate) type Bytes = Vec<u8, MAX_TEMPLATE>;

/// A place in the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Of a template, from 0.
    Template(u16),
    /// Of a person, from 0.
    Person(u16),
}

impl MapKey for Place {
    fn number(self) -> u16 {
        match self {
            Self::Template(slot) => slot,
            Self::Person(slot) => PERSON | slot,
        }
    }

    fn from_number(number: u16) -> Option<Self> {
        let slot = number & !PERSON;
        Some(if number & PERSON == 0 { Self::Template(slot) } else { Self::Person(slot) })
    }
}

/// What a template slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredTemplate<'a> {
    pub(crate) person: u32,
    pub(crate) encoder: EncoderHash,
    pub(crate) template: TemplateView<'a>,
}

/// What a person slot holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoredPerson {
    Enrolled(Person),
    Removed { id: u32 },
}

impl StoredTemplate<'_> {
    pub(crate) fn bytes(&self) -> Bytes {
        let values = self.template.values().iter().map(|value| value.cast_unsigned());
        self.person.to_le_bytes().into_iter().chain(self.encoder.0).chain(values).collect()
    }
}

/// Decodes a template slot; `None` if it is free.
///
/// # Errors
/// [`Error::Corrupted`] for what no gallery wrote.
/// `values` is where the values go, as flash gives unsigned bytes.
pub(crate) fn template<'a>(
    bytes: &[u8],
    values: &'a mut [i8; MAX_DIMENSION],
) -> Result<Option<StoredTemplate<'a>>, Error> {
    let mut reader = Reader { rest: bytes };
    if reader.rest.is_empty() {
        return Ok(None);
    }
    let person = u32::from_le_bytes(reader.array()?);
    let encoder = EncoderHash(reader.array()?);
    let values = values.get_mut(..reader.rest.len()).ok_or(Error::Corrupted)?;
    values.iter_mut().zip(reader.rest).for_each(|(value, byte)| *value = byte.cast_signed());
    let template = TemplateView::new(values).map_err(|_| Error::Corrupted)?;
    Ok(Some(StoredTemplate { person, encoder, template }))
}

impl StoredPerson {
    pub(crate) fn bytes(&self) -> Bytes {
        let mut bytes = Bytes::new();
        // The buffer holds the largest record, so that nothing below is cut off.
        match self {
            Self::Removed { id } => bytes.extend(id.to_le_bytes()),
            Self::Enrolled(person) => {
                bytes.extend(person.id.to_le_bytes());
                bytes.extend([person.slots.len() as u8]);
                bytes.extend(person.slots.iter().flat_map(|slot| slot.to_le_bytes()));
                bytes.extend(person.name.bytes());
            }
        }
        bytes
    }

    /// Decodes a person slot, with the errors of [`template`].
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader { rest: bytes };
        let id = u32::from_le_bytes(reader.array()?);
        if reader.rest.is_empty() {
            return Ok(Self::Removed { id });
        }
        let [count] = reader.array()?;
        let mut slots = Vec::new();
        for _ in 0..count {
            slots.push(u16::from_le_bytes(reader.array()?)).map_err(|_| Error::Corrupted)?;
        }
        let name = core::str::from_utf8(reader.rest).map_err(|_| Error::Corrupted)?;
        let name = Name::new(name).map_err(|_| Error::Corrupted)?;
        Ok(Self::Enrolled(Person { id, name, slots }))
    }
}

/// Takes fields off the front of a record.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Error::Corrupted)?;
        self.rest = rest;
        Ok(*array)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_person_has_these_bytes() {
        let slots = [1u16, 0x0203].into_iter().collect();
        let person = Person { id: 0x0405_0607, name: Name::new("Zoë").unwrap(), slots };
        let record = StoredPerson::Enrolled(person);
        let golden = [7, 6, 5, 4, 2, 1, 0, 3, 2, b'Z', b'o', 0xc3, 0xab];
        assert_eq!(record.bytes(), golden);
        assert_eq!(StoredPerson::from_bytes(&golden), Ok(record));
        let removed = StoredPerson::Removed { id: 9 };
        assert_eq!(removed.bytes(), [9, 0, 0, 0]);
        assert_eq!(StoredPerson::from_bytes(&[9, 0, 0, 0]), Ok(removed));
    }

    #[test]
    fn a_template_has_these_bytes() {
        let values = [-2i8; 64];
        let template = TemplateView::new(&values).unwrap();
        let record = StoredTemplate { person: 5, encoder: EncoderHash([0xab; 32]), template };
        let bytes = record.bytes();
        assert_eq!(bytes[..4], [5, 0, 0, 0]);
        assert_eq!(bytes[4..36], [0xab; 32]);
        assert_eq!(bytes[36..], [0xfe; 64]);
        let mut memory = [0; MAX_DIMENSION];
        assert_eq!(super::template(&bytes, &mut memory), Ok(Some(record)));
        assert_eq!(super::template(&[], &mut memory), Ok(None));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            let mut memory = [0; MAX_DIMENSION];
            if let Ok(Some(record)) = template(&bytes, &mut memory) {
                prop_assert_eq!(&record.bytes()[..], &bytes[..]);
            }
            let _ = StoredPerson::from_bytes(&bytes);
        }
    }
}
