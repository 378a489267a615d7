//! A door of a fleet: which operators it trusts, and the board that is changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::fleet::connection::{Hub, Traffic};
use ::fleet::door::{Door, State, Trouble};
use ::fleet::follow::{Options, Told, follow};
use ::fleet::follower::Follower;
use ::fleet::identity::{Identity, Public};
use ::fleet::place::Files;
use ::fleet::record::{Encoder, LogHead, Person};
use anyhow::Context;
use client::protocol::{Error as Refusal, ModelKind, Rule};
use client::{Credentials, Device};
use imaging::Photo;
use serde::{Deserialize, Serialize};

use super::route;
use crate::answers::Sorted;
use crate::answers::fleet::{Acknowledged, Code};
use crate::broker_args::BrokerArgs;
use crate::commands::enroll::Enrolling;
use crate::commands::rule::parse_pin;
use crate::commands::watch::is_interruption;
use crate::device::DeviceArgs;
use crate::hours;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output, hearing, note};

#[derive(clap::Args)]
pub struct JoinArgs {
    /// The operator's code, which `postern fleet init` printed
    code: Public,

    /// Trust no other operator any more; the people of others stay
    #[arg(long)]
    only: bool,

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
struct Trusted {
    operators: BTreeSet<Public>,
    /// The door's own keys then.
    door: Option<Public>,
}

impl Trusted {
    fn read(path: &Path) -> anyhow::Result<Self> {
        match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{}: remove it, and join again", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}

/// The folder of the fleet in that of the board, and the door's keys.
fn door(args: &DeviceArgs) -> anyhow::Result<(PathBuf, Identity)> {
    let folder = args.folder()?;
    let credentials = Credentials::load(&folder.host_key())?
        .context("this computer is not paired with the board: `postern pair` pairs it")?;
    let place = folder.path().join("fleet");
    Ok((place, Identity::of(&credentials.secret)))
}

/// Trusts an operator.
pub fn join(args: &JoinArgs, output: &Output) -> anyhow::Result<Outcome> {
    let (place, identity) = door(&args.device)?;
    let files = Files::open(&place)?;
    let path = place.join("trusted.json");
    let mut trusted = Trusted::read(&path)?;
    if args.only {
        trusted.operators.clear();
    }
    trusted.operators.insert(args.code);
    trusted.door = Some(identity.public());
    output_file::replace_with(&path, serde_json::json!(trusted).to_string().as_bytes())?;
    drop(files);
    let code = identity.public().to_string();
    output.print(&Sorted(Code { code: code.clone(), folder: place }), |out| writeln!(out, "{code}"))?;
    note!(
        "The door trusts {} operators. Its own code is above: `postern fleet add-door NAME CODE` adds it on the operator's \
         computer; then run `postern fleet apply` here.",
        trusted.operators.len()
    );
    Ok(Outcome::Done)
}

/// Applies what the operators send.
pub fn apply(args: ApplyArgs, output: &Output) -> anyhow::Result<Outcome> {
    let (place, identity) = door(&args.device)?;
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
    let board = Board { args: args.device, line: None };
    let mut follower = Follower::new(identity, &operators, Box::new(Files::open(&place)?), Box::new(board))?;
    let options = Options {
        hub: &hub,
        route: &route,
        prefix: &args.broker.prefix,
        once: args.once,
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
        writeln!(
            out,
            "run {} of {}: {} people; {} records lacking, {} people waiting, {} for pictures, {} refused{why}{trouble}",
            ack.complete, ack.newest, ack.people, ack.lacking, ack.waiting, ack.pictures, ack.refusals
        )
    });
}

/// The board.
struct Board {
    args: DeviceArgs,
    line: Option<Device>,
}

impl Board {
    /// Asks the board, over the line that is open or a new one.
    fn ask<T>(
        &mut self,
        ask: impl FnOnce(&DeviceArgs, &mut Device) -> anyhow::Result<T>,
    ) -> Result<T, Trouble> {
        let asked = || {
            let mut device = match self.line.take() {
                Some(device) => device,
                None => self.args.connect()?,
            };
            let answer = ask(&self.args, &mut device)?;
            self.line = Some(device);
            anyhow::Ok(answer)
        };
        asked().map_err(|error| Trouble { sentence: format!("{error:#}"), lost: is_lost(&error) })
    }
}

/// Whether the board may do it later, or a person must put the door right before anything is done.
fn is_lost(error: &anyhow::Error) -> bool {
    let of_board = match error.downcast_ref::<emulator::Error>() {
        Some(emulator::Error::Client(error)) => Some(error),
        _ => None,
    };
    match error.downcast_ref::<client::Error>().or(of_board) {
        Some(client::Error::Refused(refusal)) => matches!(
            refusal,
            Refusal::Busy
                | Refusal::NoSession
                | Refusal::Unpaired
                | Refusal::Forbidden { .. }
                | Refusal::NoModel { .. }
        ),
        Some(client::Error::Silent { .. } | client::Error::Handshake | client::Error::Garbled) => true,
        _ => is_interruption(error),
    }
}

impl Door for Board {
    fn names(&mut self) -> Result<Vec<String>, Trouble> {
        self.ask(|_, device| Ok(device.users()?.into_iter().map(|user| user.name.to_string()).collect()))
    }

    fn enrol(&mut self, name: &str, pictures: &[Vec<u8>]) -> Result<(), Trouble> {
        self.ask(|args, device| {
            let named = |number: usize| PathBuf::from(format!("picture {number} of {name}"));
            let photos = pictures.iter().enumerate().map(|(at, bytes)| {
                let path = named(at + 1);
                let photo = Photo::decode(bytes, &path, imaging::MAX_PIXELS)?;
                anyhow::Ok((path, photo))
            });
            let photos = photos.collect::<anyhow::Result<Vec<_>>>()?;
            let enrolling = Enrolling { name, add: false, force: false, device: args };
            let (done, _) = hearing(|| enrolling.run(device, photos, &Interrupt::default()));
            done.map(drop)
        })
    }

    fn remove(&mut self, name: &str) -> Result<(), Trouble> {
        self.ask(|_, device| match device.remove(name) {
            Ok(_) | Err(client::Error::Refused(Refusal::UnknownPerson { .. })) => Ok(()),
            Err(error) => Err(error.into()),
        })
    }

    fn rename(&mut self, name: &str, new: &str) -> Result<(), Trouble> {
        self.ask(|_, device| Ok(device.rename(name, new)?))
    }

    fn rule(&mut self, person: &Person) -> Result<(), Trouble> {
        self.ask(|_, device| {
            let pin = |what: &str, digits: &Option<String>| {
                digits.as_ref().map(|digits| parse_pin(what, digits)).transpose()
            };
            let rule = Rule {
                schedule: hours::parse(&person.hours).map_err(anyhow::Error::msg)?,
                pin: pin("PIN", &person.pin)?,
                duress_pin: pin("Duress PIN", &person.duress_pin)?,
                suspended: false,
            };
            // A suspension comes first, and ends last.
            if person.suspended {
                device.suspend(&person.name, true)?;
            }
            device.set_rule(&person.name, rule)?;
            device.suspend(&person.name, person.suspended)?;
            Ok(())
        })
    }

    fn state(&mut self) -> Result<State, Trouble> {
        self.ask(|_, device| {
            let status = device.status()?;
            let encoder = status.models.iter().find(|model| model.kind == ModelKind::Encoder);
            let encoder = encoder.map(|model| Encoder { name: model.name.to_string(), sha256: model.sha256 });
            Ok(State { encoder, log: log_head(device)? })
        })
    }

    fn rest(&mut self) {
        if let Some(device) = &mut self.line {
            device.give_way();
        }
    }
}

/// The newest entry of the log, signed; `None` for an empty log.
fn log_head(device: &mut Device) -> anyhow::Result<Option<LogHead>> {
    let end = device.log(u32::MAX)?.end;
    let Some(last) = end.checked_sub(1) else { return Ok(None) };
    let head = device.log_head(last)?;
    let entries = device.log(head.first)?.entries;
    let Some(first) = entries.into_iter().find(|entry| entry.number == head.first) else { return Ok(None) };
    // An entry may have come in between; then the head is that of more than one, and the next acknowledgement has one.
    if head.first != head.last {
        return Ok(None);
    }
    Ok(Some(LogHead {
        number: head.last,
        entry: first.entry.to_vec(),
        chain: head.chain,
        unix_ms: head.clock.unix_ms,
        exact: head.clock.exact,
        signer: head.signer,
        signature: head.signature.bytes().to_vec(),
    }))
}
