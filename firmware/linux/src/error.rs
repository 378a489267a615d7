//! Why the door on Linux does not start, and what to do about it.

use std::io;
use std::path::PathBuf;

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
    /// A file could not be read or written.
    #[error("{path}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The user that runs the door may not open a file.
    #[error(
        "{path} belongs to another user: run the door as its user, such as `sudo -u postern postern-door --check`",
        path = path.display()
    )]
    Denied {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
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
        "{path} is not the flash of a door on Linux but {is}: name another file under [flash], and the door makes it; a \
         partition is erased by `dd if=/dev/zero of=PARTITION bs=1M count=38`",
        path = path.display()
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
        let path = path.into();
        |source| match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied { path, source },
            _ => Self::File { path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_user_is_said_with_the_user_to_be() {
        let error = Error::file("/var/lib/postern-door/unique.key")(io::ErrorKind::PermissionDenied.into());
        assert!(error.to_string().contains("sudo -u postern"), "{error}");
        let error = Error::file("flash")(io::ErrorKind::NotFound.into());
        assert_eq!(error.to_string(), "flash");
    }
}
