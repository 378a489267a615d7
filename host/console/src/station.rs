//! What the console asks of the program that starts it: the boards, and what can be done with each.
//!
//! The command line implements these traits over the code of its commands, so a page makes the same checks and shows the
//! same sentences as the command does. Every method may wait for the board; the console calls them on threads of their own.

mod compared;
mod enrolled;
mod errors;
mod flash;
mod pairing;
mod rule;

use std::sync::Arc;

pub use compared::Compared;
pub use enrolled::{Enrolled, Known};
pub use errors::{CalibrationRow, Errors};
pub use flash::{Before, Ended, Flash, FlashLine, FlashProgress, Flashable, Flashing};
pub use pairing::Pairing;
pub use rule::{BoardTime, NewRule, Rule};

use client::protocol::{Event, Hash, Host, Role, Settings, Status, User, Zone};

/// Why something was not done, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong and what to do.
    pub sentence: String,
    /// Whether the board does not answer at the moment, and may answer later.
    pub lost: bool,
}

/// Why no setting is changed where they are lost.
pub(crate) fn settings_lost() -> Refusal {
    let sentence =
        "the board lost its settings, and admits nobody: `postern settings --defaults` sets all of them";
    Refusal { sentence: sentence.to_owned(), lost: false }
}

/// What came of a request.
pub type Said<T> = Result<T, Refusal>;

/// All boards that this computer reaches.
pub trait Boards: Send + Sync {
    /// The boards, by name.
    ///
    /// # Errors
    /// Their folder cannot be read.
    fn list(&self) -> Said<Vec<BoardLine>>;

    /// One of them.
    ///
    /// # Errors
    /// There is none of this name.
    fn open(&self, name: &str) -> Said<Arc<dyn Station>>;

    /// Gives an emulated board power. A name that is new makes a board of this machine.
    ///
    /// # Errors
    /// It does not start.
    fn switch_on(&self, name: &str, machine: &str) -> Said<()>;

    /// Cuts the power of an emulated board.
    ///
    /// # Errors
    /// Its process does not end.
    fn switch_off(&self, name: &str) -> Said<()>;

    /// The machines of which [`switch_on`](Self::switch_on) makes boards; empty if boards are not made here.
    fn machines(&self) -> Vec<&'static str>;
}

/// A board in the list of boards.
#[derive(Clone, Debug)]
pub struct BoardLine {
    /// Its name.
    pub name: String,
    /// What it is, such as "an547".
    pub machine: String,
    /// Whether it has power; `None` if this computer cannot know.
    pub up: Option<bool>,
    /// What is wrong with its files.
    pub damaged: Option<String>,
}

/// One board.
pub trait Station: Send + Sync {
    /// What the board tells, and the pins of an emulated one.
    ///
    /// # Errors
    /// As any request: the board does not answer, or refuses.
    fn state(&self) -> Said<State>;

    /// What this computer may do; `None` if it is not paired with the board.
    ///
    /// # Errors
    /// As any request.
    fn role(&self) -> Said<Option<Role>>;

    /// The settings, to change them.
    ///
    /// # Errors
    /// This computer is not paired; as any request.
    fn settings(&self) -> Said<Settings> {
        let not_paired = || Refusal {
            sentence: "this computer is not paired with the board: see the page Pairing".to_owned(),
            lost: false,
        };
        let status = self.state()?.paired.ok_or_else(not_paired)?.status;
        if status.settings_lost { Err(settings_lost()) } else { Ok(status.settings) }
    }

    /// Door events after the one numbered `after`, the oldest first, and the number of the newest.
    ///
    /// # Errors
    /// As any request.
    fn events(&self, after: u32) -> Said<(Vec<Happening>, u32)>;

    /// The camera's picture as a PNG file; `None` if the board has no camera that this computer can see.
    ///
    /// # Errors
    /// As any request.
    fn picture(&self) -> Said<Option<Vec<u8>>>;

    /// Width and height of that picture in pixels; `None` without one.
    ///
    /// # Errors
    /// As any request.
    fn picture_size(&self) -> Said<Option<[u32; 2]>>;

    /// Presses and releases a button of an emulated board. The pairing button is held while a code is shown.
    ///
    /// # Errors
    /// It is not an emulated board.
    fn press(&self, button: Button) -> Said<()>;

    /// Types digits on the keypad of an emulated board, with a final `#`.
    ///
    /// # Errors
    /// It is not an emulated board.
    fn type_pin(&self, digits: &str) -> Said<()>;

    /// Opens or closes the door contact of an emulated board.
    ///
    /// # Errors
    /// It is not an emulated board.
    fn set_contact(&self, open: bool) -> Said<()>;

    /// Everybody who is enrolled.
    ///
    /// # Errors
    /// As any request.
    fn people(&self) -> Said<Vec<User>>;

    /// Enrols a person, or adds photographs to one: all of them or none.
    ///
    /// # Errors
    /// A photograph is not clear, or the board refuses.
    fn enrol(&self, name: &str, photos: Vec<Upload>, add: bool) -> Said<Enrolled>;

    /// Looks at a picture that could be enrolled. Returns what to change before it is good; `None` if it is.
    ///
    /// # Errors
    /// As any request.
    fn look(&self, picture: Upload) -> Said<Option<String>>;

    /// Compares the largest face of a picture with everybody; without a picture, that of the next one of the door's camera.
    /// The similarity is as exact as the board tells it to this computer's role.
    ///
    /// # Errors
    /// As any request.
    fn compare(&self, picture: Option<Upload>) -> Said<Compared>;

    /// The visits of a person among the newest entries of the log, the newest first.
    ///
    /// # Errors
    /// As any request.
    fn visits(&self, person: u32) -> Said<Vec<LogLine>>;

    /// The painted portrait of a person as a PNG file; `None` if this computer has none.
    ///
    /// # Errors
    /// It cannot be read.
    fn portrait(&self, name: &str) -> Said<Option<Vec<u8>>>;

    /// Gives a person another name.
    ///
    /// # Errors
    /// As any request.
    fn rename(&self, name: &str, new: &str) -> Said<()>;

    /// Forgets a person.
    ///
    /// # Errors
    /// As any request.
    fn remove(&self, name: &str) -> Said<()>;

    /// When a person may pass, and with what.
    ///
    /// # Errors
    /// As any request.
    fn rule(&self, name: &str) -> Said<Rule>;

    /// Changes a person's rule.
    ///
    /// # Errors
    /// The hours or the PIN are malformed; as any request.
    fn set_rule(&self, name: &str, rule: &NewRule) -> Said<()>;

    /// Suspends a person, or resumes them.
    ///
    /// # Errors
    /// Nobody has this name; as any request.
    fn suspend(&self, name: &str, suspended: bool) -> Said<()>;

    /// Changes the settings.
    ///
    /// # Errors
    /// A value is out of its range; as any request.
    fn set_settings(&self, settings: Settings) -> Said<()>;

    /// The time zone of a name or an offset, as `postern settings --zone` takes it.
    ///
    /// # Errors
    /// It is none.
    fn zone_of(&self, written: &str) -> Said<Zone>;

    /// A time zone in words.
    fn zone_text(&self, zone: &Zone) -> String;

    /// The newest entries of the audit log, at most `most`, the newest first.
    ///
    /// # Errors
    /// As any request.
    fn log(&self, most: usize) -> Said<Vec<LogLine>>;

    /// Checks the hash chain of the whole log.
    ///
    /// # Errors
    /// As any request.
    fn verify_log(&self) -> Said<Verified>;

    /// The whole log as lines of JSON with the signed head, as `postern log --json` prints it.
    ///
    /// # Errors
    /// As any request.
    fn export_log(&self) -> Said<String>;

    /// The calibration table of the board's encoder, by rising rate; empty if this computer does not have its image.
    ///
    /// # Errors
    /// As any request.
    fn errors(&self) -> Said<Errors>;

    /// What this computer could flash, and the release of the firmware that runs.
    ///
    /// # Errors
    /// As any request.
    fn flashable(&self) -> Said<Flashable>;

    /// Begins to flash models or firmware; [`flashing`](Self::flashing) says how far it is.
    ///
    /// # Errors
    /// It goes on already.
    fn flash(&self, what: Flash) -> Said<()>;

    /// How far the last flashing is; `None` if none was begun.
    fn flashing(&self) -> Option<Flashing>;

    /// The computers that the board knows, and the key of this one.
    ///
    /// # Errors
    /// As any request.
    fn computers(&self) -> Said<(Vec<Host>, Option<Hash>)>;

    /// Lets one more computer be paired as `role`.
    ///
    /// # Errors
    /// As any request.
    fn invite(&self, role: Role) -> Said<()>;

    /// Lets the board forget a computer.
    ///
    /// # Errors
    /// As any request.
    fn forget(&self, key: Hash) -> Said<()>;

    /// Begins to pair this computer with the board.
    ///
    /// # Errors
    /// It is paired already, or the board does not answer.
    fn pair(&self, role: Role) -> Said<()>;

    /// Takes the code that somebody read on the board, for the pairing that goes on.
    ///
    /// # Errors
    /// It is not the code of this computer, or none is awaited.
    fn compare_code(&self, code: &str) -> Said<()>;

    /// How far a pairing is.
    fn pairing(&self) -> Pairing;
}

/// The state of a board.
#[derive(Clone, Debug)]
pub struct State {
    /// What it tells this computer; `None` if the computer is not paired, which is told nothing of the door.
    pub paired: Option<Paired>,
    /// The pins of an emulated board; `None` for another one.
    pub pins: Option<Pins>,
}

/// What a board tells a computer that is paired with it.
#[derive(Clone, Debug)]
pub struct Paired {
    /// What this computer may do.
    pub role: Role,
    /// Lock, settings, models and people.
    pub status: Status,
}

/// The inputs and outputs of an emulated board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pins {
    /// Whether the door leaf is open, by its contact.
    pub door_open: bool,
    /// Whether the cover is open.
    pub cover_open: bool,
    /// Whether the alarm output is on.
    pub alarm: bool,
}

/// An event, and the sentence of the command line for it.
#[derive(Clone, Debug)]
pub struct Happening {
    /// The event.
    pub event: Event,
    /// What the door saw, or why it stays locked.
    pub why: Option<String>,
    /// Whether this computer has a painted portrait of who was let in.
    pub portrait: bool,
    /// When it happened, by the board's clock in UTC; `None` if that is not set.
    pub time: Option<String>,
}

/// A button of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// The exit button, which opens the door.
    Exit,
    /// The pairing button.
    Pairing,
}

/// A photograph that a browser sent.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The file's name, for messages alone.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// An entry of the audit log.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// Its number.
    pub number: u32,
    /// Its kind, in a word.
    pub kind: String,
    /// The whole entry in words.
    pub text: String,
}

/// What a check of the log came to.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Entries seen.
    pub entries: usize,
    /// What is wrong; `None` if nothing is.
    pub finding: Option<String>,
}
