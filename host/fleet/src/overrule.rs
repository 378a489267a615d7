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
//! The number of the run goes above all that a door or the broker has seen.

use std::collections::BTreeMap;
use std::time::Duration;

use bridge::Level;

use crate::Error;
use crate::connection::Connection;
use crate::folder::{Folder, Kept, KeptSetup};
use crate::identity::Identity;
use crate::publish::fault_of;
use crate::record::{Holds, PersonId, Record};
use crate::recover::Fetch;
use crate::setup::is_setup;
use crate::standing::{IsSigned, collect};
use crate::topics::Topics;

const KEPT: &str = "The folder is as it was, or has a part of it: try again";

/// What was overruled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overruled {
    /// Records of another copy that hold no more.
    pub records: u32,
}

/// Makes the folder overrule what another copy of it sent. It is sent by `publish` with `all`.
///
/// # Errors
/// The connection ended; the folder cannot be written.
pub fn overrule(
    folder: &mut Folder,
    identity: &Identity,
    prefix: &Level,
    connection: &Connection,
    (broker, patience): (&str, Duration),
    is_signed: IsSigned<'_>,
) -> Result<Overruled, Error> {
    collect(folder, identity, prefix, connection, (broker, patience), is_signed)?;
    let topics = Topics::of(prefix, &identity.public());
    let fetch = Fetch { topics: topics.clone(), identity, connection, broker, patience };
    // A broker that has nothing of this operator has nothing that is newer.
    let head = fetch.newest_head()?.map_or(0, |head| head.run);
    let (records, _) = fetch.all_records()?;
    let seen = folder.fleet_doors().filter_map(|(_, door)| Some(door.ack.as_ref()?.newest)).max();
    let run = folder.settings.run.max(head).max(seen.unwrap_or(0)).saturating_add(1);
    folder.settings.run = run;
    folder.save_settings()?;
    let ours: BTreeMap<PersonId, [u8; 32]> =
        folder.own_records().map(|(_, record)| (record.id, record.hash())).collect();
    let mut overruled = Overruled::default();
    let mut forgotten = Vec::new();
    for (id, record) in records {
        if ours.get(&id) == Some(&record.hash()) || folder.doors.contains_key(&id) {
            continue;
        }
        let is_removed = matches!(record.holds, Holds::Removed);
        let (known, ours) = of_folder(folder, &record);
        if known.is_some_and(|counter| counter > record.counter) {
            continue;
        }
        let counter = record.counter.saturating_add(1);
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
            (_, Ours::Person(person)) => {
                let mut person = (*person).filter(|_| !is_removed);
                if let (Some(ours), Holds::Enrolled(theirs)) = (&mut person, &record.holds) {
                    // Who was suspended by the other copy stays so until somebody resumes them.
                    ours.suspended |= theirs.suspended;
                }
                folder.put(id, Kept { counter, run, person, name: None })?;
            }
        }
        overruled.records += 1;
    }
    folder.save_settings()?;
    connection.publish_all(forgotten, true).map_err(|fault| fault_of(fault, broker, KEPT))?;
    Ok(overruled)
}

/// What the folder says of something.
enum Ours {
    Person(Box<Option<crate::record::Person>>),
    Setup(Box<Option<crate::setup::Setup>>),
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
