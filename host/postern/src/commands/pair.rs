//! `postern pair`: pairs this computer with a board.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context;
use client::protocol::Role;
use client::{Applicant, Credentials, Device, EraseStep, Error, Paired, Step};
use emulator::{Board, Memory};

use super::board::PRESS;
use crate::answers::{Sorted, keys};
use crate::device::{BoardArgs, DeviceArgs, short};
use crate::output::{Outcome, Output, note};
use crate::signing_key;

/// How long a board shows the code of a pairing.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What the first press must not be mistaken for.
const SHOWN_ALREADY: &str = "If it shows a code already, do not press.";

/// Options of `postern pair`.
#[derive(clap::Args)]
pub struct Args {
    /// The role of this computer: installer, operator or auditor. The first computer is the installer, which invites
    /// the others (`postern keys invite`)
    #[arg(long, value_name = "ROLE", default_value = "installer", value_parser = role)]
    role: Role,

    /// The label of this computer, up to 24 bytes [default: its host name]
    #[arg(long, value_name = "NAME")]
    label: Option<String>,

    /// Press the pairing button of the emulated board: once to see a code, and held if both codes are equal
    #[arg(long, conflicts_with = "device")]
    press_button: bool,

    /// Erase the board first, except for its log: people, settings, models and computers go. An installer may do this, or
    /// anybody if the board lost the record of its installers. The board shows it, and its pairing button must be pressed twice
    #[arg(long)]
    erase: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// A role by its name.
pub fn role(name: &str) -> Result<Role, String> {
    [Role::Installer, Role::Operator, Role::Auditor]
        .into_iter()
        .find(|role| role.to_string() == name)
        .ok_or_else(|| format!("there is no role `{name}`: installer, operator or auditor"))
}

/// Pairs.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let folder = args.device.folder()?;
    let path = folder.host_key();
    let board = args.device.emulated().map(|board| board.open()).transpose()?;
    let memory = board.as_ref().map(Board::memory).transpose()?;
    let memory = memory.as_ref();
    // A file of keys that cannot be read is not replaced.
    Credentials::load(&path)?;
    let mut device = connect(&args.device)?;
    if args.erase {
        erase(&mut device, memory.filter(|_| args.press_button), &args.device)?;
        // The line is given back before it is opened again.
        drop(device);
        device = connect(&args.device)?;
    }
    if let Some(role) = device.role() {
        if !device.ended_pairing() || role != args.role {
            anyhow::bail!("this computer is paired with the board already, as {role}");
        }
        let credentials = Credentials::load(&path)?.context("the keys of this computer are gone")?;
        let hosts = device.hosts()?;
        let known = hosts.iter().find(|host| host.key == credentials.public());
        let label = known.map_or_else(computer, |host| host.label.to_string());
        return report(&Paired { credentials, role }, label, output);
    }
    let signer = signing_key::public(&folder.signing_key())?;
    let label = args.label.clone().unwrap_or_else(computer);
    let applicant = Applicant { role: args.role, label: &label, signer: Some(signer), host_key: Some(&path) };
    let name = args.device.emulated().and_then(BoardArgs::named);
    let paired = pair(&mut device, &applicant, memory, args.press_button, name.as_deref());
    if let (Some(memory), true) = (memory, args.press_button) {
        memory.press_pairing_button(false)?;
    }
    report(&paired?, label, output)
}

/// Prints who this computer is for the board.
fn report(paired: &Paired, label: String, output: &Output) -> anyhow::Result<Outcome> {
    let report = keys::Paired {
        role: paired.role.to_string(),
        label: label.clone(),
        key: hex::encode(paired.credentials.public()),
        board_key: hex::encode(paired.credentials.board),
    };
    output.print(&Sorted(report), |out| {
        writeln!(out, "{label} is {} of the board {}", paired.role, short(&paired.credentials.board))
    })?;
    Ok(Outcome::Done)
}

/// Opens the line, for as long as the pairing takes: no other program of this user pairs meanwhile.
pub fn connect(args: &DeviceArgs) -> anyhow::Result<Device> {
    match args.connect() {
        // Its key is not replaced by that of another board: no other computer may have it.
        Err(error) if is_other_board(&error) => Err(error),
        Err(_) => args.connect_unpaired(),
        connected => connected,
    }
}

/// Whether another board answers than the one that this computer has a key for.
fn is_other_board(error: &anyhow::Error) -> bool {
    let of_board = match error.downcast_ref::<emulator::Error>() {
        Some(emulator::Error::Client(error)) => Some(error),
        _ => None,
    };
    matches!(error.downcast_ref::<Error>().or(of_board), Some(Error::OtherBoard))
}

/// Has the board erased; presses the pairing button of this emulated board, or waits for the user to do so.
fn erase(device: &mut Device, press: Option<&Memory>, args: &DeviceArgs) -> anyhow::Result<()> {
    let mut tell = |step: EraseStep| -> client::Result<()> {
        match (step, press) {
            (EraseStep::Shown, Some(memory)) => {
                // What is pressed here must be what the board shows.
                if !memory.shows_erase()? {
                    return Err(Error::NotShown);
                }
            }
            (EraseStep::Press, Some(memory)) => memory.press_pairing_button(true)?,
            (EraseStep::Seen | EraseStep::Over, Some(memory)) => memory.press_pairing_button(false)?,
            (EraseStep::Again, Some(memory)) => {
                // It is still down where the board was too fast to be seen in between.
                memory.press_pairing_button(false)?;
                std::thread::sleep(PRESS);
                memory.press_pairing_button(true)?;
            }
            (EraseStep::Shown, None) => note!("The board shows that all but its log is to be erased."),
            (EraseStep::Press, None) => note!("If it does, press its pairing button within a minute."),
            (EraseStep::Again, None) => {
                note!("Press it again within a quarter of a minute: all but the log is erased then.");
            }
            (EraseStep::Seen | EraseStep::Over, None) => {}
        }
        Ok(())
    };
    let erased = device.erase(&mut tell, &mut || args.connect_unpaired().ok());
    if let Some(memory) = press {
        memory.press_pairing_button(false)?;
    }
    erased?;
    if press.is_some() {
        // A board that just started must see that the button is up, before it is pressed again. It does not tell its time
        // to a computer that it does not know.
        std::thread::sleep(PRESS);
    }
    note!("The board is erased: it knows nobody, and has no models.");
    Ok(())
}

/// Tells the user each step, and presses the pairing button or waits for the user to do so. `name` is that of the board, if the
/// user has to say it.
fn pair(
    device: &mut Device,
    applicant: &Applicant<'_>,
    memory: Option<&Memory>,
    press: bool,
    name: Option<&str>,
) -> client::Result<client::Paired> {
    let name = name.map(|name| format!(" --board {name}")).unwrap_or_default();
    let press_there = format!("`postern board press --pairing{name}` in another terminal");
    let hold_there = format!("`postern board press --pairing --hold{name}` in another terminal");
    let mut own = None;
    device.pair(applicant, &mut |step| {
        match (step, memory) {
            (Step::Press, None) => {
                note!("Press the pairing button of the board within a minute: it shows a code then. {SHOWN_ALREADY}");
                note!(
                    "A door on Linux writes the code to its log: `journalctl -fu postern-door`, or `postern board logs` on its \
                     computer."
                );
            }
            // What is shown already, somebody else asked for: the button would answer it.
            (Step::Press, Some(memory)) if press => {
                if !memory.press_for_a_code()? {
                    return Err(Error::CodesDiffer);
                }
            }
            (Step::Press, Some(_)) => {
                note!("Press the pairing button of the board: {press_there}. {SHOWN_ALREADY}");
            }
            (Step::Compare(code), None) => compare_typed(code)?,
            (Step::Compare(code), Some(memory)) => {
                own = Some(code);
                memory.press_pairing_button(false)?;
                let shown = memory.code()?;
                note!("this computer shows  {code:06}");
                note!(
                    "the board shows      {}",
                    shown.map_or("nothing".to_owned(), |code| format!("{code:06}"))
                );
                if shown != own {
                    return Err(Error::CodesDiffer);
                }
            }
            (Step::Confirm, None) => {
                note!(
                    "Hold the pairing button of the board for two seconds, while it shows the code. A shorter press ends the pairing."
                );
            }
            (Step::Confirm, Some(memory)) if memory.code()? != own => return Err(Error::CodesDiffer),
            (Step::Confirm, Some(memory)) if press => memory.press_pairing_button(true)?,
            (Step::Confirm, Some(_)) => {
                note!("The codes are equal: hold the pairing button for two seconds: {hold_there}.");
            }
        }
        Ok(())
    })
}

/// Reads the code of the board from the terminal, until it is that of this computer. Whoever only said that both are equal might not
/// have looked, and the other end is known by nothing else. The board does not wait for longer, nor does the line belong to this.
fn compare_typed(own: u32) -> client::Result<()> {
    note!("Type the code that the board shows, and press Enter:");
    let until = Instant::now() + PATIENCE;
    let (sender, lines) = mpsc::channel();
    // It ends with the program, at the latest.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    loop {
        let typed = match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => line,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err(Error::NotCompared { seconds: PATIENCE.as_secs() });
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(Error::NotTyped),
        };
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(Error::CodesDiffer);
        }
        if typed.parse() == Ok(own) {
            note!("The codes are equal.");
            return Ok(());
        }
        note!(
            "This is not the code of this computer. Read it again on the board. If it is what you typed, press Enter alone, and do \
             not hold the button: somebody may intercept the line."
        );
    }
}

/// The name of this computer, cut to the length of a label.
pub fn computer() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let mut label = String::new();
    for c in name.trim().chars().filter(|c| !c.is_control()) {
        if label.len() + c.len_utf8() > client::protocol::MAX_LABEL {
            break;
        }
        label.push(c);
    }
    if label.is_empty() { "computer".to_owned() } else { label }
}
