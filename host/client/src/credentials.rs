//! The keys that this computer keeps for one board: its own secret, and the board's public key.
//!
//! ```text
//! {"secret":"…64 digits…","board":"…64 digits…","log":"…64 digits…"}       host.key, in the board's folder
//! ```
//! `log` is the public key with which the board signs its audit log. It is remembered at pairing, so that an exported
//! log is checked without the board.
//!
//! Only this user can read the file. Each board has a file of its own, so that two boards cannot find
//! out that they share a host, and so that one key can be rotated without the others. During a rotation
//! the file also holds `next`, the new secret, until the board acknowledges it. If the acknowledgement
//! is lost, the host tries both secrets. The keys of a pairing are in a file beside it until the board has acknowledged them,
//! see `pending`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crypto::Key;
use crypto::handshake::public_key;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The keys that this computer keeps for one board.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The secret of this computer's key.
    pub secret: Key,
    /// The board's public key, by which it is recognised.
    pub board: [u8; 32],
    /// The secret that replaces the other one once the board has acknowledged it.
    pub next: Option<Key>,
    /// The public key with which the board signs its audit log; `None` if the board has never said it.
    pub log: Option<[u8; 32]>,
}

/// The content of the file.
#[derive(Serialize, Deserialize)]
struct Record {
    secret: String,
    board: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<String>,
}

impl Credentials {
    /// Reads the file at `path`; `None` if there is no file, which means that this computer is not paired.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Record`].
    pub fn load(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => zeroize::Zeroizing::new(other.map_err(Error::file(path))?),
        };
        let bad = |reason: String| Error::Record { path: path.to_owned(), reason };
        let record: Record = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        let key =
            |digits: &str| unhex(digits).ok_or_else(|| bad("a key has 64 hexadecimal digits".to_owned()));
        let next = record.next.as_deref().map(key).transpose()?.map(Key::new);
        let log = record.log.as_deref().map(key).transpose()?;
        Ok(Some(Self { secret: Key::new(key(&record.secret)?), board: key(&record.board)?, next, log }))
    }

    /// Writes the file at `path`, readable by this user only.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn save(&self, path: &Path) -> Result<()> {
        self.save_in(&Folder::of(path)?, path)
    }

    /// The same in a folder in which no other program writes meanwhile.
    pub(crate) fn save_in(&self, folder: &Folder, path: &Path) -> Result<()> {
        let record = Record {
            secret: hex::encode(self.secret.bytes()),
            board: hex::encode(self.board),
            next: self.next.as_ref().map(|next| hex::encode(next.bytes())),
            log: self.log.map(hex::encode),
        };
        let text = serde_json::json!(record).to_string();
        folder.write(path, text.as_bytes())
    }

    /// The public key by which the board recognises this computer.
    pub fn public(&self) -> [u8; 32] {
        public_key(&self.secret)
    }
}

/// A new secret from the operating system's random numbers.
///
/// # Errors
/// [`Error::Random`].
pub fn random_key() -> Result<Key> {
    random_bytes().map(Key::new)
}

/// Random numbers of the operating system.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}

/// Writes a file that only this user can read. It is written beside its place and renamed, so that a
/// writer that is interrupted leaves the previous file. The disk has it when this returns.
///
/// # Errors
/// [`Error::File`].
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    Folder::of(path)?.write(path, bytes)
}

/// A folder in which this program alone writes secrets, until this is dropped.
pub(crate) struct Folder(File);

impl Folder {
    /// That of the file at `path`; it is made if necessary.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
        let file = File::open(folder).map_err(Error::file(folder))?;
        // Some file systems have no locks of folders. There, two programs are kept apart by the line of the board alone.
        let _ = file.lock();
        Ok(Self(file))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let beside = PathBuf::from(format!("{}.new", path.display()));
        // A file that an interrupted writer left behind may have other permissions.
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)
            .map_err(Error::file(&beside))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::file(&beside))?;
        fs::rename(&beside, path).map_err(Error::file(path))?;
        match self.0.sync_all() {
            // Some file systems have nothing to write for a folder.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            done => done.map_err(Error::file(path)),
        }
    }
}

/// The bytes of exactly twice as many hexadecimal digits; white space around them is ignored.
pub(crate) fn unhex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits.trim(), &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_of_keys_is_this_users_alone_and_reads_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/host.key");
        assert!(Credentials::load(&path).expect("none").is_none());
        let next = Some(Key::new([1; 32]));
        let kept = Credentials { secret: Key::new([0xA5; 32]), board: [9; 32], next, log: Some([2; 32]) };
        kept.save(&path).expect("written");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let read = Credentials::load(&path).expect("read").expect("there");
        assert_eq!((read.secret, read.board), (kept.secret, kept.board));
        assert_eq!((read.next, read.log), (kept.next, kept.log));
    }

    #[test]
    fn programs_that_write_one_file_at_once_leave_that_of_one_of_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("host.key");
        std::thread::scope(|scope| {
            for byte in 0..4 {
                let path = &path;
                let keys =
                    Credentials { secret: Key::new([byte; 32]), board: [byte; 32], next: None, log: None };
                scope.spawn(move || {
                    for _ in 0..50 {
                        keys.save(path).expect("written");
                        let read = Credentials::load(path).expect("whole").expect("there");
                        assert_eq!(read.secret.bytes(), &read.board);
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_is_none_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("host.key");
        let short = format!(r#"{{"secret":"{}","board":"00"}}"#, "ab".repeat(32));
        for text in ["", "{}", &short, &short.replace("ab", "xy")] {
            fs::write(&path, text).expect("written");
            assert!(matches!(Credentials::load(&path), Err(Error::Record { .. })), "{text}");
        }
    }
}
