//! The NPU that the host plays for this board: it runs the networks of a job that asks for it.
//!
//! Nothing here limits how long the host may compute, which is minutes for a large network. `emulator::measure` plays the NPU
//! while the board runs, and ends the board if it cannot.

use host_window::npu::{SCRATCH, STREAM};
use host_window::{Layout, NPU};
use mps_registers::Mmio;
use mps_registers::npu::{Pace, PlayedNpu};
use nn::Model;
use npu_section::{Network, Npu, Section, StreamMemory};
use partitions::{MEMORY_BASE, Region};

/// The bus to the NPU.
type Bus = PlayedNpu<fn(usize) -> Mmio, Patience>;

/// The board waits as long as it takes.
struct Patience;

impl Pace for Patience {
    fn now_ms(&self) -> u64 {
        0
    }

    fn idle(&mut self) {
        core::hint::spin_loop();
    }
}

/// Runs networks on the NPU, from the first one that is asked for. `false` if it did not, or if there is none.
///
/// # Safety
/// The memory of `layout` is there, and nothing else in this program touches that of the NPU.
pub unsafe fn runner(layout: &'static Layout) -> impl FnMut(&Model<'_>, &mut [i8]) -> bool {
    let mut npu: Option<Npu<Bus>> = None;
    move |model, arena| run(layout, &mut npu, model, arena).is_some()
}

fn run(layout: &Layout, npu: &mut Option<Npu<Bus>>, model: &Model<'_>, arena: &mut [i8]) -> Option<()> {
    let memory = layout.npu?;
    if npu.is_none() {
        let reach = Region { offset: 0, len: memory.end() };
        *npu = Npu::new(PlayedNpu::new(word as fn(usize) -> Mmio, Patience, reach)).ok();
    }
    let npu = npu.as_mut()?;
    // SAFETY: the memory is there and nobody else's, as the caller of `runner` says, and this is not called again before it has
    // returned. Stream and scratch do not overlap.
    let (stream, scratch) = unsafe {
        let (start, length) = (memory.address(), (memory.len - SCRATCH) as usize);
        (
            core::slice::from_raw_parts_mut(start as *mut u32, STREAM as usize / 4),
            core::slice::from_raw_parts_mut((start + SCRATCH as usize) as *mut u8, length),
        )
    };
    let network =
        Network { identity: model.identity(), input: model.input().len(), outputs: model.output_bytes() };
    let section = Section::read(model.npu()?, network).ok()?;
    let mut stream = StreamMemory::new(stream);
    let section = stream.hold(&section).ok()?;
    let input = section.header().input.offset as usize;
    for (to, from) in scratch.get_mut(input..)?.iter_mut().zip(model.input_mut(arena)) {
        *to = *from as u8;
    }
    npu.run(&section, scratch).ok()?;
    for (index, place) in section.outputs().iter().enumerate() {
        let from = scratch.get(place.offset as usize..)?;
        for (to, from) in model.output_mut(arena, index).iter_mut().zip(from) {
            *to = *from as i8;
        }
    }
    Some(())
}

/// The word at `offset` of the NPU page.
fn word(offset: usize) -> Mmio {
    // SAFETY: the page is there, as the caller of `runner` says, and the driver names aligned words within it.
    unsafe { Mmio::new(NPU.offset as usize + MEMORY_BASE + offset) }
}
