//! Who has what, which door is behind, and why.

use std::time::Duration;

use ::fleet::counted::{self, counted};
use ::fleet::folder::KeptDoor;
use ::fleet::follow::HOURLY;
use ::fleet::foreign;
use ::fleet::record::{Ack, LogHead, PersonId};
use ::fleet::setup::{Active, Kind, Setup};
use ::fleet::standing::{Came, Standing, collect, digest, standing};
use audit::{Chain, Head, Time};

use super::{FleetArgs, connect_to};
use crate::answers::Sorted;
use crate::answers::fleet::{self, DoorStanding, LogEnd, PersonStanding, Refused, SetupStanding, Status};
use crate::device::short;
use crate::output::{Outcome, Output, note};

/// Options of `postern fleet status`.
#[derive(clap::Args)]
pub struct Args {
    /// Ask no broker: show what the folder knows
    #[arg(long)]
    offline: bool,

    /// How long to wait for acknowledgements, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u16).range(1..=600))]
    patience: u16,

    #[command(flatten)]
    fleet: FleetArgs,
}

/// Shows how the doors stand. The answer is no if one is behind.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    const KNOWN: &str = "`postern fleet status --offline` shows what is known without the broker";
    // What the folder knows needs no key, and so no passphrase.
    let (mut folder, came) = if args.offline {
        (args.fleet.open_folder()?, None)
    } else {
        let mut opened = args.fleet.open()?;
        let (_hub, connection) = connect_to(&opened.broker, &opened.identity, KNOWN)?;
        let broker = opened.broker.broker.to_string();
        let patience = (broker.as_str(), Duration::from_secs(args.patience.into()));
        let prefix = opened.broker.prefix.clone();
        let came = collect(&mut opened.folder, &opened.identity, &prefix, &connection, patience, &is_signed)?;
        (opened.folder, Some(came))
    };
    let (leaving, left) = super::leaving::of(&folder);
    folder.forget_names(&left)?;
    let folder = &folder;
    let digest = digest(folder);
    let mut doors: Vec<(PersonId, &KeptDoor, Standing)> = folder
        .fleet_doors()
        .map(|(id, door)| {
            let came = came.as_ref().map(|came| came.get(id).copied().unwrap_or_else(Came::default));
            (*id, door, standing(folder, &digest, door, came))
        })
        .collect();
    doors.sort_by(|a, b| a.1.name.cmp(&b.1.name));
    let name = |id: &PersonId| {
        let person =
            folder.people.get(id).and_then(|kept| kept.person.as_ref()).map(|person| person.name.clone());
        let setup = || folder.setups.get(id).and_then(|kept| kept.setup.as_ref()).map(Setup::what);
        person.or_else(setup).unwrap_or_else(|| id.digits())
    };
    let now = now_ms();
    let shown: Vec<DoorStanding> = doors
        .iter()
        .map(|(_, door, standing)| DoorStanding {
            name: door.name.clone(),
            key: door.public.level(),
            complete: standing.complete,
            why: standing.why.clone(),
            behind: standing.behind,
            people: standing.people,
            orphans: standing.orphans,
            others: door.ack.as_ref().map_or(0, |ack| ack.others),
            connected: door.presence.is_here(now),
            away_since: (door.presence.is_here(now) == Some(false)).then(|| jiff_text(door.presence.heard)),
            acknowledged: door.ack.as_ref().map(|ack| jiff_text(ack.unix_ms)),
            refused: standing
                .refused
                .iter()
                .map(|(id, why)| Refused { name: name(id), why: why.clone() })
                .chain(foreign(door, &name))
                .take(20)
                .collect(),
            active: door.ack.iter().flat_map(|ack| &ack.active).map(active).collect(),
            log: door.ack.as_ref().and_then(|ack| ack.log.as_ref()).map(log_end),
        })
        .collect();
    let has = |id: &PersonId, run: u64, says: &dyn Fn(&Ack) -> bool| {
        let has = |(_, door, standing): &&(PersonId, &KeptDoor, Standing)| {
            let is_refused = standing.refused.iter().any(|(refused, _)| refused == id);
            let is_done =
                |ack: &Ack| ack.complete >= run && ack.waiting == 0 && ack.pictures == 0 && says(ack);
            let compares = |ack: &Ack| !foreign::is_foreign(ack, id);
            door.ack.as_ref().is_some_and(|ack| is_done(ack) && compares(ack)) && !is_refused
        };
        doors.iter().filter(has).count() as u32
    };
    let mut people: Vec<PersonStanding> = folder
        .enrolled()
        .map(|(id, kept, person)| PersonStanding {
            name: person.name.clone(),
            suspended: person.suspended,
            hours: person.hours.clone(),
            pin: person.pin.is_some(),
            counter: kept.counter,
            doors: has(id, kept.run, &|_| true),
        })
        .collect();
    people.sort_by(|a, b| a.name.cmp(&b.name));
    let is_complete = shown.iter().all(|door| door.complete);
    let set_up = folder.setups.iter().filter_map(|(id, kept)| {
        let setup = kept.setup.as_ref()?;
        let says = |ack: &Ack| match setup {
            // Of firmware a board says the release number alone; of a model the digest.
            Setup::Image(release) => {
                let number = release.release.to_string();
                let is_it = |active: &Active| match active.kind {
                    Kind::Firmware => active.name == number,
                    _ => active.sha256 == release.sha256,
                };
                ack.active.iter().any(|active| active.kind == release.kind && is_it(active))
            }
            Setup::Settings(_) => true,
        };
        Some(SetupStanding { what: setup.what(), value: value(setup), doors: has(id, kept.run, &says) })
    });
    let set_up = set_up.collect();
    let report = Sorted(Status { run: folder.settings.run, doors: shown, people, set_up, leaving });
    let report = &report;
    let count = report.0.doors.len() as u32;
    output.print(report, |out| {
        for door in &report.0.doors {
            let how = door.why.as_ref().map_or_else(
                || "has everything".to_owned(),
                |why| match door.behind {
                    0 => format!("behind: {why}"),
                    count => format!("behind by {}: {why}", counted(count.into(), "change", "changes")),
                },
            );
            writeln!(out, "{}  {}; {how}", door.name, counted::people(door.people))?;
            if door.orphans > 0 {
                writeln!(
                    out,
                    "    {} of them are known to no operator that the door trusts: `postern users` there lists all",
                    door.orphans
                )?;
            }
            if door.others > 0 {
                writeln!(
                    out,
                    "    {} more on its board who the fleet did not enrol: `postern users` there lists all",
                    counted::people(door.others)
                )?;
            }
            if let Some(heard) = door.acknowledged.as_ref().map(|heard| last_heard(heard, door.connected)) {
                writeln!(out, "    {heard}")?;
            }
            if let Some(away) = door.away_since.as_ref().and_then(|away| minute(away)) {
                writeln!(out, "    not heard since {away} UTC: `postern fleet apply`, its computer or its connection has ended")?;
            }
            for refused in &door.refused {
                writeln!(out, "    {}: {}", refused.name, refused.why)?;
            }
            if let Some(log) = &door.log {
                let signed = if log.signed { "signed by its board" } else { "NOT signed by its board" };
                writeln!(out, "    log up to entry {}, {signed}", log.number)?;
            }
        }
        for setup in &report.0.set_up {
            let SetupStanding { what, value, doors } = setup;
            writeln!(out, "{what}  {value}; at {doors} of {}", counted::doors(count))?;
        }
        for person in &report.0.people {
            let suspended = if person.suspended { ", suspended" } else { "" };
            let pin = if person.pin { ", with a PIN" } else { "" };
            writeln!(
                out,
                "{}  {}{pin}{suspended}; at {} of {}",
                person.name,
                person.hours,
                person.doors,
                counted::doors(count)
            )?;
        }
        for fleet::Leaving { name, doors } in &report.0.leaving {
            let (some, all) = (doors.len(), counted::doors(count));
            writeln!(out, "{name}  removed; perhaps still at {some} of {all}: {}", doors.join(", "))?;
        }
        Ok(())
    })?;
    let heard = report.0.doors.iter().filter_map(|door| door.acknowledged.as_deref());
    if let Some(since) = heard.min().and_then(minute).filter(|_| !report.0.people.is_empty()) {
        note!("Who is at how many doors is as each door said last, the first of them at {since} UTC.");
    }
    if count == 0 {
        note!(
            "There is no door in the fleet: `postern fleet join OPERATORS-CODE` at a door prints its code."
        );
    }
    Ok(if is_complete { Outcome::Done } else { Outcome::NoMatch })
}

/// Who a door does not compare, and what to do.
fn foreign<'a>(
    door: &'a KeptDoor,
    name: &'a impl Fn(&PersonId) -> String,
) -> impl Iterator<Item = Refused> + 'a {
    let people = door.ack.iter().flat_map(|ack| &ack.foreign_people);
    people.map(move |id| Refused { name: name(id), why: foreign::REMEDY.to_owned() })
}

/// What is active on a board, as a program reads it.
fn active(active: &Active) -> fleet::Active {
    let sha256 = (active.kind != Kind::Firmware).then(|| hex::encode(active.sha256));
    fleet::Active {
        kind: active.kind.word().to_owned(),
        name: active.name.clone(),
        sha256,
        newest: active.newest,
    }
}

/// Settings or an image in a line.
fn value(setup: &Setup) -> String {
    match setup {
        Setup::Settings(settings) if settings.is_empty() => "each door's own".to_owned(),
        Setup::Settings(settings) => {
            let pairs = settings.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join(" ")
        }
        Setup::Image(release) => format!("{} {}", release.name, short(&release.sha256)),
    }
}

/// The time, in milliseconds since 1970.
fn now_ms() -> u64 {
    jiff::Timestamp::now().as_millisecond().try_into().unwrap_or(0)
}

/// A time as people and programs read it.
fn jiff_text(unix_ms: u64) -> String {
    let time = i64::try_from(unix_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()).unwrap_or_default()
}

/// A time to the minute.
fn minute(time: &str) -> Option<String> {
    Some(time.parse::<jiff::Timestamp>().ok()?.strftime("%Y-%m-%d %H:%M").to_string())
}

/// When a door was heard last, and whether that is longer ago than a door that runs is silent. One that says itself whether it is
/// there needs no guess.
fn last_heard(acknowledged: &str, connected: Option<bool>) -> String {
    let Ok(time) = acknowledged.parse::<jiff::Timestamp>() else { return "last heard at no time".to_owned() };
    let since = jiff::Timestamp::now().duration_since(time);
    let away = match connected.is_none()
        && since > jiff::SignedDuration::try_from(2 * HOURLY).unwrap_or(jiff::SignedDuration::MAX)
    {
        true => ": its computer may be away, for a door acknowledges each hour",
        false => "",
    };
    format!("last heard {} UTC{away}", time.strftime("%Y-%m-%d %H:%M"))
}

/// Whether the board that the end of a log names signed it.
pub fn is_signed(log: &LogHead) -> bool {
    let signed = || {
        let time = Time { unix_ms: log.unix_ms, exact: log.exact };
        let entry = log.entry.as_slice().try_into().ok()?;
        let head = Head { first: log.number, entry, last: log.number, chain: Chain(log.chain), time };
        let signature = client::protocol::Signature::new(log.signature.as_slice().try_into().ok()?);
        Some(client::is_signed(&log.signer, &head.signed(), &signature))
    };
    signed().unwrap_or(false)
}

/// The end of a door's log, and whether the board that it names signed it.
fn log_end(log: &LogHead) -> LogEnd {
    LogEnd {
        number: log.number,
        link: hex::encode(log.chain),
        signer: hex::encode(log.signer),
        signed: is_signed(log),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_that_was_not_heard_for_long_may_be_away() {
        let now = jiff::Timestamp::now();
        let ago = |hours| last_heard(&(now - jiff::SignedDuration::from_hours(hours)).to_string(), None);
        assert!(!ago(1).contains("away"), "{}", ago(1));
        assert!(ago(3).contains("may be away"), "{}", ago(3));
        let at = "2026-11-28T17:02:03.791Z";
        assert!(!last_heard(at, Some(false)).contains("may be"), "the line below says since when");
        assert_eq!(minute(at).as_deref(), Some("2026-11-28 17:02"));
        assert_eq!(&last_heard(at, None)[..31], "last heard 2026-11-28 17:02 UTC");
    }
}
