//! What a fleet asks of a door, as a trait. `postern` implements it over a board.

pub use bridge::door::Trouble;

use crate::record::{Encoder, LogHead, Person};

/// A door whose people a fleet changes. The methods may wait for the board.
pub trait Door: Send {
    /// The names of the people on the board.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn names(&mut self) -> Result<Vec<String>, Trouble>;

    /// Enrols a person from pictures, JPEG files: from all of them or from none.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn enrol(&mut self, name: &str, pictures: &[Vec<u8>]) -> Result<(), Trouble>;

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

    /// Sets hours, PINs and suspension of the person of that name.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn rule(&mut self, person: &Person) -> Result<(), Trouble>;

    /// The encoder of the board, and the head of its log.
    ///
    /// # Errors
    /// The board does not answer, or refuses.
    fn state(&mut self) -> Result<State, Trouble>;

    /// Called several times a second while nothing is to be done: another program may use the line meanwhile.
    fn rest(&mut self) {}
}

/// How a board stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Its encoder.
    pub encoder: Option<Encoder>,
    /// The head of its log.
    pub log: Option<LogHead>,
}
