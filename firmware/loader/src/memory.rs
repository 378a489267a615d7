//! The board's memory, word by word: each access is one of the processor, none is repeated or left out.

use boot::BootMemory;
use mps_registers::{Mmio, Register};
use partitions::Region;

/// The slots of a board, and its memory for code.
pub struct Words {
    slots: [Region; 2],
}

impl Words {
    /// The memory of a board with these slots.
    ///
    /// # Safety
    /// The board has the slots, and memory at each address that [`BootMemory::store`] will get. Nothing else is there.
    pub unsafe fn new(slots: [Region; 2]) -> Self {
        Self { slots }
    }
}

impl BootMemory for Words {
    fn slot_len(&self) -> u32 {
        self.slots[0].len
    }

    fn fetch(&mut self, slot: u8, offset: u32) -> u32 {
        let region = self.slots[usize::from(slot == 1)];
        // SAFETY: the board has this slot, says who made this; `boot` asks for words within its length.
        unsafe { Mmio::new(region.address() + offset as usize) }.read()
    }

    fn store(&mut self, address: u32, word: u32) {
        // SAFETY: memory for code, says who made this.
        unsafe { Mmio::new(address as usize) }.write(word);
    }

    fn load(&self, address: u32) -> u32 {
        // SAFETY: as above.
        unsafe { Mmio::new(address as usize) }.read()
    }
}
