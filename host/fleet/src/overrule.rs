//! A folder that is right where another copy of it, or one that was begun again with the same key, sent something else: what the
//! folder does not have is taken back, and what it has holds again.
//!
//! The operator's own branch of the broker has every record that any copy sent, for it is written first, and this operator alone
//! can write and read it.
//!
//! | what the broker has | what becomes of it |
//! |---|---|
//! | somebody who the folder does not know | the folder knows them as removed, by a higher counter |
//! | a later record of somebody who it knows | theirs gets a higher counter, with what the folder says; but a removal stays one |
//! | settings, a model or firmware, of either sort | the same: what the folder does not know is left to the doors |
//! | a door that it does not know | the broker forgets it |
//!
//! The number of the run goes above all that a door or the broker has seen. Before anything is written, the caller is told what
//! changes at the doors, and may decline.

use std::collections::BTreeMap;
use std::time::Duration;

use bridge::Level;

use crate::Error;
use crate::connection::Connection;
use crate::folder::{Folder, Kept, KeptSetup};
use crate::identity::Identity;
use crate::publish::fault_of;
use crate::record::{Holds, Person, PersonId, Record};
use crate::recover::Fetch;
use crate::setup::{Setup, is_setup};
use crate::standing::{IsSigned, collect};
use crate::topics::Topics;

const KEPT: &str = "The folder is as it was, or has a part of it: try again";

/// Something that changes at the doors, or in the folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Whose name, or what of the settings, models and firmware.
    pub of: String,
    /// What becomes of it.
    pub effect: Effect,
}

/// What becomes of something that another copy of the folder sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The folder does not know them: they are removed at all doors.
    Removed,
    /// The other copy removed them: the folder knows them as removed, too.
    StaysRemoved,
    /// The folder holds again, in these things.
    Changed(Vec<&'static str>),
    /// The folder does not decide it: it is left to each door.
    Left,
    /// The broker forgets the door.
    Forgotten,
}

/// What was overruled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overruled {
    /// Records of another copy that hold no more.
    pub records: u32,
}

/// Makes the folder overrule what another copy of it sent, if `agrees` to what changes. It is sent by `publish` with `all`. `None` if
/// it does not: then the folder and the broker are as before.
///
/// # Errors
/// The connection ended, or the broker does not say that this is all it has; the folder cannot be written.
pub fn overrule(
    folder: &mut Folder,
    identity: &Identity,
    prefix: &Level,
    connection: &Connection,
    (broker, patience): (&str, Duration),
    is_signed: IsSigned<'_>,
    agrees: &mut dyn FnMut(&[Change]) -> bool,
) -> Result<Option<Overruled>, Error> {
    collect(folder, identity, prefix, connection, (broker, patience), is_signed)?;
    let topics = Topics::of(prefix, &identity.public());
    let fetch = Fetch { topics: topics.clone(), identity, connection, broker, patience };
    // A broker that has nothing of this operator has nothing that is newer.
    let head = fetch.newest_head()?.map_or(0, |head| head.run);
    let (mut records, _) = fetch.all_records()?;
    let ours: BTreeMap<PersonId, [u8; 32]> =
        folder.own_records().map(|(_, record)| (record.id, record.hash())).collect();
    records.retain(|id, record| {
        let is_later = of_folder(folder, record).0.is_none_or(|counter| counter <= record.counter);
        ours.get(id) != Some(&record.hash()) && !folder.doors.contains_key(id) && is_later
    });
    let mut changes: Vec<Change> = records.values().map(|record| change(folder, record)).collect();
    changes.sort();
    if !changes.is_empty() && !agrees(&changes) {
        return Ok(None);
    }
    let seen = folder.fleet_doors().filter_map(|(_, door)| Some(door.ack.as_ref()?.newest)).max();
    let run = folder.settings.run.max(head).max(seen.unwrap_or(0)).saturating_add(1);
    folder.settings.run = run;
    folder.save_settings()?;
    let mut overruled = Overruled::default();
    let mut forgotten = Vec::new();
    for (id, record) in records {
        let counter = record.counter.saturating_add(1);
        let (_, ours) = of_folder(folder, &record);
        if let Holds::Enrolled(person) = &record.holds {
            // `publish` forgets only those that nobody has.
            folder.settings.forget.push(hex::encode(person.pictures.digest));
        }
        match (&record.holds, ours) {
            (Holds::Door { .. }, _) => {
                forgotten.push((topics.record(&identity.public(), &id), Vec::new()));
                continue;
            }
            (_, Ours::Setup(setup)) => folder.put_setup(id, KeptSetup { counter, run, setup: *setup })?,
            (holds, Ours::Person(person)) => {
                folder.put(id, Kept { counter, run, person: held(*person, holds), name: None })?;
            }
        }
        overruled.records += 1;
    }
    folder.save_settings()?;
    connection.publish_all(forgotten, true).map_err(|fault| fault_of(fault, broker, KEPT))?;
    Ok(Some(overruled))
}

/// What holds of somebody: what the folder says, but a removal and a suspension of the other copy stay.
fn held(ours: Option<Person>, theirs: &Holds) -> Option<Person> {
    let mut ours = ours.filter(|_| !matches!(theirs, Holds::Removed))?;
    if let Holds::Enrolled(theirs) = theirs {
        // Until somebody resumes them.
        ours.suspended |= theirs.suspended;
    }
    Some(ours)
}

/// What becomes of a record of another copy.
fn change(folder: &Folder, record: &Record) -> Change {
    let (of, effect) = match (&record.holds, of_folder(folder, record).1) {
        (Holds::Door { name, .. }, _) => (name.clone(), Effect::Forgotten),
        (holds, Ours::Setup(ours)) => {
            let effect = if ours.is_some() { Effect::Changed(Vec::new()) } else { Effect::Left };
            let theirs = if let Holds::Setup(setup) = holds { Some(setup.what()) } else { None };
            let of = theirs.or_else(|| ours.as_ref().as_ref().map(Setup::what));
            (of.unwrap_or_else(|| record.id.digits()), effect)
        }
        (holds, Ours::Person(ours)) => {
            let theirs = if let Holds::Enrolled(person) = holds { Some(person) } else { None };
            let name = ours.as_ref().as_ref().or(theirs).map(|person| person.name.clone());
            let effect = match (held(*ours, holds), theirs) {
                (Some(held), Some(theirs)) => Effect::Changed(differing(&held, theirs)),
                (Some(_), None) => Effect::Changed(Vec::new()),
                (None, Some(_)) => Effect::Removed,
                (None, None) => Effect::StaysRemoved,
            };
            (name.unwrap_or_else(|| record.id.digits()), effect)
        }
    };
    Change { of, effect }
}

/// In what two records of a person differ.
fn differing(ours: &Person, theirs: &Person) -> Vec<&'static str> {
    let fields = [
        ("name", ours.name != theirs.name),
        ("hours", ours.hours != theirs.hours),
        ("PIN", ours.pin != theirs.pin),
        ("duress PIN", ours.duress_pin != theirs.duress_pin),
        ("pictures", ours.pictures != theirs.pictures),
        ("suspension", ours.suspended != theirs.suspended),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
}

/// What the folder says of something.
enum Ours {
    Person(Box<Option<Person>>),
    Setup(Box<Option<Setup>>),
}

/// What the folder says of what a record is of, and by which counter.
fn of_folder(folder: &Folder, record: &Record) -> (Option<u64>, Ours) {
    if is_setup(record.id) {
        let kept = folder.setups.get(&record.id).cloned();
        return (
            kept.as_ref().map(|kept| kept.counter),
            Ours::Setup(Box::new(kept.and_then(|kept| kept.setup))),
        );
    }
    let kept = folder.people.get(&record.id).cloned();
    (kept.as_ref().map(|kept| kept.counter), Ours::Person(Box::new(kept.and_then(|kept| kept.person))))
}
