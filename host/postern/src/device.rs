//! The options that choose a device, and how its results are printed.

use std::path::PathBuf;
use std::sync::Once;

use anyhow::{Context, ensure};
use clap::Args;
use client::protocol::{Basis, Error as Refusal, Source};
use client::{Address, Credentials, Device, ENDED_PAIRING};
use emulator::{Board, Folder, Machine};

use crate::cost::Cost;
use crate::output::{Output, note};
use crate::picture::Shot;

/// The environment variable that names a board.
const BOARD: &str = "POSTERN_BOARD";

/// The options that choose a device.
#[derive(Args, Clone)]
pub struct DeviceArgs {
    #[command(flatten)]
    board: BoardArgs,

    /// Another device instead of an emulated board: unix:PATH, tcp:HOST:PORT or serial:PATH or serial:PATH:BAUD
    #[arg(long, value_name = "ADDRESS", conflicts_with = "board", help_heading = "Device")]
    device: Option<Address>,
}

/// The options that choose an emulated board.
#[derive(Args, Clone)]
pub struct BoardArgs {
    /// The emulated board, or the door on this computer, with this name [default: that of the environment variable
    /// POSTERN_BOARD, else the only one that there is, else an547]
    #[arg(long, value_name = "NAME", help_heading = "Device")]
    board: Option<String>,

    /// The folder of the boards [default: ~/.local/state/postern/boards]
    #[arg(long, value_name = "DIR", help_heading = "Device")]
    state: Option<PathBuf>,
}

impl DeviceArgs {
    /// The emulated board of this name, in this folder of boards.
    #[cfg(feature = "console")]
    pub fn of_board(name: &str, state: Option<&std::path::Path>) -> Self {
        let board = BoardArgs { board: Some(name.to_owned()), state: state.map(Into::into) };
        Self { board, device: None }
    }

    /// The folder of boards, if it is not the default one.
    #[cfg(feature = "console")]
    pub fn state(&self) -> Option<&std::path::Path> {
        self.board.state()
    }

    /// The address of another device, if it is one.
    #[cfg(feature = "console")]
    pub fn address(&self) -> Option<&Address> {
        self.device.as_ref()
    }

    /// Opens the line to the device, in a session if this computer is paired with it.
    pub fn connect(&self) -> anyhow::Result<Device> {
        match &self.device {
            Some(address) => {
                let device = self.line(address)?.login_with(&self.folder()?.host_key())?;
                if device.ended_pairing() {
                    note!("{ENDED_PAIRING}");
                }
                Ok(device)
            }
            None => Ok(self.board.open()?.connect()?),
        }
    }

    /// Opens the line to the device without a session.
    pub fn connect_unpaired(&self) -> anyhow::Result<Device> {
        match &self.device {
            Some(address) => self.line(address),
            None => Ok(self.board.open()?.connect_unpaired()?),
        }
    }

    /// The line to a device, which programs of this user use in turns, as that of an emulated board.
    fn line(&self, address: &Address) -> anyhow::Result<Device> {
        let line = emulator::in_turns(self.folder()?, address, |what| note!("{what}"));
        let line = line.map_err(|error| match error {
            emulator::Error::Client(error) => anyhow::Error::from(error),
            other => other.into(),
        })?;
        Ok(Device::over(line)?)
    }

    /// Shows the board a picture and sends a request about it.
    pub fn show<T>(
        &self,
        device: &mut Device,
        shot: &Shot,
        ask: impl FnMut(&mut Device, Source) -> client::Result<T>,
    ) -> anyhow::Result<T> {
        let board = self.emulated().map(BoardArgs::open).transpose()?;
        // A door with a camera of its own is sent the picture over the line, as any other device.
        let camera = match board.filter(|board| !board.has_own_parts()) {
            Some(board) => Some(board.camera(Some(device))?),
            None => None,
        };
        emulator::show(device, camera, &shot.picture()?, ask).with_context(|| shot.path.display().to_string())
    }

    /// The folder of the device's files on the host.
    ///
    /// The folder of another device is named after its address.
    pub fn folder(&self) -> anyhow::Result<Folder> {
        let Some(address) = &self.device else { return self.board.folder() };
        let plain = |c: char| if c.is_alphanumeric() || c == '.' { c } else { '-' };
        let name: String = address.to_string().chars().map(plain).collect();
        Ok(Folder::new(self.board.state(), &name)?)
    }

    /// The same of a device that is there: of several boards one must be named.
    ///
    /// # Errors
    /// Other boards are there, and not this one.
    pub fn chosen(&self) -> anyhow::Result<Folder> {
        if self.device.is_none() { self.board.chosen() } else { self.folder() }
    }

    /// The same, and this computer's keys for it.
    ///
    /// # Errors
    /// This computer has none.
    pub fn paired(&self) -> anyhow::Result<(Folder, Credentials)> {
        let credentials = self.credentials()?;
        let credentials =
            credentials.context("this computer is not paired with the board: `postern pair` pairs it")?;
        Ok((self.chosen()?, credentials))
    }

    /// The keys of this computer for a device that is there; `None` if it has none. Where it has those of a pairing whose end is
    /// not known, the device is asked.
    pub fn credentials(&self) -> anyhow::Result<Option<Credentials>> {
        let path = self.chosen()?.host_key();
        let used = Credentials::load(&path)?;
        if used.is_some() || !Credentials::are_pending(&path)? {
            return Ok(used);
        }
        drop(self.connect()?);
        Ok(Credentials::load(&path)?)
    }

    /// Opens the line to the device, for a request about a picture or a file, which would else be blamed.
    ///
    /// # Errors
    /// Also if the board does not know this computer.
    pub fn connect_paired(&self) -> anyhow::Result<Device> {
        let device = self.connect()?;
        if device.role().is_none() {
            return Err(client::Error::Refused(Refusal::Unpaired).into());
        }
        Ok(device)
    }

    /// The emulated board, unless the device is another one.
    pub fn emulated(&self) -> Option<&BoardArgs> {
        self.device.is_none().then_some(&self.board)
    }
}

impl BoardArgs {
    /// The board's folder, there or not.
    pub fn folder(&self) -> anyhow::Result<Folder> {
        let name = self.named().unwrap_or_else(|| {
            let (taken, why) = unnamed(Folder::names(self.state.as_deref()).unwrap_or_default());
            if let Some(why) = why {
                TAKEN.call_once(|| note!("{why}"));
            }
            taken
        });
        Ok(Folder::new(self.state.as_deref(), &name)?)
    }

    /// The folder of the board to switch on: a new board that has no name has that of its machine.
    pub fn folder_of_machine(&self, machine: Option<Machine>) -> anyhow::Result<Folder> {
        match (self.named(), machine) {
            (None, Some(machine)) => Ok(Folder::new(self.state.as_deref(), machine.name())?),
            _ => self.folder(),
        }
    }

    /// The name that was given, or that of the environment.
    pub fn named(&self) -> Option<String> {
        let environment = || std::env::var(BOARD).ok().filter(|name| !name.is_empty());
        self.board.clone().or_else(environment)
    }

    /// The board's folder, unless other boards are there and not this one.
    fn chosen(&self) -> anyhow::Result<Folder> {
        let folder = self.folder()?;
        if folder.recorded_machine()?.is_none() {
            let others = Folder::names(self.state.as_deref()).unwrap_or_default();
            let others = others.iter().filter(|other| *other != folder.name());
            let others: Vec<&str> = others.map(String::as_str).collect();
            let none = match self.named() {
                Some(name) => format!("there is no board {name}"),
                None => format!("there are {} boards", others.len()),
            };
            ensure!(
                others.is_empty(),
                "{none}: name one of {} with --board or in {BOARD}",
                others.join(", ")
            );
        }
        Ok(folder)
    }

    /// The board, which must have been up before.
    pub fn open(&self) -> anyhow::Result<Board> {
        Ok(Board::open(self.chosen()?)?.telling(|what| note!("{what}")))
    }

    /// The folder of boards, if it is not the default one.
    pub fn state(&self) -> Option<&std::path::Path> {
        self.state.as_deref()
    }
}

/// Whether it was said which board was taken.
static TAKEN: Once = Once::new();

/// The board that is taken of those with these `names` if none is named, and what is said where it could be another one.
fn unnamed(names: Vec<String>) -> (String, Option<String>) {
    let default = Machine::An547.name();
    match names.as_slice() {
        [only] => (only.clone(), None),
        several => {
            let others: Vec<&str> =
                several.iter().map(String::as_str).filter(|name| *name != default).collect();
            let is_one = others.len() < several.len();
            let why =
                format!("This is board {default}; --board or {BOARD} names another: {}.", others.join(", "));
            (default.to_owned(), is_one.then_some(why))
        }
    }
}

/// A cosine score in Q15 as a number from -1 to 1.
pub fn real(similarity: i16) -> f64 {
    f64::from(similarity) / 32768.0
}

/// A cosine score for JSON, rounded to the four significant digits of Q15.
pub fn rounded(similarity: i16) -> f64 {
    (real(similarity) * 1e4).round() / 1e4
}

/// The first digits of a hash, enough to distinguish two models.
pub fn short(hash: &[u8]) -> String {
    hex::encode(hash.get(..6).unwrap_or(hash))
}

/// What an answer of this board cost.
pub fn cost(count: u64, device: &Device, output: &Output) -> Cost {
    Cost { count, machine: Machine::named(device.board()).ok(), verbose: output.verbose }
}

/// How a threshold is known.
pub fn known(basis: Option<Basis>) -> String {
    match basis {
        Some(basis @ (Basis::Measured | Basis::Modelled)) => format!("{basis}, upper end of the 95 % band"),
        _ => "unproven: the encoder's table does not reach so far".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_several_boards_are_there_and_none_is_named_it_is_said_which_one_was_taken() {
        let of = |names: &[&str]| unnamed(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(of(&[]), ("an547".to_owned(), None));
        assert_eq!(of(&["linux"]), ("linux".to_owned(), None));
        assert_eq!(of(&["an547"]), ("an547".to_owned(), None));
        assert_eq!(of(&["back", "front"]).1, None, "none of them is taken: an error names them");
        let (taken, why) = of(&["an547", "front", "linux"]);
        let why = why.expect("it is said");
        assert!(taken == "an547" && why.contains("board an547") && why.contains("front, linux"), "{why}");
    }
}
