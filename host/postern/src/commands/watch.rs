//! `postern watch`: prints the events at the door as they happen.

use std::time::{Duration, Instant};

use client::protocol::{Event, EventKind, FrameResult, RejectReason};
use client::{Device, LastResult};

use crate::answers::{Sorted, door};
use crate::board_report::reset_name;
use crate::device::{DeviceArgs, rounded};
use crate::output::{Outcome, Output, note, reader_is_gone};
use crate::why::{Why, seen_text};
use crate::zone::Names;

/// How often the board is asked.
const POLL: Duration = Duration::from_millis(200);

/// How often another program that waits for the line is looked for meanwhile.
const TURN: Duration = Duration::from_millis(20);

/// Options of `postern watch`.
#[derive(clap::Args)]
pub struct Args {
    /// Print every frame result, not only changes
    #[arg(long)]
    pictures: bool,

    /// Start with the events that the board still keeps
    #[arg(long)]
    past: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Watches until interrupted.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut device = args.device.connect()?;
    let mut last = if args.past { 0 } else { device.events(u32::MAX)?.1 };
    let names = Names::of(args.device.folder()?.path());
    let mut line = Some(device);
    let (mut result, mut is_down) = (LastResult::default(), false);
    note!("Watching the door; press Ctrl-C to end.");
    loop {
        match poll(&args.device, &mut line, last) {
            Ok((events, newest)) => {
                // The numbers start again when the board boots.
                if newest < last {
                    last = 0;
                    continue;
                }
                for event in &events {
                    last = event.sequence;
                    if args.pictures || result.is_news(event) {
                        let why = line.as_mut().and_then(|device| Why::of_event(&event.kind, device, &names));
                        let why = why.as_ref();
                        output.print(&Sorted(report(event, why)), |out| {
                            writeln!(out, "{}", to_text(event, why))
                        })?;
                    }
                }
                if !events.is_empty() && !reader_is_gone() {
                    continue;
                }
                is_down = false;
            }
            Err(error) => {
                line = None;
                if !is_interruption(&error) {
                    return Err(error);
                }
                if !is_down {
                    note!("{error:#}");
                    is_down = true;
                }
            }
        }
        if reader_is_gone() {
            return Ok(Outcome::Done);
        }
        rest(&mut line);
    }
}

/// Waits until the board is asked again. Another program that waits for the line has it meanwhile.
fn rest(line: &mut Option<Device>) {
    let until = Instant::now() + POLL;
    while Instant::now() < until {
        if let Some(device) = line {
            device.give_way();
        }
        std::thread::sleep(TURN);
    }
}

/// Whether the board may answer later.
pub fn is_interruption(error: &anyhow::Error) -> bool {
    if let Some(error) = error.downcast_ref::<emulator::Error>() {
        return error.is_interruption();
    }
    let client = error.downcast_ref::<client::Error>();
    matches!(client, Some(client::Error::Line(_) | client::Error::Connect { .. }))
}

/// Asks for events.
fn poll(args: &DeviceArgs, line: &mut Option<Device>, after: u32) -> anyhow::Result<(Vec<Event>, u32)> {
    let mut device = match line.take() {
        Some(device) => device,
        None => args.connect()?,
    };
    let events = device.events(after)?;
    *line = Some(device);
    Ok(events)
}

/// An event for people; `why` is the sentence for what the board answered to a person.
fn to_text(event: &Event, why: Option<&Why>) -> String {
    let what = match &event.kind {
        EventKind::Booted { reset } => format!("booted ({}); the door is locked", reset_name(*reset)),
        EventKind::FrameAssessed { result, .. } => format!("sees {}", seen_text(result)),
        EventKind::Opened { name, person: Some(_), open_ms, .. } => {
            format!("OPEN for {name}, {open_ms} ms")
        }
        EventKind::Opened { open_ms, .. } => format!("OPEN by the button, {open_ms} ms"),
        EventKind::OpenedByCommand { open_ms } => format!("OPEN by a signed command, {open_ms} ms"),
        EventKind::Locked => "locked".to_owned(),
        EventKind::Denied { .. } | EventKind::FaceRequested { .. } | EventKind::PinRequested { .. } => {
            why.map_or_else(String::new, |why| why.to_string())
        }
        EventKind::Duress { name, .. } => format!("DURESS: {name} was forced to open"),
        EventKind::Alarm { alarm, over: false } => format!("ALARM: {}", alarm.name()),
        EventKind::Alarm { alarm, over: true } => format!("the alarm is over: {}", alarm.name()),
        EventKind::Paired { role, label } => format!("{label} was paired as {role}"),
    };
    format!("{:>10.3} s  {what}", event.uptime_ms as f64 / 1000.0)
}

/// An event for programs.
fn report(event: &Event, why: Option<&Why>) -> door::Event {
    use door::Event::{
        Alarm, Booted, Denied, Duress, FaceRequested, Frame, Locked, Opened, OpenedByCommand, Paired,
        PinRequested,
    };
    let at =
        door::At { why: why.map(ToString::to_string), sequence: event.sequence, uptime_ms: event.uptime_ms };
    let who = |person: u32, name: &str| door::Who { person, name: name.to_owned() };
    match &event.kind {
        EventKind::Booted { reset } => Booted { reset: reset_name(*reset), at },
        EventKind::FrameAssessed {
            frame,
            result,
            faces,
            threshold,
            agreement,
            instructions,
            liveness,
            ..
        } => {
            let (what, best) = match result {
                FrameResult::NoFace => ("no-face", None),
                FrameResult::Poor(_) => ("poor", None),
                FrameResult::Stranger(best) => ("stranger", best.as_ref()),
                FrameResult::Known(best) => ("known", Some(best)),
                FrameResult::NotLive(RejectReason::ChallengeRequested(_)) => ("challenge", None),
                FrameResult::NotLive(_) => ("not-live", None),
                FrameResult::Unclaimed => ("unclaimed", None),
                _ => ("unable", None),
            };
            let known = best.filter(|_| matches!(result, FrameResult::Known(_)));
            Frame(Box::new(door::Frame {
                result: what,
                name: known.map(|best| best.name.to_string()),
                person: known.map(|best| best.person),
                most_similar: best.map(|best| best.name.to_string()),
                similarity: best.map(|best| rounded(best.similarity)),
                threshold: threshold.map(rounded),
                liveness: crate::liveness::report(liveness.as_ref()),
                challenge: match result {
                    FrameResult::NotLive(RejectReason::ChallengeRequested(gesture)) => {
                        Some(gesture.to_string())
                    }
                    _ => None,
                },
                faces: *faces,
                agreement: *agreement,
                frame: *frame,
                instructions: *instructions,
                at,
            }))
        }
        EventKind::Opened { frame, person, name, open_ms } => Opened {
            person: *person,
            name: person.is_some().then(|| name.to_string()),
            frame: *frame,
            open_ms: *open_ms,
            at,
        },
        EventKind::OpenedByCommand { open_ms } => OpenedByCommand { open_ms: *open_ms, at },
        EventKind::Locked => Locked { at },
        EventKind::Paired { role, label } => Paired { role: role.to_string(), label: label.to_string(), at },
        EventKind::Alarm { alarm, over } => Alarm { alarm: alarm.name(), over: *over, at },
        EventKind::Denied { person, name, reason, left_ms } => Denied {
            person: *person,
            name: person.is_some().then(|| name.to_string()),
            reason: reason.name(),
            left_ms: (*left_ms > 0).then_some(*left_ms),
            at,
        },
        EventKind::FaceRequested { person, name } => FaceRequested { who: who(*person, name), at },
        EventKind::PinRequested { person, name } => PinRequested { who: who(*person, name), at },
        EventKind::Duress { person, name } => Duress { who: who(*person, name), at },
    }
}
