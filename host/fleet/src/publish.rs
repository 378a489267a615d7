//! Sends what the broker does not have yet: pictures, chunks of images, records, and then the head of each recipient. The operator's own copy comes
//! before those of the doors.
//!
//! The head comes last. A recipient that sees it has been sent all that it names. What was sent is kept for each recipient when
//! the broker has acknowledged its head, so a command that is killed sends a part again, and nothing is lost.

use std::fs;
use std::io::ErrorKind;

use bridge::Level;

use crate::Error;
use crate::connection::{Connection, IN_FLIGHT};
use crate::directory::Digests;
use crate::envelope::{Kind, Sealer};
use crate::folder::{Folder, KeptDoor, directory};
use crate::identity::{Identity, Public};
use crate::record::{Head, PersonId, Record};
use crate::setup::Setup;
use crate::topics::Topics;

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Doors that were sent something.
    pub doors: u32,
    /// Records, heads and pictures.
    pub messages: u64,
    /// People whose pictures are not in the folder. The broker may still have them.
    pub without_pictures: u32,
    /// Chunks of images that are not in the folder. The broker may still have them.
    pub without_chunks: u32,
}

const KEPT: &str = "The change is kept in the folder: `postern fleet publish` sends it when the broker takes it. Where its user, its password or a \
     certificate is wrong, `postern fleet set-broker` with the right ones mends it";

/// Sends what the broker does not have; with `all`, everything again.
///
/// # Errors
/// The connection ended; the folder cannot be written.
pub fn publish(
    folder: &mut Folder,
    identity: &Identity,
    prefix: &Level,
    connection: &Connection,
    broker: &str,
    (all, unix_ms): (bool, u64),
) -> Result<Sent, Error> {
    let topics = Topics::of(prefix, &identity.public());
    let run = folder.settings.run;
    let mut sent = Sent::default();
    let away = |fault| fault_of(fault, broker, KEPT);
    if all {
        (folder.settings.pictures_sent, folder.settings.own_sent) = (0, 0);
    }
    let since = folder.settings.pictures_sent;
    let new: Vec<_> = folder
        .enrolled()
        .filter(|(_, kept, _)| kept.run > since)
        .map(|(_, _, person)| person.pictures)
        .collect();
    for pictures in new {
        let path = folder.picture_file(&pictures);
        let sealed = match fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                sent.without_pictures += 1;
                continue;
            }
            Err(source) => return Err(Error::File { path, source }),
        };
        connection.publish(&topics.pictures(&pictures.digest), sealed, true).map_err(away)?;
        sent.messages += 1;
    }
    send_chunks(folder, &topics, connection, broker, &mut sent)?;
    folder.settings.pictures_sent = run;

    // The own copy comes first: no door has seen a run that a recovery does not find.
    if folder.settings.own_sent < run {
        let all: Vec<(u64, Record)> = folder.own_records().collect();
        let since = folder.settings.own_sent;
        let records = all.iter().filter(|(of, _)| *of > since).map(|(_, record)| record);
        let of = Branch { topics: &topics, identity, to: identity.public() };
        let head = head(folder, directory(folder.own_records()).digests(), unix_ms);
        let messages = of.messages(records, &head)?;
        sent.messages += messages.len() as u64;
        connection.publish_all(messages, true).map_err(away)?;
        folder.settings.own_sent = run;
    }

    let digests = directory(folder.records()).digests();
    let doors: Vec<PersonId> = folder.fleet_doors().map(|(id, _)| *id).collect();
    let to_all: Vec<(u64, Record)> = folder.records().collect();
    let mut done = Vec::new();
    let mut batch = Batch { connection, broker, messages: Vec::new(), doors: Vec::new() };
    let mut ended = Ok(());
    for id in doors {
        let Some(mut door) = folder.doors.get(&id).cloned() else { continue };
        let from = if all { 0 } else { door.sent };
        if from >= run {
            continue;
        }
        let records = to_all.iter().filter(|(of, _)| *of > from).map(|(_, record)| record);
        let of = Branch { topics: &topics, identity, to: door.public };
        batch.messages.extend(of.messages(records, &head(folder, digests, unix_ms))?);
        door.sent = run;
        batch.doors.push((id, door));
        if batch.messages.len() >= IN_FLIGHT {
            ended = batch.send(&mut sent, &mut done);
            if ended.is_err() {
                break;
            }
        }
    }
    if ended.is_ok() {
        ended = batch.send(&mut sent, &mut done);
    }
    // No door waits for the disc. What is sent and not kept as sent is sent again.
    folder.save_settings()?;
    done.into_iter().try_for_each(|(id, door)| folder.save_door(id, door))?;
    ended?;

    while let Some(digest) = folder.settings.forget.last().cloned() {
        let mut bytes = [0; 32];
        let is_decoded = hex::decode_to_slice(&digest, &mut bytes).is_ok();
        let is_used = folder.enrolled().any(|(_, _, person)| person.pictures.digest == bytes);
        if is_decoded && !is_used {
            connection.publish(&topics.pictures(&bytes), Vec::new(), true).map_err(away)?;
            let _ = fs::remove_file(folder.path().join("pictures").join(&digest));
        }
        folder.settings.forget.pop();
    }
    while let Some(digest) = folder.settings.forget_chunks.last().cloned() {
        let mut bytes = [0; 32];
        let is_decoded = hex::decode_to_slice(&digest, &mut bytes).is_ok();
        let is_used = folder
            .setups
            .values()
            .filter_map(|kept| kept.setup.as_ref())
            .any(|it| it.chunks().contains(&bytes));
        if is_decoded && !is_used {
            connection.publish(&topics.chunk(&bytes), Vec::new(), true).map_err(away)?;
            let _ = fs::remove_file(folder.chunk_file(&bytes));
        }
        folder.settings.forget_chunks.pop();
    }
    folder.save_settings()?;
    Ok(sent)
}

/// Sends the chunks of images that the broker does not have, in the order in which doors ask for them.
fn send_chunks(
    folder: &Folder,
    topics: &Topics,
    connection: &Connection,
    broker: &str,
    sent: &mut Sent,
) -> Result<(), Error> {
    let new = folder.setups.values().filter(|kept| kept.run > folder.settings.pictures_sent);
    for digest in new.filter_map(|kept| kept.setup.as_ref()).flat_map(Setup::chunks) {
        let path = folder.chunk_file(digest);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                sent.without_chunks += 1;
                continue;
            }
            Err(source) => return Err(Error::File { path, source }),
        };
        let published = connection.publish(&topics.chunk(digest), bytes, true);
        published.map_err(|fault| fault_of(fault, broker, KEPT))?;
        sent.messages += 1;
    }
    Ok(())
}

/// Has the broker forget what it keeps for a door.
///
/// # Errors
/// The connection ended.
pub fn forget(
    folder: &Folder,
    identity: &Identity,
    prefix: &Level,
    connection: &Connection,
    (door, broker): (&Public, &str),
) -> Result<(), Error> {
    let topics = Topics::of(prefix, &identity.public());
    let records = folder.people.keys().chain(folder.setups.keys()).map(|id| topics.record(door, id));
    let all = records.chain([topics.head(door), topics.ack(door)]).map(|topic| (topic, Vec::new()));
    connection.publish_all(all, true).map_err(|fault| fault_of(fault, broker, KEPT))
}

/// A connection that ended, as an error of a fleet.
pub fn fault_of(fault: bridge::Fault, broker: &str, kept: &'static str) -> Error {
    match fault {
        bridge::Fault::End(why) => Error::Refused { why, kept },
        bridge::Fault::Wait(why) => Error::Away { broker: broker.to_owned(), why, kept },
    }
}

fn head(folder: &Folder, digests: Digests, unix_ms: u64) -> Head {
    Head {
        run: folder.settings.run,
        unix_ms,
        records: digests.records,
        digest: digests.whole,
        parts: digests.parts,
        encoder: folder.settings.encoder.clone(),
    }
}

/// The branch of a recipient.
struct Branch<'a> {
    topics: &'a Topics,
    identity: &'a Identity,
    to: Public,
}

impl Branch<'_> {
    /// Records, and then the head.
    fn messages<'r>(
        &self,
        records: impl Iterator<Item = &'r Record>,
        head: &Head,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let sealer = Sealer::new(self.identity, self.to)?;
        let mut messages = Vec::new();
        for record in records {
            messages.push((self.topics.record(&self.to, &record.id), sealer.seal(Kind::Record, record)?));
        }
        messages.push((self.topics.head(&self.to), sealer.seal(Kind::Head, head)?));
        Ok(messages)
    }
}

/// What is sent to several doors at once: with one door after the other, a change waits for a round trip in each.
struct Batch<'a> {
    connection: &'a Connection,
    broker: &'a str,
    messages: Vec<(String, Vec<u8>)>,
    doors: Vec<(PersonId, KeptDoor)>,
}

impl Batch<'_> {
    /// Sends all of it, and notes the doors that the broker has everything for.
    fn send(&mut self, sent: &mut Sent, done: &mut Vec<(PersonId, KeptDoor)>) -> Result<(), Error> {
        let count = self.messages.len() as u64;
        let messages = std::mem::take(&mut self.messages);
        let published = self.connection.publish_all(messages, true);
        published.map_err(|fault| fault_of(fault, self.broker, KEPT))?;
        sent.messages += count;
        sent.doors += self.doors.len() as u32;
        done.append(&mut self.doors);
        Ok(())
    }
}
