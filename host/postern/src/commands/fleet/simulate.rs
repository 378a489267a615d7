//! What a fleet of simulated doors costs on a broker of its own.

use ::fleet::measure::{Measured, Plan, Told, measure};
use anyhow::{Context, ensure};

use super::route;
use crate::answers::Sorted;
use crate::answers::fleet::Simulated;
use crate::broker_args::BrokerArgs;
use crate::output::{Outcome, Output, note};

/// Options of `postern fleet simulate`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    broker: BrokerArgs,

    /// Doors, 2 to 1,000
    #[arg(long, value_name = "N", default_value = "200", value_parser = clap::value_parser!(u16).range(2..=1000))]
    doors: u16,

    /// People, 40 to 20,000
    #[arg(long, value_name = "N", default_value = "3000", value_parser = clap::value_parser!(u16).range(40..=20_000))]
    people: u16,

    /// Bytes of the picture of a person
    #[arg(long, value_name = "BYTES", default_value = "15000", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    picture_bytes: u32,

    /// Removals that are timed
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u8).range(1..=15))]
    removals: u8,

    /// Wait in between until somebody has started the broker again, with what it retained
    #[arg(long)]
    restart: bool,
}

/// Measures, and prints each step.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let folder = std::env::temp_dir().join(format!("postern-simulated-{}", std::process::id()));
    ensure!(!folder.exists(), "{} is there already: remove it", folder.display());
    note!("What is sent stays on {}: use a broker of its own, and erase it afterwards.", args.broker.broker);
    let plan = Plan {
        doors: args.doors.into(),
        people: args.people.into(),
        picture_bytes: args.picture_bytes.try_into().context("a picture fits into memory")?,
        removals: args.removals.into(),
        restart: args.restart,
    };
    let mut printed = Ok(());
    let mut tell = |told: Told<'_>| match told {
        Told::Step(measured) if printed.is_ok() => printed = print(measured, output),
        Told::Step(_) => {}
        Told::Restart => {
            note!("Start the broker again now, with what it retained: ten people are removed meanwhile.")
        }
    };
    let done = measure(&route(&args.broker)?, &args.broker.prefix, plan, &folder, &mut tell);
    let _ = std::fs::remove_dir_all(&folder);
    done?;
    printed?;
    note!("No door lost anything.");
    Ok(Outcome::Done)
}

fn print(measured: &Measured, output: &Output) -> anyhow::Result<()> {
    let Measured { step, changes, doors, seconds, longest_seconds, .. } = *measured;
    let report = Simulated {
        step: step.to_owned(),
        changes,
        doors,
        seconds,
        longest_seconds,
        operator_messages: measured.operator_messages,
        operator_bytes: measured.operator_bytes,
        door_messages: measured.door_messages,
        door_bytes: measured.door_bytes,
        ack_messages: measured.ack_messages,
        ack_bytes: measured.ack_bytes,
    };
    output.print(&Sorted(report), |out| {
        writeln!(
            out,
            "{step:<10} {changes} changes, {doors} doors: {seconds:.3} s, at most {longest_seconds:.3} s; operator {} messages, \
             {} bytes; doors got {} messages, {} bytes, and sent {}, {} bytes",
            measured.operator_messages,
            measured.operator_bytes,
            measured.door_messages,
            measured.door_bytes,
            measured.ack_messages,
            measured.ack_bytes
        )
    })
}
