//! What this computer keeps to speak with one board: its own secret, and the board's key.
//!
//! ```text
//! {"secret":"…64 digits…","board":"…64 digits…"}       host.key, in the board's folder
//! ```
//! Only this user may read the file. Every board has one of its own, so that boards cannot tell that
//! they have a host in common, and a key is rotated without a thought for the others. While a key is
//! being rotated the file also holds `next`, the new secret, until the board has acknowledged it: should
//! the acknowledgement be lost, whichever the board knows is used.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crypto::Key;
use crypto::handshake::public_key;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What this computer keeps for one board.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The secret of this computer's key.
    pub secret: Key,
    /// The board's key, by which it is known again.
    pub board: [u8; 32],
    /// The secret that is about to replace the other.
    pub next: Option<Key>,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Record {
    secret: String,
    board: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Credentials {
    /// Reads the file at `path`; none if there is none, as before this computer was paired.
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
        Ok(Some(Self { secret: Key::new(key(&record.secret)?), board: key(&record.board)?, next }))
    }

    /// Writes the file at `path`, for this user alone.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let record = Record {
            secret: hex(self.secret.bytes()),
            board: hex(&self.board),
            next: self.next.as_ref().map(|next| hex(next.bytes())),
        };
        let text = serde_json::json!(record).to_string();
        write_secret(path, text.as_bytes())
    }

    /// The key by which the board knows this computer.
    pub fn public(&self) -> [u8; 32] {
        public_key(&self.secret)
    }
}

/// A new secret from the operating system's random numbers.
///
/// # Errors
/// [`Error::Random`].
pub fn random_key() -> Result<Key> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(Key::new(bytes))
}

/// Puts a file in its place whole, readable by this user alone.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    let beside = PathBuf::from(format!("{}.new", path.display()));
    // What a writer that died left behind may have other permissions.
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .map_err(Error::file(&beside))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::file(&beside))?;
    fs::rename(&beside, path).map_err(Error::file(path))
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of twice as many hexadecimal digits.
pub(crate) fn unhex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let digits = digits.trim();
    if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
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
        let kept =
            Credentials { secret: Key::new([0xA5; 32]), board: [9; 32], next: Some(Key::new([1; 32])) };
        kept.save(&path).expect("written");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let read = Credentials::load(&path).expect("read").expect("there");
        assert_eq!((read.secret, read.board, read.next), (kept.secret, kept.board, kept.next));
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
