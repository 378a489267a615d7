//! The boards of this computer, or the one device that an option names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use console::station::{BoardLine, Boards, Refusal, Said};
use emulator::{Board, Folder, Launch, Machine, State};

use super::line::refusal;
use super::station::Door;
use crate::device::DeviceArgs;

/// The machines of a new board.
const MACHINES: [Machine; 3] = [Machine::Linux, Machine::An547, Machine::An500];

/// The boards that the options choose: all of this computer, or one.
pub struct Computer {
    args: DeviceArgs,
    /// The one board, if the options name one.
    only: Option<String>,
    /// The boards that were asked for.
    open: Mutex<BTreeMap<String, Arc<Door>>>,
}

impl Computer {
    /// The boards that the options choose.
    ///
    /// # Errors
    /// The name of the board is none.
    pub fn new(args: DeviceArgs, name: Option<String>) -> anyhow::Result<Self> {
        let named = args.address().is_some() || args.emulated().is_some_and(|board| board.named().is_some());
        let only = if named { Some(args.folder()?.name().to_owned()) } else { None };
        if let (Some(name), None) = (&only, args.address()) {
            ensure!(
                Folder::names(args.state())?.contains(name),
                "there is no board {name}: `postern board list` shows those that are there, `postern board up --board {name}` \
                 makes it"
            );
        }
        let only = name.or(only);
        Ok(Self { args, only, open: Mutex::default() })
    }

    fn line(&self, name: String) -> BoardLine {
        if self.args.address().is_some() {
            return BoardLine { name, machine: String::new(), up: None, damaged: None };
        }
        let line = |name: &str| -> emulator::Result<BoardLine> {
            let board = Board::open(Folder::new(self.args.state(), name)?)?;
            let up = Some(board.state()? != State::Down);
            let machine = board.machine().name().to_owned();
            Ok(BoardLine { name: name.to_owned(), machine, up, damaged: None })
        };
        // Damaged files of one board do not take away the list of the others.
        line(&name).unwrap_or_else(|error| {
            let damaged = Some(format!("{:#}", anyhow::Error::from(error)));
            BoardLine { name, machine: String::new(), up: None, damaged }
        })
    }

    /// Whether the console is for this board.
    fn has(&self, name: &str) -> bool {
        match &self.only {
            Some(only) => only == name,
            None => {
                Folder::names(self.args.state()).is_ok_and(|names| names.iter().any(|known| known == name))
            }
        }
    }

    fn board(&self, name: &str) -> Said<Board> {
        let open = || Ok(Board::open(Folder::new(self.args.state(), name)?)?);
        open().map_err(|error: anyhow::Error| refusal(&error))
    }
}

fn plain(sentence: String) -> Refusal {
    Refusal { sentence, lost: false }
}

impl Boards for Computer {
    fn list(&self) -> Said<Vec<BoardLine>> {
        let list = || -> emulator::Result<Vec<BoardLine>> {
            let names = match &self.only {
                Some(only) => vec![only.clone()],
                None => Folder::names(self.args.state())?,
            };
            Ok(names.into_iter().map(|name| self.line(name)).collect())
        };
        list().map_err(|error| plain(error.to_string()))
    }

    fn open(&self, name: &str) -> Said<Arc<dyn console::station::Station>> {
        if !self.has(name) {
            return Err(plain(format!(
                "there is no board {name} here: the list of boards shows those that are"
            )));
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = open.get(name) {
            return Ok(door.clone());
        }
        let args = match self.args.address() {
            Some(_) => self.args.clone(),
            None => DeviceArgs::of_board(name, self.args.state()),
        };
        let door = Arc::new(Door::new(args));
        open.insert(name.to_owned(), door.clone());
        Ok(door)
    }

    fn switch_on(&self, name: &str, machine: &str) -> Said<()> {
        if self.only.as_deref().is_some_and(|only| only != name) || self.args.address().is_some() {
            return Err(plain("this console is for one board alone".to_owned()));
        }
        let machine = Machine::named(machine).map_err(|error| plain(error.to_string()))?;
        let launch = Launch { machine: Some(machine), firmware: None, npu: None };
        let up = || -> anyhow::Result<()> {
            Ok(Board::up(Folder::new(self.args.state(), name)?, &launch).map(drop)?)
        };
        up().map_err(|error| plain(format!("{error:#}")))
    }

    fn switch_off(&self, name: &str) -> Said<()> {
        if !self.has(name) || self.args.address().is_some() {
            return Err(plain(format!("{name} cannot be switched off from here")));
        }
        let mut board = self.board(name)?;
        board.cut_power().map(drop).map_err(|error| plain(error.to_string()))
    }

    fn machines(&self) -> Vec<&'static str> {
        if self.only.is_some() { Vec::new() } else { MACHINES.map(Machine::name).to_vec() }
    }
}
