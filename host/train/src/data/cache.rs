//! What was found in pictures, in one file, kept for all trainings: aligned faces, or a teacher's embeddings.
//!
//! ```text
//! 0   8     "PSTNCRP1"
//! 8   32    SHA-256 of the finder: another detector or teacher starts a new file
//! then a record a picture:
//!     32    SHA-256 of the picture's file
//!     2     n, little-endian: 0 if something was found, else the length of the reason why not
//!     n     the reason, UTF-8; or what was found, of a length that is the same for all
//!     4     the first bytes of the record's SHA-256
//! ```
//! An aligned face is 37,632 bytes: 112 x 112, RGB.
//!
//! Records are only ever appended. After a kill the file is cut behind its last whole record, so that nothing
//! is looked for twice. Pictures are identified by their content: one that is moved or renamed is known.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::Crops;
use crate::Error;

const MAGIC: &[u8; 8] = b"PSTNCRP1";
const HEADER: u64 = 40;
const CHECK: usize = 4;

/// What was found in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Something, of the cache's length.
    Something(Vec<u8>),
    /// Nothing, and why.
    Nothing(String),
}

/// The finding that is kept of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Something, at this place in the file.
    Something(u64),
    /// Nothing, and why.
    Nothing(String),
}

/// The file, open to be added to.
pub struct Cache {
    path: PathBuf,
    file: File,
    end: u64,
    length: usize,
    known: HashMap<[u8; 32], Stored>,
}

impl Cache {
    /// Opens the file at `path`, or begins it; `finder` identifies the finder, and `length` is the number of bytes of a finding.
    ///
    /// # Errors
    /// [`Error::Damaged`] of a file that is something else, [`Error::Read`], [`Error::Write`].
    pub fn open(path: &Path, finder: &[u8; 32], length: usize) -> Result<Self, Error> {
        let read_error = |source| Error::Read { path: path.into(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| Error::Write { path: path.into(), source })?;
        }
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = options.map_err(|source| Error::Write { path: path.into(), source })?;
        let mut header = Vec::new();
        (&file).take(HEADER).read_to_end(&mut header).map_err(read_error)?;
        let is_ours = header.starts_with(MAGIC);
        if !is_ours && !MAGIC.starts_with(&header[..header.len().min(MAGIC.len())]) {
            let problem = "this is no file of what was found in pictures; give --cache another path".into();
            return Err(Error::Damaged { path: path.into(), problem });
        }
        let mut crops = Self { path: path.into(), file, end: HEADER, length, known: HashMap::new() };
        if header.len() as u64 == HEADER && header[MAGIC.len()..] == finder[..] {
            crops.read_records().map_err(read_error)?;
            crops.file.set_len(crops.end).map_err(|source| crops.write_error(source))?;
        } else {
            let begun = crops.begin(finder);
            begun.map_err(|source| crops.write_error(source))?;
        }
        Ok(crops)
    }

    fn begin(&mut self, finder: &[u8; 32]) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&[&MAGIC[..], finder].concat())
    }

    fn write_error(&self, source: io::Error) -> Error {
        Error::Write { path: self.path.clone(), source }
    }

    /// Reads whole records as far as there are any.
    fn read_records(&mut self) -> io::Result<()> {
        let mut from = BufReader::new(&self.file);
        while let Some((digest, finding, length)) = read_record(&mut from, self.length)? {
            let stored = match finding {
                Finding::Something(_) => Stored::Something(self.end + 34),
                Finding::Nothing(reason) => Stored::Nothing(reason),
            };
            self.known.insert(digest, stored);
            self.end += length;
        }
        Ok(())
    }

    /// The finding of the picture whose file has this SHA-256.
    #[must_use]
    pub fn known(&self, digest: &[u8; 32]) -> Option<&Stored> {
        self.known.get(digest)
    }

    /// Adds what was found in a picture.
    ///
    /// # Errors
    /// [`Error::Write`]; what was added before is whole.
    pub fn add(&mut self, digest: [u8; 32], finding: &Finding) -> Result<(), Error> {
        let mut record = digest.to_vec();
        let stored = match finding {
            Finding::Something(face) => {
                debug_assert_eq!(face.len(), self.length);
                record.extend(0u16.to_le_bytes());
                record.extend(face);
                Stored::Something(self.end + 34)
            }
            Finding::Nothing(reason) => {
                // An empty reason would read as a face.
                let reason = if reason.is_empty() { "unknown" } else { reason };
                let length = reason.floor_char_boundary(u16::MAX.into());
                record.extend((length as u16).to_le_bytes());
                record.extend(&reason.as_bytes()[..length]);
                Stored::Nothing(reason[..length].into())
            }
        };
        let check = Sha256::digest(&record);
        record.extend(&check[..CHECK]);
        let end = self.end;
        let written = self.file.seek(SeekFrom::Start(end)).and_then(|_| self.file.write_all(&record));
        written.map_err(|source| self.write_error(source))?;
        self.end += record.len() as u64;
        self.known.insert(digest, stored);
        Ok(())
    }

    /// What was found at `places`, by their number in that list.
    #[must_use]
    pub fn store(self, places: Vec<u64>) -> Store {
        Store { path: self.path, file: Mutex::new(self.file), length: self.length, places }
    }
}

/// The next record with its length in the file; none at the end or where one is not whole.
fn read_record(from: &mut impl Read, length: usize) -> io::Result<Option<([u8; 32], Finding, u64)>> {
    let mut record = vec![0; 34];
    if !filled(from, &mut record)? {
        return Ok(None);
    }
    let reason = usize::from(u16::from_le_bytes([record[32], record[33]]));
    let length = if reason == 0 { length } else { reason };
    record.resize(34 + length + CHECK, 0);
    if !filled(from, &mut record[34..])? {
        return Ok(None);
    }
    let (content, check) = record.split_at(34 + length);
    if Sha256::digest(content)[..CHECK] != *check {
        return Ok(None);
    }
    let payload = content[34..].to_vec();
    let digest = std::array::from_fn(|at| content[at]);
    let total = record.len() as u64;
    let finding = if reason == 0 {
        Finding::Something(payload)
    } else {
        Finding::Nothing(String::from_utf8_lossy(&payload).into_owned())
    };
    Ok(Some((digest, finding, total)))
}

/// Whether `to` could be filled before the end.
fn filled(from: &mut impl Read, to: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// What was found, read when it is asked for.
pub struct Store {
    path: PathBuf,
    file: Mutex<File>,
    length: usize,
    places: Vec<u64>,
}

impl Crops for Store {
    fn read(&self, picture: usize) -> Result<Vec<u8>, Error> {
        let mut face = vec![0; self.length];
        // Whoever panicked while reading left the file as it was.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.places[picture]))
            .and_then(|_| file.read_exact(&mut face))
            .map_err(|source| Error::Read { path: self.path.clone(), source })?;
        Ok(face)
    }
}

/// What several files have, one after the other.
impl Crops for Vec<Store> {
    fn read(&self, picture: usize) -> Result<Vec<u8>, Error> {
        let mut before = 0;
        let has = |store: &&Store| {
            let is_in = picture < before + store.places.len();
            before += if is_in { 0 } else { store.places.len() };
            is_in
        };
        let store = self.iter().find(has).expect("a picture is in one of the files");
        store.read(picture - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CROP_BYTES;

    const FINDER: [u8; 32] = [7; 32];

    fn face(value: u8) -> Finding {
        Finding::Something(vec![value; CROP_BYTES])
    }

    fn filled_file(path: &Path) {
        let mut file = Cache::open(path, &FINDER, CROP_BYTES).unwrap();
        file.add([1; 32], &face(10)).unwrap();
        file.add([2; 32], &Finding::Nothing("no face".into())).unwrap();
        file.add([3; 32], &face(30)).unwrap();
    }

    #[test]
    fn several_files_are_read_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = |name: &str, values: &[u8]| {
            let mut cache = Cache::open(&folder.path().join(name), &FINDER, CROP_BYTES).unwrap();
            let places = values.iter().map(|&value| {
                cache.add([value; 32], &face(value)).unwrap();
                let Some(Stored::Something(place)) = cache.known(&[value; 32]) else { panic!("{value}") };
                *place
            });
            let places = places.collect();
            cache.store(places)
        };
        let stores = vec![store("one", &[1, 2]), store("none", &[]), store("two", &[3])];
        for (picture, value) in [(0, 1), (1, 2), (2, 3)] {
            assert_eq!(stores.read(picture).unwrap()[0], value);
        }
    }

    #[test]
    fn faces_are_found_again_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deeper/faces");
        filled_file(&path);
        let file = Cache::open(&path, &FINDER, CROP_BYTES).unwrap();
        assert_eq!(file.known(&[2; 32]), Some(&Stored::Nothing("no face".into())));
        let place = |digest| match file.known(&digest) {
            Some(Stored::Something(place)) => *place,
            other => panic!("{other:?}"),
        };
        let places = vec![place([3; 32]), place([1; 32])];
        let store = file.store(places);
        assert_eq!((store.read(0).unwrap()[0], store.read(1).unwrap()[100]), (30, 10));
    }

    #[test]
    fn a_kill_at_any_byte_loses_the_last_record_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faces");
        filled_file(&path);
        let whole = std::fs::read(&path).unwrap();
        for length in [0, 5, 39, 40, 60, 40 + 38 + CROP_BYTES, whole.len() - 1] {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut file = Cache::open(&path, &FINDER, CROP_BYTES).unwrap();
            assert_eq!(file.known(&[1; 32]).is_some(), length >= 40 + 38 + CROP_BYTES, "{length}");
            assert_eq!(file.known(&[3; 32]), None);
            file.add([4; 32], &face(40)).unwrap();
            drop(file);
            assert!(Cache::open(&path, &FINDER, CROP_BYTES).unwrap().known(&[4; 32]).is_some(), "{length}");
        }
    }

    #[test]
    fn another_detector_restarts_and_another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faces");
        filled_file(&path);
        assert_eq!(Cache::open(&path, &[8; 32], CROP_BYTES).unwrap().known(&[1; 32]), None);
        std::fs::write(&path, "somebody's notes").unwrap();
        assert!(matches!(Cache::open(&path, &FINDER, CROP_BYTES), Err(Error::Damaged { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody's notes");
    }
}
