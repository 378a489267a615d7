//! `postern bridge`: a door on an MQTT broker, and in Home Assistant.
//!
//! The crate `bridge` speaks to the broker. This module looks at the board for it, and changes nothing there. Where opening is
//! allowed, it has the board check commands that others signed.

mod carrier;

use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bridge::command::Command;
use bridge::door::{About, Door, Doorway, Entry, Look, Trouble};
use bridge::payload::Event;
use bridge::{Level, Options, Said};
use client::protocol::{Error as Refusal, Hash, LogEntry};
use client::{Device, SignedOpening};

use crate::audit_log::{Line, Names};
use crate::broker_args::BrokerArgs;
use crate::commands::watch::is_interruption;
use crate::device::DeviceArgs;
use crate::name;
use crate::output::{Outcome, Output, note};
use carrier::{Carrier, Opens};

/// Bytes of the longest name of a door.
const MAX_NAME: usize = 100;

/// Options of `postern bridge`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    broker: BrokerArgs,

    /// What the topics of Home Assistant begin with
    #[arg(long, value_name = "TOPIC", default_value = "homeassistant")]
    discovery: Level,

    /// The name of the door, in its topics and in Home Assistant [default: the board's]
    #[arg(long, value_name = "NAME", value_parser = name::parse)]
    name: Option<String>,

    /// How often the board is asked, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    interval: Duration,

    /// Publish no names of people: their numbers alone
    #[arg(long)]
    no_names: bool,

    /// The first time, also publish the entries that the log has already
    #[arg(long)]
    past: bool,

    /// Carry signed commands to open to the board, which opens where an installer allowed the signer
    #[arg(long)]
    allow_opening: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// A number of seconds between looks.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = f64::from_str(text).map_err(|_| "this is no number of seconds".to_owned())?;
    if (0.1..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("choose 0.1 to 3600 seconds".to_owned())
    }
}

/// Runs until something must be changed by a person.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let (folder, credentials) = args.device.paired()?;
    let name = args.name.unwrap_or_else(|| folder.name().to_owned());
    ensure!(
        name != "fleet",
        "a door cannot have the name fleet, which is that of the topics of fleets: choose another --name"
    );
    ensure!(name.len() <= MAX_NAME, "the name of the door has {} bytes: {MAX_NAME} at most", name.len());
    let password = args.broker.password()?;
    args.broker.note_readers("what is published");
    let names = (!args.no_names).then(Names::new);
    let door = Watched { args: args.device, names, line: None, carrier: Carrier::default() };
    let options = Options {
        certificates: args.broker.certificates(),
        broker: args.broker.broker,
        user: args.broker.user,
        password,
        prefix: args.broker.prefix,
        discovery: args.discovery,
        name,
        key: credentials.board,
        interval: args.interval,
        names: !args.no_names,
        past: args.past,
        allow_opening: args.allow_opening,
        folder: folder.path().join("bridge"),
    };
    note!("The bridge runs until Ctrl-C.");
    let never = bridge::run(options, Box::new(door), &mut |said| tell(output, said))?;
    match never {}
}

/// Says what was published. Whoever reads stdout may be gone; the bridge goes on.
fn tell(output: &Output, said: Said<'_>) {
    let _ = match said {
        Said::Remark(text) => {
            note!("{text}");
            Ok(())
        }
        Said::Event(it) => {
            output.print(it, |out| writeln!(out, "{} {}", it.topic, serde_json::json!(it.payload)))
        }
        Said::State(it) => {
            output.print(it, |out| writeln!(out, "{} {}", it.topic, serde_json::json!(it.payload)))
        }
        Said::Opening(it) => {
            output.print(it, |out| writeln!(out, "{} {}", it.topic, serde_json::json!(it.payload)))
        }
        Said::Status(it) => output.print(it, |out| writeln!(out, "{} {}", it.topic, it.payload)),
    };
}

/// The board.
struct Watched {
    args: DeviceArgs,
    /// Names by number, as far as they were asked for; `None` if nobody may know them.
    names: Option<Names>,
    line: Option<Device>,
    carrier: Carrier,
}

/// The board on the other end of a line, which is made where there is none.
struct OnLine<'a> {
    args: &'a DeviceArgs,
    line: &'a mut Option<Device>,
}

impl OnLine<'_> {
    fn device(&mut self) -> anyhow::Result<&mut Device> {
        if self.line.is_none() {
            *self.line = Some(self.args.connect()?);
        }
        self.line.as_mut().context("there is no line to the board")
    }
}

impl Opens for OnLine<'_> {
    fn openers(&mut self) -> anyhow::Result<Vec<Hash>> {
        Ok(self.device()?.openers()?)
    }

    fn open(&mut self, command: &SignedOpening) -> anyhow::Result<()> {
        self.device()?.open_door(command)?;
        Ok(())
    }
}

impl Door for Watched {
    fn look(&mut self, from: u32) -> Result<Look, Trouble> {
        let looked = self.ask(from);
        if looked.is_err() {
            self.line = None;
        }
        looked.map_err(|error| Trouble { sentence: format!("{error:#}"), lost: is_away(&error) })
    }

    fn open(&mut self, command: &Command) -> Result<(), Trouble> {
        let mut board = OnLine { args: &self.args, line: &mut self.line };
        let opened = carrier::read(command)
            .and_then(|command| self.carrier.carry(&command, Instant::now(), &mut board));
        opened.map_err(|error| {
            let refused = matches!(error.downcast_ref(), Some(client::Error::Refused(_)));
            if !refused {
                self.line = None;
            }
            Trouble { sentence: format!("{error:#}"), lost: is_away(&error) }
        })
    }

    fn rest(&mut self) {
        if let Some(device) = &mut self.line {
            device.give_way();
        }
    }
}

impl Watched {
    fn ask(&mut self, from: u32) -> anyhow::Result<Look> {
        let mut device = match self.line.take() {
            Some(device) => device,
            None => self.args.connect()?,
        };
        let page = device.log(from)?;
        let status = device.status()?;
        let lines: Vec<Line> = page.entries.iter().map(|entry| Line::of(entry, &Names::new())).collect();
        if let Some(names) = &mut self.names {
            let is_news = |line: &Line| match (line.said.kind.as_str(), line.said.person.flatten()) {
                ("enrolled" | "renamed" | "removed" | "erased", _) => true,
                (_, Some(person)) => !names.has(person),
                (_, None) => false,
            };
            if lines.iter().any(is_news) {
                names.renew(device.users()?);
                // An entry that was not looked at yet may tell that the board was erased in between.
                page.entries.iter().for_each(|entry| names.take(entry));
                while names.seen() < page.end {
                    let later = device.log(names.seen())?.entries;
                    later.iter().for_each(|entry| names.take(entry));
                    if later.is_empty() {
                        break;
                    }
                }
            }
        }
        let nobody = Names::new();
        let names = self.names.as_ref().unwrap_or(&nobody);
        let entries = page
            .entries
            .iter()
            .map(|entry| Entry { event: event(entry, names), link: hex::encode(entry.chain) });
        let look = Look {
            about: About { machine: status.board.to_string(), firmware: status.firmware.to_string() },
            doorway: Doorway {
                lock_open: matches!(status.door, client::protocol::Door::Open { .. }),
                contact_open: status.contact_open,
                cover_open: status.cover_open,
                alarm: status.alarm,
            },
            entries: entries.collect(),
            end: page.end,
        };
        self.line = Some(device);
        Ok(look)
    }
}

/// An entry of the log as an event: without its score.
fn event(entry: &LogEntry, names: &Names) -> Event {
    let Line { said, name, why, .. } = Line::of(entry, names);
    let is_admission = said.kind == "admitted";
    Event {
        number: said.number,
        kind: said.kind,
        time: said.time.flatten(),
        exact: match said.clock {
            Some("exact") => Some(true),
            Some("at-least") => Some(false),
            _ => None,
        },
        person: said.person.flatten(),
        name,
        // A pause and its end are one kind of entry.
        reason: match said.pause_ms {
            Some(0) => Some("end".to_owned()),
            Some(_) => Some("begin".to_owned()),
            None => said.reason.flatten().map(str::to_owned),
        },
        why,
        over: said.over,
        duress: said.duress.filter(|_| is_admission),
    }
}

/// Whether the board may answer later. What a person must change is no such error.
fn is_away(error: &anyhow::Error) -> bool {
    let of_board = match error.downcast_ref::<emulator::Error>() {
        Some(emulator::Error::Client(error)) => Some(error),
        _ => None,
    };
    match error.downcast_ref::<client::Error>().or(of_board) {
        Some(client::Error::Refused(refusal)) => {
            !matches!(refusal, Refusal::Unpaired | Refusal::Forbidden { .. })
        }
        Some(client::Error::Silent { .. } | client::Error::Handshake | client::Error::Garbled) => true,
        _ => is_interruption(error),
    }
}

#[cfg(test)]
mod tests {
    use audit::{ENTRY_BYTES, Entry, Kind, Time};
    use client::protocol::Reason;

    use super::*;

    fn logged(entry: Entry) -> LogEntry {
        let entry: [u8; ENTRY_BYTES] = entry.to_bytes();
        LogEntry { number: 7, entry, chain: [0; audit::CHAIN_BYTES] }
    }

    #[test]
    fn an_event_has_no_score_and_a_name_where_names_may_be_known() {
        let time = Time { unix_ms: 1_795_610_096_791, exact: true };
        let admitted = Entry { person: Some(1), score: 16_384, ..Entry::new(Kind::Admitted, time) };
        let entry = logged(Entry { reason: 1, ..admitted });
        let names = Names::from_iter([(1, "Ada <b>".to_owned())]);
        let told = event(&entry, &names);
        assert_eq!(
            (told.name.as_deref(), told.duress, told.exact),
            (Some("Ada <b>"), Some(true), Some(true))
        );
        let text = serde_json::json!(told).to_string();
        assert!(!text.contains("score") && !text.contains("0.5"), "{text}");
        let nameless = event(&entry, &Names::new());
        assert_eq!((nameless.name, nameless.person), (None, Some(1)));
    }

    #[test]
    fn a_refusal_has_its_sentence_and_the_clock_that_was_not_set_no_time() {
        let hours = Entry {
            reason: Reason::Schedule as u8,
            person: Some(1),
            ..Entry::new(Kind::Refused, Time::default())
        };
        let told = event(&logged(hours), &Names::from_iter([(1, "Ada".to_owned())]));
        assert_eq!((told.kind.as_str(), told.reason.as_deref()), ("refused", Some("schedule")));
        assert!(told.why.as_deref().is_some_and(|why| why.contains("Ada")), "{told:?}");
        assert_eq!((told.time, told.exact, told.duress), (None, None, None));
        let nameless = event(&logged(hours), &Names::new());
        assert!(nameless.why.as_deref().is_some_and(|why| why.contains("person 1")), "{nameless:?}");
    }

    #[test]
    fn a_pause_says_whether_it_begins_or_ends() {
        let paused = |ms: u64| {
            let mut entry = Entry::new(Kind::Paused, Time::default());
            entry.detail[4..].copy_from_slice(&ms.to_le_bytes());
            event(&logged(entry), &Names::new()).reason
        };
        assert_eq!((paused(60_000).as_deref(), paused(0).as_deref()), (Some("begin"), Some("end")));
    }

    #[test]
    fn an_interval_is_a_number_of_seconds_in_range() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["", "x", "0", "0.01", "NaN", "-1", "1e9"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
