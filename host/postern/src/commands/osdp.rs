//! `postern osdp`: the access controller that a board answers on its bus.

use anyhow::Context;
use client::protocol::{Osdp, Scbk};
use client::{new_scbk, read_scbk};

use crate::answers::{Sorted, board};
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output, secret_line};

/// Options of `postern osdp`.
#[derive(clap::Args)]
pub struct Args {
    /// Answer a controller at this address, 0 to 126, at 9600 baud. Prints a new key for the controller
    #[arg(long, value_name = "N")]
    address: Option<u8>,

    /// Use the controller's key (SCBK): 32 hexadecimal digits on the first line of stdin
    #[arg(long, requires = "address")]
    key: bool,

    /// Disable OSDP
    #[arg(long, conflicts_with = "address")]
    off: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Shows how the board stands with its controller, after changing it if asked to.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut device = args.device.connect()?;
    let mut made = None;
    if let Some(address) = args.address {
        let key = if args.key { given_key()? } else { made.insert(new_scbk()?).clone() };
        device.set_osdp(Some(Osdp { address, key }))?;
    } else if args.off {
        device.set_osdp(None)?;
    }
    let state = device.status()?.osdp;
    let key = made.map(|Scbk(key)| hex::encode(key));
    let report = board::Controller {
        address: state.map(|state| state.address),
        secure: state.is_some_and(|state| state.secure),
        key: key.clone(),
    };
    output.print(&Sorted(report), |out| {
        let Some(state) = state else {
            return writeln!(out, "The board answers no controller on its bus.");
        };
        writeln!(out, "address    {}", state.address)?;
        let channel = if state.secure { "open" } else { "none: no controller has shown the key yet" };
        writeln!(out, "channel    {channel}")?;
        match &key {
            Some(key) => writeln!(out, "key        {key} (SCBK; for the controller, and not shown again)"),
            None => Ok(()),
        }
    })?;
    Ok(Outcome::Done)
}

/// The key from a line of stdin: not from the arguments, which others can read.
fn given_key() -> anyhow::Result<Scbk> {
    let line = secret_line("Key").context("cannot read the key")?;
    read_scbk(&line).context("a key has 32 hexadecimal digits, and is not SCBK-D, which everybody knows")
}
