//! What the bridge asks of the program that starts it: one door, to look at, and to open by a command that its board checks.

use crate::command::Command;
use crate::payload::Event;

/// A door that the bridge looks at. The methods may wait for the board; they run on a thread of their own.
pub trait Door: Send {
    /// How the door stands, and the entries of its log from a number on: a page of them, by ascending number.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn look(&mut self, from: u32) -> Result<Look, Trouble>;

    /// Has the board open the door by a signed command. It is asked where the bridge is told to allow that.
    ///
    /// # Errors
    /// The board does not answer, or refuses: the sentence says what to do.
    fn open(&mut self, command: &Command) -> Result<(), Trouble>;

    /// Called between two looks, several times a second: another program may use the line meanwhile.
    fn rest(&mut self) {}
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Which board it is.
    pub about: About,
    /// The pins.
    pub doorway: Doorway,
    /// Entries of the log.
    pub entries: Vec<Entry>,
    /// The number that the next entry will have.
    pub end: u32,
}

/// Which board it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The kind of board, such as `an547`.
    pub machine: String,
    /// The version of its firmware.
    pub firmware: String,
}

/// How the pins stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doorway {
    /// Whether the lock is open.
    pub lock_open: bool,
    /// Whether the door stands open.
    pub contact_open: bool,
    /// Whether the cover of the board is open.
    pub cover_open: bool,
    /// Whether an alarm is active.
    pub alarm: bool,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it says.
    pub event: Event,
    /// Its link of the hash chain, in hexadecimal digits: by it the log is recognised.
    pub link: String,
}

/// Why a look failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong and what to do.
    pub sentence: String,
    /// Whether the board does not answer at the moment, and may answer later.
    pub lost: bool,
}
