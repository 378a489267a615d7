//! The register block of an NPU, as a driver sees it.

use npu_section::Accelerator;
use npu_section::bus::{block, command, status};

use crate::Error;
use crate::state::Machine;

/// Words of the block that are kept.
const WORDS: usize = 48;
/// The architecture of the NPU that is played: 1.0.6, product 6.
const ID: u32 = 0x1006_6001;

/// The registers of an NPU. It runs a stream at once, when it is started.
#[derive(Debug)]
pub struct Block {
    words: [u32; WORDS],
    error: Option<Error>,
}

impl Block {
    /// The registers after power-on.
    pub fn new(accelerator: &Accelerator) -> Self {
        let mut block = Self { words: [0; WORDS], error: None };
        block.set(block::ID, ID);
        block.set(block::CONFIG, accelerator.config);
        block
    }

    /// Why the last stream was not computed, if it was not.
    pub fn error(&self) -> Option<Error> {
        self.error
    }

    /// Reads a register.
    pub fn read(&self, register: u16) -> u32 {
        self.words.get(usize::from(register / 4)).copied().unwrap_or(0)
    }

    /// Writes a register. The NPU sees `memory` from address `base` on.
    pub fn write(&mut self, register: u16, value: u32, memory: &mut [u8], base: u32) {
        match register {
            block::ID | block::CONFIG | block::STATUS | block::PROT | block::QREAD => (),
            block::RESET => {
                let kept = [block::ID, block::CONFIG].map(|register| (register, self.read(register)));
                self.words = [0; WORDS];
                kept.into_iter().for_each(|(register, value)| self.set(register, value));
                self.set(block::PROT, value & 3);
            }
            block::CMD => {
                if value & command::CLEAR_IRQ != 0 {
                    self.set(block::STATUS, self.read(block::STATUS) & !status::IRQ);
                }
                self.set(block::CMD, value & command::GATED);
                if value & command::RUN != 0 {
                    self.run(memory, base);
                }
            }
            _ => self.set(register, value),
        }
    }

    fn set(&mut self, register: u16, value: u32) {
        if let Some(word) = self.words.get_mut(usize::from(register / 4)) {
            *word = value;
        }
    }

    fn run(&mut self, memory: &mut [u8], base: u32) {
        let result = self.execute(memory, base);
        self.error = result.err();
        let fault = match result {
            Ok(()) => status::END,
            Err(Error::Outside) => status::BUS,
            Err(_) => status::PARSE,
        };
        self.set(block::STATUS, fault | status::IRQ);
        self.set(block::QREAD, self.read(block::QSIZE));
    }

    fn execute(&self, memory: &mut [u8], base: u32) -> Result<(), Error> {
        let place = |register: u16| {
            let offset = self.read(register).checked_sub(base).ok_or(Error::Outside)?;
            usize::try_from(offset).map_err(|_| Error::Outside)
        };
        let queue = place(block::QBASE)?;
        let words = memory.get(queue..).and_then(|it| it.get(..self.read(block::QSIZE) as usize));
        let words = words.ok_or(Error::Outside)?.chunks_exact(4);
        let words: Vec<u32> =
            words.map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        let regions = [place(block::BASEP0)?..memory.len(), place(block::BASEP0 + 8)?..memory.len()];
        Machine::new(memory, regions).execute(&words)
    }
}
