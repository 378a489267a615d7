//! Requests about enrolled people: list, removal, rules.

use audit::Kind;
use board_api::Board;
use embassy_time::Instant;
use embedded_storage::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use policy::Rule;
use protocol::{Error, Hash, PersonId, Response, USERS_PER_PAGE, User};

use crate::{
    pipeline::{Engine, Models},
    session::{
        audit_map,
        translate::{self, refusal, unreadable},
    },
    store::{People, Rules, opened},
    worker::parts::Parts,
};

use super::basis;

/// A page of the people.
pub(super) fn list<F: MultiwriteNorFlash>(people: &mut People<'_, F>, from: u32) -> Result<Response, Error> {
    let gallery = people.whole().map_err(unreadable)?;
    let mut users: Vec<User, USERS_PER_PAGE> = Vec::new();
    let mut next = gallery.next_person(from);
    while let Some(person) = next {
        let encoder: Hash = gallery.encoder_of(person).map_or([0; 32], |hash| hash.0);
        let user = User {
            person: person.id(),
            name: translate::name(person.name()),
            templates: person.templates() as u8,
            encoder,
        };
        if users.push(user).is_err() {
            break;
        }
        next = person.id().checked_add(1).and_then(|id| gallery.next_person(id));
    }
    Ok(Response::Users { users, next: next.map(|person| person.id()) })
}

/// Removes whoever has a name, with templates and rules. Somebody who was unknown for a time may have come back to a name that was given
/// again. So all go who have it. The reply is of the last, as is the entry of the request; each of the others has an entry here.
pub(super) fn remove<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    name: &str,
    models: &Models<'_, E>,
) -> Result<Response, Error> {
    let mut removed = remove_one(parts, name)?;
    while parts.people.named(name) > 0 {
        let fields = audit_map::fields(parts.access.peer(), (0, [0; 8]), &removed, basis(parts, models));
        parts.journal.record(Kind::Removed, fields);
        // A cut from here on is in the middle of the next one.
        let (place, newest) = (parts.access.place_of_session(), parts.journal.newest_number());
        parts.executed.go_on(place, newest, parts.storage.as_mut());
        removed = remove_one(parts, name)?;
    }
    Ok(removed)
}

/// Removes a person, with templates and rule. Where the erasure of their key fails, they are gone all the same: so what was
/// asked of them, their failures and their rule go whatever the gallery answers.
fn remove_one<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>, name: &str) -> Result<Response, Error> {
    let room = parts.people.room();
    // First, so that whoever is not there afterwards was removed.
    let found = parts.people.whole().and_then(|gallery| gallery.find(name).ok_or(gallery::Error::NotFound));
    let id = found.map_err(|error| refusal(error, name, room))?.id();
    parts.restart_frames();
    parts.decider.forget(id);
    let removed = parts.people.gallery_mut().map_err(unreadable)?.remove(name);
    if parts.people.person(id).is_none() {
        parts.decider.remove(id);
        parts.keep_tallies();
        if let Some(storage) = &mut parts.storage {
            // The ID is given to nobody while the rule has it. So a rule that stays after an error applies to nobody.
            let _ = parts.rules.remove(id, storage);
        }
    }
    let person = removed.map_err(|error| refusal(error, name, room))?;
    Ok(Response::Removed { person: id, templates: person.templates() as u8 })
}

/// Removes one template of a person.
pub(super) fn remove_template<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    name: &str,
    index: u8,
) -> Result<Response, Error> {
    let room = parts.people.room();
    let gallery = parts.people.gallery_mut().map_err(unreadable)?;
    let person = gallery.remove_template(name, index.into()).map_err(|error| refusal(error, name, room))?;
    parts.restart_frames();
    Ok(Response::Removed { person: person.id(), templates: 1 })
}

/// Removes the template of this number, as [`Response::Enrolled`] told it; none if it is not there any more.
pub(super) fn remove_enrolled<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    id: PersonId,
    template: u16,
) -> Result<Response, Error> {
    let gallery = parts.people.whole().map_err(unreadable)?;
    let person = gallery.people().find(|person| person.id() == id);
    let found = person.and_then(|person| {
        let index = person.numbers().iter().position(|number| *number == template)?;
        Some((translate::name(person.name()), index as u8))
    });
    match found {
        Some((name, index)) => remove_template(parts, &name, index),
        None => Ok(Response::Removed { person: id, templates: 0 }),
    }
}

/// Gives a person another name.
pub(super) fn rename<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    name: &str,
    new: &str,
) -> Result<Response, Error> {
    let room = parts.people.room();
    let new = gallery::Name::new(new).map_err(|_| Error::BadName)?;
    let renamed = parts.people.gallery_mut().map_err(unreadable)?.rename(name, &new);
    let person = renamed.map_err(|error| refusal(error, name, room))?.id();
    parts.restart_frames();
    Ok(Response::Renamed { person })
}

/// The rule of a person, without the PINs.
pub(super) fn rule<F: MultiwriteNorFlash>(
    people: &mut People<'_, F>,
    rules: &Rules<'_>,
    name: &str,
) -> Result<Response, Error> {
    let person = find(people, name)?;
    let rule = rules.stored(person).ok_or(Error::RuleLost)?;
    Ok(Response::Rule {
        person,
        schedule: rule.schedule,
        pin: rule.pin.is_some(),
        duress_pin: rule.duress_pin.is_some(),
        suspended: rule.suspended,
    })
}

/// Sets the rule of a person. Whether they are suspended stays: another host may have changed that since. Who was lost may have been
/// suspended, so they are until they are resumed.
pub(super) fn set_rule<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    name: &str,
    rule: Rule,
) -> Result<Response, Error> {
    let person = find(&mut parts.people, name)?;
    let suspended = parts.rules.stored(person).is_none_or(|before| before.suspended);
    store(parts, name, Rule { suspended, ..rule })
}

fn store<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    name: &str,
    rule: Rule,
) -> Result<Response, Error> {
    let person = find(&mut parts.people, name)?;
    parts.rules.set(person, rule, opened(&mut parts.storage)?)?;
    if parts.decider.awaited(Instant::now()) == Some(person) {
        // Their wait ends: by this request, and not by a face.
        parts.restart_frames();
    }
    parts.decider.forget(person);
    self::rule(&mut parts.people, &parts.rules, name)
}

/// Suspends a person, or resumes them; the rest of their rule stays.
pub(super) fn suspend<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    name: &str,
    suspended: bool,
) -> Result<Response, Error> {
    let person = find(&mut parts.people, name)?;
    let rule = parts.rules.stored(person).ok_or(Error::RuleLost)?;
    store(parts, name, Rule { suspended, ..rule })
}

/// The ID of the person who alone has a name: a rule or a suspension that met one of two would leave the other as they are.
fn find<F: MultiwriteNorFlash>(people: &mut People<'_, F>, name: &str) -> Result<PersonId, Error> {
    let room = people.room();
    let found = people.whole().and_then(|gallery| gallery.sole(name));
    Ok(found.map_err(|error| refusal(error, name, room))?.id())
}
