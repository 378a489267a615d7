//! `postern board clock`: the board's clock beside this computer's.

use anyhow::bail;
use client::protocol::Error as Refusal;

use crate::clock::{ClockReport, note_drift, time_text};
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output};

/// Options of `postern board clock`.
#[derive(clap::Args)]
pub struct Args {
    /// Set it to this computer's time. The board refuses an earlier time than it shows. If the board has lost the time,
    /// any command of an operator or installer sets it
    #[arg(long)]
    set: bool,

    /// Set it to this computer's time, also if that is earlier than it shows. Only an installer may; the log records it
    #[arg(long, conflicts_with = "set")]
    set_back: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Shows the clock, or sets it.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut device = args.device.connect()?;
    if args.set {
        let now = client::unix_ms();
        match device.set_clock(now) {
            Err(client::Error::Refused(Refusal::ClockBackwards { earliest })) => bail!(
                "the board's clock does not run backwards: it shows {}, this computer's {}. An installer sets it back with \
                 `postern board clock --set-back`",
                time_text(earliest).unwrap_or_default(),
                time_text(now).unwrap_or_default()
            ),
            other => other?,
        }
    }
    if args.set_back {
        device.set_clock_back(client::unix_ms())?;
    }
    let clock = device.status()?.clock;
    note_drift(clock);
    output.print(&ClockReport::of(clock), |out| writeln!(out, "{}", ClockReport::of(clock).text()))?;
    Ok(Outcome::Done)
}
