//! What can go wrong with a device, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why something could not be done with a device. A cause is told by `source`, not repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The line could not be opened.
    #[error("cannot reach a device at {address}")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The line broke.
    #[error("the line to the board broke")]
    Line(#[source] io::Error),
    /// No reply came.
    #[error("the board did not answer for {seconds} seconds; `postern board logs` shows its log")]
    Silent {
        /// How long the host waited.
        seconds: u64,
    },
    /// Something came that is no reply to the request.
    #[error("the board answered with something this program does not understand")]
    Garbled,
    /// Host and board speak different versions of the protocol.
    #[error(
        "the board (firmware {firmware}) speaks version {board} of the protocol, this program \
         version {host}: install firmware and program of the same release"
    )]
    Version {
        /// The board's version.
        board: u16,
        /// The host's version.
        host: u16,
        /// The firmware's version.
        firmware: String,
    },
    /// The board refused.
    #[error("{0}{advice}", advice = advice(.0))]
    Refused(protocol::Error),
    /// The board could not prove who it is, or did not understand the handshake.
    #[error("no session could be begun with the board")]
    Handshake,
    /// Another board answers than the one that this computer is paired with.
    #[error(
        "this is not the board that was paired, or somebody stands in between; if the board was \
         replaced, `postern keys forget` and `postern pair` begin anew"
    )]
    OtherBoard,
    /// The board shows another code than this computer.
    #[error("the board shows another code: somebody stands in between, and nothing was paired")]
    CodesDiffer,
    /// Nobody pressed the button.
    #[error("the button was not pressed within {seconds} seconds; nothing was paired")]
    NotConfirmed {
        /// How long the board waited.
        seconds: u64,
    },
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
    /// A name is longer than a board takes.
    #[error("the name has {bytes} bytes; a board takes {}", protocol::MAX_NAME)]
    NameTooLong {
        /// Its length in UTF-8.
        bytes: usize,
    },
    /// Data is longer than a message can say.
    #[error("that is too large for a board")]
    TooLong,

    /// A file is no firmware for a board.
    #[error("{} cannot be put on a board: {reason}", path.display())]
    NotFirmware {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Firmware is for another board.
    #[error("{} is firmware for {is}, and the board is an {board}", path.display())]
    OtherFirmware {
        /// The file.
        path: PathBuf,
        /// What it is for.
        is: &'static str,
        /// What the board is.
        board: &'static str,
    },
    /// The board started an update, and went back to the firmware before.
    #[error(
        "the board gave release {release} up and runs release {newest} again: `postern log` tells whether it was \
         refused or did not run well"
    )]
    GivenUp {
        /// The update.
        release: u64,
        /// What runs.
        newest: u64,
    },
    /// The board's boot record cannot be read or written.
    #[error("the board cannot be programmed: {0}")]
    Boot(boot::Error),
    /// The name of a board is no name of a folder.
    #[error("`{name}` cannot be the name of a board: letters, digits, `-`, `_` and `.` can")]
    BoardName {
        /// The name.
        name: String,
    },
    /// There is no such machine.
    #[error("there is no board `{name}`: choose an547 (Cortex-M55) or an500 (Cortex-M7)")]
    UnknownMachine {
        /// The name.
        name: String,
    },
    /// A board keeps the machine it was made with.
    #[error("the board in {folder} is an {is}, not an {asked}: choose another name for it", folder = folder.display())]
    OtherMachine {
        /// Its folder.
        folder: PathBuf,
        /// What it is.
        is: &'static str,
        /// What was asked for.
        asked: &'static str,
    },
    /// The board has no process.
    #[error("board {name} is not up: `postern board up --board {name}` starts it")]
    Down {
        /// Its name.
        name: String,
    },
    /// Another program is speaking with the board.
    #[error("another program has been speaking with the board for {seconds} seconds; end it first")]
    LineBusy {
        /// How long this one waited.
        seconds: u64,
    },
    /// The emulator is not installed.
    #[error(
        "{program} is not installed: `apt-get install qemu-system-arm` (Debian, Ubuntu), \
         `dnf install qemu-system-arm` (Fedora) or `brew install qemu` (macOS)"
    )]
    NoEmulator {
        /// The program looked for.
        program: &'static str,
    },
    /// There is no firmware to run.
    #[error("no firmware for {machine} found: `cargo xtask firmware` builds it, `--firmware FILE` names it")]
    NoFirmware {
        /// For which machine.
        machine: &'static str,
    },
    /// The emulator ended at once.
    #[error("the emulator ended ({status}): {output}")]
    EmulatorEnded {
        /// How.
        status: String,
        /// The end of what it said.
        output: String,
    },
    /// The board's process did not end.
    #[error("process {pid} of the board does not end")]
    DoesNotEnd {
        /// Its id.
        pid: i32,
    },
    /// A socket's path is longer than the operating system takes.
    #[error("the folder {folder} has too long a path for a socket: choose a shorter one with --state", folder = folder.display())]
    LongPath {
        /// The board's folder.
        folder: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{path}", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The board's record is not one.
    #[error("{path} is not a board's record: {reason}", path = path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },

    /// A picture does not fit the camera.
    #[error("a picture of {width}x{height} does not fit the camera")]
    PictureSize {
        /// Its width.
        width: u16,
        /// Its height.
        height: u16,
    },
    /// The board did not take the picture before its camera.
    #[error(
        "the board did not take the picture before its camera for {seconds} seconds; \
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
}

impl Error {
    /// For `map_err` on what is done with the file at `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}

/// What a person can do about a refusal, in words of the command line.
fn advice(refusal: &protocol::Error) -> &'static str {
    use protocol::Error as Refusal;
    match refusal {
        Refusal::DuplicateName { .. } => {
            "; `--add` gives them one more photograph, `postern remove` forgets them"
        }
        Refusal::UnknownPerson { .. } => "; `postern users` lists who is",
        Refusal::NoModel { .. } => "; `postern flash models` installs it",
        Refusal::ForeignGallery { .. } => "; flash that encoder again, or remove and enrol everybody anew",
        Refusal::NoCalibration => "; compile it with a calibration table",
        Refusal::GalleryFull { .. } => "; `postern remove` makes room",
        Refusal::HashMismatch { .. } => "; try again",
        Refusal::Internal { .. } | Refusal::Flash => "; `postern board logs` shows its log",
        Refusal::Unpaired => "; `postern pair` pairs it, with a press of the board's button",
        Refusal::Forbidden { .. } => "; `postern keys` shows who has it",
        Refusal::NotInvited { .. } => {
            "; the first is an installer, whom the others need: `postern keys invite ROLE`, there"
        }
        Refusal::HostsFull { .. } => "; `postern keys remove KEY` makes room",
        Refusal::UnknownHost => "; `postern keys` lists them",
        Refusal::Unsigned { .. } => {
            "; `postern keys signing` shows this computer's, and makes it the board's"
        }
        Refusal::NoCamera => "; is something before it? `postern show` holds a picture there",
        _ => "",
    }
}
