//! Where a training stands, in a file that is whole at any instant.
//!
//! ```text
//! 0    8   "PSTNTRN1"
//! 8    8   epoch, from 0              all numbers are little-endian
//! 16   8   step in the epoch, from 0: the next to be done
//! 24   8   steps done from the beginning
//! 32   8   n, length of the settings
//! 40   n   the settings, JSON
//!      8   length of the loss's parameters, then these
//!      8   length of the encoder's state, then this
//!      32  SHA-256 of all before
//! ```
//! It is written beside its place, to the disk, and then renamed: a power cut or a full disk leaves the one
//! before. Nothing random is in it, for all that is drawn follows from the seed, the epoch and the step.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use encoder::Trainable;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::loss::Objective;

const MAGIC: &[u8; 8] = b"PSTNTRN1";
const DIGEST: usize = 32;

/// The next step to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Epoch, from 0.
    pub epoch: u64,
    /// Step in it, from 0.
    pub step: u64,
    /// Steps done from the beginning.
    pub done: u64,
}

/// Writes a checkpoint to `path`, in place of the one before.
///
/// # Errors
/// [`Error::Write`], [`Error::Replace`]; the one before is whole.
pub fn save(
    path: &Path,
    position: Position,
    settings: &str,
    objective: &Objective,
    encoder: &dyn Trainable,
) -> Result<(), Error> {
    let bytes = encode(position, settings, objective, encoder)
        .map_err(|source| Error::Write { path: path.into(), source })?;
    replace(path, &bytes)
}

/// Writes `bytes` to `path` so that either the old or the new file is there whole.
///
/// # Errors
/// [`Error::Replace`]; the old file is whole.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    Ok(output_file::replace_with(path, bytes)?)
}

fn encode(
    position: Position,
    settings: &str,
    objective: &Objective,
    encoder: &dyn Trainable,
) -> io::Result<Vec<u8>> {
    let mut bytes = MAGIC.to_vec();
    for number in [position.epoch, position.step, position.done] {
        bytes.extend(number.to_le_bytes());
    }
    let mut part = |write: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        let mut part = Vec::new();
        write(&mut part)?;
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.append(&mut part);
        io::Result::Ok(())
    };
    part(&|to| to.write_all(settings.as_bytes()))?;
    part(&|to| objective.save(to))?;
    part(&|to| encoder.save(to))?;
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    Ok(bytes)
}

/// Loads the checkpoint at `path`, and returns its position and the settings that the training started with.
///
/// `check` sees the settings before anything is changed.
///
/// # Errors
/// [`Error::Read`]; [`Error::Damaged`] of a broken file or one of another encoder; those of `check`.
pub fn load(
    path: &Path,
    objective: &mut Objective,
    encoder: &mut dyn Trainable,
    check: impl FnOnce(&str) -> Result<(), Error>,
) -> Result<Position, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Read { path: path.into(), source })?;
    let damaged = |problem: &str| Error::Damaged { path: path.into(), problem: problem.into() };
    let (content, digest) = bytes
        .split_last_chunk::<DIGEST>()
        .filter(|(content, digest)| *Sha256::digest(content) == digest[..])
        .ok_or_else(|| damaged("this is no whole checkpoint of a training"))?;
    debug_assert_eq!(digest.len(), DIGEST);
    let mut rest =
        content.strip_prefix(MAGIC).ok_or_else(|| damaged("this is no checkpoint of a training"))?;
    let broken = |_| damaged("its parts are not as long as they say");
    let mut number = || read_number(&mut rest).map_err(broken);
    let position = Position { epoch: number()?, step: number()?, done: number()? };
    let settings = part(&mut rest).map_err(broken)?;
    check(&String::from_utf8_lossy(settings))?;
    let mut of_objective = part(&mut rest).map_err(broken)?;
    let mut of_encoder = part(&mut rest).map_err(broken)?;
    objective.load(&mut of_objective).map_err(|error| damaged(&format!("the loss's parameters: {error}")))?;
    encoder.load(&mut of_encoder).map_err(|error| damaged(&format!("the encoder's state: {error}")))?;
    Ok(position)
}

fn read_number(from: &mut &[u8]) -> io::Result<u64> {
    let mut word = [0; 8];
    from.read_exact(&mut word)?;
    Ok(u64::from_le_bytes(word))
}

fn part<'a>(from: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let length = usize::try_from(read_number(from)?).unwrap_or(usize::MAX);
    let (part, rest) = from.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
    *from = rest;
    Ok(part)
}
