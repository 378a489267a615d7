//! The flash of a door in memory, and the counter beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use board_api::{CounterError, ModelSlots, MonotonicCounter};
use nor_model::Nor;
use partitions::{LINUX, Partitions, Region};

/// The cells of all partitions, and the counter beside them.
#[derive(Clone, Debug)]
pub struct Cells(pub(crate) Vec<(&'static str, Region, Vec<u8>)>, pub(crate) Arc<AtomicU32>);

/// The monotonic counter beside the flash.
pub(crate) struct Counter(pub(crate) Arc<AtomicU32>);

impl MonotonicCounter for Counter {
    fn read(&mut self) -> Result<u32, CounterError> {
        Ok(self.0.load(Ordering::Relaxed))
    }

    fn increment(&mut self) -> Result<(), CounterError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Cells {
    /// A flash that is erased: that of a door on Linux whose gallery has one volume.
    pub fn erased() -> Self {
        Self::of(&Partitions { further: Region { len: 0, ..LINUX.further }, volume: 0, ..LINUX })
    }

    /// A flash of these partitions that is erased.
    pub fn of(map: &Partitions) -> Self {
        let [[detector_a, detector_b], [encoder_a, encoder_b], [liveness_a, liveness_b]] =
            [map.detector, map.encoder, map.liveness];
        let regions = [
            ("gallery", map.gallery),
            ("settings", map.settings),
            ("log", map.log),
            ("detector A", detector_a),
            ("detector B", detector_b),
            ("encoder A", encoder_a),
            ("encoder B", encoder_b),
            ("liveness A", liveness_a),
            ("liveness B", liveness_b),
        ];
        let regions = regions.into_iter().chain(map.further_volumes().map(|volume| ("volume", volume)));
        let cells = regions.map(|(name, region)| (name, region, vec![0xff; region.len as usize]));
        Self(cells.collect(), Arc::default())
    }

    /// The value of the counter beside them.
    pub fn counter(&self) -> u32 {
        self.1.load(Ordering::Relaxed)
    }

    /// Name, place and cells of each partition.
    pub fn partitions(&self) -> Vec<(&'static str, Region, &[u8])> {
        self.0.iter().map(|(name, region, cells)| (*name, *region, cells.as_slice())).collect()
    }

    /// The same flash, with a counter of its own.
    pub fn copy(&self) -> Self {
        Self(self.0.clone(), Arc::new(AtomicU32::new(self.1.load(Ordering::Relaxed))))
    }
}

/// The two slots of a kind of model.
pub(crate) fn slots<'a>(a: &'a mut [u8], b: &'a mut [u8]) -> ModelSlots<Nor<&'a mut [u8]>> {
    ModelSlots { slots: [Nor::new(a), Nor::new(b)], b_was: None, bytes: Nor::bytes }
}
