//! The idle slot of a model or of the firmware, written from outside as a programmer's probe would do it.
//!
//! The line of an emulated board takes a byte per interrupt, and an image has up to a million. The host can reach the board's flash
//! instead. The board then finds the announced image in its idle slot, and checks signature, release, hash and content as if
//! it had come over the line (`firmware/door/src/update/transfer.rs`).

use protocol::{Firmware, Hash, ModelInfo, ModelKind};
use sha2::{Digest, Sha256};

use partitions::Region;

use super::Board;
use crate::{Memory, Result};

impl Board {
    /// Writes a model into the idle slot of an emulated board. `active` is what the board says is active. Returns whether it
    /// was written: not if the board is no emulated one, if the image is too long for the slot, or if it is not certain
    /// which slot is idle.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File).
    pub fn place_model(&self, kind: ModelKind, image: &[u8], active: &[ModelInfo]) -> Result<bool> {
        let map = self.machine().map().partitions;
        let slots = match kind {
            ModelKind::Detector => map.detector,
            ModelKind::Encoder => map.encoder,
            ModelKind::Liveness => map.liveness,
            ModelKind::Firmware => return Ok(false),
        };
        if !self.machine().is_emulated() || image.len() > slots[0].len as usize {
            return Ok(false);
        }
        let memory = self.memory()?;
        let active = active.iter().find(|model| model.kind == kind);
        let b_was = map.liveness_b_was.filter(|_| kind == ModelKind::Liveness);
        let Some(idle) = idle(&memory, slots, b_was, active)? else { return Ok(false) };
        let mut whole = image.to_vec();
        // The rest of the last sector is erased, as the board leaves it.
        whole.resize(image.len().next_multiple_of(partitions::SECTOR_SIZE as usize), 0xff);
        memory.write(idle.offset.into(), &whole)?;
        Ok(true)
    }

    /// Writes firmware into the slot of an emulated board that is idle while `running` runs. Returns whether it was written: not if
    /// the board is no emulated one, if the image is too long, or if an update is pending or on trial.
    ///
    /// The idle slot has the firmware to which the board may fall back, so the board must have taken the transfer before.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File).
    pub fn place_firmware(&self, image: &[u8], running: &Firmware) -> Result<bool> {
        let idle = match running {
            Firmware { trial: false, pending: None, slot: slot @ (0 | 1), .. } => 1 - usize::from(*slot),
            _ => return Ok(false),
        };
        let region = self.machine().map().partitions.firmware[idle];
        if !self.machine().is_emulated() || image.len() > region.len as usize {
            return Ok(false);
        }
        let mut whole = image.to_vec();
        whole.resize(image.len().next_multiple_of(partitions::SECTOR_SIZE as usize), 0xff);
        self.memory()?.write(region.offset.into(), &whole)?;
        Ok(true)
    }
}

/// The slot that is not the active model's. None if both hold those bytes, or neither. Slot A may have the earlier place of
/// slot B in it.
fn idle(
    memory: &Memory,
    slots: [Region; 2],
    b_was: Option<u32>,
    active: Option<&ModelInfo>,
) -> Result<Option<Region>> {
    let [a, b] = slots;
    let Some(active) = active else { return Ok(Some(a)) };
    let holds = |slot: Region| -> Result<bool> {
        let mut bytes = vec![0; active.length.min(slot.len) as usize];
        memory.read(slot.offset.into(), &mut bytes)?;
        Ok(Hash::from(Sha256::digest(&bytes)) == active.sha256)
    };
    let earlier = b_was.map(|was| Region { offset: a.offset + was, len: a.len.saturating_sub(was) });
    let in_a = holds(a)? || earlier.map(holds).transpose()?.unwrap_or(false);
    Ok(match (in_a, holds(b)?) {
        (true, false) => Some(b),
        (false, true) => Some(a),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slot_that_is_certainly_idle_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("memory");
        Memory::create(&path, host_window::AN500).expect("a file");
        let memory = Memory::open(&path, host_window::AN500).expect("a file");
        let slots = host_window::AN500.partitions.detector;
        let sha256 = Sha256::digest(b"active").into();
        let name = protocol::Text::default();
        let active = ModelInfo { kind: ModelKind::Detector, name, sha256, length: 6 };
        let idle = |active| super::idle(&memory, slots, None, active).expect("read");
        assert_eq!(idle(None), Some(slots[0]), "the board of no model begins with slot A");
        assert_eq!(idle(Some(&active)), None, "neither slot");
        memory.write(slots[0].offset.into(), b"active").expect("written");
        assert_eq!(idle(Some(&active)), Some(slots[1]));
        memory.write(slots[1].offset.into(), b"active").expect("written");
        assert_eq!(idle(Some(&active)), None, "both slots");
        memory.write(slots[0].offset.into(), b"before").expect("written");
        assert_eq!(idle(Some(&active)), Some(slots[0]));

        // Where slot B was, in slot A, is not idle either.
        memory.write(slots[1].offset.into(), b"before").expect("written");
        memory.write(u64::from(slots[0].offset) + 4096, b"active").expect("written");
        let moved = super::idle(&memory, slots, Some(4096), Some(&active)).expect("read");
        assert_eq!((moved, idle(Some(&active))), (Some(slots[1]), None));
    }
}
