//! What happens to a simulated board's flash: when its power goes, which operations fail, how it wears.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;

/// Where a power cut falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The erase or program that is the last one to begin, counted from 1.
    pub operation: u32,
    /// Whether half of its bytes change, or none.
    pub half: bool,
}

/// What the partitions of one board share.
#[derive(Default)]
pub struct Supply {
    /// Bytes that still change before the power goes.
    pub bytes: Cell<Option<usize>>,
    /// Where the power goes.
    pub cut: Cell<Option<Cut>>,
    /// Erases and programs begun.
    pub operations: Cell<u32>,
    /// Of how many operations one fails, and the generator that chooses.
    pub failing: RefCell<Option<(u32, fastrand::Rng)>>,
    /// A partition in which nothing can be changed.
    pub broken: Cell<Option<&'static str>>,
    /// Operations that failed so.
    pub failed: Cell<u32>,
    /// Erases by partition and sector.
    pub erases: RefCell<BTreeMap<(&'static str, u32), u32>>,
}

impl Supply {
    /// An erase or program of so many bytes of a partition begins: how many of them change.
    pub fn begin(&self, partition: &'static str, bytes: usize) -> usize {
        let operation = self.operations.get() + 1;
        self.operations.set(operation);
        let mut allowed = match self.cut.get() {
            Some(cut) if operation > cut.operation => 0,
            Some(cut) if operation == cut.operation => {
                if cut.half {
                    bytes / 2
                } else {
                    0
                }
            }
            _ => bytes,
        };
        if let Some(left) = self.bytes.get() {
            allowed = allowed.min(left);
            self.bytes.set(Some(left - allowed));
        }
        if let Some((one_in, random)) = &mut *self.failing.borrow_mut()
            && random.u32(..*one_in) == 0
        {
            self.failed.set(self.failed.get() + 1);
            allowed = random.usize(..bytes);
        }
        if self.broken.get() == Some(partition) {
            allowed = 0;
        }
        allowed
    }

    /// Whether there is power to read.
    pub fn is_on(&self) -> bool {
        let over = self.cut.get().is_some_and(|cut| self.operations.get() >= cut.operation);
        self.bytes.get() != Some(0) && !over
    }

    /// Sectors were erased.
    pub fn wear(&self, partition: &'static str, sectors: Range<u32>) {
        let mut erases = self.erases.borrow_mut();
        for sector in sectors {
            *erases.entry((partition, sector)).or_default() += 1;
        }
    }

    /// Most erases of one of these sectors of a partition.
    pub fn most(&self, partition: &str, sectors: Range<u32>) -> u32 {
        self.counts(partition, sectors).into_iter().max().unwrap_or(0)
    }

    /// Erases of all these sectors of a partition.
    pub fn sum(&self, partition: &str, sectors: Range<u32>) -> u32 {
        self.counts(partition, sectors).into_iter().sum()
    }

    fn counts(&self, partition: &str, sectors: Range<u32>) -> Vec<u32> {
        let erases = self.erases.borrow();
        let of = erases.iter().filter(|((of, sector), _)| *of == partition && sectors.contains(sector));
        of.map(|(_, count)| *count).collect()
    }
}
