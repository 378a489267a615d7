//! Memory that one step hands on to the next: fresh memory costs a page fault a page.

use crate::Buffer;

/// Buffers that nothing uses.
#[derive(Default)]
pub struct BufferPool(Vec<Buffer>);

impl BufferPool {
    /// A buffer of `length` floats whose values are not defined: the smallest that is large enough.
    ///
    /// Where none is large enough, one of those that are too small grows, so that they stay few.
    pub fn take(&mut self, length: usize) -> Buffer {
        let fitting = self.0.iter().enumerate().filter(|(_, buffer)| buffer.capacity() >= length);
        let best = fitting.min_by_key(|(_, buffer)| buffer.capacity()).map(|(place, _)| place);
        let mut buffer = match best.or(self.0.len().checked_sub(1)) {
            Some(place) => self.0.swap_remove(place),
            None => Buffer::default(),
        };
        buffer.resize(length);
        buffer
    }

    /// Takes a buffer back.
    pub fn give(&mut self, buffer: Buffer) {
        if buffer.capacity() > 0 {
            self.0.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_buffer_that_fits_is_taken_and_a_small_one_grows() {
        let mut pool = BufferPool::default();
        for length in [64, 16, 32] {
            pool.give(Buffer::zeros(length));
        }
        assert_eq!(pool.take(20).capacity(), 32);
        let grown = pool.take(100);
        assert!(grown.len() == 100 && grown.capacity() >= 100);
        assert_eq!(pool.0.len(), 1);
        pool.give(Buffer::default());
        assert_eq!(pool.0.len(), 1);
    }
}
