//! Who has what, who is behind, and why: the doors' acknowledgements against the folder.
//!
//! | what came | what it says |
//! |---|---|
//! | none | the door has not begun, or the broker lost it |
//! | an older one than before | the broker keeps back newer ones |
//! | not authentic | somebody else wrote it |
//! | one with the end of another board's log, of a shorter one, or of one that no board signed | its computer is not to be trusted |
//! | one with a newer run than the folder | the folder is an older copy |
//! | one with the newest run as complete, the folder's own digest, and nothing open | the door has everything |
//! | anything else | behind, with the first reason that holds |

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::Error;
use crate::connection::Connection;
use crate::counted::{counted, people};
use crate::envelope::{Kind, Opener};
use crate::folder::{Folder, KeptDoor, LogFault, directory};
use crate::foreign;
use crate::identity::Identity;
use crate::presence::Said;
use crate::publish::fault_of;
use crate::record::{Ack, LogHead, PersonId};
use crate::setup::is_setup;
use crate::topics::{About, Topics};
use bridge::Level;

/// How a door stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it has everything.
    pub complete: bool,
    /// Why not.
    pub why: Option<String>,
    /// Changes that it is not known to have.
    pub behind: u32,
    /// People who are on the board.
    pub people: u32,
    /// Those of them who no operator that the door trusts knows any more.
    pub orphans: u32,
    /// People who were refused, and why.
    pub refused: Vec<(PersonId, String)>,
}

/// What came of a door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// An acknowledgement that is authentic came.
    pub any: bool,
    /// An older one than before came.
    pub old: bool,
    /// One that is not authentic came.
    pub forged: bool,
}

/// Whether the board that the end of a log names signed it. Who asks knows the form of an entry, which nothing here does.
pub type IsSigned<'a> = &'a dyn Fn(&LogHead) -> bool;

/// Asks the broker for the acknowledgements of all doors, and keeps the newest of each in the folder.
///
/// # Errors
/// The connection ended; the folder cannot be written.
pub fn collect(
    folder: &mut Folder,
    identity: &Identity,
    prefix: &Level,
    connection: &Connection,
    (broker, patience): (&str, Duration),
    is_signed: IsSigned<'_>,
) -> Result<BTreeMap<PersonId, Came>, Error> {
    const KEPT: &str = "`postern fleet status --offline` shows what is known without the broker";
    let topics = Topics::of(prefix, &identity.public());
    let away = |fault| fault_of(fault, broker, KEPT);
    let mark = topics.mark(&hex::encode(identity.public().sealing));
    connection.subscribe(&mark, false).map_err(away)?;
    // A broker that does not let this user read it says of no door that it is away.
    connection.subscribe(&topics.presences(), true).map_err(away)?;
    connection.subscribe(&topics.acks(), true).map_err(away)?;
    connection.publish(&mark, b"mark".to_vec(), false).map_err(away)?;
    let mut came: BTreeMap<PersonId, Came> = BTreeMap::new();
    let mut heard: BTreeSet<PersonId> = BTreeSet::new();
    let (mut end, mut is_marked) = (Instant::now() + patience, false);
    // A broker may send what it retains after the mark: a moment is left for doors that are missing.
    while Instant::now() < end {
        let is_all = folder.fleet_doors().all(|(id, _)| came.contains_key(id));
        if is_marked && is_all {
            break;
        }
        let Some(message) = connection.receive(Duration::from_millis(50)).map_err(away)? else { continue };
        match topics.about(&message.topic) {
            Some(About::Mark) if !is_marked => {
                is_marked = true;
                end = end.min(Instant::now() + Duration::from_secs(1));
            }
            Some(About::Ack(level)) if !message.payload.is_empty() => {
                let found = folder.fleet_doors().find(|(_, door)| door.public.level() == level);
                let Some((id, mut door)) = found.map(|(id, door)| (*id, door.clone())) else { continue };
                let came = came.entry(id).or_default();
                let opened: Result<Ack, Error> =
                    Opener::new().open(identity, &door.public, Kind::Ack, &message.payload);
                let known = door.ack.as_ref().map_or(0, |ack| ack.number);
                match opened {
                    Err(_) => came.forged = true,
                    Ok(ack) if ack.number < known => came.old = true,
                    Ok(ack) => {
                        came.any = true;
                        door.take(ack.bounded(), is_signed);
                        heard.insert(id);
                        folder.doors.insert(id, door);
                    }
                }
            }
            Some(About::Presence(level)) => {
                let found = folder.fleet_doors().find(|(_, door)| door.public.level() == level);
                let Some((id, mut door)) = found.map(|(id, door)| (*id, door.clone())) else { continue };
                if let Some(said) = Said::read(&door.public, &message.payload) {
                    door.presence.take(said);
                    heard.insert(id);
                    folder.doors.insert(id, door);
                }
            }
            _ => {}
        }
    }
    // Once for each door, not for each message.
    for id in heard {
        if let Some(door) = folder.doors.get(&id).cloned() {
            folder.save_door(id, door)?;
        }
    }
    Ok(came)
}

/// The digest of the folder's records, with which the doors' acknowledgements are compared.
#[must_use]
pub fn digest(folder: &Folder) -> [u8; 32] {
    directory(folder.records()).digests().whole
}

/// How a door stands by its newest acknowledgement, against the folder and its [`digest`]; `came` is what the broker had of it,
/// `None` if it was not asked.
#[must_use]
pub fn standing(folder: &Folder, digest: &[u8; 32], door: &KeptDoor, came: Option<Came>) -> Standing {
    let ack = door.ack.as_ref();
    let complete = ack.map_or(0, |ack| ack.complete);
    let runs = folder.people.values().map(|kept| kept.run).chain(folder.setups.values().map(|kept| kept.run));
    let later = runs.filter(|run| *run > complete).count() as u32;
    let run = folder.settings.run;
    let mut standing = Standing {
        complete: false,
        why: None,
        behind: later,
        people: ack.map_or(0, |ack| ack.people),
        orphans: ack.map_or(0, |ack| ack.orphans),
        refused: ack
            .map(|ack| ack.refused.iter().map(|refused| (refused.id, refused.why.clone())).collect())
            .unwrap_or_default(),
    };
    let why = match (ack, came) {
        (_, Some(Came { forged: true, any: false, .. })) => {
            "its acknowledgement is not authentic: somebody else writes to its topic, or the key of its computer was \
             replaced; then `postern fleet remove-door` and add it again"
                .to_owned()
        }
        (_, Some(Came { old: true, any: false, .. })) => {
            "an older acknowledgement came than before: the broker keeps back newer ones, or the broker was set back"
                .to_owned()
        }
        (Some(ack), _) if ack.newest > run => format!(
            "it has seen run {}, and the newest of this folder is {run}: the folder is an older copy, or was begun again with the same \
             key, and the door may take some of it and not the rest. Put the folder away, then `postern fleet recover` makes the newest one \
             again; or, if this folder is the right one, `postern fleet publish --overrule` has it hold",
            ack.newest
        ),
        (Some(_), _) if door.log_fault == Some(LogFault::OtherBoard) => {
            "another board signs its log than before: if nobody exchanged or erased the board, its computer is not to be trusted; \
             else `postern fleet remove-door` and add it again"
                .to_owned()
        }
        (Some(_), _) if door.log_fault == Some(LogFault::Shorter) => {
            "its log is shorter than it was: its computer sends an older end of it, and is not to be trusted".to_owned()
        }
        (Some(_), _) if door.log_fault == Some(LogFault::Unsigned) => {
            "the end of its log is not signed by the board that it names: its computer is not to be trusted".to_owned()
        }
        (None, _) if door.sent < run => unsent(),
        (None, _) => "it has not acknowledged anything: run `postern fleet apply --broker ADDRESS` at the door".to_owned(),
        (Some(_), Some(Came { any: false, old: false, forged: false })) => {
            "the broker has lost its acknowledgement: `postern fleet publish --all` sends everything again".to_owned()
        }
        (Some(_), _) if door.sent < run => unsent(),
        (Some(ack), _) => match reason(ack, door.sent, digest) {
            Some(why) => why,
            None => {
                (standing.complete, standing.behind) = (true, 0);
                return standing;
            }
        },
    };
    standing.why = Some(why);
    standing
}

fn unsent() -> String {
    "the folder does not know that the broker has the newest change for it: `postern fleet publish` sends it"
        .to_owned()
}

/// Why a door is behind by what it says itself.
fn reason(ack: &Ack, run: u64, digest: &[u8; 32]) -> Option<String> {
    // Nothing else of a door matters as much as that it opens to nobody.
    if let Some(why) = foreign::why(ack) {
        return Some(why);
    }
    if let Some(trouble) = &ack.trouble {
        return Some(trouble.clone());
    }
    if ack.newest < run {
        return Some(
            "it has not seen the newest run: `postern fleet apply` does not run there, its computer or its connection is down, the broker \
             keeps it back, or it trusts this operator no more (`postern fleet join` there)"
                .to_owned(),
        );
    }
    if ack.complete < run {
        let missing = match ack.lacking {
            0 => "older records than it should have".to_owned(),
            lacking => format!("{} less than it should have", counted(lacking.into(), "record", "records")),
        };
        return Some(format!(
            "the broker gave it {missing}: `postern fleet publish --all` sends everything again; where that does not help, another \
             folder with the same key sent it something else, which `postern fleet publish --overrule` takes back"
        ));
    }
    if ack.digest != *digest {
        return Some(
            "it has other records than this folder, of the same number: another copy of the folder changed them. Put the folder away, \
             then `postern fleet recover` makes the one again that the broker has; or, if this folder is the right one, `postern fleet \
             publish --overrule` has it hold"
                .to_owned(),
        );
    }
    if ack.overruled > 0 {
        return Some(format!(
            "for {} it follows another operator, whose record is the later one",
            people(ack.overruled)
        ));
    }
    if ack.waiting > 0 {
        return Some(format!(
            "it still changes {} on its board: people, settings, models or firmware",
            counted(ack.waiting.into(), "thing", "things")
        ));
    }
    if ack.pictures > 0 {
        return Some(format!(
            "the pictures of {} have not come: it fetches them, or the broker lost them and `postern fleet publish --all` sends \
             them again",
            people(ack.pictures)
        ));
    }
    if let Some((active, newest)) = ack.active.iter().find_map(|active| Some((active, active.newest?))) {
        return Some(format!(
            "its board fell back to {} release {} from {newest}, which it gets again within the hour if the fleet decides its firmware; \
             else `postern flash firmware` there",
            active.kind.word(),
            active.name
        ));
    }
    let set_up = ack.refused.iter().filter(|refused| is_setup(refused.id)).count() as u32;
    let (refused, things) =
        (people(ack.refusals - set_up.min(ack.refusals)), counted(set_up.into(), "record", "records"));
    match (set_up, ack.refusals.saturating_sub(set_up)) {
        (0, 0) => {
            let orphans = people(ack.orphans);
            (ack.orphans > 0).then(|| {
                format!("{orphans} on its board are known to no operator that it trusts, and may pass")
            })
        }
        (0, _) => Some(format!("it refused {refused}")),
        (_, 0) => Some(format!("it refused {things} of settings, models or firmware")),
        (_, _) => Some(format!("it refused {refused}, and {things} of settings, models or firmware")),
    }
}
