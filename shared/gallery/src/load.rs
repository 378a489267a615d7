//! From the records in flash to the gallery's copy in memory.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use zeroize::Zeroize;

use crate::{
    Error, Memory,
    key_journal::KeyJournal,
    memory::PersonSlot,
    record::{self, Place, StoredPerson},
    sealed::{self, NOBODY, Record},
};
use template::EncoderHash;

/// The person ID of a template that was changed; no person has it.
const TAMPERED: u32 = u32::MAX;
/// The person ID of a template whose key is erased; no person has it.
const LOST: u32 = u32::MAX - 1;

/// Reads one record into memory; records of one place come from the oldest to the newest, and only the newest counts.
/// A record that does not open may be an old one, of a person whose key is erased.
pub(crate) fn read(
    memory: &mut Memory,
    keys: &KeyJournal,
    place: Place,
    bytes: &[u8],
    room: &mut Record,
) -> Result<(), Error> {
    let owner = sealed::owner(bytes)?;
    let person;
    let key = match owner {
        NOBODY => Some(keys.own_key()),
        slot => {
            person = keys.person_key(&memory.salts, slot);
            person.as_ref()
        }
    };
    let opened = key.map(|key| sealed::open(key, place, bytes, room));
    if let Some(Ok(content)) = opened {
        return take(memory, place, owner, content);
    }
    match place {
        Place::Template(slot) => {
            let slot = memory.wipe_template(slot).ok_or(Error::Corrupted)?;
            slot.written = true;
            slot.locked = true;
            slot.person = if opened.is_some() { TAMPERED } else { LOST };
        }
        Place::Person(slot) => {
            let slot = memory.people.get_mut(usize::from(slot)).ok_or(Error::Corrupted)?;
            slot.wipe();
            *slot = PersonSlot::Locked;
        }
    }
    Ok(())
}

/// Reads the content of a record into memory.
pub(crate) fn take(memory: &mut Memory, place: Place, owner: u16, content: &[u8]) -> Result<(), Error> {
    match place {
        Place::Template(slot) => {
            let number = usize::from(slot);
            let places = (memory.templates.get_mut(number), memory.rows.get_mut(number));
            let (Some(slot), Some(row)) = places else { return Err(Error::Corrupted) };
            // From here on there is something to wipe, even if decoding fails.
            slot.written = true;
            let stored = record::template(content, row)?;
            let (person, encoder, dimension) = match stored {
                Some(stored) => (stored.person, stored.encoder, stored.template.values().len()),
                None => (0, EncoderHash([0; 32]), 0),
            };
            if person == 0 {
                row.zeroize();
            }
            slot.locked = false;
            slot.person = person;
            slot.encoder = encoder;
            slot.dimension = dimension as u16;
        }
        Place::Person(slot) => {
            let person = StoredPerson::from_bytes(content)?;
            let slot = memory.people.get_mut(usize::from(slot)).ok_or(Error::Corrupted)?;
            let (id, person) = match person {
                StoredPerson::Removed { id } if owner == NOBODY => (id, PersonSlot::Removed),
                StoredPerson::Enrolled(person) if owner != NOBODY => {
                    (person.id, PersonSlot::Enrolled(person))
                }
                _ => return Err(Error::Corrupted),
            };
            memory.last_id = memory.last_id.max(id);
            slot.wipe();
            *slot = person;
        }
    }
    Ok(())
}

/// Refuses a gallery with a record that does not open although its key is there: it was changed.
pub(crate) fn refuse_tampered(memory: &Memory) -> Result<(), Error> {
    let mut people = memory.people.iter().zip(&memory.salts);
    let changed = people.any(|(slot, salt)| matches!(slot, PersonSlot::Locked) && salt.is_some())
        || memory.templates.iter().any(|slot| slot.locked && slot.person == TAMPERED);
    if changed { Err(Error::Tampered) } else { Ok(()) }
}
