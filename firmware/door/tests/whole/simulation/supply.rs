//! The supply of the simulated flash: power cuts, failing operations, wear.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;

/// The place of a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The last erase or program that begins, counted from 1.
    pub operation: u32,
    /// Whether half of its bytes change, or none.
    pub half: bool,
}

/// Finds a place in what a partition holds.
pub type Place = fn(&[u8]) -> usize;

/// The state that all partitions of a board share.
#[derive(Default)]
pub struct Supply {
    /// Bytes that still change before the power fails.
    pub bytes: Cell<Option<usize>>,
    /// Where the power fails.
    pub cut: Cell<Option<Cut>>,
    /// Erases and programs that have begun.
    pub operations: Cell<u32>,
    /// One in this many operations fails; the generator chooses which.
    pub failing: RefCell<Option<(u32, fastrand::Rng)>>,
    /// A partition where every change fails.
    pub broken: Cell<Option<&'static str>>,
    /// A partition where every change fails after so many.
    pub lasts: Cell<Option<(&'static str, u32)>>,
    /// A partition whose next program is done, and said to have failed.
    pub unsure: Cell<Option<&'static str>>,
    /// Somebody writes zeros over a word of a partition before it is read next; the place follows from what is there.
    pub spoiled: Cell<Option<(&'static str, Place)>>,
    /// Somebody writes other content into a partition before it is read next.
    pub put_back: RefCell<Option<(&'static str, Vec<u8>)>>,
    /// A partition where every read fails.
    pub unreadable: Cell<Option<&'static str>>,
    /// Operations that failed.
    pub failed: Cell<u32>,
    /// What began since a test asked for it: partition and bytes.
    pub trace: RefCell<Option<Vec<(&'static str, usize)>>>,
    /// Erases by partition and sector.
    pub erases: RefCell<BTreeMap<(&'static str, u32), u32>>,
}

impl Supply {
    /// An erase or program of a partition begins. Returns how many of its bytes change.
    pub fn begin(&self, partition: &'static str, bytes: usize) -> usize {
        let operation = self.operations.get() + 1;
        self.operations.set(operation);
        if let Some(trace) = &mut *self.trace.borrow_mut() {
            trace.push((partition, bytes));
        }
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
        match self.lasts.get() {
            Some((of, 0)) if of == partition => allowed = 0,
            Some((of, left)) if of == partition => self.lasts.set(Some((of, left - 1))),
            _ => {}
        }
        allowed
    }

    /// Whether the flash has power.
    pub fn is_on(&self) -> bool {
        let over = self.cut.get().is_some_and(|cut| self.operations.get() >= cut.operation);
        self.bytes.get() != Some(0) && !over
    }

    /// Counts erased sectors.
    pub fn wear(&self, partition: &'static str, sectors: Range<u32>) {
        let mut erases = self.erases.borrow_mut();
        for sector in sectors {
            *erases.entry((partition, sector)).or_default() += 1;
        }
    }

    /// The largest erase count among these sectors of a partition.
    pub fn most(&self, partition: &str, sectors: Range<u32>) -> u32 {
        self.counts(partition, sectors).into_iter().max().unwrap_or(0)
    }

    /// The sum of the erase counts of these sectors.
    pub fn sum(&self, partition: &str, sectors: Range<u32>) -> u32 {
        self.counts(partition, sectors).into_iter().sum()
    }

    fn counts(&self, partition: &str, sectors: Range<u32>) -> Vec<u32> {
        let erases = self.erases.borrow();
        let of = erases.iter().filter(|((of, sector), _)| *of == partition && sectors.contains(sector));
        of.map(|(_, count)| *count).collect()
    }
}
