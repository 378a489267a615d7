//! The door's unique secret: a file of 32 bytes that only the user of the door can read.
//!
//! A new door draws it. Whoever has the file and the flash can read the people in it, so a backup keeps the two apart.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crypto::Key;

use crate::{Error, Result};

/// Reads the secret, and draws it if there is none.
///
/// # Errors
/// [`Error::Secret`], [`Error::OpenSecret`], [`Error::File`], [`Error::Random`].
pub fn load(path: &Path) -> Result<Key> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return draw(path),
        other => other.map_err(Error::file(path))?,
    };
    let mode = fs::metadata(path).map_err(Error::file(path))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::OpenSecret { path: path.to_owned() });
    }
    bytes.try_into().map(Key::new).map_err(|_| Error::Secret { path: path.to_owned() })
}

/// Draws a secret. It is written beside its place and renamed, so that it is whole or not there.
fn draw(path: &Path) -> Result<Key> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .map_err(Error::file(&beside))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(Error::file(&beside))?;
    replace(&beside, path).map_err(Error::file(path))?;
    Ok(Key::new(bytes))
}

/// Renames a file that is written to its place, and waits until its folder says so on disk too.
pub(crate) fn replace(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::rename(from, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
