//! Why the door on Linux does not start, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use host_window::LINUX;

use crate::user;

/// Why the door does not start. `source` gives the cause; the message does not repeat it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot be understood.
    #[error("{path}: {reason}", path = path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        reason: String,
    },
    /// There is no configuration.
    #[error(
        "{path} is not there: write one, as docs/linux.md has it (/usr/share/doc/postern-door/linux.md of the package), or name \
         yours by `--config FILE`",
        path = path.display()
    )]
    NoConfig {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{path}{hint}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What to do, if that is known.
        hint: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The user that runs the door may not open a file, or make one in its folder.
    #[error(
        "{path} belongs to {owner}, and this program runs as {user}: run it as {owner}, such as `sudo -u {owner} postern-door \
         --check`, or give it to the user of the door, such as `sudo chown {user} {path}`",
        path = path.display()
    )]
    Denied {
        /// The file, or the folder in which it was to be made.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Who runs the door.
        user: String,
        /// Why.
        source: io::Error,
    },
    /// Root checks the door of another user.
    #[error(
        "{folder} belongs to {owner}: `sudo -u {owner} postern-door --check`. The door could not open what root makes there",
        folder = folder.display()
    )]
    CheckedByRoot {
        /// The folder of the secret.
        folder: PathBuf,
        /// Whose it is.
        owner: String,
    },
    /// The secret is gone, and its flash is there.
    #[error(
        "{path} is missing, the secret of the door whose flash is {flash}: bring its copy back, or name another flash file, which \
         starts without people",
        path = path.display(), flash = flash.display()
    )]
    LostSecret {
        /// The file of the secret.
        path: PathBuf,
        /// The flash file.
        flash: PathBuf,
    },
    /// The flash file cannot be written.
    #[error(
        "{path} cannot be written, and the door must write its flash: mount the disk for writing, and give the file to \
         the user that runs the door",
        path = path.display()
    )]
    ReadOnly {
        /// The flash file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The disk has no room for the flash file.
    #[error("the disk of {path} is full: the flash needs {needed} MiB of it, all at once", path = path.display())]
    DiskFull {
        /// The flash file.
        path: PathBuf,
        /// MiB of the file.
        needed: u64,
    },
    /// Another door has the flash.
    #[error("another door runs on {path}: end it first, or give this one a flash of its own", path = path.display())]
    FlashInUse {
        /// The flash file.
        path: PathBuf,
    },
    /// Another door has the counter.
    #[error(
        "another door runs with the counter {path}: end it first. A copy of a flash may stand in its place, but not run beside it. \
         A door with another secret names another file under [secret]",
        path = path.display()
    )]
    CounterInUse {
        /// The counter.
        path: PathBuf,
    },
    /// The flash cannot be on this partition.
    #[error("the flash cannot be on {path}: {hint}", path = path.display())]
    FlashDevice {
        /// The partition.
        path: PathBuf,
        /// Why, and what to do.
        hint: String,
    },
    /// The file is no flash of this kind of board.
    #[error(
        "{path} is not the flash of a door on Linux but {is}: if a door had its flash there, bring a copy of it back; else \
         name another file under [flash], and the door makes it, without people; a partition is erased by `dd if=/dev/zero of=PARTITION bs=1M count={mib}`",
        path = path.display(), mib = LINUX.file_len >> 20
    )]
    OtherFlash {
        /// The file.
        path: PathBuf,
        /// What it is.
        is: String,
    },
    /// The flash belongs to a door with another secret.
    #[error(
        "{path} is the flash of another door: it was written with another secret. Bring that door's secret back to {secret}, \
         or name another flash file, which starts without people",
        path = path.display(), secret = secret.display()
    )]
    OtherSecret {
        /// The flash file.
        path: PathBuf,
        /// The file of the secret.
        secret: PathBuf,
    },
    /// The secret of the door is malformed.
    #[error(
        "{path} is not the secret of a door: it has 32 bytes. Bring a copy back; without it nobody can read the flash",
        path = path.display()
    )]
    Secret {
        /// The file.
        path: PathBuf,
    },
    /// The secret is not where the configuration says.
    #[error("the secret cannot be read from {place}: {hint}")]
    SecretPlace {
        /// The place.
        place: String,
        /// What to do.
        hint: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The counter of the door is malformed.
    #[error(
        "{path} is not the counter of a door: it has one number. Bring a copy back that is as new as the flash",
        path = path.display()
    )]
    Counter {
        /// The file.
        path: PathBuf,
    },
    /// Others can read the secret.
    #[error("others can read {path}: `chmod 600 {path}`", path = path.display())]
    OpenSecret {
        /// The file.
        path: PathBuf,
    },
    /// A line of a GPIO chip cannot be had.
    #[error("the line {line} cannot be had: {hint}")]
    Line {
        /// The line.
        line: String,
        /// What to do.
        hint: String,
    },
    /// The camera gives no pictures.
    #[error("the camera {camera} cannot be used: {hint}")]
    Camera {
        /// The camera.
        camera: String,
        /// What to do.
        hint: String,
        /// Why.
        source: io::Error,
    },
    /// There is no camera to take a picture with.
    #[error(
        "--picture: this door is a made one, whose host shows it pictures: there is no [camera] in its configuration"
    )]
    NoPictures,
    /// The file for a picture is there, and is none.
    #[error("{path} is there and is no PNG file: it stays as it is. Name another file for --picture", path = path.display())]
    NoPicture {
        /// The file.
        path: PathBuf,
    },
    /// The keypad cannot be read.
    #[error("the keypad {keypad} cannot be used: {hint}")]
    Keypad {
        /// The keypad.
        keypad: String,
        /// What to do.
        hint: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The lock cannot be kept.
    #[error("the lock at {line} cannot be driven: name another line under [lines], or end what uses it")]
    Keeper {
        /// The line.
        line: String,
        /// Why.
        source: io::Error,
    },
    /// The keeper ended before its first word. It has said why.
    #[error("the lock at {line} is not kept: its keeper has said why, on a line of its own")]
    Unkept {
        /// The line.
        line: String,
    },
    /// The place where hosts connect cannot be had.
    #[error("cannot listen at {place}: {hint}")]
    Listen {
        /// The place.
        place: String,
        /// What to do.
        hint: String,
        /// Why.
        source: io::Error,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// The system starts no more threads.
    #[error("the system starts no more threads")]
    Thread(#[source] io::Error),
}

impl Error {
    /// For `map_err` on an operation on the file at `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path: PathBuf = path.into();
        |source| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let hint = match source.kind() {
                io::ErrorKind::PermissionDenied => return Self::denied(path, source),
                io::ErrorKind::NotFound if folder.is_some_and(|folder| !folder.exists()) => {
                    ": its folder is not there: make it"
                }
                io::ErrorKind::NotFound if path.is_symlink() => {
                    ": it is a link, and what it names is not there: mount its disk, or remove the link"
                }
                io::ErrorKind::IsADirectory => ": it is a folder: name a file in it",
                io::ErrorKind::InvalidInput => ": it is a pipe, and must be a file",
                io::ErrorKind::FileTooLarge => ": it is far too long to be the door's: name another file",
                io::ErrorKind::ReadOnlyFilesystem => ": its disk is read-only: mount it for writing",
                io::ErrorKind::StorageFull => ": its disk is full: make room there",
                _ => "",
            };
            Self::File { path, hint, source }
        }
    }

    /// What may not be opened: the file, or the folder in which there is none.
    fn denied(path: PathBuf, source: io::Error) -> Self {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let path = if path.symlink_metadata().is_ok_and(|there| !there.is_symlink()) { path } else { folder };
        let owner = user::of(&path).map_or_else(|| "another user".to_owned(), user::name);
        Self::Denied { path, owner, user: user::name(user::own()), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_user_is_said_with_the_user_to_be() {
        // Whoever runs this test, the file is root's.
        let error = Error::file("/etc/passwd")(io::ErrorKind::PermissionDenied.into()).to_string();
        assert!(
            error.starts_with("/etc/passwd belongs to root") && error.contains("sudo -u root"),
            "{error}"
        );
        let error = Error::file("/etc/of-nobody")(io::ErrorKind::PermissionDenied.into()).to_string();
        assert!(error.starts_with("/etc belongs to root") && error.contains(" /etc`"), "{error}");
        let error = Error::file("flash")(io::ErrorKind::NotFound.into());
        assert_eq!(error.to_string(), "flash");
        let error = Error::file("/of-nobody/flash")(io::ErrorKind::NotFound.into());
        assert_eq!(error.to_string(), "/of-nobody/flash: its folder is not there: make it");
    }
}
