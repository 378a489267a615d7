//! Programs a new board as a factory does: writes firmware into slot A, and the first boot record, authenticated with
//! the board's unique secret. The board must have no power. Later updates come over the line, signed by the installer. The
//! programmer signs with a key of its own, which it draws for this image and forgets.

use boot::{Record, Ring, Signed, digest};
use crypto::Key;
use nor_model::{ERASED, Nor};
use partitions::Region;

use client::{Fallback, Firmware, Signer};

use super::Folder;
use crate::{Error, Memory, Result};

/// Whether the board has a boot record of its own. Without one the board is new, or its memory was copied from
/// another board.
pub(super) fn is_programmed(folder: &Folder, memory: &Memory) -> Result<bool> {
    let mut record = bytes(memory, memory.map().partitions.boot)?;
    let ring = Ring::open(Nor::new(record.as_mut_slice()), &unique(folder)?).map_err(Error::Boot)?;
    Ok(ring.record().is_some())
}

/// Writes firmware into slot A, makes it active, and erases slot B.
pub(super) fn program(folder: &Folder, memory: &Memory, firmware: &Firmware) -> Result<()> {
    let map = memory.map().partitions;
    let release = Signer::sequence();
    let signer = Signer::passing().map_err(Error::Client)?;
    let image = firmware.signed_image(release, Fallback::Permitted, &signer);
    for slot in map.firmware {
        memory.write(u64::from(slot.offset), &vec![ERASED; slot.len as usize])?;
    }
    memory.write(u64::from(map.firmware[0].offset), &image)?;
    let mut record = vec![ERASED; map.boot.len as usize];
    let mut ring = Ring::open(Nor::new(record.as_mut_slice()), &unique(folder)?).map_err(Error::Boot)?;
    let image = Signed { release, digest: digest(&image), signer: signer.public() };
    ring.save(&Record::programmed(image)).map_err(Error::Boot)?;
    drop(ring);
    memory.write(u64::from(map.requests.offset), &vec![ERASED; map.requests.len as usize])?;
    memory.write(u64::from(map.boot.offset), &record)
}

fn bytes(memory: &Memory, region: Region) -> Result<Vec<u8>> {
    let mut bytes = vec![0; region.len as usize];
    memory.read(u64::from(region.offset), &mut bytes)?;
    Ok(bytes)
}

/// The board's unique secret.
fn unique(folder: &Folder) -> Result<Key> {
    let path = folder.unique();
    let bytes = std::fs::read(&path).map_err(Error::file(&path))?;
    let reason = "a board's unique secret has 32 bytes".to_owned();
    bytes.try_into().map(Key::new).map_err(|_| Error::Record { path, reason })
}
