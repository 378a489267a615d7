//! Closes a sector of a map in which a power cut tore the header of a record.
//!
//! After a torn header `sequential-storage` 8.0.2 looks for the next header one word further on, and appends a new record
//! there. A word of the torn header and one of the new header together can look like a header, by a check of 16 bits. Such
//! a phantom covers the new record: it is acknowledged, and gone after the next boot (issue 136 of that crate, open).
//!
//! ```text
//! torn    | crc32 of A | ff ff ff ff |                       the power failed here
//! then    | crc32 of A | crc32 of B  | length, crc16 | B …   B is appended
//! read    | crc32 of A | length, crc16: of a phantom         about one record in a million
//! ```
//! So nothing is appended after a torn header: the sector counts as full, and the next one is used. As `sequential-storage`
//! reads its format itself, this reads it too:
//!
//! ```text
//! sector  marker, a word | records … | marker, a word        a marker is zeros: the sector is begun, the sector is full
//! record  crc32 u32 LE | length u16 LE | crc16 of the length u16 LE | data, in whole words
//! ```

use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;

use crate::{ERASED, Error};

/// Bytes of the header of a record.
const HEADER: usize = 8;
/// Bytes of the longest word.
const WORD: usize = 32;
/// As many zero bits make a marker; fewer are damage.
const MARKED: u32 = 4;

/// Closes the sector that is begun and not full, if it has a torn header. A sector that is being filled by a migration is
/// left alone: the one after it is not erased then, and the map erases and fills it again.
///
/// # Errors
/// [`Error::Flash`].
pub(crate) fn close_torn_sector<F: NorFlash>(
    flash: &mut F,
    range: &Range<u32>,
    word: usize,
) -> Result<(), Error> {
    let (sector, length) = (F::ERASE_SIZE as u32, word as u32);
    for start in range.clone().step_by(F::ERASE_SIZE) {
        let last = start + sector - length;
        let following = if start + sector < range.end { start + sector } else { range.start };
        if is_marked(flash, start, word)?
            && !is_marked(flash, last, word)?
            && !is_marked(flash, following, word)?
            && !is_marked(flash, following + sector - length, word)?
            && has_torn_header(flash, start + length..last, word)?
        {
            let marker = [0; WORD];
            flash.write(last, marker.get(..word).ok_or(Error::LogicBug)?).map_err(|_| Error::Flash)?;
        }
    }
    Ok(())
}

fn is_marked<F: NorFlash>(flash: &mut F, at: u32, word: usize) -> Result<bool, Error> {
    let mut bytes = [ERASED; WORD];
    flash.read(at, bytes.get_mut(..word).ok_or(Error::LogicBug)?).map_err(|_| Error::Flash)?;
    Ok(bytes.iter().map(|byte| byte.count_zeros()).sum::<u32>() >= MARKED)
}

/// Whether the walk over the headers meets something that is none.
fn has_torn_header<F: NorFlash>(flash: &mut F, records: Range<u32>, word: usize) -> Result<bool, Error> {
    let header = HEADER.next_multiple_of(word);
    let mut at = records.start;
    while at + header as u32 <= records.end {
        let mut bytes = [ERASED; WORD];
        flash.read(at, bytes.get_mut(..header).ok_or(Error::LogicBug)?).map_err(|_| Error::Flash)?;
        if bytes.iter().all(|byte| *byte == ERASED) {
            return Ok(false);
        }
        let [_, _, _, _, low, high, check @ ..] = bytes;
        let length = usize::from(u16::from_le_bytes([low, high]));
        let next = at + (header + length.next_multiple_of(word)) as u32;
        if !check.starts_with(&crc16([low, high]).to_le_bytes()) || next > records.end {
            return Ok(true);
        }
        at = next;
    }
    Ok(false)
}

/// The check of a length: CRC-16F/4.2 of Koopman, reflected, and never that of erased flash.
fn crc16(bytes: [u8; 2]) -> u16 {
    let mut crc = u16::MAX;
    for byte in bytes {
        crc ^= u16::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x1a2e } else { crc >> 1 };
        }
    }
    (!crc).min(0xfffe)
}
