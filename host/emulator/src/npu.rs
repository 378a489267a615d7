//! Playing the NPU of an emulated board: a process that computes what the board's driver starts.
//!
//! The registers lie in a page of the board's memory, see [`host_window::npu`]. The functional model knows no time: a stream
//! runs as fast as this computer computes it, whatever an NPU would take.

use std::time::{Duration, Instant};

use host_window::{NPU, npu};
use npu_model::Block;
use npu_section::Accelerator;
use npu_section::bus::{block, command, status};
use partitions::{MEMORY_BASE, Region};

use crate::board::is_up;
use crate::{Error, Folder, Memory, Result};

/// How often the doorbell is looked at, soon after a ring and later.
const POLLS: [Duration; 2] = [Duration::from_micros(200), Duration::from_millis(3)];
/// How long after a ring the next one is expected.
const SOON: Duration = Duration::from_secs(2);
/// How often this process looks whether the board still has power.
const LOOK: Duration = Duration::from_millis(500);

/// Registers that the board writes before it starts a stream.
const WRITTEN: [u16; 10] = [
    block::QCONFIG,
    block::REGIONCFG,
    block::QBASE,
    block::QBASE + 4,
    block::QSIZE,
    block::BASEP0,
    block::BASEP0 + 4,
    block::BASEP0 + 8,
    block::BASEP0 + 12,
    block::AXI_LIMIT0,
];
/// Registers that the NPU changes.
const CHANGED: [u16; 3] = [block::PROT, block::QREAD, block::STATUS];

impl Memory {
    fn register(&self, register: u16) -> Result<u32> {
        self.npu_word(register.into())
    }

    fn npu_word(&self, offset: usize) -> Result<u32> {
        let mut bytes = [0; 4];
        self.read(u64::from(NPU.offset) + offset as u64, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn set_npu_word(&self, offset: usize, word: u32) -> Result<()> {
        self.write(u64::from(NPU.offset) + offset as u64, &word.to_le_bytes())
    }

    /// Writes the page of a board that is switched on: with the registers of an NPU, or of none.
    pub(crate) fn provide_npu(&self, accelerator: Option<&Accelerator>) -> Result<()> {
        self.write(NPU.offset.into(), &vec![0; NPU.len as usize])?;
        let Some(accelerator) = accelerator else { return Ok(()) };
        let block = Block::new(accelerator);
        for register in [block::CONFIG, block::ID] {
            self.set_npu_word(register.into(), block.read(register))?;
        }
        Ok(())
    }
}

/// Plays the NPU of the board in `folder`, until the board has no power.
///
/// # Errors
/// [`Error::NoNpu`], [`Error::File`].
pub fn play(folder: &Folder, accelerator: &Accelerator) -> Result<()> {
    let machine = folder.recorded_machine()?.ok_or_else(|| Error::Down { name: folder.name().to_owned() })?;
    let map = machine.map();
    let reach = map.npu.ok_or(Error::NoNpu { machine: machine.name() })?;
    let memory = Memory::open(&folder.memory(), map)?;
    let mut player = Player::new(memory, reach, accelerator);
    let (mut rung, mut looked) = (Instant::now(), Instant::now());
    loop {
        if player.answer()? {
            rung = Instant::now();
            continue;
        }
        if looked.elapsed() > LOOK {
            if !is_up(folder)? {
                return Ok(());
            }
            looked = Instant::now();
        }
        std::thread::sleep(POLLS[usize::from(rung.elapsed() > SOON)]);
    }
}

/// An NPU that is played.
pub(crate) struct Player {
    memory: Memory,
    /// The memory of the NPU.
    reach: Region,
    block: Block,
    /// Streams that it ran to their end.
    ran: usize,
}

impl Player {
    /// The NPU of a board with this memory.
    pub(crate) fn new(memory: Memory, reach: Region, accelerator: &Accelerator) -> Self {
        Self { memory, reach, block: Block::new(accelerator), ran: 0 }
    }

    /// Streams that it ran to their end.
    pub(crate) fn ran(&self) -> usize {
        self.ran
    }

    /// Does what the doorbell asks. `false` if it does not ring.
    pub(crate) fn answer(&mut self) -> Result<bool> {
        let bell = self.memory.npu_word(npu::BELL)?;
        if bell == self.memory.npu_word(npu::BELL_TAKEN)? {
            return Ok(false);
        }
        let register = bell as u16;
        let value = self.memory.register(register & !3)?;
        if register == block::CMD && value & command::RUN != 0 {
            self.memory.set_npu_word(block::STATUS.into(), status::RUNNING)?;
            self.memory.set_npu_word(npu::BELL_TAKEN, bell)?;
            self.run(value)?;
            return self.publish().map(|()| true);
        }
        if matches!(register, block::CMD | block::RESET) {
            self.block.write(register, value, &mut [], 0);
        }
        self.publish()?;
        self.memory.set_npu_word(npu::BELL_TAKEN, bell)?;
        Ok(true)
    }

    /// Shows what the NPU has changed, STATUS last.
    fn publish(&self) -> Result<()> {
        CHANGED
            .into_iter()
            .try_for_each(|register| self.memory.set_npu_word(register.into(), self.block.read(register)))
    }

    /// Runs the stream that the registers name, on the board's memory from the first address on that it uses.
    fn run(&mut self, value: u32) -> Result<()> {
        for register in WRITTEN {
            let word = self.memory.register(register)?;
            self.block.write(register, word, &mut [], 0);
        }
        let [queue, data, scratch] =
            [block::QBASE, block::BASEP0, block::BASEP0 + 8].map(|register| self.block.read(register));
        let base = queue.min(data).min(scratch);
        let place = |address: u32| u64::from(address.wrapping_sub(MEMORY_BASE as u32));
        let end = u64::from(self.reach.end());
        // Whatever lies outside is a fault of the bus.
        let inside = [queue, data, scratch].iter().all(|&address| place(address) < end);
        let length = if inside { end - place(base) } else { 0 };
        let mut memory = vec![0; length as usize];
        self.memory.read(if inside { place(base) } else { 0 }, &mut memory)?;
        self.block.write(block::CMD, value, &mut memory, base);
        if let Some(error) = self.block.error() {
            eprintln!("the stream was not computed: {error}");
            return Ok(());
        }
        self.ran += 1;
        let results = memory.get((scratch - base) as usize..).unwrap_or_default();
        self.memory.write(place(scratch), results)
    }
}
