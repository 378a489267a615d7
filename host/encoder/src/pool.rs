//! Memory that steps hand on to each other: what is fresh from the system costs a page fault a page.

use grad::Buffer;

/// Buffers that nobody uses.
#[derive(Default)]
pub struct Pool(Vec<Buffer>);

impl Pool {
    /// A buffer of `length` floats of any value: the smallest that is large enough, or a new one.
    pub fn take(&mut self, length: usize) -> Buffer {
        let fits = self.0.iter().enumerate().filter(|(_, buffer)| buffer.capacity() >= length);
        let mut buffer = match fits.min_by_key(|(_, buffer)| buffer.capacity()).map(|(place, _)| place) {
            Some(place) => self.0.swap_remove(place),
            None => return Buffer::zeros(length),
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
