//! Files that a command writes: whole or not at all, and never over its inputs.
//!
//! Every file that the host writes goes through [`replace`]: the bytes are written to a temporary file in the same
//! folder, which is renamed when it is complete. A program that is killed, or a full disc, leaves what was there before.
//! `cargo xtask tidy` fails for a source of the host that writes files by other means.
//!
//! A file that the user names is checked first, before the work ([`OutputFile::new`]):
//!
//! | the file | without `--force` | with it |
//! |---|---|---|
//! | is not there | written | written |
//! | is there | refused | replaced |
//! | is an input of the same command, by any name or link | refused | refused |
//! | is a folder | refused | refused |
//! | is a device or a pipe | written into | written into |
#![forbid(unsafe_code)]

mod folder;

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub use folder::OutputFolder;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is also an input.
    #[error("{} is an input of this command, and a result never replaces what it is made from: name another file",
        path.display())]
    Input {
        /// The file, as the user named it.
        path: PathBuf,
    },
    /// There is a file of this name.
    #[error("{} is there already: name another file, or replace it with --force", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is a folder of this name.
    #[error("{} is a folder: name a file in it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The folder is an input, has one in it, or lies in one.
    #[error("{} and {}, which is an input of this command, are not apart: name another folder", path.display(),
        input.display())]
    InInput {
        /// The folder, as the user named it.
        path: PathBuf,
        /// The input.
        input: PathBuf,
    },
    /// There are other files in the folder.
    #[error("{} has other files in it: name another folder, or put the results there with --force", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// Writing failed. What was there before is unchanged.
    #[error("cannot write {}: {}", path.display(), problem(error))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said; the message has it.
        error: io::Error,
    },
}

/// What the user can do about an error of the operating system.
fn problem(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "there is no space left on the disc; nothing was written, so make room and try again".to_owned()
        }
        io::ErrorKind::NotFound => "there is no such folder: make it, or name another one".to_owned(),
        io::ErrorKind::NotADirectory => {
            "a part of the path is a file and no folder: name a file in a folder".to_owned()
        }
        // An error that was wrapped names the temporary file, which is gone.
        kind if error.get_ref().is_some() => io::Error::from(kind).to_string(),
        _ => error.to_string(),
    }
}

/// What a file is written through.
pub trait Target: Write + Seek {}
impl<T: Write + Seek> Target for T {}

/// A file that the user named for a result, and that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    path: PathBuf,
}

impl OutputFile {
    /// Checks the file before the work. `force` permits to replace a file that is there; `inputs` are the files that the
    /// result is made from.
    ///
    /// # Errors
    /// [`Error::Input`], [`Error::Exists`], [`Error::Folder`].
    pub fn new<I: AsRef<Path>>(
        path: impl Into<PathBuf>,
        force: bool,
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<Self, Error> {
        let path = path.into();
        let Ok(there) = fs::metadata(&path) else { return Ok(Self { path }) };
        if there.is_dir() {
            return Err(Error::Folder { path });
        }
        if inputs.into_iter().any(|input| is_same(&there, input.as_ref())) {
            return Err(Error::Input { path });
        }
        if there.is_file() && !force {
            return Err(Error::Exists { path });
        }
        Ok(Self { path })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file: see [`replace`].
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, fill: impl FnOnce(&mut dyn Target) -> io::Result<()>) -> Result<(), Error> {
        replace(&self.path, fill)
    }
}

impl AsRef<Path> for OutputFile {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// How deep folders in an input are looked into: a folder of people has one more level, and a link may lead in a circle.
const DEPTH: usize = 8;

/// Whether two paths lead to one file, through links of either kind. A file anywhere in the folder `input` counts as well, so
/// that a folder of pictures, or of folders of people, can be an input.
fn is_same(there: &Metadata, input: &Path) -> bool {
    is_in(there, input, DEPTH)
}

fn is_in(there: &Metadata, input: &Path, depth: usize) -> bool {
    match fs::metadata(input) {
        Ok(folder) if folder.is_dir() => {
            depth > 0
                && fs::read_dir(input).is_ok_and(|entries| {
                    entries.flatten().any(|entry| is_in(there, &entry.path(), depth - 1))
                })
        }
        Ok(other) => (other.dev(), other.ino()) == (there.dev(), there.ino()),
        Err(_) => false,
    }
}

/// Writes a file so that it is there whole, or as it was before. A link is followed. A device or a pipe is written into.
///
/// # Errors
/// [`Error::Write`].
pub fn replace(path: &Path, fill: impl FnOnce(&mut dyn Target) -> io::Result<()>) -> Result<(), Error> {
    let cannot = |error| Error::Write { path: path.to_owned(), error };
    write_whole(path, fill).map_err(cannot)
}

/// As [`replace`], for bytes that are in memory.
///
/// # Errors
/// [`Error::Write`].
pub fn replace_with(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, |to| to.write_all(bytes))
}

fn write_whole(path: &Path, fill: impl FnOnce(&mut dyn Target) -> io::Result<()>) -> io::Result<()> {
    let there = fs::metadata(path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        // Not seekable, so it is made in memory first.
        let mut bytes = io::Cursor::new(Vec::new());
        fill(&mut bytes)?;
        return File::options().write(true).open(path)?.write_all(bytes.get_ref());
    }
    let path = if there.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let permissions = there.map_or_else(|| fs::Permissions::from_mode(0o666), |there| there.permissions());
    let beside = tempfile::Builder::new().prefix(".part-").permissions(permissions).tempfile_in(folder)?;
    let mut to = BufWriter::new(beside);
    fill(&mut to)?;
    let beside = to.into_inner().map_err(io::IntoInnerError::into_error)?;
    beside.as_file().sync_all()?;
    beside.persist(&path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> =
            names.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_result_never_replaces_an_input_even_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("photo.jpg"), "the photograph").expect("written");
        std::os::unix::fs::symlink("photo.jpg", at("symbolic.jpg")).expect("linked");
        fs::hard_link(at("photo.jpg"), at("hard.jpg")).expect("linked");
        let people = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(people.path().join("Ada/old")).expect("made");
        fs::hard_link(at("photo.jpg"), people.path().join("Ada/old/1.jpg")).expect("linked");
        for name in ["photo.jpg", "symbolic.jpg", "hard.jpg", "./photo.jpg"] {
            let folders = [folder.path().to_owned(), people.path().to_owned()];
            for input in [at("photo.jpg"), at("symbolic.jpg")].into_iter().chain(folders) {
                let refused = OutputFile::new(at(name), true, [&input]).expect_err(name);
                assert!(matches!(refused, Error::Input { .. }), "{name}: {refused}");
            }
        }
        assert_eq!(fs::read(at("photo.jpg")).expect("read"), b"the photograph");
    }

    #[test]
    fn a_file_that_is_there_wants_force() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.png");
        let none: [&Path; 0] = [];
        OutputFile::new(&path, false, none).expect("new").write(|to| to.write_all(b"one")).expect("written");
        let refused = OutputFile::new(&path, false, none).expect_err("it is there").to_string();
        assert!(refused.contains("--force"), "{refused}");
        OutputFile::new(&path, true, none)
            .expect("forced")
            .write(|to| to.write_all(b"two"))
            .expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"two");
        let refused = OutputFile::new(folder.path(), true, none).expect_err("a folder").to_string();
        assert!(refused.contains("is a folder"), "{refused}");
        assert_eq!(files(folder.path()), ["out.png"]);
    }

    #[test]
    fn a_full_disc_leaves_what_was_there_and_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.png");
        let full = |to: &mut dyn Target| {
            to.write_all(&[7; 100_000])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        let said = replace(&path, full).expect_err("full").to_string();
        assert!(said.contains("no space left on the disc; nothing was written"), "{said}");
        assert_eq!(files(folder.path()), [""; 0]);
        replace_with(&path, b"before").expect("written");
        replace(&path, full).expect_err("full");
        assert_eq!(fs::read(&path).expect("read"), b"before");
        assert_eq!(files(folder.path()), ["out.png"]);
    }

    #[test]
    fn a_link_stays_and_its_file_is_replaced_with_the_same_permissions() {
        let folder = tempfile::tempdir().expect("a folder");
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        replace_with(&file, b"one").expect("written");
        assert_ne!(
            fs::metadata(&file).expect("there").mode() & 0o044,
            0,
            "others may read it, as they may any file"
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink("file", &link).expect("linked");
        replace_with(&link, b"two").expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&file).expect("read"), b"two");
        assert_eq!(fs::metadata(&file).expect("there").mode() & 0o777, 0o640);
    }

    #[test]
    fn a_device_is_written_into_and_stays_one() {
        let none: [&Path; 0] = [];
        let null = OutputFile::new("/dev/null", false, none).expect("a device");
        null.write(|to| to.write_all(b"gone")).expect("written");
        assert!(!fs::metadata("/dev/null").expect("there").is_file());
        let full = replace_with(Path::new("/dev/full"), b"x").expect_err("full").to_string();
        assert!(full.contains("no space left on the disc"), "{full}");
    }

    #[test]
    fn the_temporary_file_is_named_to_nobody() {
        // No name may be longer than 255 bytes; the temporary file lies in what is a file itself.
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        replace_with(&file, b"x").expect("written");
        for path in [folder.path().join("x".repeat(300)), file.join("out.png")] {
            let said = replace_with(&path, b"x").expect_err("no such file").to_string();
            assert!(!said.contains(".part-"), "{said}");
        }
        assert_eq!(files(folder.path()), ["file"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let said = replace_with(&folder.path().join("no/out.png"), b"x").expect_err("no folder").to_string();
        assert!(said.contains("there is no such folder"), "{said}");
    }
}
