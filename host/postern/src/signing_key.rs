//! The signing key of this computer, as commands use it: read, made, and unlocked by its passphrase.
//!
//! A passphrase is typed at the terminal, or read from the file that `POSTERN_PASSPHRASE_FILE` names, for scripts. It is
//! never an argument, which other users can read.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use client::Signer;
use client::protocol::Hash;
use zeroize::Zeroizing;

use crate::output::{ask_passphrase, note};

/// The variable that names the file with the passphrase.
const VARIABLE: &str = "POSTERN_PASSPHRASE_FILE";

/// Fewest characters of a new passphrase.
const SHORTEST: usize = 8;

/// The key at `path`, to sign with. Makes one if there is none; asks for its passphrase if it is protected.
pub fn signer(path: &Path) -> anyhow::Result<Signer> {
    match Signer::public_at(path)? {
        None => make(path),
        Some((_, false)) => Ok(Signer::load_or_make(path)?),
        Some((_, true)) => Ok(Signer::unlock(path, &passphrase(path)?)?),
    }
}

/// As [`signer`], where nobody is at the terminal: a protected key is unlocked by the passphrase's file alone.
///
/// # Errors
/// The key is protected, and no variable names that file.
#[cfg(feature = "console")]
pub fn unattended(path: &Path) -> anyhow::Result<Signer> {
    let is_protected = Signer::public_at(path)?.is_some_and(|(_, protected)| protected);
    ensure!(
        !is_protected || std::env::var_os(VARIABLE).is_some(),
        "{} is protected by a passphrase: name a file that holds it with {VARIABLE} when you start this command, or use \
         `postern flash` at a terminal",
        path.display()
    );
    signer(path)
}

/// The public key at `path`, for which nothing is unlocked. Makes a key if there is none.
pub fn public(path: &Path) -> anyhow::Result<Hash> {
    match Signer::public_at(path)? {
        None => Ok(make(path)?.public()),
        Some((public, _)) => Ok(public),
    }
}

/// Makes a new key at `path`. It is protected as the key was that it replaces.
pub fn replace(path: &Path) -> anyhow::Result<Signer> {
    let Some((_, true)) = Signer::public_at(path)? else { return make(path) };
    let passphrase = passphrase(path)?;
    Signer::unlock(path, &passphrase)?;
    // It is never in a file without its protection.
    let signer = Signer::passing()?;
    signer.protect(path, &passphrase)?;
    Ok(signer)
}

/// The key of a fleet's operator at `path`. One that is gone is not made again: another key in its place would hide that, and
/// rules no door.
#[cfg(feature = "bridge")]
pub fn operators(path: &Path) -> anyhow::Result<Signer> {
    ensure!(
        Signer::public_at(path)?.is_some(),
        "the operator's key {} is gone: bring a copy of it back, or name it with --key. Without it nobody can change the doors by \
         this fleet",
        path.display()
    );
    signer(path)
}

/// The key of the operator of a new fleet at `path`. Makes one if there is none.
#[cfg(feature = "bridge")]
pub fn new_operators(path: &Path) -> anyhow::Result<Signer> {
    if Signer::public_at(path)?.is_some() {
        return signer(path);
    }
    let signer = Signer::make(path)?;
    note!(
        "made the operator's key {key}, which this user alone can read; `postern keys protect --key {key}` protects it by a \
         passphrase. Keep a copy of it away from this computer.",
        key = path.display()
    );
    Ok(signer)
}

/// Protects the key at `path` by a new passphrase: of the first line of `file`, or typed twice. A key that somebody `named` must
/// be there.
pub fn protect(path: &Path, named: bool, file: Option<&Path>) -> anyhow::Result<Signer> {
    let there = Signer::public_at(path)?.map(|_| signer(path)).transpose()?;
    ensure!(!named || there.is_some(), "there is no key {}", path.display());
    let new = match file {
        Some(file) => first_line(file)?,
        None => {
            let new = ask_passphrase("New passphrase").context(cannot_ask("--passphrase-file"))?;
            ensure!(
                new == ask_passphrase("The same again")?,
                "the two passphrases differ; nothing was changed"
            );
            new
        }
    };
    ensure!(
        new.chars().count() >= SHORTEST,
        "a passphrase has {SHORTEST} characters or more; nothing was changed"
    );
    // A key is made last: no passphrase, no key.
    let signer = there.map_or_else(|| make(path), Ok)?;
    signer.protect(path, &new)?;
    Ok(signer)
}

fn make(path: &Path) -> anyhow::Result<Signer> {
    let signer = Signer::make(path)?;
    note!(
        "made the signing key {}, which this user alone can read; `postern keys protect` protects it by a passphrase",
        path.display()
    );
    Ok(signer)
}

/// The passphrase of the key at `path`.
fn passphrase(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    match std::env::var_os(VARIABLE) {
        Some(file) => first_line(Path::new(&file)),
        None => {
            let what = format!("Passphrase of {}", path.display());
            ask_passphrase(&what)
                .with_context(|| format!("{} is protected: {}", path.display(), cannot_ask(VARIABLE)))
        }
    }
}

fn cannot_ask(instead: &str) -> String {
    format!("a passphrase is typed at a terminal; in a script, name a file that holds it with {instead}")
}

/// The first line of a file.
fn first_line(file: &Path) -> anyhow::Result<Zeroizing<String>> {
    let text = Zeroizing::new(
        std::fs::read_to_string(file).with_context(|| format!("the passphrase file {}", file.display()))?,
    );
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Zeroizing::new(line.to_owned())),
        _ => bail!("{} holds no passphrase on its first line", file.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_protected_by_a_file_and_a_bad_passphrase_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (key, file) = (folder.path().join("signing.key"), folder.path().join("passphrase"));
        let made = public(&key).unwrap();
        assert_eq!(signer(&key).unwrap().public(), made);
        for bad in ["", "short\n", "\nsecond line\n"] {
            std::fs::write(&file, bad).unwrap();
            assert!(protect(&key, false, Some(&file)).is_err(), "{bad:?}");
            assert_eq!(Signer::public_at(&key).unwrap(), Some((made, false)));
        }
        std::fs::write(&file, "correct horse\nnot this\n").unwrap();
        assert_eq!(protect(&key, true, Some(&file)).unwrap().public(), made);
        assert_eq!(Signer::unlock(&key, "correct horse").unwrap().public(), made);
        assert_eq!(public(&key).unwrap(), made, "the public key needs no passphrase");
    }

    #[cfg(feature = "bridge")]
    #[test]
    fn no_key_is_made_for_a_wrong_name_or_without_its_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let (key, file) = (folder.path().join("operatr.key"), folder.path().join("passphrase"));
        let refused =
            |named| format!("{:#}", protect(&key, named, Some(&file)).err().expect("it is refused"));
        assert!(refused(false).contains("the passphrase file"), "{}", refused(false));
        assert!(!key.exists());
        std::fs::write(&file, "correct horse\n").unwrap();
        assert!(refused(true).contains("there is no key"), "{}", refused(true));
        assert!(operators(&key).is_err_and(|error| error.to_string().contains("is gone")));
        assert!(!key.exists());
        let made = new_operators(&key).unwrap().public();
        assert_eq!(operators(&key).unwrap().public(), made);
        assert_eq!(new_operators(&key).unwrap().public(), made);
    }
}
