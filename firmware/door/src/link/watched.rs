//! A small value with one writer, which the other side reads whenever it likes.

use core::cell::Cell;

use embassy_sync::blocking_mutex::{Mutex, raw::CriticalSectionRawMutex};

/// A value that one side writes and the other side reads. Each read sees one whole write.
pub(crate) struct Watched<T>(Mutex<CriticalSectionRawMutex, Cell<T>>);

impl<T: Copy> Watched<T> {
    /// The value before the first write.
    pub(crate) const fn new(first: T) -> Self {
        Self(Mutex::new(Cell::new(first)))
    }

    /// The newest value.
    pub(crate) fn get(&self) -> T {
        self.0.lock(Cell::get)
    }

    /// Changes some fields. Only the one writer calls this.
    pub(crate) fn update(&self, change: impl FnOnce(&mut T)) {
        self.0.lock(|cell| {
            let mut value = cell.get();
            change(&mut value);
            cell.set(value);
        });
    }
}
