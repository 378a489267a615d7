//! `postern board press`: the buttons of an emulated board.

use std::time::{Duration, Instant};

use emulator::Memory;

use super::PRESS;
use crate::answers::Sorted;
use crate::answers::board::Pressed;
use crate::device::BoardArgs;
use crate::output::{Outcome, Output};

/// How long the pairing button is held to confirm: a board waits for two seconds by its clock.
const HOLD: Duration = Duration::from_millis(2_500);

/// How long it is held at most.
const LONG_HOLD: Duration = Duration::from_secs(10);

/// How often a button that is held is looked after.
const HELD: Duration = Duration::from_millis(50);

/// Options of `postern board press`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    board: BoardArgs,

    /// Press the pairing button, which shows the code of a pairing, in place of the exit button
    #[arg(long)]
    pairing: bool,

    /// Hold the pairing button for two seconds and a half, which confirms the code of a pairing
    #[arg(long, requires = "pairing")]
    hold: bool,
}

/// Presses a button.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let board = args.board.open()?;
    let memory = board.powered_memory()?;
    let (button, set): (_, fn(&Memory, bool) -> emulator::Result<()>) = match args.pairing {
        true => ("pairing button", Memory::press_pairing_button),
        false => ("button", Memory::press_button),
    };
    let (mut done, mut code, before) = ("pressed", None, memory.code()?);
    if args.hold {
        hold_pairing_button(&memory)?;
        done = "held";
    } else {
        set(&memory, true)?;
        std::thread::sleep(PRESS);
        set(&memory, false)?;
        if args.pairing && before.is_none() {
            code = shown_code(&memory)?.map(|code| format!("{code:06}"));
        }
    }
    let name = board.folder().name();
    output.print(&Sorted(Pressed { board: name.to_owned(), button, code: code.clone() }), |out| {
        let shown = code.iter().map(|code| format!(", and it shows the code {code}"));
        writeln!(out, "the {button} of {name} was {done}{}", shown.collect::<String>())
    })?;
    Ok(Outcome::Done)
}

/// The code that the board shows soon after its pairing button was pressed; `None` if nobody asked it to.
fn shown_code(memory: &Memory) -> emulator::Result<Option<u32>> {
    let begun = Instant::now();
    loop {
        let code = memory.code()?;
        if code.is_some() || begun.elapsed() >= HOLD {
            return Ok(code);
        }
        std::thread::sleep(HELD);
    }
}

/// Holds the pairing button for long enough to confirm the code that the board shows.
pub fn hold_pairing_button(memory: &Memory) -> emulator::Result<()> {
    let (begun, code) = (Instant::now(), memory.code()?);
    memory.press_pairing_button(true)?;
    // A board that is busy counts its time slower than this computer, and clears the code when it has counted the hold.
    while begun.elapsed() < HOLD || (begun.elapsed() < LONG_HOLD && code.is_some() && memory.code()? == code)
    {
        std::thread::sleep(HELD);
    }
    memory.press_pairing_button(false)
}
