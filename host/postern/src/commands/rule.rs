//! `postern rule`: when a person may pass, and with which PIN besides their face.

use anyhow::{Context, ensure};
use client::protocol::{Pin, Rule, Schedule};

use crate::answers::{Sorted, people};
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output, note, secret_line};
use crate::{clock, hours, zone};

/// Options of `postern rule`.
#[derive(clap::Args)]
pub struct Args {
    /// The person's name
    #[arg(value_parser = crate::name::parse)]
    name: String,

    /// When the person may pass: `always`, or up to four windows such as `mon-fri 08:00-18:00, sat+sun 10:00-12:00`.
    /// Windows need the board's clock, see `postern board clock`
    #[arg(long, value_name = "HOURS", value_parser = hours::parse)]
    hours: Option<Schedule>,

    /// Require a PIN in addition to the face: 4 to 10 digits on the first line of stdin
    #[arg(long, conflicts_with = "no_pin")]
    pin: bool,

    /// Also set a duress PIN, which opens the door and raises a silent alarm: read from the next line of stdin
    #[arg(long, requires = "pin")]
    duress_pin: bool,

    /// Require no PIN
    #[arg(long)]
    no_pin: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Shows the rule, after changing it if asked to.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut device = args.device.connect()?;
    let mut rule = device.rule(&args.name)?;
    if args.hours.is_some() || args.pin || args.no_pin {
        ensure!(
            args.pin || args.no_pin || !rule.pin,
            "the PIN of {} is known to the board alone: give it again with --pin, or end it with --no-pin",
            args.name
        );
        let pin = if args.pin { Some(read_pin("PIN")?) } else { None };
        let duress_pin = if args.duress_pin { Some(read_pin("Duress PIN")?) } else { None };
        let schedule = args.hours.unwrap_or(rule.schedule);
        rule = device.set_rule(&args.name, Rule { schedule, pin, duress_pin, suspended: false })?;
    }
    let status = device.status()?;
    let door = status.settings.limits.zone;
    let report = people::PersonRule {
        person: rule.person,
        name: args.name.clone(),
        hours: hours::text(&rule.schedule),
        utc_offset_minutes: zone::offset_now(&door),
        zone: zone::posix(&door),
        pin: rule.pin,
        duress_pin: rule.duress_pin,
        suspended: rule.suspended,
    };
    output.print(&Sorted(report), |out| {
        let zone = match rule.schedule.is_always() {
            true => String::new(),
            false => format!(" ({})", zone::text(&door)),
        };
        writeln!(out, "{} may pass   {}{zone}", args.name, hours::text(&rule.schedule))?;
        let with = match (rule.pin, rule.duress_pin) {
            (false, _) => "their face alone",
            (true, false) => "their face and a PIN",
            (true, true) => "their face and a PIN, or the duress PIN",
        };
        writeln!(out, "with         {with}")?;
        match rule.suspended {
            true => writeln!(out, "suspended    refused until `postern resume NAME`"),
            false => Ok(()),
        }
    })?;
    clock::note_drift(status.clock);
    if !rule.schedule.is_always() && !status.clock.exact {
        note!(
            "The board does not know the time, so it admits nobody who has hours: `postern board clock --set`."
        );
    }
    Ok(Outcome::Done)
}

/// A PIN from a line of stdin: not from the arguments, which others can read.
fn read_pin(what: &str) -> anyhow::Result<Pin> {
    let line = secret_line(what).context("cannot read the PIN")?;
    Pin::new(line.trim().as_bytes()).with_context(|| format!("{what}: 4 to 10 digits, please"))
}
