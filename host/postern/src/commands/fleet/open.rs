//! `postern fleet open`: opens a door by a signed command, which its bridge carries and its board checks.

use std::time::{Duration, Instant};

use ::fleet::opening::sign;
use ::fleet::publish::fault_of;
use anyhow::{bail, ensure};
use bridge::payload::Opening;
use client::protocol::{Hash, LONGEST_OPENING_MS};
use client::unix_ms;

use super::{FleetArgs, connect_to};
use crate::answers::Sorted;
use crate::answers::fleet::DoorOpened;
use crate::name;
use crate::output::{Outcome, Output, note};

/// How long an answer may come after the command has expired.
const LATE: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub struct OpenArgs {
    /// The door, by the name that its bridge has
    #[arg(value_parser = name::parse)]
    door: String,

    /// The key of the door's board, which `postern keys allow-opening` printed there; needed once
    #[arg(long, value_name = "KEY", value_parser = crate::log_head::public_key)]
    board: Option<Hash>,

    /// For how many seconds the command counts
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(5..=LONGEST_OPENING_MS / 1000))]
    valid: u64,

    #[command(flatten)]
    fleet: FleetArgs,
}

/// Opens a door, and waits for what its board says.
pub fn open(args: &OpenArgs, output: &Output) -> anyhow::Result<Outcome> {
    const KEPT: &str = "Nothing was sent, and no door opens later";
    let opened = args.fleet.open()?;
    let (_hub, connection) = connect_to(&opened.broker, &opened.identity, KEPT)?;
    let (topic, answers) = ::bridge::opening_topics(&opened.broker.prefix, &args.door);
    let broker = opened.broker.broker.to_string();
    let fault =
        |fault| fault_of(fault, &broker, "Whether the door opened is in its log: `postern log` there");
    ensure!(
        connection.subscribe(&answers, false).map_err(fault)?,
        "the broker does not let this user listen to {answers}: change the broker's access list"
    );
    let now = unix_ms();
    let command = sign(&opened.folder, &opened.identity, &args.door, args.board, (now, args.valid * 1000))?;
    // Its counter is in the folder before it is sent.
    connection.publish(&topic, serde_json::to_vec(&command)?, false).map_err(fault)?;
    let end = Instant::now() + Duration::from_secs(args.valid) + LATE;
    let answer = loop {
        let left = end.saturating_duration_since(Instant::now());
        let Some(message) = connection.receive(left).map_err(fault)? else {
            bail!(
                "no bridge of a door {} has answered in {} seconds: `postern bridge --allow-opening` carries commands to it. This \
                 one has expired by the clock of this computer: it opens nothing later, unless the door's clock is behind it",
                args.door,
                args.valid
            );
        };
        let Ok(answer) = serde_json::from_slice::<Opening>(&message.payload) else { continue };
        let own = (Some(&command.signer), Some(command.counter));
        if message.topic == answers && (answer.signer.as_ref(), answer.counter) == own {
            break answer;
        }
    };
    let Opening { opened, why, .. } = answer;
    let report = DoorOpened { door: args.door.clone(), counter: command.counter, opened, why: why.clone() };
    output.print(&Sorted(report), |out| match &why {
        None => writeln!(out, "{} is open", args.door),
        Some(why) => writeln!(out, "{} was not opened: {why}", args.door),
    })?;
    if opened {
        note!("The broker carried this answer. What the door did is in its log.");
    }
    Ok(if opened { Outcome::Done } else { Outcome::NoMatch })
}
