//! Makes the operator's folder again from the broker, with the operator's key.
//!
//! The operator's own branch of the broker has every record, sealed for the operator, and the doors with their keys. A head says
//! which records there are. What the doors have acknowledged says whether that head is the newest one, so the acknowledgement of
//! each door is needed: a broker that gives an older state would hold back that of a door which has seen more. The operator can
//! leave a door out by its name, one that is gone or says something absurd.
//!
//! What was sent to the doors is not known, so all of it is sent again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use bridge::Level;

use crate::Error;
use crate::connection::Connection;
use crate::directory::{Directory, PARTS};
use crate::envelope::{Kind, Opener};
use crate::folder::{Folder, Kept, KeptDoor, KeptSetup, random_id};
use crate::identity::Identity;
use crate::pictures;
use crate::publish::fault_of;
use crate::record::{Head, Holds, PersonId, Record};
use crate::setup::is_setup;
use crate::standing::{IsSigned, collect};
use crate::topics::{About, Topics};

/// What was recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// People.
    pub people: u32,
    /// Doors.
    pub doors: u32,
    /// People whose pictures the broker does not have.
    pub without_pictures: u32,
    /// Chunks of images that the broker does not have.
    pub without_chunks: u32,
    /// The newest run.
    pub run: u64,
}

const KEPT: &str = "Nothing was written: try again";

/// Makes the folder at `path`. It is there whole, or not at all. The doors named in `without` need not have acknowledged anything.
///
/// # Errors
/// [`Error::Exists`], [`Error::Recover`]; the connection ended; the folder cannot be written.
pub fn recover(
    path: &Path,
    identity: &Identity,
    (prefix, settings): (&Level, serde_json::Value),
    connection: &Connection,
    (broker, patience): (&str, Duration),
    without: &[String],
    is_signed: IsSigned<'_>,
) -> Result<Recovered, Error> {
    if path.exists() {
        return Err(Error::Exists { path: path.to_owned() });
    }
    let fetch =
        Fetch { topics: Topics::of(prefix, &identity.public()), identity, connection, broker, patience };
    let head = fetch.head()?;
    let records = fetch.records(&head)?;
    // A name that nobody has: what lies beside the folder is not ours.
    let beside = path.with_extension(format!("{}.part", random_id().digits()));
    let made = fetch.write(&beside, settings, &head, records).and_then(|(mut folder, recovered)| {
        let came = collect(&mut folder, identity, prefix, connection, (broker, patience), is_signed)?;
        let name = |name: &&String| !folder.fleet_doors().any(|(_, door)| door.name == **name);
        if let Some(name) = without.iter().find(name) {
            return Err(Error::NoDoor { name: name.clone() });
        }
        for (id, door) in folder.fleet_doors().filter(|(_, door)| !without.contains(&door.name)) {
            let ack = door.ack.as_ref().filter(|_| came.get(id).is_some_and(|came| came.any));
            let reason = match ack {
                Some(ack) if ack.newest <= head.run => continue,
                Some(ack) => format!(
                    "the door {} has seen run {}, and the broker gives run {}: it holds back what is newer, or was set back",
                    door.name, ack.newest, head.run
                ),
                None => format!(
                    "the broker has no acknowledgement of the door {}, which may have seen more than run {}",
                    door.name, head.run
                ),
            };
            return Err(Error::Recover {
                reason: format!(
                    "{reason}. `--without '{}'` recovers without this door's word: first make sure at the door that nothing is lost",
                    door.name
                ),
            });
        }
        Ok(recovered)
    });
    let file = |source| Error::File { path: path.to_owned(), source };
    match made {
        Ok(recovered) => fs::rename(&beside, path).map_err(file).map(|()| recovered),
        Err(error) => {
            let _ = fs::remove_dir_all(&beside);
            Err(error)
        }
    }
}

/// What is fetched of a broker.
pub(crate) struct Fetch<'a> {
    pub(crate) topics: Topics,
    pub(crate) identity: &'a Identity,
    pub(crate) connection: &'a Connection,
    pub(crate) broker: &'a str,
    pub(crate) patience: Duration,
}

impl Fetch<'_> {
    fn away(&self, fault: bridge::Fault) -> Error {
        fault_of(fault, self.broker, KEPT)
    }

    fn head(&self) -> Result<Head, Error> {
        self.newest_head()?.ok_or_else(|| Error::Recover {
            reason: "the broker has nothing of this operator: check --broker, --prefix and --key".to_owned(),
        })
    }

    /// The head of the operator on the broker; `None` if it has none.
    pub(crate) fn newest_head(&self) -> Result<Option<Head>, Error> {
        let us = self.identity.public();
        let mark = self.topics.mark(&us.level());
        self.connection.subscribe(&mark, false).map_err(|fault| self.away(fault))?;
        self.connection.subscribe(&self.topics.head(&us), true).map_err(|fault| self.away(fault))?;
        self.connection.publish(&mark, b"mark".to_vec(), false).map_err(|fault| self.away(fault))?;
        let (mut found, end) = (None, Instant::now() + self.patience);
        while Instant::now() < end {
            let message =
                self.connection.receive(Duration::from_millis(50)).map_err(|fault| self.away(fault))?;
            let Some(message) = message else { continue };
            match self.topics.about(&message.topic) {
                Some(About::Head) if !message.payload.is_empty() => {
                    let opened = Opener::new().open(self.identity, &us, Kind::Head, &message.payload);
                    let reason = "its head is not authentic: somebody else writes to the broker in the operator's name";
                    found = Some(opened.map_err(|_| Error::Recover { reason: reason.to_owned() })?);
                }
                // What is kept came before it.
                Some(About::Mark) => return Ok(found),
                _ => {}
            }
        }
        Err(self.keeps_silent())
    }

    /// The broker did not return the mark behind what it keeps, so it is not known whether that was all.
    fn keeps_silent(&self) -> Error {
        let seconds = self.patience.as_secs();
        Error::Recover {
            reason: format!("it did not say within {seconds} s that this is all it has: try again"),
        }
    }

    fn records(&self, head: &Head) -> Result<BTreeMap<PersonId, Record>, Error> {
        let (records, directory) = self.all_records()?;
        let found = directory.digests();
        if found.whole == head.digest {
            return Ok(records);
        }
        Err(Error::Recover {
            reason: format!(
                "it has {} records, and run {} has {}: some are missing or older, or a fleet was begun again with the same key. A copy \
                 of the folder is the only way: with it, `postern fleet publish --overrule`",
                found.records, head.run, head.records
            ),
        })
    }

    /// All records of the operator's own branch, whatever its head says.
    pub(crate) fn all_records(&self) -> Result<(BTreeMap<PersonId, Record>, Directory), Error> {
        let us = self.identity.public();
        let (mut opener, mut directory) = (Opener::new(), Directory::default());
        let mut records = BTreeMap::new();
        let mark = self.topics.mark(&us.level());
        self.connection.subscribe(&mark, false).map_err(|fault| self.away(fault))?;
        for part in 0..PARTS {
            let filter = self.topics.part(&us, part);
            self.connection.subscribe(&filter, true).map_err(|fault| self.away(fault))?;
            self.connection.publish(&mark, b"mark".to_vec(), false).map_err(|fault| self.away(fault))?;
            let end = Instant::now() + self.patience;
            loop {
                if Instant::now() >= end {
                    return Err(self.keeps_silent());
                }
                let message = self.connection.receive(Duration::from_millis(50));
                let Some(message) = message.map_err(|fault| self.away(fault))? else { continue };
                match self.topics.about(&message.topic) {
                    Some(About::Mark) => break,
                    Some(About::Record(id)) if !message.payload.is_empty() => {
                        let opened: Result<Record, Error> =
                            opener.open(self.identity, &us, Kind::Record, &message.payload);
                        let Ok(record) = opened else { continue };
                        if record.id == id && directory.take(id, record.version(), record.hash()) {
                            records.insert(id, record);
                        }
                    }
                    _ => {}
                }
            }
            self.connection.unsubscribe(&filter).map_err(|fault| self.away(fault))?;
        }
        Ok((records, directory))
    }

    fn write(
        &self,
        path: &Path,
        settings: serde_json::Value,
        head: &Head,
        records: BTreeMap<PersonId, Record>,
    ) -> Result<(Folder, Recovered), Error> {
        let mut folder = Folder::make(path, self.identity.public(), settings)?;
        let (run, mut recovered) = (head.run, Recovered { run: head.run, ..Recovered::default() });
        folder.settings.encoder.clone_from(&head.encoder);
        (folder.settings.run, folder.settings.pictures_sent, folder.settings.own_sent) = (run, run, run);
        for (id, record) in records {
            let counter = record.counter;
            match record.holds {
                Holds::Door { name, code } => {
                    recovered.doors += 1;
                    let public = code.parse()?;
                    folder.save_door(id, KeptDoor::new(name, public, counter, run))?;
                }
                Holds::Setup(setup) => {
                    for digest in setup.chunks() {
                        match self.blob(&self.topics.chunk(digest), digest)? {
                            Some(chunk) => output_file::replace_with(&folder.chunk_file(digest), &chunk)?,
                            None => recovered.without_chunks += 1,
                        }
                    }
                    folder.put_setup(id, KeptSetup { counter, run, setup: Some(setup) })?;
                }
                Holds::Removed if is_setup(id) => {
                    folder.put_setup(id, KeptSetup { counter, run, setup: None })?
                }
                Holds::Removed => folder.put(id, Kept { counter, run, person: None, name: None })?,
                Holds::Enrolled(person) => {
                    recovered.people += 1;
                    match self
                        .blob(&self.topics.pictures(&person.pictures.digest), &person.pictures.digest)?
                    {
                        Some(sealed) => {
                            output_file::replace_with(&folder.picture_file(&person.pictures), &sealed)?;
                        }
                        None => recovered.without_pictures += 1,
                    }
                    folder.put(id, Kept { counter, run, person: Some(person), name: None })?;
                }
            }
        }
        folder.save_settings()?;
        Ok((folder, recovered))
    }

    /// Sealed pictures or a chunk, if the broker has them.
    fn blob(&self, topic: &str, digest: &[u8; 32]) -> Result<Option<Vec<u8>>, Error> {
        let mark = self.topics.mark(&self.identity.public().level());
        self.connection.subscribe(topic, true).map_err(|fault| self.away(fault))?;
        self.connection.publish(&mark, b"mark".to_vec(), false).map_err(|fault| self.away(fault))?;
        let (mut found, end) = (None, Instant::now() + self.patience);
        while Instant::now() < end {
            let message = self.connection.receive(Duration::from_millis(50));
            let Some(message) = message.map_err(|fault| self.away(fault))? else { continue };
            match self.topics.about(&message.topic) {
                Some(About::Mark) => break,
                Some(About::Pictures(of) | About::Chunk(of)) if of == *digest => {
                    found = Some(message.payload).filter(|sealed| pictures::digest(sealed) == *digest);
                }
                _ => {}
            }
        }
        self.connection.unsubscribe(topic).map_err(|fault| self.away(fault))?;
        Ok(found)
    }
}
