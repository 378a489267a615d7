//! One 32-bit register of a peripheral.

/// A register at a fixed address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register(usize);

impl Register {
    /// Names the register at `address`.
    ///
    /// # Safety
    /// `address` is aligned to four and is, for as long as the program runs, a register or a word
    /// of shared memory that any code may read and write at any time.
    pub(crate) const unsafe fn new(address: usize) -> Self {
        Self(address)
    }

    pub(crate) fn read(self) -> u32 {
        // SAFETY: whoever called `new` promised that the word can be read.
        unsafe { (self.0 as *const u32).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: whoever called `new` promised that the word can be written.
        unsafe { (self.0 as *mut u32).write_volatile(value) }
    }
}
