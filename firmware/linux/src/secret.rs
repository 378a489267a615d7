//! The door's unique secret: in a credential of systemd, derived from the memory of a Raspberry Pi, or in a file.
//!
//! | place | who has it besides the door |
//! |---|---|
//! | credential, encrypted by a TPM | root of this computer while it runs; not who takes the disk |
//! | OTP of a Raspberry Pi | root of this computer, and who takes the whole computer |
//! | file | whoever has the disk |
//!
//! A new door draws the file. Whoever has the secret and the flash can read the people in it, so a backup keeps the two apart.
//!
//! # Invariants
//! - A place that is named has the secret, or the door does not start: it never falls back to a file, which would be another
//!   secret.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use board_api::SecretPlace;
use crypto::Key;

use crate::config::Secret;
use crate::secret_place::{Elsewhere, Otp};
use crate::{Error, Result, file, medium};

/// The variable by which systemd says where the credentials of a service are.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A TPM, as the kernel shows it.
const TPM: &str = "/sys/class/tpm/tpm0";

/// Bytes of the private key in a Raspberry Pi: 32 up to the fourth, 64 since.
const OTP_BYTES: [usize; 2] = [32, 64];

/// Most bytes that are read of a secret: more than any has, so that a longer one is known as none.
const MOST: u64 = 4096;

/// What to do where a credential is not there.
const GIVEN: &str = "systemd gives it to the service alone: add LoadCredentialEncrypted= or LoadCredential= with that name to its \
                     unit, and check by `systemd-run --pipe` with the same line";

impl Secret {
    /// Where it is.
    pub fn place(&self) -> SecretPlace {
        match self.elsewhere {
            None => SecretPlace::File,
            Some(Elsewhere::Credential(_)) => SecretPlace::Credential,
            Some(Elsewhere::Otp(_)) => SecretPlace::Otp,
        }
    }

    /// Where it is, for people, and what they may do about that.
    pub fn describe(&self) -> String {
        let has_tpm = Path::new(TPM).exists();
        let file = self.file.display();
        match &self.elsewhere {
            None if has_tpm => {
                format!("the file {file}. This computer has a TPM, by which a credential is safer")
            }
            None => format!("the file {file}"),
            Some(Elsewhere::Credential(name)) if has_tpm => format!("the credential {name} of systemd"),
            Some(Elsewhere::Credential(name)) => {
                format!("the credential {name} of systemd. This computer has no TPM: its key is on the disk")
            }
            Some(Elsewhere::Otp(_)) => "the OTP of the Raspberry Pi".to_owned(),
        }
    }
}

impl Secret {
    /// That the file of before is still there, where the secret is elsewhere: whoever takes the disk has it.
    pub fn left_behind(&self) -> Option<String> {
        let file = &self.file;
        (self.elsewhere.is_some() && fs::symlink_metadata(file).is_ok()).then(|| {
            format!(
                "secret: {} is still there, so whoever has the disk has what it holds. Keep a copy elsewhere, and delete it; its \
                 blocks may stay on the disk all the same, and docs/linux.md has the safe way",
                file.display()
            )
        })
    }
}

/// Reads the secret, and draws its file if it is in one that is not there, unless the flash at `flash` is a door's: that has
/// another secret.
///
/// # Errors
/// [`Error::LostSecret`], [`Error::Secret`], [`Error::OpenSecret`], [`Error::File`], [`Error::Random`]; [`Error::SecretPlace`] if it is not where
/// the configuration says.
pub fn load(secret: &Secret, flash: &Path) -> Result<Key> {
    let credentials = std::env::var_os(CREDENTIALS).map(PathBuf::from);
    match &secret.elsewhere {
        None => load_file(&secret.file, flash),
        Some(place) => load_elsewhere(place, credentials.as_deref()),
    }
}

/// The secret in a place that is no file of the door, where systemd has put its credentials.
fn load_elsewhere(place: &Elsewhere, credentials: Option<&Path>) -> Result<Key> {
    let of_credential = |name: &str| {
        let folder = credentials.ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
        file::read(&folder.join(name), MOST)
    };
    let failed = |hint: &'static str| {
        let place = match place {
            Elsewhere::Credential(name) => format!("the credential {name}"),
            Elsewhere::Otp(Otp::File(path)) => path.display().to_string(),
            Elsewhere::Otp(Otp::Credential(name)) => format!("the OTP in the credential {name}"),
        };
        move |source: io::Error| Error::SecretPlace { place, hint, source }
    };
    let wrong = |hint| failed(hint)(ErrorKind::InvalidData.into());
    match place {
        Elsewhere::Credential(name) => {
            let bytes = of_credential(name).map_err(failed(GIVEN))?;
            let whole = bytes.try_into().map(Key::new);
            whole.map_err(|_| {
                wrong("it has not 32 bytes: make it of 32 random ones, or of the file of before")
            })
        }
        Elsewhere::Otp(otp) => {
            let bytes = match otp {
                Otp::Credential(name) => of_credential(name).map_err(failed(GIVEN))?,
                Otp::File(path) => file::read(path, MOST).map_err(failed(
                    "is that the path in this kernel, and may the user of the door read it? Else let systemd read it: \
                     LoadCredential=NAME:PATH, and otp = \"credential:NAME\"",
                ))?,
            };
            derive(&bytes)
                .ok_or_else(|| wrong("it has no key: `rpi-otp-private-key` writes one, once and for ever"))
        }
    }
}

/// The secret that follows from a private key in a Raspberry Pi, which others use for something else. `None` if there is none.
fn derive(otp: &[u8]) -> Option<Key> {
    let (first, rest) = otp.split_first_chunk::<32>().filter(|_| OTP_BYTES.contains(&otp.len()))?;
    otp.iter().any(|byte| *byte != 0).then(|| Key::new(*first).derive(rest, b"postern otp"))
}

/// Reads the file, and draws the secret if there is none.
fn load_file(path: &Path, flash: &Path) -> Result<Key> {
    let bytes = match file::read(path, MOST) {
        // Its disk is not mounted: the secret is there.
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            return Err(Error::file(path)(error));
        }
        Err(error) if error.kind() == ErrorKind::NotFound && medium::is_of_a_door(flash) => {
            return Err(Error::LostSecret { path: path.to_owned(), flash: flash.to_owned() });
        }
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
    let beside = appended(path, ".new");
    let mut file = beside_its_place(&beside, bytes.len() as u64).map_err(Error::file(&beside))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(Error::file(&beside))?;
    replace(&beside, path).map_err(Error::file(path))?;
    Ok(Key::new(bytes))
}

/// The path of what lies beside a file: its whole name, and more. So no two files have one thing beside them.
pub(crate) fn appended(path: &Path, more: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(more);
    name.into()
}

/// A new file that only its user can read, for what is renamed to its place when it is written. One of at most `most` bytes is what
/// a write that was cut short has left, and goes; anything longer is somebody's, and stays.
pub(crate) fn beside_its_place(path: &Path, most: u64) -> io::Result<fs::File> {
    match fs::symlink_metadata(path) {
        Ok(left) if left.is_file() && left.len() <= most => fs::remove_file(path)?,
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Renames a file that is written to its place, and waits until its folder says so on disk too.
pub(crate) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_raspberry_pi_follows_from_all_of_its_key() {
        assert!(derive(&[0; 32]).is_none() && derive(&[0; 64]).is_none(), "nothing was written");
        assert!(derive(&[1; 31]).is_none() && derive(&[1; 48]).is_none());
        let key = |bytes: &[u8]| *derive(bytes).expect("a key").bytes();
        let mut long = [0; 64];
        long[63] = 1;
        let mut other = long;
        other[0] = 1;
        let all = [key(&[1; 32]), key(&[2; 32]), key(&long), key(&other), [1; 32]];
        for (place, one) in all.iter().enumerate() {
            assert!(all[..place].iter().all(|before| before != one));
        }
    }

    #[test]
    fn what_a_write_has_left_is_replaced_and_what_is_somebodys_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (secret, beside) = (folder.path().join("unique.key"), folder.path().join("unique.key.new"));
        fs::write(&beside, "letters that are longer than a secret is").expect("written");
        assert!(draw(&secret).is_err() && !secret.exists());
        assert!(fs::read_to_string(&beside).expect("it is there").starts_with("letters"));
        fs::write(&beside, [1; 12]).expect("written");
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o644)).expect("set");
        draw(&secret).expect("drawn");
        let mode = fs::metadata(&secret).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "not the mode of what was there");
    }

    #[test]
    fn a_memory_is_read_by_the_door_or_by_systemd() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("otp");
        fs::write(&path, [7; 32]).expect("written");
        let of_file = load_elsewhere(&Elsewhere::Otp(Otp::File(path.clone())), None).expect("a key");
        let given = Elsewhere::Otp(Otp::Credential("otp".into()));
        let of_systemd = load_elsewhere(&given, Some(folder.path())).expect("a key");
        assert_eq!(of_file.bytes(), of_systemd.bytes());
        assert!(load_elsewhere(&given, None).is_err(), "no credential was given");
        fs::write(&path, [0; 32]).expect("written");
        let error = load_elsewhere(&given, Some(folder.path())).expect_err("there is none").to_string();
        assert!(error.contains("rpi-otp-private-key"), "{error}");
    }
}
