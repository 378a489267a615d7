//! The driver of an Ethos-U55.
//!
//! It runs sections that [`Section::read`] took, and nothing else. The order of the accesses is that of Arm's driver:
//!
//! ```text
//! once      ID, CONFIG | RESET, until STATUS says that it is over | PROT | AXI_LIMIT0..3
//! each run  CMD 0 | QCONFIG, REGIONCFG, QBASE, QSIZE, BASEP0..7 | CMD run, until STATUS has the interrupt or a fault
//!           CMD clear | STATUS: good if the end was reached without a fault, else reset
//! ```

use bytemuck::cast_slice;

use crate::bus::{NpuBus, block, command, status};
use crate::format::ALIGN;
use crate::{Fault, Section};

/// Memories that an NPU can address; a section uses two.
const REGIONS: u16 = 8;

/// An NPU that is ready.
#[derive(Debug)]
pub struct Npu<B> {
    bus: B,
    id: u32,
    config: u32,
    /// A reset failed, so another one comes before the next run.
    stuck: bool,
}

impl<B: NpuBus> Npu<B> {
    /// Looks for an NPU and resets it.
    ///
    /// # Errors
    /// [`Fault::Absent`], [`Fault::Stuck`].
    pub fn new(mut bus: B) -> Result<Self, Fault> {
        let (id, config) = (bus.read(block::ID), bus.read(block::CONFIG));
        // Where nothing answers, all bits read alike. Product 0 is the Ethos-U55.
        if id == 0 || config == 0 || config >> 28 != 0 {
            return Err(Fault::Absent(id, config));
        }
        let mut npu = Self { bus, id, config, stuck: false };
        npu.reset()?;
        Ok(npu)
    }

    /// The bus.
    pub fn bus(&mut self) -> &mut B {
        &mut self.bus
    }

    /// Fails unless the section is for this NPU.
    ///
    /// # Errors
    /// [`Fault::Config`], [`Fault::Architecture`].
    pub fn suits(&self, section: &Section) -> Result<(), Fault> {
        let header = section.header();
        if header.config != self.config {
            return Err(Fault::Config(self.config, header.config));
        }
        let [here, made_for] = [self.id, header.id].map(|id| [id >> 28, id >> 20 & 0xff]);
        if here[0] != made_for[0] || here[1] < made_for[1] {
            return Err(Fault::Architecture(self.id, header.id));
        }
        Ok(())
    }

    /// Runs a section. The input lies in `scratch` where its header says; the outputs lie there afterwards.
    ///
    /// # Errors
    /// See [`Fault`]. Unless it is [`Fault::Stuck`], the NPU is idle then.
    pub fn run(&mut self, section: &Section, scratch: &mut [u8]) -> Result<(), Fault> {
        self.suits(section)?;
        let needed = section.header().scratch as usize;
        let given = scratch.len();
        let scratch = scratch.get_mut(..needed).filter(|it| (it.as_ptr() as usize).is_multiple_of(ALIGN));
        let scratch = scratch.ok_or(Fault::Scratch { needed, given })?;
        if self.stuck {
            self.reset()?;
        }
        let result = self.start(section, scratch).and_then(|()| self.finish());
        match result {
            Ok(()) => self.bus.invalidate(scratch),
            // Nothing was started.
            Err(Fault::Unreachable) => (),
            Err(_) => self.reset()?,
        }
        result
    }

    /// Resets the NPU, which ends whatever it does.
    fn reset(&mut self) -> Result<(), Fault> {
        let wiring = self.bus.wiring();
        self.stuck = true;
        self.bus.write(block::RESET, wiring.level);
        self.until(|state| state & status::RESETTING == 0).map_err(Fault::Stuck)?;
        let state = self.bus.read(block::STATUS);
        if self.bus.read(block::PROT) & 3 != wiring.level || state & status::RUNNING != 0 {
            return Err(Fault::Stuck(state));
        }
        let mut register = block::AXI_LIMIT0;
        for limit in wiring.limits {
            self.bus.write(register, limit);
            register = register.saturating_add(4);
        }
        self.stuck = false;
        Ok(())
    }

    /// Waits for a state; if its time is over, the last one is the error.
    fn until(&mut self, reached: impl Fn(u32) -> bool) -> Result<(), u32> {
        let mut count = 0u32;
        loop {
            let state = self.bus.read(block::STATUS);
            if reached(state) {
                return Ok(());
            }
            if !self.bus.wait(count) {
                return Err(state);
            }
            count = count.saturating_add(1);
        }
    }

    fn start(&mut self, section: &Section, scratch: &[u8]) -> Result<(), Fault> {
        let stream = cast_slice(section.stream());
        let mut address = |memory: &[u8]| self.bus.address(memory).ok_or(Fault::Unreachable);
        let [queue, data, work] = [address(stream)?, address(section.data())?, address(scratch)?];
        // Clock and power stay on while registers are written.
        self.bus.write(block::CMD, 0);
        let state = self.bus.read(block::STATUS);
        if state & (status::RUNNING | status::RESETTING) != 0 {
            return Err(Fault::Busy(state));
        }
        let wiring = self.bus.wiring();
        self.bus.write(block::QCONFIG, wiring.stream.into());
        let ports = u32::from(wiring.data) | u32::from(wiring.scratch) << 2;
        self.bus.write(block::REGIONCFG, ports);
        // The checker lets a stream use memories 0 and 1. The other registers are not left as they are.
        for region in 0..REGIONS {
            let register = block::BASEP0.saturating_add(region.saturating_mul(8));
            self.set_address(register, if region == 0 { data } else { work });
        }
        self.set_address(block::QBASE, queue);
        self.bus.write(block::QSIZE, size_of_val(section.stream()) as u32);
        for memory in [stream, section.data(), scratch] {
            self.bus.clean(memory);
        }
        self.bus.write(block::CMD, command::RUN);
        Ok(())
    }

    /// Sets a register of 64 bits.
    fn set_address(&mut self, register: u16, address: u32) {
        self.bus.write(register, address);
        self.bus.write(register.saturating_add(4), 0);
    }

    fn finish(&mut self) -> Result<(), Fault> {
        let ended = self.until(|state| state & (status::IRQ | status::FAULTS) != 0);
        self.bus.write(block::CMD, command::CLEAR_IRQ);
        ended.map_err(Fault::TimeOut)?;
        let state = self.bus.read(block::STATUS);
        if state & (status::END | status::FAULTS | status::RUNNING) != status::END {
            return Err(Fault::Stopped(state));
        }
        self.bus.write(block::CMD, command::GATED);
        Ok(())
    }
}
