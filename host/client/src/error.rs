//! What can go wrong between host and board, and what a user can do about it.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Why a request to a board failed. `source` gives the cause; the message does not repeat it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The line could not be opened.
    #[error("cannot reach a device at {address}{}", reach(source))]
    Connect {
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The line broke.
    #[error("the line to the board broke{}", taken(.0))]
    Line(#[source] io::Error),
    /// The board sent no reply.
    #[error("the board did not answer for {seconds} seconds; `postern board logs` shows its log")]
    Silent {
        /// How long the host waited.
        seconds: u64,
    },
    /// The reply does not belong to the request.
    #[error("the board sent a reply that this program does not understand")]
    Garbled,
    /// Host and board speak different versions of the protocol.
    #[error(
        "the board (firmware {firmware}) speaks version {board} of the protocol, this program version {host}: install firmware \
         and program of the same release{}", if board.abs_diff(*host) == 1 { "; `postern flash firmware` sends it that of this program" } else { "" }
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
    #[error("{}", refusal(.0))]
    Refused(protocol::Error),
    /// The board did not prove its identity, or did not understand the handshake.
    #[error("the board did not complete the handshake, so there is no session")]
    Handshake,
    /// The board that answers is not the one that this computer is paired with.
    #[error(
        "this is not the board that this computer is paired with, or somebody intercepts the line; if this is another door, \
         give it an address or a name of its own; only if the board was replaced, run `postern keys forget` and then \
         `postern pair`"
    )]
    OtherBoard,
    /// The pairing code of the board differs from the code of this computer.
    #[error("the board shows a different code: somebody may intercept the line, and nothing was paired")]
    CodesDiffer,
    /// Nobody typed the code that the board shows.
    #[error(
        "nobody typed the code that the board shows, and nothing was paired: `postern pair` reads it from the terminal"
    )]
    NotTyped,
    /// The board asks for something else than was asked of it.
    #[error(
        "the board does not show that it is to be erased: somebody may intercept the line, and nothing was erased"
    )]
    NotShown,
    /// Nobody pressed the button.
    #[error("the button was not pressed within {seconds} seconds; nothing was paired")]
    NotConfirmed {
        /// How long the board waited.
        seconds: u64,
    },
    /// Nobody held the button to confirm the code, or it was let go too soon.
    #[error(
        "the button was not held for two seconds within {seconds} seconds after the codes were shown: a press before that does \
         not count, and a shorter one ends the pairing; nothing was paired"
    )]
    NotCompared {
        /// How long the board waited.
        seconds: u64,
    },
    /// The line ended before the board said whether it has stored this computer.
    #[error("whether the board has paired this computer is not known; `postern pair` asks it")]
    Unheard(#[source] Box<Error>),
    /// Another program wrote the file of the keys in use while this one paired.
    #[error(
        "the board has paired this computer, but another program wrote {} meanwhile; the keys of this pairing are in {}",
        used.display(), pending.display()
    )]
    OtherKeys {
        /// The file of the keys in use.
        used: PathBuf,
        /// The file of these keys.
        pending: PathBuf,
    },
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
    /// The name is longer than a board accepts.
    #[error("the name has {bytes} bytes; a board accepts {}", protocol::MAX_NAME)]
    NameTooLong {
        /// Its length in UTF-8.
        bytes: usize,
    },
    /// The data does not fit into a message.
    #[error("the data is too large for a board")]
    TooLong,

    /// The file is not firmware for a board.
    #[error("{} cannot be put on a board: {reason}", path.display())]
    NotFirmware {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Firmware is for another board.
    #[error("{} is firmware for {is}, but the board is an {board}", path.display())]
    OtherFirmware {
        /// The file.
        path: PathBuf,
        /// The kind of board that it was built for.
        is: &'static str,
        /// The kind of this board.
        board: &'static str,
    },
    /// The board tried an update and rolled back to the previous firmware.
    #[error(
        "the board rolled back from release {release}, and {} runs as before: `postern log` shows whether the board refused the \
         update or the update did not run well", match running { 0 => "the one before it".to_owned(), running => format!("release {running}") }
    )]
    RolledBack {
        /// The update.
        release: u64,
        /// The release that runs; 0 if the board does not say it.
        running: u64,
    },
    /// There is no such kind of board.
    #[error(
        "there is no board `{name}`: choose an547 (Cortex-M55), an500 (Cortex-M7) or linux (this computer)"
    )]
    UnknownMachine {
        /// The name.
        name: String,
    },
    /// A file could not be read or written.
    #[error("{path}", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key file is malformed.
    #[error("{path} is not a valid key file: {reason}", path = path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A key file is protected by a passphrase.
    #[error("{path} is protected by a passphrase", path = path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase of a key file is another one.
    #[error("this is not the passphrase of {path}, or the file was changed", path = path.display())]
    Passphrase {
        /// The file.
        path: PathBuf,
    },
    /// A signature does not belong to the firmware or the model.
    #[error("the signature is not of this file: sign this file again with `postern sign`")]
    OtherSignature,
    /// The task that runs while a reply is awaited failed.
    #[error(transparent)]
    Task(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A [`Task`](crate::Task) failed with `error`.
    pub fn task(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Task(Box::new(error))
    }

    /// For `map_err` on what is done with the file at `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}

/// What to do about a device that cannot be reached.
fn reach(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            ": is it plugged in, does the door run there, and is a tunnel to it open?"
        }
        io::ErrorKind::PermissionDenied => {
            ": this user may not open it. The socket of a door has the group postern, a serial port the group dialout"
        }
        _ => "",
    }
}

/// What closed a line, where the system does not say it: a door has one line, and whoever connects last has it.
fn taken(error: &io::Error) -> &'static str {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    match error.kind() {
        BrokenPipe | ConnectionReset | UnexpectedEof if error.get_ref().is_none() => {
            " (the board restarts, or another program connected to it and took its line: end that one, and do this again)"
        }
        _ => "",
    }
}

/// A refusal, with what a user of the command line can do about it.
fn refusal(refusal: &protocol::Error) -> String {
    match refusal {
        protocol::Error::NotInvited { role } => {
            let first = match role {
                protocol::Role::Installer => "",
                _ => {
                    ". Where no computer is paired yet, the first is the installer: `postern pair --role installer`"
                }
            };
            format!(
                "nobody invited an {role}: run `postern keys invite {role}` on an installer's computer{first}"
            )
        }
        _ => format!("{refusal}{}", advice(refusal)),
    }
}

/// What a user of the command line can do about a refusal.
fn advice(refusal: &protocol::Error) -> Cow<'static, str> {
    use protocol::Error as Refusal;
    let part = |similarity: i16| f64::from(similarity) / 32_768.0;
    Cow::Borrowed(match refusal {
        Refusal::Unlike { similarity, least, .. } => {
            return format!(
                " (similarity {:.2}, {:.2} is needed); `--force` adds it all the same",
                part(*similarity),
                part(*least)
            )
            .into();
        }
        Refusal::SamePicture { .. } => {
            "; use another photograph: the same one twice makes recognition no better"
        }
        Refusal::NoTemplate { .. } => "; `postern users` shows how many, `postern remove` removes the person",
        Refusal::DuplicateName { .. } => {
            "; `--add` adds a photograph to that person, `postern remove` removes the person, and both where two have the name"
        }
        Refusal::UnknownPerson { .. } => "; `postern users` lists everybody who is enrolled",
        Refusal::NoModel { .. } => "; `postern flash models` installs it",
        Refusal::ForeignGallery { .. } => {
            "; flash that encoder again, or remove everybody and enrol them again"
        }
        Refusal::NoCalibration => "; compile it with a calibration table",
        Refusal::UnprovenRate { .. } => {
            "; `postern settings --one-in` asks for less, `postern calibrate` measures further, and \
             `postern settings --accept-unproven-rate true` accepts it"
        }
        Refusal::GalleryFull { needed, .. } if *needed as usize <= protocol::MAX_TEMPLATE => {
            "; an encoder with fewer values leaves room for more templates, and `postern remove` makes room"
        }
        Refusal::GalleryFull { .. } => "; `postern remove` makes room",
        Refusal::HashMismatch { .. } => "; try again",
        Refusal::Internal { .. } | Refusal::Flash => "; `postern board logs` shows its log",
        Refusal::Unpaired => "; `postern pair` pairs it, with the board's pairing button",
        Refusal::Forbidden { .. } => "; `postern keys` shows which computer has that role",
        Refusal::HostsLost => {
            "; an installer that the board knows runs `postern keys invite ROLE`. If an older copy of its flash was put back, put \
             the newest back"
        }
        Refusal::RuleLost => {
            "; `postern rule NAME --hours HOURS --no-pin` (or `--pin`) sets it, and `postern resume NAME` admits them again"
        }
        Refusal::SettingsLost => {
            "; `postern settings --defaults` sets them: an option for each that is not to be its default"
        }
        Refusal::ReleaseLost { .. } => "; `postern pair --erase` makes it a new board",
        Refusal::HostsFull { .. } => "; `postern keys remove KEY` makes room",
        Refusal::UnknownHost => "; `postern keys` lists them",
        Refusal::Unsigned { .. } => {
            "; `postern keys signing` shows the key of this computer and sends it to the board"
        }
        Refusal::NoCamera => {
            "; `postern board status` says what the camera gives, and `postern show` puts a picture in front of an emulated one"
        }
        _ => "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_another_program_took_says_so_and_one_with_a_reason_says_that() {
        let closed = Error::Line(io::ErrorKind::BrokenPipe.into()).to_string();
        assert!(closed.contains("another program connected"), "{closed}");
        let ended = Error::Line(io::Error::new(io::ErrorKind::BrokenPipe, "the board's process has ended"));
        assert_eq!(ended.to_string(), "the line to the board broke");
    }

    #[test]
    fn a_gallery_without_memory_for_a_template_says_what_has_room_for_more() {
        let said = |needed| Error::Refused(protocol::Error::GalleryFull { needed, free: 128 }).to_string();
        assert!(
            said(512).contains("512 bytes needed, 128 free; an encoder with fewer values"),
            "{}",
            said(512)
        );
        assert!(said(700).ends_with("128 free; `postern remove` makes room"), "{}", said(700));
    }

    #[test]
    fn a_computer_that_nobody_invited_is_told_what_an_installer_runs() {
        let role = protocol::Role::Operator;
        let said = Error::Refused(protocol::Error::NotInvited { role }).to_string();
        assert!(said.starts_with("nobody invited an operator: run `postern keys invite operator`"), "{said}");
    }
}
