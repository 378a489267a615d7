//! `postern rule`: when a person may pass, and with which code besides their face.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, ensure};
use client::protocol::{Code, Rule, Schedule};
use serde_json::json;

use crate::device::DeviceArgs;
use crate::hours;
use crate::output::{Outcome, Output};

/// Options of `postern rule`.
#[derive(clap::Args)]
pub struct Args {
    /// The person's name
    name: String,

    /// When they may pass: `always`, or up to four times like `mon-fri 08:00-18:00, sat+sun 10:00-12:00`.
    /// For these the board must know the time, see `postern board clock`
    #[arg(long, value_name = "HOURS", value_parser = hours::parse)]
    hours: Option<Schedule>,

    /// Ask for a code besides the face: 4 to 10 digits, read from the first line of stdin
    #[arg(long, conflicts_with = "no_code")]
    code: bool,

    /// A second code that opens like the first, and raises a silent alarm: read from the next line
    #[arg(long, requires = "code")]
    duress: bool,

    /// Let the face be enough
    #[arg(long)]
    no_code: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Shows the rule, after changing it if asked to.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut device = args.device.connect()?;
    let mut told = device.rule(&args.name)?;
    if args.hours.is_some() || args.code || args.no_code {
        ensure!(
            args.code || args.no_code || !told.code,
            "the code of {} is known to the board alone: give it again with --code, or end it with --no-code",
            args.name
        );
        let code = if args.code { Some(read_code("Code")?) } else { None };
        let duress = if args.duress { Some(read_code("Duress code")?) } else { None };
        let schedule = args.hours.unwrap_or(told.schedule);
        told = device.set_rule(&args.name, Rule { schedule, code, duress })?;
    }
    let report = json!({
        "person": told.person,
        "name": args.name,
        "hours": hours::text(&told.schedule),
        "code": told.code,
        "duress": told.duress,
    });
    output.print(&report, |out| {
        writeln!(out, "{} may pass   {}", args.name, hours::text(&told.schedule))?;
        let with = match (told.code, told.duress) {
            (false, _) => "their face alone",
            (true, false) => "their face and a code",
            (true, true) => "their face and a code, or the duress code",
        };
        writeln!(out, "with         {with}")
    })?;
    if !told.schedule.is_always() && !device.status()?.clock.exact {
        eprintln!(
            "The board does not know the time, and lets nobody with hours in: `postern board clock --set`."
        );
    }
    Ok(Outcome::Done)
}

/// A code from a line of stdin: not from the arguments, which others can read.
fn read_code(what: &str) -> anyhow::Result<Code> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprint!("{what}: ");
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).context("cannot read the code")?;
    Code::new(line.trim().as_bytes()).with_context(|| format!("{what}: 4 to 10 digits, please"))
}
