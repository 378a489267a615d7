//! The seed inputs of a fuzz target, packed in one file: `fuzz/seeds/NAME.seeds`.
//!
//! ```text
//! 0   magic "PSTNSEED"
//! 8   for each input: length u16 little-endian | the input
//! ```
//! Inputs are sorted by length, then by their bytes, and none is there twice, so that the same inputs always make the
//! same file. The fuzzer chose them: `cargo fuzz cmin` keeps the smallest input for each part of a parser's code that
//! any input reached. `cargo xtask fuzz-corpus unpack` writes them to `fuzz/corpus/NAME`, where the fuzzer reads and
//! adds to them; `cargo xtask fuzz-corpus pack` packs that folder again.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// First bytes of the file.
const MAGIC: &[u8] = b"PSTNSEED";

/// Most bytes of an input: a longer one makes the fuzzer slow and finds nothing more.
pub const MOST: usize = 4_096;

/// Why a file holds no seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It begins with something else.
    Magic,
    /// It ends within an input.
    Truncated,
    /// An input has more than [`MOST`] bytes.
    TooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Magic => "not a file of seeds",
            Self::Truncated => "truncated",
            Self::TooLong => "an input has more than 4,096 bytes: minimise with `cargo fuzz cmin`",
        })
    }
}

impl std::error::Error for Error {}

/// Where a target's seeds are.
pub fn path(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(format!("{target}.seeds"))
}

/// The inputs of a file, in their order.
///
/// # Errors
/// [`Error::Magic`], [`Error::Truncated`].
pub fn unpack(file: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut rest = file.strip_prefix(MAGIC).ok_or(Error::Magic)?;
    let mut inputs = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk().ok_or(Error::Truncated)?;
        let (input, after) =
            after.split_at_checked(u16::from_le_bytes(*length).into()).ok_or(Error::Truncated)?;
        inputs.push(input);
        rest = after;
    }
    Ok(inputs)
}

/// The file of these inputs.
///
/// # Errors
/// [`Error::TooLong`].
pub fn pack<'a>(inputs: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let sorted: BTreeSet<(usize, &[u8])> = inputs.into_iter().map(|input| (input.len(), input)).collect();
    let mut file = MAGIC.to_vec();
    for (length, input) in sorted {
        let length = u16::try_from(length).ok().filter(|length| usize::from(*length) <= MOST);
        file.extend(length.ok_or(Error::TooLong)?.to_le_bytes());
        file.extend(input);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_these_bytes_and_comes_apart_again() {
        let inputs: [&[u8]; 4] = [b"door", b"a", b"", b"a"];
        let file = pack(inputs).expect("short inputs");
        assert_eq!(file, b"PSTNSEED\0\0\x01\0a\x04\0door");
        assert_eq!(unpack(&file).expect("whole"), [&b""[..], b"a", b"door"]);
    }

    #[test]
    fn files_that_are_none_are_refused() {
        assert_eq!(unpack(b"PSTNSEE"), Err(Error::Magic));
        assert_eq!(unpack(b"PSTNSEED\x01"), Err(Error::Truncated));
        assert_eq!(unpack(b"PSTNSEED\x02\0a"), Err(Error::Truncated));
        assert_eq!(pack([&[0; MOST + 1][..]]), Err(Error::TooLong));
    }
}
