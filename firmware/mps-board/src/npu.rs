//! The NPU of a board whose host plays one.

use door::{EthosU, Npu, NpuMemory};
use mps::npu::{self, Bus, Parts};
use mps_registers::Board;
use static_cell::StaticCell;

/// The NPU that the host plays. Whether it does is seen when a network is loaded. A [`FindNpu`](crate::FindNpu).
///
/// # Safety
/// This runs on `board`, and once.
pub unsafe fn played_npu(
    board: &'static Board,
    nanoseconds: fn() -> u64,
) -> Option<&'static mut (dyn Npu + Send)> {
    static NPU: StaticCell<EthosU<'static, Bus>> = StaticCell::new();
    // SAFETY: passed on to the caller. Only the NPU's driver uses its page and memory.
    let Parts { bus, streams, scratch } = unsafe { npu::take(&board.layout, nanoseconds) }?;
    Some(NPU.init(EthosU::new(bus, NpuMemory { streams, scratch })))
}
