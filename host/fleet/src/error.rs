//! Why something of a fleet was not done.

use std::io;
use std::path::PathBuf;

/// Why something of a fleet was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An envelope or pictures are not what their sender made, or are for somebody else.
    #[error("it is not authentic: it was changed, is of another sender, or for another door")]
    Forged,
    /// The counter of a record is far above the last one.
    #[error(
        "the counter of a record is far above the last one: the operator's key may be in wrong hands, `postern fleet join --only` \
         trusts another one"
    )]
    Far,
    /// A code was typed wrongly, or cut.
    #[error(
        "this is no code of keys: a code has 132 hexadecimal digits, as `postern fleet join` and `postern fleet init` print it, and this \
         has {found}"
    )]
    Code {
        /// How many it has, or what else is wrong.
        found: String,
    },
    /// The check of a code does not fit.
    #[error(
        "a digit of this code is wrong: copy it again, as `postern fleet join` and `postern fleet init` print it"
    )]
    Digit,
    /// A body or pictures are longer than they may be.
    #[error(
        "it is too long: the pictures of one person have at most 960 KiB, names and reasons a few hundred bytes"
    )]
    TooLong,
    /// There is no fleet in the folder.
    #[error("there is no fleet in {}: {make}", path.display())]
    NoFleet {
        /// The folder.
        path: PathBuf,
        /// What makes one.
        make: &'static str,
    },
    /// There is a fleet in the folder already.
    #[error(
        "there is a fleet in {} already: name another folder with --fleet (`postern fleet code` prints the code of this one, \
         `postern fleet set-broker` moves it to another broker)",
        path.display()
    )]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// Another program applies records to the door of the folder.
    #[error(
        "`postern fleet apply` runs for this door already{}, and uses {}: end it (Ctrl-C; `systemctl stop` its unit, if it is a \
         service), do this again, and start it again",
        process.map(|process| format!(" (process {process})")).unwrap_or_default(),
        path.display()
    )]
    Applied {
        /// The folder.
        path: PathBuf,
        /// The program, if it is known.
        process: Option<u32>,
    },
    /// Another program uses the folder.
    #[error("another command uses {} at the moment: try again when it has ended", path.display())]
    Used {
        /// The folder.
        path: PathBuf,
    },
    /// The operator's key is another one than that of the folder.
    #[error("the key {} is not that of this fleet, which belongs to {wanted}…: name the right one with --key", path.display())]
    OtherKey {
        /// The file of the key.
        path: PathBuf,
        /// The level of the operator whose fleet it is.
        wanted: String,
    },
    /// A file cannot be read, or its folder cannot be made.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is malformed.
    #[error("{} is not what `postern fleet` wrote: {reason}. {remedy}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] output_file::Error),
    /// There is no such person.
    #[error("nobody of the name {name} is in the fleet: `postern fleet status` lists the people")]
    NoPerson {
        /// The name.
        name: String,
    },
    /// A person of this name is there.
    #[error("{name} is in the fleet already: remove or rename them first")]
    PersonExists {
        /// The name.
        name: String,
    },
    /// There is no such door.
    #[error("there is no door {name} in the fleet: `postern fleet status` lists the doors")]
    NoDoor {
        /// The name.
        name: String,
    },
    /// The key of the door's board is not known.
    #[error(
        "the key of the board of {door} is not known here: name it once with `--board`. `postern keys allow-opening` prints it at the \
         door"
    )]
    NoBoard {
        /// The name of the door.
        door: String,
    },
    /// A door of this name is there.
    #[error(
        "the door {name} is in the fleet already: choose another name, or remove it with `postern fleet remove-door`"
    )]
    DoorExists {
        /// The name of the door that is there.
        name: String,
    },
    /// A door with this key is there.
    #[error("this is the code of the door {name}, which is in the fleet already")]
    SameDoor {
        /// The name of the door that is there.
        name: String,
    },
    /// The broker cannot be reached, or refuses.
    #[error(transparent)]
    Broker(#[from] bridge::Error),
    /// The broker refuses what only its options mend.
    #[error("{why}. {kept}")]
    Refused {
        /// Why.
        why: bridge::Error,
        /// What is kept meanwhile, and what to do.
        kept: &'static str,
    },
    /// The connection to the broker ended.
    #[error("there is no connection to {broker}: {why}. {kept}")]
    Away {
        /// The broker.
        broker: String,
        /// Why.
        why: String,
        /// What is kept meanwhile, and what to do.
        kept: &'static str,
    },
    /// A counter of commands to open is at its end.
    #[error(
        "the counter of commands in {} is at its end, so a board takes no command that is signed now: at each door `postern keys \
         forbid-opening` and `allow-opening` let it begin again, and so does the removal of this file", file.display()
    )]
    Counter {
        /// The file.
        file: PathBuf,
    },
    /// What is on the broker is not enough to recover a folder.
    #[error("the fleet cannot be recovered from the broker: {reason}")]
    Recover {
        /// Why.
        reason: String,
    },
    /// A simulated door does not have everybody.
    #[error("a simulated door has {has} people and should have {wanted}: something was lost")]
    Lost {
        /// People on its board.
        has: usize,
        /// People who should be on it.
        wanted: usize,
    },
    /// Simulated doors do not come to an end.
    #[error("the simulated doors were not complete within an hour: choose fewer with --doors and --people")]
    Slow,
    /// The operating system gives no thread or no timer.
    #[error("the fleet cannot run: {0}")]
    Runtime(io::Error),
}
