//! The bus to the NPU of a chip, from its description.
//!
//! What is the same on all chips is here: where the registers are, how the NPU is connected, and at which addresses it sees the
//! memory. A board crate gives what needs the processor: loads and stores, the data cache, and waiting.

use crate::bus::{NpuBus, Wiring};
use crate::chips::Chip;

/// The processor of a chip, as the driver of its NPU needs it. Clock and power of the NPU are on.
pub trait Core {
    /// Loads the word at this address, once.
    fn load(&mut self, address: u32) -> u32;

    /// Stores a word at this address, once, after all stores before it.
    fn store(&mut self, address: u32, word: u32);

    /// As [`NpuBus::clean`].
    fn clean(&mut self, memory: &[u8]);

    /// As [`NpuBus::invalidate`].
    fn invalidate(&mut self, memory: &mut [u8]);

    /// As [`NpuBus::wait`].
    fn wait(&mut self, count: u32) -> bool;
}

/// The NPU of a chip.
#[derive(Debug)]
pub struct ChipNpu<C> {
    chip: &'static Chip,
    core: C,
}

impl<C: Core> ChipNpu<C> {
    /// The NPU of `chip`, on which `core` runs.
    pub fn new(chip: &'static Chip, core: C) -> Self {
        Self { chip, core }
    }
}

impl<C: Core> NpuBus for ChipNpu<C> {
    fn wiring(&self) -> Wiring {
        self.chip.wiring
    }

    fn read(&mut self, register: u16) -> u32 {
        self.core.load(self.chip.base.saturating_add(register.into()))
    }

    fn write(&mut self, register: u16, value: u32) {
        self.core.store(self.chip.base.saturating_add(register.into()), value);
    }

    fn address(&mut self, memory: &[u8]) -> Option<u32> {
        self.chip.address(memory.as_ptr() as usize, memory.len())
    }

    fn clean(&mut self, memory: &[u8]) {
        self.core.clean(memory);
    }

    fn invalidate(&mut self, memory: &mut [u8]) {
        self.core.invalidate(memory);
    }

    fn wait(&mut self, count: u32) -> bool {
        self.core.wait(count)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::bus::block;
    use crate::chips::CHIPS;
    use crate::{Fault, Npu};
    use std::vec::Vec;

    /// A core whose loads and stores are noted. The NPU resets at once, to the level that it is told.
    #[derive(Debug)]
    struct Noted {
        base: u32,
        level: u32,
        config: u32,
        stores: Vec<(u32, u32)>,
    }

    impl Core for Noted {
        fn load(&mut self, address: u32) -> u32 {
            match (address - self.base) as u16 {
                block::ID => 0x1006_6001,
                block::CONFIG => self.config,
                block::PROT => self.level,
                _ => 0,
            }
        }

        fn store(&mut self, address: u32, word: u32) {
            if address == self.base + u32::from(block::RESET) {
                self.level = word;
            }
            self.stores.push((address, word));
        }

        fn clean(&mut self, _: &[u8]) {}

        fn invalidate(&mut self, _: &mut [u8]) {}

        fn wait(&mut self, _: u32) -> bool {
            false
        }
    }

    #[test]
    fn the_driver_reaches_the_registers_of_each_chip_and_sets_its_level_and_limits() {
        for chip in &CHIPS {
            let core = Noted { base: chip.base, level: 0, config: 0x3008, stores: Vec::new() };
            let mut npu = Npu::new(ChipNpu::new(chip, core)).expect("an NPU");
            let stores = &npu.bus().core.stores;
            assert_eq!(stores[0], (chip.base + u32::from(block::RESET), chip.wiring.level));
            let limits = (0..4).map(|limit| chip.base + u32::from(block::AXI_LIMIT0) + 4 * limit);
            assert!(limits.eq(stores[1..].iter().map(|(address, _)| *address)), "{}", chip.name);
            let nowhere = Noted { base: chip.base, level: 0, config: 0, stores: Vec::new() };
            let absent = Npu::new(ChipNpu::new(chip, nowhere)).expect_err("no clock");
            assert_eq!(absent, Fault::Absent(0x1006_6001, 0));
        }
    }
}
