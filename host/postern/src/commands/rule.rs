//! `postern rule`: when a person may pass, and with which PIN besides their face.

use anyhow::{Context, ensure};
use client::protocol::{Clock, Error as Refusal, Pin, Rule, Schedule};
use client::{Device, RuleTold};

use crate::answers::{Sorted, people};
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output, note, secret_line};
use crate::zone::Names;
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

    /// Require no PIN, and so no duress PIN
    #[arg(long)]
    no_pin: bool,

    /// End the duress PIN
    #[arg(long, requires = "pin", conflicts_with = "duress_pin")]
    no_duress_pin: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Shows the rule, after changing it if asked to.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut device = args.device.connect()?;
    let before = known(&mut device, &args.name)?;
    let rule = if args.hours.is_some() || args.pin || args.no_pin {
        let Args { pin, no_pin, duress_pin, no_duress_pin, .. } = args;
        let pins = before.map_or(LOST, |before| (before.pin, before.duress_pin));
        check(&args.name, pins, Given { pin, no_pin, duress_pin, no_duress_pin })?;
        let schedule = args.hours.or(before.map(|before| before.schedule));
        let schedule = schedule
            .with_context(|| format!("the board lost the hours of {}: give them (--hours)", args.name))?;
        let pin = if args.pin { Some(read_pin("PIN")?) } else { None };
        let duress_pin = if args.duress_pin { Some(read_pin("Duress PIN")?) } else { None };
        let rule = device.set_rule(&args.name, Rule { schedule, pin, duress_pin, suspended: false })?;
        if before.is_none() && rule.suspended {
            note!(
                "The board cannot tell whether {} was suspended, so it refuses them until `postern resume NAME`.",
                args.name
            );
        }
        rule
    } else {
        before.map_or_else(|| device.rule(&args.name), Ok)?
    };
    let status = device.status()?;
    let door = status.settings.limits.zone;
    let zone_name = Names::of(args.device.folder()?.path()).name(&door);
    let report = people::PersonRule {
        person: rule.person,
        name: args.name.clone(),
        hours: hours::text(&rule.schedule),
        utc_offset_minutes: zone::offset_now(&door),
        zone: zone::posix(&door),
        zone_name: zone_name.clone(),
        pin: rule.pin,
        duress_pin: rule.duress_pin,
        suspended: rule.suspended,
    };
    output.print(&Sorted(report), |out| {
        let zone = match rule.schedule.is_always() {
            true => String::new(),
            false => format!(" ({})", zone::text(&door, zone_name.as_deref())),
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
    for remark in remarks(&rule.schedule, status.clock) {
        note!("{remark}");
    }
    Ok(Outcome::Done)
}

/// What is taken for known of the PINs of a rule that the board lost: a change must say whether one is needed.
pub const LOST: (bool, bool) = (true, false);

/// The rule of a person; `None` if the board lost it.
///
/// # Errors
/// As any request.
pub fn known(device: &mut Device, name: &str) -> client::Result<Option<RuleTold>> {
    match device.rule(name) {
        Err(client::Error::Refused(Refusal::RuleLost)) => Ok(None),
        rule => rule.map(Some),
    }
}

/// What is wrong with the clock by which a board reads these hours.
pub fn remarks(schedule: &Schedule, clock: Clock) -> Vec<String> {
    let unknown =
        "The board does not know the time, so it admits nobody who has hours: `postern board clock --set`.";
    let unknown = (!schedule.is_always() && !clock.exact).then(|| unknown.to_owned());
    clock::drift(clock, client::unix_ms()).into_iter().chain(unknown).collect()
}

/// What a change of a rule says of the PINs.
#[derive(Clone, Copy)]
pub struct Given {
    /// Whether there is a PIN.
    pub pin: bool,
    /// Whether it says that none is needed.
    pub no_pin: bool,
    /// Whether there is a duress PIN.
    pub duress_pin: bool,
    /// Whether it says that there is none any more.
    pub no_duress_pin: bool,
}

/// Checks that a change ends no PIN of a person without a word: the board alone knows the PINs, and a rule has all of it.
///
/// `known` is whether the board has a PIN and a duress PIN of the person now.
///
/// # Errors
/// What the change leaves open.
pub fn check(name: &str, known: (bool, bool), given: Given) -> anyhow::Result<()> {
    let (pin, duress_pin) = known;
    ensure!(
        given.pin || given.no_pin || !pin,
        "the PIN of {name} is known to the board alone: give it again (--pin), or say that none is needed (--no-pin)"
    );
    ensure!(!given.pin || !given.no_pin, "either a PIN is given or none is needed, not both");
    ensure!(given.pin || !given.duress_pin, "a duress PIN needs a PIN beside it");
    ensure!(
        given.duress_pin || given.no_duress_pin || given.no_pin || !duress_pin,
        "the duress PIN of {name} is known to the board alone: give it again (--duress-pin), or say that there is none any \
         more (--no-duress-pin)"
    );
    ensure!(
        !given.duress_pin || !given.no_duress_pin,
        "either a duress PIN is given or there is none any more, not both"
    );
    Ok(())
}

/// A PIN of a form or of a line.
///
/// # Errors
/// It has not 4 to 10 digits.
pub fn parse_pin(what: &str, text: &str) -> anyhow::Result<Pin> {
    Pin::new(text.trim().as_bytes()).with_context(|| format!("{what}: 4 to 10 digits, please"))
}

/// A PIN from a line of stdin: not from the arguments, which others can read.
fn read_pin(what: &str) -> anyhow::Result<Pin> {
    let line = secret_line(what).context("cannot read the PIN")?;
    parse_pin(what, &line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pin_ends_without_a_word() {
        let none = Given { pin: false, no_pin: false, duress_pin: false, no_duress_pin: false };
        let said = |known, given| check("Ada", known, given).err().map(|error| error.to_string());
        for (known, given, fault) in [
            ((false, false), none, None),
            ((true, false), none, Some("the PIN of Ada is known to the board alone")),
            ((true, false), Given { no_pin: true, ..none }, None),
            ((true, true), Given { pin: true, ..none }, Some("the duress PIN of Ada is known")),
            ((true, true), Given { pin: true, no_duress_pin: true, ..none }, None),
            ((true, true), Given { pin: true, duress_pin: true, ..none }, None),
            ((true, true), Given { no_pin: true, ..none }, None),
            ((false, false), Given { pin: true, no_pin: true, ..none }, Some("not both")),
            ((false, false), Given { duress_pin: true, ..none }, Some("needs a PIN beside it")),
            (
                (false, false),
                Given { pin: true, duress_pin: true, no_duress_pin: true, ..none },
                Some("not both"),
            ),
        ] {
            let said = said(known, given);
            assert_eq!(said.is_some(), fault.is_some(), "{said:?}");
            assert!(said.unwrap_or_default().contains(fault.unwrap_or_default()));
        }
    }
}
