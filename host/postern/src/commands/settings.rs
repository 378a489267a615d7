//! `postern settings`: how sure the door must be, of whom and that they live, and how long it opens.

use client::protocol::LivenessMode;
use serde_json::json;

use crate::device::DeviceArgs;
use crate::output::{Outcome, Output};

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

    /// What shows that a face is a living one: off (a photograph opens) or passive (the liveness
    /// network must take it for one; without that network the door stays locked)
    #[arg(long, value_name = "MODE", value_parser = crate::liveness::mode)]
    liveness: Option<LivenessMode>,

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
    if settings != before {
        settings = device.set_settings(settings)?;
    }
    let report = json!({
        "far_one_in": settings.far_one_in,
        "agreement_frames": settings.agreement_frames,
        "open_ms": settings.open_ms,
        "liveness": settings.liveness.to_string(),
    });
    output.print(&report, |out| {
        writeln!(out, "one in     {} strangers may be let in", settings.far_one_in)?;
        writeln!(out, "agreement  {} pictures in a row", settings.agreement_frames)?;
        writeln!(out, "open       for {} ms", settings.open_ms)?;
        writeln!(out, "liveness   {}", settings.liveness)
    })?;
    Ok(Outcome::Done)
}
