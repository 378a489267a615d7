//! What a fleet asks of a door, as a trait. `postern` implements it over a board.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::record::{Encoder, LogHead, Person};
use crate::setup::{Active, Release};

/// A door whose people a fleet changes. The methods may wait for the board.
///
/// The board numbers its people. Somebody keeps their number under another name, so a number says who was enrolled by the fleet.
pub trait Door: Send {
    /// The number of the person of a name.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn number(&mut self, name: &str) -> Result<Option<u32>, Trouble>;

    /// The numbers and the names of all people who the board has.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn people(&mut self) -> Result<Vec<(u32, String)>, Trouble>;

    /// The highest number of somebody on the board, or a higher one that it has given; 0 of none.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn newest_number(&mut self) -> Result<u32, Trouble> {
        Ok(self.people()?.into_iter().map(|(number, _)| number).max().unwrap_or(0))
    }

    /// Lets nobody pass for about a minute: somebody is enrolled, and has no rule for a moment.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn pause(&mut self) -> Result<(), Trouble>;

    /// Ends a pause.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn end_pause(&mut self) -> Result<(), Trouble>;

    /// Enrols a person from pictures, JPEG files: from all of them or from none. Returns their number.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn enrol(&mut self, name: &str, pictures: &[Vec<u8>]) -> Result<u32, Trouble>;

    /// Removes a person. One who is not there is removed.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn remove(&mut self, name: &str) -> Result<(), Trouble>;

    /// Gives a person another name.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn rename(&mut self, name: &str, new: &str) -> Result<(), Trouble>;

    /// Whether the person of this name is suspended, or was before the board lost their rule, as far as it knows.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn is_suspended(&mut self, name: &str) -> Result<bool, Trouble>;

    /// Suspends a person of this name at the board, who is `person` as the fleet left them: what a board that lost their rule needs.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn suspend(&mut self, name: &str, person: &Person) -> Result<(), Trouble>;

    /// Sets hours and PINs of the person of that name, and suspends them if they are to be. Only if the fleet `resumes` them, a
    /// suspension ends. Returns whether they are suspended now.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn rule(&mut self, person: &Person, resumes: bool) -> Result<bool, Trouble>;

    /// Has the board take settings, by the names of options of `postern settings`. All others stay as they are.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn set(&mut self, settings: &BTreeMap<String, String>) -> Result<(), Trouble>;

    /// Whether the board is to get an image: not if it is active, or of firmware for another kind of board. What can be checked
    /// before the first byte is.
    ///
    /// # Errors
    /// The board does not answer, or would refuse it.
    fn wants(&mut self, release: &Release) -> Result<bool, Trouble>;

    /// Installs an image, which is the one that the release names.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn install(&mut self, release: &Release, image: &[u8]) -> Result<(), Trouble>;

    /// The encoder of the board, and the head of its log.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn state(&mut self) -> Result<State, Trouble>;

    /// How long the board takes until it allows one change more, where it allows a number of changes.
    fn refill(&self) -> Duration {
        Duration::ZERO
    }

    /// Called while nothing is to be done, after each [`turn`](Self::turn): another program may use the line meanwhile.
    fn rest(&mut self) {}

    /// How long the door may wait for a message before it is called again. Where there is no line to share, each call is a waste of
    /// the processor.
    fn turn(&self) -> Duration {
        Duration::from_millis(20)
    }
}

/// Why a door did not do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong and what to do.
    pub sentence: String,
    /// Whether it is tried again.
    pub again: Again,
}

/// Whether something that a door did not do is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It would be refused again, until somebody changes the record or the board.
    Never,
    /// The board took the firmware, and does not run it. It is sent a few times, and then no more.
    NotRun,
    /// With a pause; something else may be done meanwhile. It is not known whether it was done.
    Alone,
    /// The board does nothing at the moment. With a pause, of this length if the board names one.
    All(Option<Duration>),
}

/// How a board stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Its encoder.
    pub encoder: Option<Encoder>,
    /// The head of its log.
    pub log: Option<LogHead>,
    /// Its models, and its firmware.
    pub active: Vec<Active>,
    /// The numbers of the people who are enrolled with another encoder than it runs.
    pub foreign: Vec<u32>,
}
