//! The board's NOR flash: partitions in the shared memory, each handed out once.

use core::sync::atomic::{AtomicBool, Ordering};

use board_api::ModelSlots;
use host_window::window::{ResetCause, VOLUMES};
use mps_registers::volumes;
use nor_model::Nor;
use partitions::{Partitions, Region};

use crate::window;

/// A partition, behind the traits of `embedded-storage`.
pub type Partition = Nor<&'static mut [u8]>;

/// All partitions of a board.
pub struct Flash {
    /// People and their templates.
    pub gallery: Partition,
    /// Settings, counters and the choice of model slots.
    pub settings: Partition,
    /// Detector model, slots A and B.
    pub detector: ModelSlots<Partition>,
    /// Encoder model, slots A and B.
    pub encoder: ModelSlots<Partition>,
    /// Liveness model, slots A and B.
    pub liveness: ModelSlots<Partition>,
    /// Firmware, slots A and B. A new board has some in slot A.
    pub firmware: ModelSlots<Partition>,
    /// What the firmware requests of the boot loader.
    pub requests: Partition,
    /// The audit log.
    pub log: Partition,
    /// The further volumes of the gallery, side by side.
    further: &'static mut [u8],
    /// Bytes of each of them.
    volume: usize,
}

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Opens the shared memory, and erases it if it is new; shows `cause` to the host.
///
/// # Safety
/// The memory of `map` is there and nothing else in this program touches its NOR flash.
///
/// # Panics
/// When called twice, or if the memory has another layout, or further volumes of the gallery that it does not count: the people
/// in them must not be erased by accident.
pub unsafe fn take(map: &Partitions, cause: ResetCause) -> Flash {
    assert!(!TAKEN.swap(true, Ordering::AcqRel), "the flash was taken before");
    // SAFETY: the flag lets this through once; the regions are disjoint, as `partitions` tests.
    let cells = |region: Region| unsafe {
        core::slice::from_raw_parts_mut(region.address() as *mut u8, region.len as usize)
    };
    let partition = |region: Region| Nor::new(cells(region));
    let mut flash = Flash {
        gallery: partition(map.gallery),
        settings: partition(map.settings),
        detector: slots(map.detector.map(partition)),
        encoder: slots(map.encoder.map(partition)),
        liveness: ModelSlots { b_was: map.liveness_b_was, ..slots(map.liveness.map(partition)) },
        firmware: slots(map.firmware.map(partition)),
        requests: partition(map.requests),
        log: partition(map.log),
        further: cells(map.further),
        volume: map.volume as usize,
    };
    let further = map.volumes() as u32 - 1;
    window::open(map.board, cause, || flash.erase(further));
    let counted = volumes::erase_once(&window::word(VOLUMES), further, flash.further);
    assert!(counted.is_ok(), "volumes of the gallery that are not counted");
    flash
}

/// The memory is mapped: a slot is read where it lies.
fn slots(slots: [Partition; 2]) -> ModelSlots<Partition> {
    ModelSlots { slots, b_was: None, bytes: Partition::bytes }
}

impl Flash {
    /// The further volumes of the gallery: at the first call, which takes them.
    pub fn take_further(&mut self) -> impl Iterator<Item = Partition> + use<> {
        let cells = core::mem::take(&mut self.further);
        // A board without them has no cells.
        cells.chunks_exact_mut(self.volume.max(1)).map(Nor::new)
    }

    fn erase(&mut self, further: u32) {
        let slots = [&mut self.detector, &mut self.encoder, &mut self.liveness];
        let slots = slots.into_iter().flat_map(|models| &mut models.slots);
        for partition in [&mut self.gallery, &mut self.settings, &mut self.log].into_iter().chain(slots) {
            let len = partition.bytes().len() as u32;
            // Whole sectors, within the partition, and the power is on: this cannot fail.
            let _ = partition.erase(0, len);
        }
        volumes::erase(&window::word(VOLUMES), further, self.further);
    }
}
