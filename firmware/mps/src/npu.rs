//! The NPU that the host plays for an emulated board, and the memory that both reach.

use host_window::npu::{SCRATCH, STREAM};
use host_window::{Layout, NPU};
use mps_registers::Mmio;
use mps_registers::npu::{Pace, PlayedNpu};
use partitions::{MEMORY_BASE, Region};

/// Streams of networks.
const STREAMS: usize = 3;

/// The bus to the NPU.
pub type Bus = PlayedNpu<fn(usize) -> Mmio, Clock>;

/// The NPU's bus, and its memory.
pub struct Parts {
    /// The bus.
    pub bus: Bus,
    /// Memory for the streams of detector, encoder and liveness network.
    pub streams: [&'static mut [u32]; STREAMS],
    /// Memory for the tensors.
    pub scratch: &'static mut [u8],
}

/// The board's clock; it sleeps in `wfi`.
pub struct Clock {
    /// Nanoseconds since the start.
    nanoseconds: fn() -> u64,
}

impl Pace for Clock {
    fn now_ms(&self) -> u64 {
        (self.nanoseconds)() / 1_000_000
    }

    fn idle(&mut self) {
        // The alarm of the clock comes many times a second, as the I/O task looks at its pins.
        cortex_m::asm::wfi();
    }
}

/// The NPU of a board that may have one; `None` if the memory has no place for it.
///
/// # Safety
/// The memory of `layout` is there, and this is called once. Nothing else in this program touches the NPU's page and memory.
pub unsafe fn take(layout: &Layout, nanoseconds: fn() -> u64) -> Option<Parts> {
    let memory = layout.npu?;
    let stream = |number: u32| {
        let place = (memory.address() + (number * STREAM) as usize) as *mut u32;
        // SAFETY: the caller says that the memory is there, and nobody else's. The three do not overlap.
        unsafe { core::slice::from_raw_parts_mut(place, STREAM as usize / 4) }
    };
    let place = (memory.address() + SCRATCH as usize) as *mut u8;
    // SAFETY: as above; the scratch lies behind the streams.
    let scratch = unsafe { core::slice::from_raw_parts_mut(place, (memory.len - SCRATCH) as usize) };
    let reach = Region { offset: 0, len: memory.end() };
    let bus = PlayedNpu::new(word as fn(usize) -> Mmio, Clock { nanoseconds }, reach);
    Some(Parts { bus, streams: [stream(0), stream(1), stream(2)], scratch })
}

/// The word at `offset` of the NPU page.
fn word(offset: usize) -> Mmio {
    // SAFETY: the page is there, as the caller of `take` says, and the driver names aligned words within it.
    unsafe { Mmio::new(NPU.offset as usize + MEMORY_BASE + offset) }
}
