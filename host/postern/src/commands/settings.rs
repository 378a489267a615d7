//! `postern settings`: how sure the door must be, of whom and that they live, how long it opens, and what shuts it.

use client::protocol::{LivenessMode, Matching, Wiegand};
use serde_json::json;

use crate::device::DeviceArgs;
use crate::output::{Outcome, Output};
use crate::wiegand;

/// Options of `postern settings`.
#[derive(clap::Args)]
pub struct Args {
    /// Let in at most one in so many strangers; the threshold follows from it
    #[arg(long, value_name = "N")]
    one_in: Option<u32>,

    /// Pictures in a row that must show the same person
    #[arg(long, value_name = "N")]
    agreement: Option<u8>,

    /// How long the lock opens, in milliseconds
    #[arg(long, value_name = "MS")]
    open_ms: Option<u32>,

    /// What shows that a face is a living one: off (a photograph opens), passive (it must look and move like one;
    /// without the liveness network the door stays locked) or challenge (it must also turn, nod and close its eyes as
    /// the door asks)
    #[arg(long, value_name = "MODE", value_parser = crate::liveness::mode)]
    liveness: Option<LivenessMode>,

    /// With whom a face is compared: identify (with everybody) or verify (with whose PIN was typed before, and nobody
    /// else; who has no PIN does not come in)
    #[arg(long, value_name = "MODE", value_parser = matching)]
    matching: Option<Matching>,

    /// Failures in a row that shut the door to everybody
    #[arg(long, value_name = "N")]
    failures: Option<u8>,

    /// For how many seconds they shut it the first time; twice as long each time after
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    lockout: Option<u32>,

    /// Within how many seconds nobody comes in twice; 0 for none
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    passback: Option<u32>,

    /// For how many seconds the door waits for a PIN
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pin_time: Option<u32>,

    /// For how many seconds the door may stand open; 0 for as long as it likes
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    held: Option<u32>,

    /// Whether the lock lets the door go when the power goes, and on a fault: it then holds while it has
    /// current (true), or opens while it has (false)
    #[arg(long, value_name = "BOOL")]
    fail_safe: Option<bool>,

    /// Tell another controller who was let in, over Wiegand's wires: off, 26:FACILITY or 34:FACILITY. Over OSDP
    /// (`postern osdp`) numbers have the same format
    #[arg(long, value_name = "FORMAT", value_parser = wiegand::parse)]
    wiegand: Option<Wiegand>,

    /// Minutes by which clocks at the door are ahead of UTC, for the hours of people
    #[arg(long, value_name = "MINUTES", allow_negative_numbers = true)]
    utc_offset_minutes: Option<i16>,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Shows the settings, after changing those that are given.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut device = args.device.connect()?;
    let mut settings = device.settings()?;
    let before = settings;
    settings.far_one_in = args.one_in.unwrap_or(settings.far_one_in);
    settings.agreement_frames = args.agreement.unwrap_or(settings.agreement_frames);
    settings.open_ms = args.open_ms.unwrap_or(settings.open_ms);
    settings.liveness = args.liveness.unwrap_or(settings.liveness);
    settings.matching = args.matching.unwrap_or(settings.matching);
    settings.wiegand = args.wiegand.unwrap_or(settings.wiegand);
    let limits = &mut settings.limits;
    limits.failures = args.failures.unwrap_or(limits.failures);
    limits.lockout_ms = args.lockout.unwrap_or(limits.lockout_ms);
    limits.passback_ms = args.passback.unwrap_or(limits.passback_ms);
    limits.pin_ms = args.pin_time.unwrap_or(limits.pin_ms);
    limits.held_ms = args.held.unwrap_or(limits.held_ms);
    limits.fail_safe = args.fail_safe.unwrap_or(limits.fail_safe);
    limits.utc_offset_minutes = args.utc_offset_minutes.unwrap_or(limits.utc_offset_minutes);
    if settings != before {
        settings = device.set_settings(settings)?;
    }
    let report = json!({
        "far_one_in": settings.far_one_in,
        "agreement_frames": settings.agreement_frames,
        "open_ms": settings.open_ms,
        "liveness": settings.liveness.to_string(),
        "failures": settings.limits.failures,
        "lockout_ms": settings.limits.lockout_ms,
        "passback_ms": settings.limits.passback_ms,
        "pin_ms": settings.limits.pin_ms,
        "utc_offset_minutes": settings.limits.utc_offset_minutes,
        "held_ms": settings.limits.held_ms,
        "fail_safe": settings.limits.fail_safe,
        "wiegand": wiegand::text(settings.wiegand),
        "matching": settings.matching.to_string(),
    });
    output.print(&report, |out| {
        writeln!(out, "one in     {} strangers may be let in", settings.far_one_in)?;
        writeln!(out, "agreement  {} pictures in a row", settings.agreement_frames)?;
        writeln!(out, "open       for {} ms", settings.open_ms)?;
        writeln!(out, "liveness   {}", settings.liveness)?;
        writeln!(out, "matching   {}", settings.matching)?;
        let limits = &settings.limits;
        let lockout = f64::from(limits.lockout_ms) / 1e3;
        writeln!(
            out,
            "failures   {} in a row shut the door for {lockout} s, then for longer",
            limits.failures
        )?;
        match limits.passback_ms {
            0 => writeln!(out, "passback   anybody may come in again at once")?,
            ms => writeln!(out, "passback   nobody comes in twice within {} s", f64::from(ms) / 1e3)?,
        }
        writeln!(out, "PIN        within {} s of the face", f64::from(limits.pin_ms) / 1e3)?;
        match limits.held_ms {
            0 => writeln!(out, "held open  as long as it likes")?,
            ms => writeln!(out, "held open  an alarm after {} s", f64::from(ms) / 1e3)?,
        }
        let without =
            if limits.fail_safe { "lets the door go (fail-safe)" } else { "stays locked (fail-secure)" };
        writeln!(out, "no power   the lock {without}")?;
        writeln!(out, "wiegand    {}", wiegand::text(settings.wiegand))?;
        writeln!(out, "time zone  {} minutes ahead of UTC", limits.utc_offset_minutes)
    })?;
    Ok(Outcome::Done)
}

/// Seconds, as milliseconds.
fn seconds(text: &str) -> Result<u32, String> {
    let seconds: u32 = text.parse().map_err(|_| "seconds are a whole number".to_owned())?;
    seconds.checked_mul(1000).ok_or_else(|| "so many seconds are more than a month".to_owned())
}

/// The way of matching called `name`.
fn matching(name: &str) -> Result<Matching, String> {
    match name {
        "identify" => Ok(Matching::Identify),
        "verify" => Ok(Matching::Verify),
        _ => Err(format!("{name} is not identify or verify")),
    }
}
