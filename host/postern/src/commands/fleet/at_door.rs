//! A door of a fleet: which operators it trusts, and the board that is changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::fleet::connection::{Hub, Traffic};
use ::fleet::counted::{counted, people};
use ::fleet::follow::{HOURLY, Options, Told, follow};
use ::fleet::follower::Follower;
use ::fleet::identity::{Identity, Public};
use ::fleet::place::{Files, begin_again};
use ::fleet::record::Ack;
use anyhow::Context;
use client::Credentials;
use serde::{Deserialize, Serialize};

use super::board::Board;
use super::route;
use crate::answers::Sorted;
use crate::answers::fleet::{Acknowledged, Code};
use crate::broker_args::BrokerArgs;
use crate::device::DeviceArgs;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output, note};

#[derive(clap::Args)]
pub struct JoinArgs {
    /// The operator's code, which `postern fleet init` printed
    code: Public,

    /// Trust this operator with settings, models and firmware, too. Without it, one who is joined again keeps what they had
    #[arg(long)]
    installer: bool,

    /// Trust this operator with people alone, although they were trusted as an installer
    #[arg(long, conflicts_with = "installer")]
    no_installer: bool,

    /// Trust no other operator any more; the people of others stay
    #[arg(long)]
    only: bool,

    /// The board was erased since it was in the fleet: nobody on it was enrolled by the fleet
    #[arg(long)]
    erased: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    broker: BrokerArgs,

    /// End when the door has everything
    #[arg(long)]
    once: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// The operators that a door trusts, in `fleet/trusted.json` of the board's folder.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Trusted {
    pub(super) operators: BTreeSet<Public>,
    /// Those of them who may change settings, models and firmware.
    #[serde(default)]
    pub(super) installers: BTreeSet<Public>,
    /// The door's own keys then.
    door: Option<Public>,
    /// The keys that took their place at the same board by `postern keys rotate`.
    #[serde(default)]
    rotated: Option<Public>,
    /// The key of its board, in hexadecimal digits: the numbers of people in the folder are that board's.
    board: Option<String>,
}

impl Trusted {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{}: remove it, and join again", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    fn write(&self, path: &Path) -> anyhow::Result<()> {
        Ok(output_file::replace_with(path, serde_json::json!(self).to_string().as_bytes())?)
    }

    /// The door joins with these keys. Keys that do not follow from those of before come from a new pairing: the board may have
    /// been `erased`, so the place begins again, and before the keys are kept.
    fn joins(&mut self, with: Public, files: &mut Files, erased: bool) -> anyhow::Result<()> {
        if erased || ![self.door, self.rotated].contains(&Some(with)) {
            begin_again(files, erased)?;
        }
        (self.door, self.rotated) = (Some(with), None);
        Ok(())
    }
}

/// The folder of the fleet in that of the board, the door's keys, and the key of the board.
fn door(args: &DeviceArgs) -> anyhow::Result<(PathBuf, Identity, String)> {
    let (folder, credentials) = args.paired()?;
    let place = folder.path().join("fleet");
    Ok((place, Identity::of(&credentials.secret), hex::encode(credentials.board)))
}

/// Notes in the folder of a board that the computer's key for it was replaced by another one: the people on it are the same.
pub fn rotated(folder: &Path, from: &Credentials, to: &Credentials) -> anyhow::Result<()> {
    let path = folder.join("fleet/trusted.json");
    let mut trusted = Trusted::read(&path)?;
    let before = Some(Identity::of(&from.secret).public());
    if trusted.door == before || trusted.rotated == before {
        trusted.rotated = Some(Identity::of(&to.secret).public());
        trusted.write(&path)?;
    }
    Ok(())
}

/// Trusts an operator.
pub fn join(args: &JoinArgs, output: &Output) -> anyhow::Result<Outcome> {
    let (place, identity, board) = door(&args.device)?;
    let mut files = Files::open(&place)?;
    let path = place.join("trusted.json");
    let mut trusted = Trusted::read(&path)?;
    anyhow::ensure!(
        trusted.board.as_ref().is_none_or(|there| *there == board),
        "{} is of another board than the one that this computer is paired with here: give each door an address of its own. Only \
         if the board was replaced, put that folder away and join again",
        place.display()
    );
    trusted.board = Some(board);
    if args.only {
        trusted.operators.clear();
        trusted.installers.retain(|installer| *installer == args.code);
    }
    let is_new = trusted.operators.insert(args.code);
    if args.installer {
        trusted.installers.insert(args.code);
    }
    if args.no_installer {
        trusted.installers.remove(&args.code);
    }
    trusted.joins(identity.public(), &mut files, args.erased)?;
    trusted.write(&path)?;
    drop(files);
    if args.only {
        note_other_openers(&args.device, &trusted);
    }
    let code = identity.public().to_string();
    output.print(&Sorted(Code { code: code.clone(), folder: place }), |out| writeln!(out, "{code}"))?;
    note!(
        "The door trusts {}{}. What was printed is its own code: {}. Then run `postern fleet apply --broker ADDRESS` here.",
        counted(trusted.operators.len() as u64, "operator", "operators"),
        match trusted.installers.contains(&args.code) {
            true => ", and this one with settings, models and firmware, too",
            false => "",
        },
        match is_new {
            true => "`postern fleet add-door NAME CODE` adds it on the operator's computer",
            false => "if it is in the fleet already, nothing is to be done at the operator",
        }
    );
    Ok(Outcome::Done)
}

/// Names those who may open the door by signed commands although it trusts them no more.
fn note_other_openers(device: &DeviceArgs, trusted: &Trusted) {
    let openers = match device.connect().and_then(|mut device| Ok(device.openers()?)) {
        Ok(openers) => openers,
        Err(error) => {
            note!(
                "who may open the door by signed commands is not known: {error:#}. `postern keys` tells it"
            );
            return;
        }
    };
    let is_trusted = |key: &[u8; 32]| trusted.operators.iter().any(|operator| operator.signing == *key);
    for opener in openers.iter().filter(|opener| !is_trusted(opener)) {
        let key = hex::encode(opener);
        note!(
            "{key} may still open the door by signed commands: `postern keys forbid-opening {key}` ends it"
        );
    }
}

/// Applies what the operators send.
pub fn apply(args: ApplyArgs, output: &Output) -> anyhow::Result<Outcome> {
    let (place, identity, _) = door(&args.device)?;
    let trusted = Trusted::read(&place.join("trusted.json"))?;
    let operators: Vec<Public> = trusted.operators.into_iter().collect();
    anyhow::ensure!(
        !operators.is_empty(),
        "this door is in no fleet: `postern fleet join CODE` with the code of `postern fleet init`"
    );
    anyhow::ensure!(
        trusted.door == Some(identity.public()),
        "the key of this computer for its board was replaced: `postern fleet join CODE` again, and on the operator's computer \
         `postern fleet remove-door` and `postern fleet add-door` with the new code"
    );
    args.broker.note_readers("when this door's people change");
    let (interrupt, hub, route) = (Interrupt::hear()?, Hub::start()?, route(&args.broker)?);
    let board = Board::of(args.device);
    let follower = Follower::new(identity, &operators, Box::new(Files::open(&place)?), Box::new(board))?;
    let installers: Vec<[u8; 32]> = trusted.installers.iter().map(|installer| installer.signing).collect();
    let mut follower = follower.with_installers(&installers);
    let options = Options {
        hub: &hub,
        route: &route,
        prefix: &args.broker.prefix,
        once: args.once,
        hourly: HOURLY,
        traffic: Arc::new(Traffic::default()),
    };
    if !args.once {
        note!("The door follows its fleet until Ctrl-C.");
    }
    let stop = || interrupt.came();
    follow(&options, &mut follower, &stop, &mut |told| tell(output, &operators, told))?;
    Ok(Outcome::Done)
}

/// Says what happened. Whoever reads stdout may be gone; the door goes on.
fn tell(output: &Output, operators: &[Public], told: Told<'_>) {
    let (operator, ack) = match told {
        Told::Remark(text) => {
            note!("{text}");
            return;
        }
        Told::Acknowledged(operator, ack) => (operator, ack),
    };
    let report = Acknowledged {
        operator: operators.get(operator).map(Public::level).unwrap_or_default(),
        newest: ack.newest,
        complete: ack.complete,
        people: ack.people,
        lacking: ack.lacking,
        waiting: ack.waiting,
        pictures: ack.pictures,
        refused: ack.refusals,
        trouble: ack.trouble.clone(),
    };
    let why = ack.refused.first().map(|refused| format!("; the first: {}", refused.why)).unwrap_or_default();
    let trouble = ack.trouble.as_ref().map(|trouble| format!("; {trouble}")).unwrap_or_default();
    let _ = output.print(&Sorted(report), |out| {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S");
        writeln!(out, "{now} UTC  {}{why}{trouble}", in_words(ack, output.verbose))
    });
}

/// What a door has, for people: of the numbers those alone that say something; all of them with `verbose`.
fn in_words(ack: &Ack, verbose: bool) -> String {
    let missing = [
        (ack.lacking, counted(ack.lacking.into(), "record has not come", "records have not come")),
        (
            ack.waiting,
            counted(ack.waiting.into(), "change is still to be made", "changes are still to be made"),
        ),
        (ack.pictures, format!("the pictures of {} have not come", people(ack.pictures))),
        (ack.refusals, format!("{} refused", ack.refusals)),
    ];
    let foreign = (ack.foreign, "it opens to nobody, for its people are of another encoder".to_owned());
    let missing = missing.into_iter().chain([foreign].into_iter().filter(|(count, _)| *count > 0));
    let missing: Vec<String> =
        missing.filter(|(count, _)| *count > 0 || verbose).map(|(_, text)| text).collect();
    let of = if verbose { format!(" (change {} of {})", ack.complete, ack.newest) } else { String::new() };
    match missing.is_empty() && ack.trouble.is_none() && ack.foreign == 0 {
        true => format!("the door has everything: {}{of}", people(ack.people)),
        false => {
            let missing: String = missing.iter().map(|missing| format!("; {missing}")).collect();
            format!("the door has {}{of}{missing}", people(ack.people))
        }
    }
}

#[cfg(test)]
mod tests {
    use ::fleet::place::{Entry, Store, There};
    use ::fleet::record::{Person, PersonId, Pictures};

    use super::*;

    #[test]
    fn a_door_that_has_everything_says_so_and_no_zeros() {
        let ack = Ack {
            number: 1,
            unix_ms: 0,
            newest: 23,
            complete: 23,
            digest: [0; 32],
            lacking: 0,
            pictures: 0,
            waiting: 0,
            people: 2,
            others: 0,
            orphans: 0,
            refused: Vec::new(),
            refusals: 0,
            overruled: 0,
            trouble: None,
            log: None,
            active: Vec::new(),
            foreign: 0,
            foreign_people: Vec::new(),
        };
        assert_eq!(in_words(&ack, false), "the door has everything: 2 people");
        let waiting = Ack { waiting: 1, ..ack.clone() };
        assert_eq!(in_words(&waiting, false), "the door has 2 people; 1 change is still to be made");
        assert!(in_words(&ack, true).contains("change 23 of 23"), "{}", in_words(&ack, true));
    }

    /// Whoever is on a board after it was erased has numbers of before: nobody of them is known to be the fleet's.
    #[test]
    fn a_place_begins_again_after_a_new_pairing_and_not_after_a_rotation() {
        let folder = tempfile::tempdir().expect("a folder");
        let credentials = || {
            let secret = client::random_key().expect("random");
            Credentials { secret, board: [9; 32], next: None, log: None }
        };
        let path = folder.path().join("fleet/trusted.json");
        let joins_as = |with: &Credentials, erased: bool| {
            let mut files = Files::open(&folder.path().join("fleet")).expect("a place");
            let mut trusted = Trusted::read(&path).expect("read");
            trusted.joins(Identity::of(&with.secret).public(), &mut files, erased).expect("kept");
            trusted.write(&path).expect("written");
            let [(_, entry)] = &files.load().expect("read").0[..] else { return (0, 0) };
            (entry.there.iter().count(), entry.unsure.iter().count())
        };
        let joins = |with: &Credentials| joins_as(with, false);
        let [first, second, third, paired] = [(); 4].map(|()| credentials());
        joins(&first);
        let pictures = Pictures { digest: [1; 32], key: [2; 32] };
        let (name, hours) = ("Bob".to_owned(), "always".to_owned());
        let person = Person { name, hours, pin: None, duress_pin: None, suspended: false, pictures };
        let entry = Entry { there: Some(There { person, number: 1 }), ..Entry::default() };
        let mut files = Files::open(&folder.path().join("fleet")).expect("a place");
        files.save(PersonId([1; 16]), &entry).expect("kept");
        drop(files);
        assert_eq!(joins(&first), (1, 0), "for another operator");
        rotated(folder.path(), &first, &second).expect("noted");
        rotated(folder.path(), &second, &third).expect("noted");
        assert_eq!(joins(&third), (1, 0), "it is the same board");
        rotated(folder.path(), &first, &paired).expect("nothing to note");
        assert_eq!(joins(&paired), (0, 1), "the board may have been erased, or not");
        assert_eq!(joins(&paired), (0, 1), "nobody knows it later either");
        assert_eq!(joins_as(&paired, true), (0, 0), "somebody says so");
    }
}
