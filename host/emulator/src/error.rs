//! What can go wrong with an emulated board, and what a user can do about it.

use std::io;
use std::path::PathBuf;

/// Why something failed with an emulated board. `source` gives the cause; the message does not repeat it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A request to the board failed.
    #[error(transparent)]
    Client(#[from] client::Error),
    /// Cycles cannot be estimated.
    #[error("cycles cannot be estimated")]
    Cycles(#[from] cycles::Error),
    /// The board's boot record cannot be read or written.
    #[error("the board cannot be programmed: {0}")]
    Boot(boot::Error),
    /// The name of a board is not valid as the name of a folder.
    #[error("`{name}` cannot be the name of a board: use letters, digits, `-`, `_` and `.`")]
    BoardName {
        /// The name.
        name: String,
    },
    /// A board keeps the machine it was made with.
    #[error("the board in {folder} is a board of kind {is}, not {asked}: choose another name for the new board", folder = folder.display())]
    OtherMachine {
        /// Its folder.
        folder: PathBuf,
        /// The machine that it is.
        is: &'static str,
        /// The machine that was asked for.
        asked: &'static str,
    },
    /// The board cannot have an NPU.
    #[error("a board of kind {machine} has no NPU: an an547 may have one")]
    NoNpu {
        /// The machine.
        machine: &'static str,
    },
    /// No accelerator has this name.
    #[error("there is no NPU `{name}`: it is ethos-u55-128 or ethos-u55-256")]
    Accelerator {
        /// The name.
        name: String,
    },
    /// The process that played the board's NPU has ended; the board works on with its processor.
    #[error(
        "board {name} is up, but its NPU is gone: the process that played it has ended, and its npu.log says what it said \
         last. `postern board down --board {name}` and then `postern board up --npu --board {name}` give it one again"
    )]
    NpuGone {
        /// Its name.
        name: String,
    },
    /// The board was switched on without the NPU that is asked for.
    #[error("board {name} is up without this NPU: `postern board down --board {name}` switches it off first")]
    UpWithoutNpu {
        /// Its name.
        name: String,
    },
    /// The board has no process.
    #[error("board {name} is not up: `postern board up --board {name}` starts it")]
    Down {
        /// Its name.
        name: String,
    },
    /// The door has a camera and lines of its own.
    #[error(
        "the door {name} has a camera and lines of its own, by its postern-door.toml: stand before that camera, and use its buttons, \
         contacts and keypad. This command feeds made ones: `postern board down --board {name}` and then `postern board up --board \
         {name}` start the door with them"
    )]
    OwnParts {
        /// Its name.
        name: String,
    },
    /// The board has power, and must have none.
    #[error("board {name} is up: `postern board down --board {name}` switches it off first")]
    Running {
        /// Its name.
        name: String,
    },
    /// Another program uses the line or the camera of the board.
    #[error("{owner} has used the board for {seconds} seconds; end it first")]
    LineBusy {
        /// Who uses it.
        owner: String,
        /// How long this program waited.
        seconds: u64,
    },
    /// The emulator is not installed.
    #[error(
        "{program} is not installed: `apt-get install qemu-system-arm` (Debian, Ubuntu), \
         `dnf install qemu-system-arm` (Fedora) or `brew install qemu` (macOS)"
    )]
    NoEmulator {
        /// The program that was not found.
        program: &'static str,
    },
    /// There is no firmware to run.
    #[error(
        "no firmware for {machine} found: build it in the source tree with `cargo xtask firmware`, then run \
         `postern setup --firmware SOURCE`; or name a file with `--firmware FILE`"
    )]
    NoFirmware {
        /// The machine that needs it.
        machine: &'static str,
    },
    /// There is no door for Linux to run.
    #[error(
        "the door for Linux was not found: build it in the source tree with `cargo build --release -p postern-linux`, then \
         run `postern setup --firmware SOURCE`; or name the program with `--firmware FILE`"
    )]
    NoDoor,
    /// The door on Linux ended at once.
    #[error("{output}")]
    DoorEnded {
        /// The end of its output, which says why.
        output: String,
    },
    /// The emulator ended at once.
    #[error("the emulator ended ({status}): {output}")]
    EmulatorEnded {
        /// Its exit status.
        status: String,
        /// The end of its output.
        output: String,
    },
    /// The board's process did not end.
    #[error("process {pid} of the board does not end")]
    DoesNotEnd {
        /// Its id.
        pid: i32,
    },
    /// A socket's path is longer than the operating system accepts.
    #[error("the path of the folder {folder} is too long for a socket: choose a shorter one with --state", folder = folder.display())]
    LongPath {
        /// The board's folder.
        folder: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{path}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the board's folder is malformed.
    #[error("{path} is malformed: {reason}", path = path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is no door for this computer.
    #[error(
        "{path} is not the program of a door for this computer: --firmware takes one, such as target/release/postern-door. The board \
         keeps the one that it has",
        path = path.display()
    )]
    NotDoor {
        /// The file.
        path: PathBuf,
    },
    /// A picture does not fit the camera.
    #[error("a picture of {width}x{height} does not fit the camera")]
    PictureSize {
        /// Its width.
        width: u16,
        /// Its height.
        height: u16,
    },
    /// The board did not take the input in time: a picture, or a key.
    #[error(
        "the board did not take the input from its camera or keypad for {seconds} seconds; \
         `postern board logs` shows its log"
    )]
    NotTaken {
        /// How long the host waited.
        seconds: u64,
    },
    /// The log cannot be decoded with this firmware.
    #[error("the log cannot be decoded: {reason}")]
    Log {
        /// Why.
        reason: String,
    },
    /// A job does not run on the board, or its result cannot be read.
    #[error("{reason}")]
    Job {
        /// Why.
        reason: String,
    },
}

impl Error {
    /// For `map_err` on an operation on the file at `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }

    /// Whether the board may answer later: it has no power at the moment, or the line broke or is in use.
    pub fn is_interruption(&self) -> bool {
        match self {
            Self::Down { .. } | Self::LineBusy { .. } => true,
            Self::Client(error) => matches!(error, client::Error::Line(_) | client::Error::Connect { .. }),
            _ => false,
        }
    }
}

impl From<Error> for client::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Client(error) => error,
            other => Self::task(other),
        }
    }
}
