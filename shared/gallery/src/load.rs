//! From the records in flash to the gallery's copy in memory.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use zeroize::Zeroize;

use crate::{
    Error,
    key_journal::KeyJournal,
    memory::{PersonSlot, Room},
    place,
    record::{self, Place, StoredPerson},
    sealed::{self, NOBODY, Record},
};
use template::MAX_DIMENSION;

/// The person ID of a template that was changed; no person has it.
const TAMPERED: u32 = u32::MAX;
/// The person ID of a template whose key is erased; no person has it.
const LOST: u32 = u32::MAX - 1;

/// Reads one record of a volume into memory; records of one place come from the oldest to the newest, and only the newest
/// counts. A record that does not open may be an old one, of a person whose key is erased.
pub(crate) fn read(
    memory: &mut Room,
    keys: &KeyJournal,
    volume: usize,
    place: Place,
    bytes: &[u8],
    room: &mut Record,
) -> Result<(), Error> {
    let owner = sealed::owner(bytes)?;
    let person;
    let key = match owner {
        NOBODY => Some(keys.own_key()),
        slot => {
            person = memory.salts.get(volume).and_then(|salts| keys.person_key(salts, slot));
            person.as_ref()
        }
    };
    let opened = key.map(|key| sealed::open(key, place, bytes, room));
    if let Some(Ok(content)) = opened {
        return take(memory, volume, place, owner, content);
    }
    match place {
        Place::Template(slot) => {
            let slot = place::template(volume, slot).ok_or(Error::Corrupted)?;
            let slot = memory.wipe_template(slot).ok_or(Error::Corrupted)?;
            slot.written = true;
            slot.locked = true;
            slot.person = if opened.is_some() { TAMPERED } else { LOST };
        }
        Place::Person(slot) => {
            let slot = place::person(volume, slot).ok_or(Error::Corrupted)?;
            let slot = memory.people.get_mut(usize::from(slot)).ok_or(Error::Corrupted)?;
            slot.wipe();
            *slot = PersonSlot::Locked;
        }
    }
    Ok(())
}

/// Reads the content of a record of a volume into memory.
pub(crate) fn take(
    memory: &mut Room,
    volume: usize,
    place: Place,
    owner: u16,
    content: &[u8],
) -> Result<(), Error> {
    match place {
        Place::Template(slot) => {
            let slot = place::template(volume, slot).ok_or(Error::Corrupted)?;
            memory.wipe_template(slot).ok_or(Error::Corrupted)?.written = true;
            let mut values = [0; MAX_DIMENSION];
            let put = match record::template(content, &mut values) {
                Ok(Some(stored)) => {
                    let holder = place::person(volume, owner).unwrap_or(NOBODY);
                    memory.put_template(slot, stored.person, holder, stored.encoder, stored.template)
                }
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            values.zeroize();
            put?;
        }
        Place::Person(slot) => {
            let mut person = StoredPerson::from_bytes(content)?;
            if let StoredPerson::Enrolled(person) = &mut person {
                for slot in &mut person.slots {
                    *slot = place::template(volume, *slot).ok_or(Error::Corrupted)?;
                }
            }
            let slot = place::person(volume, slot).ok_or(Error::Corrupted)?;
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
pub(crate) fn refuse_tampered(memory: &Room) -> Result<(), Error> {
    let mut people = memory.people.iter().zip(memory.salts.as_flattened());
    let changed = people.any(|(slot, salt)| matches!(slot, PersonSlot::Locked) && salt.is_some())
        || memory.templates.iter().any(|slot| slot.locked && slot.person == TAMPERED);
    if changed { Err(Error::Tampered) } else { Ok(()) }
}
