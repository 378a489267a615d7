//! The memory of a boot loader, word by word.
//!
//! Flash outside the chip may change at any time: its pins can be driven by somebody else. So what was fetched from it
//! and verified is used from where it was verified, and is never fetched again.

/// Slots of flash, and the memory in which code runs. Every offset and address is a multiple of 4.
pub trait BootMemory {
    /// Bytes of a slot.
    fn slot_len(&self) -> u32;

    /// Fetches the word at `offset` of a slot. A second fetch may return another word.
    fn fetch(&mut self, slot: u8, offset: u32) -> u32;

    /// Stores a word in the memory for code, which nobody else can change.
    fn store(&mut self, address: u32, word: u32);

    /// The word that was stored at `address` of the memory for code.
    fn load(&self, address: u32) -> u32;
}

/// Slices as memory: what a host's checks and simulations boot from. Code runs from address 0.
#[derive(Debug)]
pub struct SliceMemory<'a> {
    /// The two slots. What lies beyond the end of a shorter one is erased.
    pub slots: [&'a [u8]; 2],
    /// The memory for code.
    pub code: &'a mut [u8],
}

impl BootMemory for SliceMemory<'_> {
    fn slot_len(&self) -> u32 {
        let [a, b] = self.slots;
        a.len().max(b.len()) as u32
    }

    fn fetch(&mut self, slot: u8, offset: u32) -> u32 {
        let [a, b] = self.slots;
        word(if slot == 1 { b } else { a }, offset)
    }

    fn store(&mut self, address: u32, word: u32) {
        let place = self.code.get_mut(address as usize..).and_then(<[u8]>::first_chunk_mut);
        if let Some(place) = place {
            *place = word.to_le_bytes();
        }
    }

    fn load(&self, address: u32) -> u32 {
        word(self.code, address)
    }
}

/// The word at an offset; an erased one beyond the end.
fn word(bytes: &[u8], offset: u32) -> u32 {
    let word = bytes.get(offset as usize..).and_then(<[u8]>::first_chunk);
    word.map_or(u32::MAX, |word| u32::from_le_bytes(*word))
}
