//! Pairings whose end this computer has not heard: their keys, beside those in use.
//!
//! ```text
//! host.key                        the keys in use
//! host.key.pending-0123456789ab   those of a pairing, in the same form; named after the public key of this computer
//! ```
//! A board stores a computer before it says so, and that reply can be lost. Was it the first pairing, nobody else could let a
//! computer in. So the keys are in a file before the board is asked whether its button was held. The file stays until `host.key`
//! has the keys, or the board has said that the pairing is over. Meanwhile:
//! - It is tried where `host.key` gives no role, with the board that it names. Another board is told nothing by that.
//! - Where it gives a role, the pairing had come about, and its keys are in use from then on.
//! - The next pairing with the same board takes the same key, so that keys do not pile up.
//! - It replaces no keys of another board, and none that another program wrote.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::credentials::Folder;
use crate::{Credentials, Device, Error, Result};

/// The sentence about a session with [`Device::ended_pairing`].
pub const ENDED_PAIRING: &str =
    "The board had stored this computer, whose pairing ended before it heard so: they are paired now.";

/// What the file's name has after that of the keys in use.
const MARK: &str = ".pending-";

/// The keys of a pairing whose end is not known.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    path: PathBuf,
    pub(crate) keys: Credentials,
}

impl Pending {
    /// Those beside the file `host_key` that are for `board`, or for any, in the order of their names. One that cannot be read is passed
    /// over: it keeps this computer from no other board.
    ///
    /// # Errors
    /// [`Error::File`]: their folder cannot be read.
    pub(crate) fn all(host_key: &Path, board: Option<[u8; 32]>) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for path in paths(host_key)? {
            // None, if another program came to its end with it.
            let keys = Credentials::load(&path).ok().flatten();
            let keys = keys.filter(|keys| board.is_none_or(|board| board == keys.board));
            all.extend(keys.map(|keys| Self { path, keys }));
        }
        Ok(all)
    }

    /// Writes a file for `keys` beside the file `host_key`.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn keep(host_key: &Path, keys: Credentials) -> Result<Self> {
        let name: String = hex::encode(keys.public()).chars().take(12).collect();
        let path = PathBuf::from(format!("{}{MARK}{name}", host_key.display()));
        keys.save(&path)?;
        Ok(Self { path, keys })
    }

    /// Makes its keys those in use, in the place of `replaced`.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::OtherKeys`] if others are in use meanwhile: then the file stays.
    pub(crate) fn take_up(&self, host_key: &Path, replaced: Option<&Credentials>) -> Result<()> {
        {
            let folder = Folder::of(host_key)?;
            let used = Credentials::load(host_key)?.map(|used| used.public());
            let may_go = [Some(self.keys.public()), replaced.map(Credentials::public)];
            if used.is_some() && !may_go.contains(&used) {
                self.keys.save_in(&folder, &self.path)?;
                return Err(Error::OtherKeys { used: host_key.to_owned(), pending: self.path.clone() });
            }
            self.keys.save_in(&folder, host_key)?;
        }
        self.discard()
    }

    /// Deletes the file.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn discard(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done.map_err(Error::file(&self.path)),
        }
    }
}

/// The files beside the file `host_key`.
fn paths(host_key: &Path) -> Result<Vec<PathBuf>> {
    let folder = host_key.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(Error::file(folder))?,
    };
    let begin = host_key.file_name().map(|name| format!("{}{MARK}", name.to_string_lossy()));
    let is_one = |name: &str| {
        // One that is being written is not there yet.
        begin.as_ref().is_some_and(|begin| name.starts_with(begin)) && !name.ends_with(".new")
    };
    let found = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_one));
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

impl Credentials {
    /// Whether keys of a pairing whose end is not known are beside the file `host_key`.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn are_pending(host_key: &Path) -> Result<bool> {
        Ok(!paths(host_key)?.is_empty())
    }

    /// Deletes the file `host_key`, and the keys beside it of pairings with the same board; those with any, if there is no such
    /// file. Returns whether there were keys.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Record`].
    pub fn forget(host_key: &Path) -> Result<bool> {
        let used = Self::load(host_key);
        let pending = match &used {
            Ok(used) => Pending::all(host_key, used.as_ref().map(|used| used.board))?,
            // It goes, and tells nothing of the others.
            Err(_) => Vec::new(),
        };
        for pending in &pending {
            pending.discard()?;
        }
        if let Ok(None) = used {
            return Ok(!pending.is_empty());
        }
        fs::remove_file(host_key).map_err(Error::file(host_key))?;
        Ok(true)
    }
}

impl Device {
    /// Begins a session with the keys in the file `host_key`, or, where they give no role, with those of a pairing whose end
    /// this computer has not heard. If these do, they are in use from then on: [`ended_pairing`](Self::ended_pairing). Without
    /// keys of this board there is no session.
    ///
    /// # Errors
    /// As [`login`](Self::login); [`Error::File`], [`Error::Record`], [`Error::OtherKeys`].
    pub fn login_with(mut self, host_key: &Path) -> Result<Self> {
        let used = Credentials::load(host_key)?;
        if let Some(used) = &used {
            self = self.login(used)?;
            if self.role().is_some() {
                self.drop_pending(host_key, used.board);
                return Ok(self);
            }
        }
        for pending in Pending::all(host_key, used.as_ref().map(|used| used.board))? {
            match self.greet(&pending.keys.secret, Some(pending.keys.board)) {
                Err(Error::OtherBoard) => {}
                Err(error) => return Err(error),
                Ok(greeting) if greeting.role.is_none() => {}
                Ok(greeting) => {
                    self.take_up(host_key, pending, used.as_ref())?;
                    self.ended_pairing = true;
                    return self.welcomed(greeting);
                }
            }
        }
        if used.is_none() {
            self.link.leave();
        }
        Ok(self)
    }

    /// Whether this session began with the keys of a pairing whose end this computer had not heard.
    pub fn ended_pairing(&self) -> bool {
        self.ended_pairing
    }

    /// Makes the keys of a pairing those in use; the board of this session has stored them.
    pub(crate) fn take_up(
        &mut self,
        host_key: &Path,
        mut pending: Pending,
        replaced: Option<&Credentials>,
    ) -> Result<Credentials> {
        pending.keys.log = self.signer_of_log();
        pending.take_up(host_key, replaced)?;
        self.drop_pending(host_key, pending.keys.board);
        Ok(pending.keys)
    }

    /// Deletes the keys of pairings that the board of this session did not store. What fails is tried again by the next session.
    fn drop_pending(&mut self, host_key: &Path, board: [u8; 32]) {
        let pending = Pending::all(host_key, Some(board)).unwrap_or_default();
        if pending.is_empty() {
            return;
        }
        let used = self.secret();
        let Ok(hosts) = self.hosts() else { return };
        let is_host = |key| hosts.iter().any(|host| host.key == key);
        for pending in pending {
            if used.as_ref() == Some(&pending.keys.secret) || !is_host(pending.keys.public()) {
                let _ = pending.discard();
            }
        }
    }
}
