//! Arrays that NumPy wrote: a zip archive of `.npy` files, of integers only.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::Error;

/// Most bytes of an array.
const MOST: u64 = 1 << 28;

/// The arrays of an archive by name, each with the name of its type.
pub struct Npz(HashMap<String, (String, Vec<u8>)>);

impl Npz {
    /// Reads an archive; arrays of Python objects are left out.
    ///
    /// # Errors
    /// [`Error::Written`]: it is not there, or is not such an archive.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |error: zip::result::ZipError| Error::Written(error.to_string());
        let file =
            File::open(path).map_err(|error| Error::Written(format!("{}: {error}", path.display())))?;
        let mut archive = zip::ZipArchive::new(file).map_err(wrong)?;
        let mut arrays = HashMap::new();
        for number in 0..archive.len() {
            let entry = archive.by_index(number).map_err(wrong)?;
            let name = entry.name().map_err(wrong)?.trim_end_matches(".npy").to_owned();
            let mut bytes = Vec::new();
            entry.take(MOST).read_to_end(&mut bytes)?;
            let (kind, values) = array(&bytes).ok_or(Error::Written(format!("the array {name}")))?;
            arrays.insert(name, (kind, values));
        }
        Ok(Self(arrays))
    }

    fn find(&self, name: &str) -> Result<&(String, Vec<u8>), Error> {
        self.0.get(name).ok_or_else(|| Error::Written(format!("there is no array {name}")))
    }

    /// An array of bytes.
    pub fn bytes(&self, name: &str) -> Result<&[u8], Error> {
        match self.find(name)? {
            (kind, bytes) if kind == "|u1" || kind == "|i1" || kind.starts_with("|S") => Ok(bytes),
            (kind, _) => Err(Error::Written(format!("{name} has the type {kind}"))),
        }
    }

    /// An array of integers that are not negative, of any width.
    pub fn integers(&self, name: &str) -> Result<Vec<u32>, Error> {
        let (kind, bytes) = self.find(name)?;
        let width: usize = match kind.trim_start_matches(['<', '|']) {
            "i8" | "u8" => 8,
            "i4" | "u4" => 4,
            "i2" | "u2" => 2,
            "i1" | "u1" => 1,
            _ => return Err(Error::Written(format!("{name} has the type {kind}"))),
        };
        let value = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        let values = bytes.chunks_exact(width).map(|bytes| u32::try_from(value(bytes)).ok());
        values
            .collect::<Option<_>>()
            .ok_or_else(|| Error::Written(format!("{name} has a value beyond 32 bits")))
    }

    /// The only integer of an array.
    pub fn integer(&self, name: &str) -> Result<u32, Error> {
        match self.integers(name)?[..] {
            [value] => Ok(value),
            _ => Err(Error::Written(format!("{name} is not one number"))),
        }
    }
}

/// The type and the bytes of an array.
fn array(file: &[u8]) -> Option<(String, Vec<u8>)> {
    let rest = file.strip_prefix(b"\x93NUMPY")?;
    let (version, rest) = rest.split_at_checked(2)?;
    let (length, rest) = if version[0] == 1 {
        let (length, rest) = rest.split_first_chunk::<2>()?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        (u32::from_le_bytes(*length) as usize, rest)
    };
    let (head, values) = rest.split_at_checked(length)?;
    let head = std::str::from_utf8(head).ok()?;
    let (_, kind) = head.split_once("'descr': '")?;
    let (kind, _) = kind.split_once('\'')?;
    Some((kind.to_owned(), values.to_vec()))
}
