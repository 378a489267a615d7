//! The further volumes of the gallery in a board's memory: they are erased once, also in a memory from before there were any.
//!
//! | step | a power cut after it leaves |
//! |---|---|
//! | 1. the volumes are erased to ones | zeros and ones, which nobody reads: the next boot begins again |
//! | 2. the window page counts them | volumes that can be used |
//!
//! The count is not sealed. Volumes that have something in them, and are not counted, were changed, or the count was: erased, most
//! people would be gone for good. So such a board does not start, as a door on Linux does not.

use core::sync::atomic::{Ordering, fence};

use crate::Register;

/// What an erased byte reads as.
const ERASED: u8 = 0xff;

/// Volumes have something in them, and are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncounted;

/// Erases `count` volumes, which have these cells, unless the word says that this was done.
///
/// # Errors
/// [`Uncounted`].
pub fn erase_once(word: &impl Register, count: u32, cells: &mut [u8]) -> Result<(), Uncounted> {
    if word.read() == count {
        return Ok(());
    }
    if cells.iter().any(|cell| !matches!(*cell, 0 | ERASED)) {
        return Err(Uncounted);
    }
    erase(word, count, cells);
    Ok(())
}

/// Erases them, whatever is in them.
pub fn erase(word: &impl Register, count: u32, cells: &mut [u8]) {
    cells.fill(ERASED);
    // The memory is a file that outlives this program: the count is not written before.
    fence(Ordering::SeqCst);
    word.write(count);
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::fake::{Device, Fake};
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::{vec, vec::Vec};

    /// The word of the count.
    struct Count(u32);

    impl Device for Count {
        fn read(&mut self, _: usize) -> u32 {
            self.0
        }

        fn write(&mut self, _: usize, value: u32) {
            self.0 = value;
        }
    }

    /// A boot with eleven volumes; the count and the cells after it.
    fn boot(count: u32, mut cells: Vec<u8>) -> (Result<(), Uncounted>, u32, Vec<u8>) {
        let device = Rc::new(RefCell::new(Count(count)));
        let booted = erase_once(&Fake::new(&device, 0), 11, &mut cells);
        let count = device.borrow().0;
        (booted, count, cells)
    }

    #[test]
    fn a_memory_of_before_gets_volumes_once() {
        let erased = vec![ERASED; 12];
        // Nothing was ever written there, or a power cut left a part of it erased.
        for before in [vec![0; 12], [vec![ERASED; 5], vec![0; 7]].concat(), erased.clone()] {
            assert_eq!(boot(0, before), (Ok(()), 11, erased.clone()));
        }
        let people = [&erased[..6], b"people"].concat();
        assert_eq!(boot(11, people.clone()), (Ok(()), 11, people));
    }

    /// Whoever writes the file takes most people away by one bit of its first page.
    #[test]
    fn volumes_with_people_that_are_not_counted_are_not_erased() {
        let people = [&[ERASED; 11][..], &[0xfe]].concat();
        for count in [0, 10, 11 | 1 << 9, u32::MAX] {
            assert_eq!(boot(count, people.clone()), (Err(Uncounted), count, people.clone()));
        }
    }

    #[test]
    fn a_board_without_further_volumes_counts_none() {
        let device = Rc::new(RefCell::new(Count(0)));
        assert_eq!(erase_once(&Fake::new(&device, 0), 0, &mut []), Ok(()));
        assert_eq!(device.borrow().0, 0);
    }
}
