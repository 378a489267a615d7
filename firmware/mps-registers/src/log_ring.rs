//! The ring in which the log's frames wait for their UART.
//!
//! A frame that does not fit is dropped completely, because half a frame would garble the next one too. The
//! ring counts the dropped frames.

/// Frames that wait, in `N` bytes; `N` is a power of two.
#[derive(Debug)]
pub struct LogRing<const N: usize> {
    bytes: [u8; N],
    /// Where the next byte is read; counts on without wrapping at `N`, as the two below.
    read: usize,
    /// The end of the last complete frame.
    whole: usize,
    /// The end of what the open frame has written so far.
    write: usize,
    /// The open frame did not fit.
    overflowed: bool,
    dropped: u32,
}

impl<const N: usize> LogRing<N> {
    /// An empty ring, all zeros.
    #[expect(clippy::new_without_default, reason = "it is large, and belongs into a static")]
    pub const fn new() -> Self {
        const { assert!(N.is_power_of_two()) };
        Self { bytes: [0; N], read: 0, whole: 0, write: 0, overflowed: false, dropped: 0 }
    }

    /// Begins a frame. One that was not closed is forgotten.
    pub fn open(&mut self) {
        self.write = self.whole;
        self.overflowed = false;
    }

    /// Writes some of the open frame.
    pub fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.write.wrapping_sub(self.read) == N {
                self.overflowed = true;
                return;
            }
            self.bytes[self.write % N] = *byte;
            self.write = self.write.wrapping_add(1);
        }
    }

    /// Ends the frame, which may be sent from here on, or is dropped if it did not fit.
    pub fn close(&mut self) {
        if self.overflowed {
            self.dropped = self.dropped.saturating_add(1);
        } else {
            self.whole = self.write;
        }
    }

    /// The next byte of a complete frame.
    pub fn pop(&mut self) -> Option<u8> {
        if self.is_empty() {
            return None;
        }
        let byte = self.bytes[self.read % N];
        self.read = self.read.wrapping_add(1);
        Some(byte)
    }

    /// Whether no complete frame waits.
    pub fn is_empty(&self) -> bool {
        self.read == self.whole
    }

    /// How many frames were dropped since this was last asked.
    pub fn take_dropped(&mut self) -> u32 {
        core::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn log<const N: usize>(ring: &mut LogRing<N>, frame: &[u8]) {
        ring.open();
        frame.chunks(3).for_each(|piece| ring.push(piece));
        ring.close();
    }

    fn sent<const N: usize>(ring: &mut LogRing<N>) -> Vec<u8> {
        core::iter::from_fn(|| ring.pop()).collect()
    }

    #[test]
    fn frames_come_out_whole_and_in_order() {
        let mut ring = LogRing::<16>::new();
        log(&mut ring, b"first");
        ring.open();
        ring.push(b"half");
        assert_eq!(sent(&mut ring), b"first");
        ring.close();
        log(&mut ring, b"second");
        assert_eq!(sent(&mut ring), b"halfsecond");
        assert!(ring.is_empty());
    }

    #[test]
    fn a_frame_that_does_not_fit_is_dropped_completely_and_counted() {
        let mut ring = LogRing::<16>::new();
        log(&mut ring, b"0123456789");
        log(&mut ring, b"too long");
        log(&mut ring, b"fits");
        assert_eq!(sent(&mut ring), b"0123456789fits");
        assert_eq!((ring.take_dropped(), ring.take_dropped()), (1, 0));
        log(&mut ring, &[7; 16]);
        assert_eq!(sent(&mut ring), [7; 16], "a frame may fill the ring");
        log(&mut ring, &[7; 17]);
        assert_eq!((sent(&mut ring).len(), ring.take_dropped()), (0, 1));
    }

    #[test]
    fn a_frame_that_a_fault_interrupts_is_forgotten() {
        let mut ring = LogRing::<16>::new();
        ring.open();
        ring.push(b"interrupted");
        log(&mut ring, b"fault");
        assert_eq!(sent(&mut ring), b"fault");
    }

    #[test]
    fn it_works_on_when_its_counts_wrap() {
        let mut ring = LogRing::<16>::new();
        (ring.read, ring.whole, ring.write) = (usize::MAX - 3, usize::MAX - 3, usize::MAX - 3);
        for round in 0..20u8 {
            log(&mut ring, &[round; 11]);
            assert_eq!(sent(&mut ring), [round; 11]);
        }
        assert_eq!(ring.take_dropped(), 0);
    }
}
