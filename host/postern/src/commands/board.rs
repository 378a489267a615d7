//! `postern board`: the power switch, the state and the log of an emulated board.

mod clock;
mod npu;
mod press;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use emulator::{Board, Folder, Launch, Log, LogLine, Machine, Memory, State};

use crate::answers::Sorted;
use crate::answers::board::{Deleted, Down, Logged, Switched, Typed, Wires};
use crate::board_list::Listed;
use crate::board_report::{DEVELOPMENT, Report, StatusReport, print_status};
use crate::device::{BoardArgs, DeviceArgs};
use crate::output::{Outcome, Output, note, reader_is_gone};
use crate::told::Told;
use crate::wiegand;

pub use press::hold_pairing_button;

/// How often a followed log is read.
const FOLLOW: Duration = Duration::from_millis(100);

/// How long the button stays pressed: a board reads it fifty times a second, by its clock.
pub const PRESS: Duration = Duration::from_millis(500);

/// Options of `postern board`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Switch a board on; a new name makes a new board
    Up(UpArgs),
    /// Switch a board off: its power is cut immediately. Acknowledged changes are kept
    Down(BoardArgs),
    /// Delete a board that is down: its flash with all people, its log and its keys
    Delete(DeleteArgs),
    /// Show a board's state: machine, firmware, models, people
    Status(DeviceArgs),
    /// List all boards
    List(BoardArgs),
    /// Print a board's log since it was switched on
    Logs(LogsArgs),
    /// Press a board's exit button, which opens the door, or its pairing button
    Press(press::Args),
    /// Open or close the door contact, whatever the state of the lock
    Door(SwitchArgs),
    /// Open or close a board's cover, which its tamper switch detects
    Cover(SwitchArgs),
    /// Show the last message on a board's Wiegand wires
    Wires(BoardArgs),
    /// Type a PIN on a board's keypad, with a final `#`
    Type(TypeArgs),
    /// Show a board's clock, or set it to this computer's time
    Clock(clock::Args),
    /// Play the NPU of a board until it has no power: `board up --npu` starts this
    #[command(hide = true)]
    PlayNpu(npu::Args),
}

#[derive(clap::Args)]
struct DeleteArgs {
    /// The board's name, as `postern board list` has it
    #[arg(required_unless_present = "board")]
    name: Option<String>,

    /// The same, as the other commands take it
    #[arg(long, value_name = "NAME", conflicts_with = "name", help_heading = "Device")]
    board: Option<String>,

    /// The folder of the boards [default: ~/.local/state/postern/boards]
    #[arg(long, value_name = "DIR", help_heading = "Device")]
    state: Option<PathBuf>,
}

#[derive(clap::Args)]
struct UpArgs {
    #[command(flatten)]
    board: BoardArgs,

    /// The machine of a new board: an547 (Cortex-M55), an500 (Cortex-M7), or linux, which runs here as a process, without
    /// an emulator [default: the one of its name, else an547]
    #[arg(long, value_name = "MACHINE", value_parser = |name: &str| Machine::named(name))]
    machine: Option<Machine>,

    /// Program the board with this firmware as a factory does, without a signature (`postern flash firmware` updates a
    /// board) [default: a board keeps its firmware; a new board gets the one that was built or that setup copied]
    #[arg(long, value_name = "ELF")]
    firmware: Option<PathBuf>,

    /// Give an an547 an NPU until it is switched off: another process plays it, in a functional model that knows no time.
    /// ACCELERATOR is ethos-u55-128 or ethos-u55-256. It runs networks whose images have a section for it (`postern compile
    /// --npu`)
    #[arg(long, value_name = "ACCELERATOR", num_args = 0..=1, default_missing_value = "ethos-u55-128")]
    npu: Option<String>,
}

#[derive(clap::Args)]
struct SwitchArgs {
    /// The new position
    #[arg(value_enum)]
    position: Position,

    #[command(flatten)]
    board: BoardArgs,
}

/// How a door or a cover stands.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Position {
    Open,
    Closed,
}

#[derive(clap::Args)]
struct TypeArgs {
    /// The digits
    #[arg(value_parser = |text: &str| match text.bytes().all(|key| key.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("a keypad has digits"),
    })]
    pin: String,

    #[command(flatten)]
    board: BoardArgs,
}

#[derive(clap::Args)]
struct LogsArgs {
    #[command(flatten)]
    board: BoardArgs,

    /// Print new lines until interrupted
    #[arg(long, short)]
    follow: bool,
}

/// Does what was asked with the board.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    match args.action {
        Action::Up(args) => up(&args, output),
        Action::Down(args) => down(&args, output),
        Action::Delete(args) => delete(&args, output),
        Action::Status(args) => status(&args, output),
        Action::List(args) => list(&args, output),
        Action::Logs(args) => logs(&args, output),
        Action::Press(args) => press::run(&args, output),
        Action::Door(args) => switch(&args, output, "door", Memory::open_door),
        Action::Cover(args) => switch(&args, output, "cover", Memory::open_cover),
        Action::Wires(args) => wires(&args, output),
        Action::Type(args) => type_pin(&args, output),
        Action::Clock(args) => clock::run(&args, output),
        Action::PlayNpu(args) => npu::run(&args),
    }
}

fn up(args: &UpArgs, output: &Output) -> anyhow::Result<Outcome> {
    let npu = args.npu.as_deref().map(npu::played).transpose()?;
    let launch = Launch { machine: args.machine, firmware: args.firmware.clone(), npu };
    let board = Board::up(args.board.folder_of_machine(args.machine)?, &launch)?;
    let told = Told::by(board.connect()?)?;
    let status = &told.status;
    output.print(&Report::of(&board, Some(&told))?, |out| {
        writeln!(
            out,
            "{} is up: {}, firmware {}",
            board.folder().name(),
            board.machine().name(),
            status.firmware
        )
    })?;
    if status.development {
        note!("It runs development firmware: {DEVELOPMENT}.");
    }
    if status.hosts == 0 {
        note!("It is not paired yet: `postern pair` makes this computer its installer.");
    }
    if told.paired && status.models.is_empty() {
        note!("It has no models yet: `postern flash models` installs them.");
    }
    Ok(Outcome::Done)
}

fn down(args: &BoardArgs, output: &Output) -> anyhow::Result<Outcome> {
    let folder = args.folder()?;
    let name = folder.name().to_owned();
    let was_up = match Board::open(folder) {
        Ok(mut board) => board.cut_power()?,
        Err(emulator::Error::Down { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    output.print(&Sorted(Down { board: name.clone(), was_up }), |out| {
        let already = if was_up { "" } else { "already " };
        writeln!(out, "{name} is {already}down")
    })?;
    Ok(Outcome::Done)
}

fn delete(args: &DeleteArgs, output: &Output) -> anyhow::Result<Outcome> {
    let name = args.name.as_ref().or(args.board.as_ref()).context("a name is required")?;
    let board = match Board::open(Folder::new(args.state.as_deref(), name)?) {
        Err(emulator::Error::Down { .. }) => {
            bail!("there is no board {name}: `postern board list` shows those that are there")
        }
        other => other?,
    };
    board.delete()?;
    output.print(&Sorted(Deleted { board: name.clone(), deleted: true }), |out| {
        writeln!(out, "{name} is deleted, with all that it knew")
    })?;
    Ok(Outcome::Done)
}

fn status(args: &DeviceArgs, output: &Output) -> anyhow::Result<Outcome> {
    let Some(emulated) = args.emulated() else {
        let told = Told::by(args.connect()?)?;
        output.print(&StatusReport::of(&told), |out| print_status(out, &told, output.verbose))?;
        return Ok(Outcome::Done);
    };
    let board = emulated.open()?;
    let told = match board.state()? {
        State::Up { .. } => Some(Told::by(board.connect()?)?),
        State::Down => None,
    };
    output.print(&Report::of(&board, told.as_ref())?, |out| {
        let name = board.folder().name();
        match board.state() {
            Ok(State::Up { pid }) => writeln!(out, "{name}      up, process {pid}")?,
            _ => writeln!(out, "{name}      down")?,
        }
        writeln!(out, "folder     {}", board.folder().path().display())?;
        match &told {
            Some(told) => print_status(out, told, output.verbose),
            None => Ok(()),
        }
    })?;
    Ok(Outcome::Done)
}

fn list(args: &BoardArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut reports = Vec::new();
    for name in Folder::names(args.state())? {
        let folder = Folder::new(args.state(), &name)?;
        reports.push(Listed::of(
            &folder,
            Board::open(folder.clone()).and_then(|board| Ok((board.state()?, board))),
        ));
    }
    output.print(&reports, |out| {
        for report in &reports {
            let state = match (&report.damaged, report.pid) {
                (Some(what), _) => format!("DAMAGED: {what}"),
                (None, Some(_)) => "up".to_owned(),
                (None, None) => "down".to_owned(),
            };
            writeln!(out, "{:<16} {:<6} {state}", report.name, report.machine.unwrap_or("?"))?;
        }
        Ok(())
    })?;
    if reports.is_empty() {
        note!("There are no boards: `postern board up` makes one.");
    }
    Ok(Outcome::Done)
}

fn logs(args: &LogsArgs, output: &Output) -> anyhow::Result<Outcome> {
    let board = args.board.open()?;
    let log = Log::open(board.folder())?;
    let mut line = |line: &LogLine| {
        output.print(&Logged::of(line), |out| writeln!(out, "{line}")).map_err(std::io::Error::other)
    };
    let mut go_on = || {
        let goes_on = args.follow && !reader_is_gone() && matches!(board.state(), Ok(State::Up { .. }));
        if goes_on {
            std::thread::sleep(FOLLOW);
        }
        goes_on
    };
    log.read(&mut line, &mut go_on).context("cannot show the log")?;
    Ok(Outcome::Done)
}

fn switch(
    args: &SwitchArgs,
    output: &Output,
    what: &str,
    set: fn(&Memory, bool) -> emulator::Result<()>,
) -> anyhow::Result<Outcome> {
    let board = args.board.open()?;
    let memory = board.memory()?;
    let open = args.position == Position::Open;
    set(&memory, open)?;
    // The board looks fifty times a second, by its clock.
    std::thread::sleep(PRESS);
    let alarm = memory.alarm()?;
    let state = if open { "open" } else { "closed" };
    output.print(&Sorted(Switched { board: board.folder().name().to_owned(), open, alarm }), |out| {
        let alarm = if alarm { ", and the alarm is on" } else { "" };
        writeln!(out, "the {what} of {} is {state}{alarm}", board.folder().name())
    })?;
    Ok(Outcome::Done)
}

fn wires(args: &BoardArgs, output: &Output) -> anyhow::Result<Outcome> {
    let (bits, message) = args.open()?.memory()?.wires()?;
    let read = wiegand::read(bits, message);
    let report =
        Wires { bits, facility: read.map(|read| read.facility), number: read.map(|read| read.number) };
    output.print(&Sorted(report), |out| match read {
        Some(read) => writeln!(out, "{bits} bits: facility {}, number {}", read.facility, read.number),
        None if bits == 0 => writeln!(out, "no message yet"),
        None => writeln!(out, "{bits} bits that are no message: {message:b}"),
    })?;
    Ok(Outcome::Done)
}

fn type_pin(args: &TypeArgs, output: &Output) -> anyhow::Result<Outcome> {
    let board = args.board.open()?;
    board.powered_memory()?.type_keys(&format!("{}#", args.pin))?;
    let name = board.folder().name();
    output.print(&Sorted(Typed { board: name.to_owned() }), |out| {
        writeln!(out, "the PIN was typed on the keypad of {name}")
    })?;
    Ok(Outcome::Done)
}
