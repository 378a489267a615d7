//! One 32-bit register of a peripheral.

/// A register, or a word of memory that is shared like one.
pub trait Register {
    /// Reads it. Of some registers, reading changes the peripheral.
    fn read(&self) -> u32;

    /// Writes it.
    fn write(&self, value: u32);
}

/// A register at a fixed address.
#[derive(Clone, Copy, Debug)]
pub struct Mmio(usize);

impl Mmio {
    /// Names the register at `address`.
    ///
    /// # Safety
    /// `address` is aligned to four and is, for as long as the program runs, a register or a word
    /// of shared memory that any code may read and write at any time.
    pub const unsafe fn new(address: usize) -> Self {
        Self(address)
    }
}

impl Register for Mmio {
    #[inline(always)]
    fn read(&self) -> u32 {
        // SAFETY: the caller of `new` promised that the word can be read.
        unsafe { (self.0 as *const u32).read_volatile() }
    }

    #[inline(always)]
    fn write(&self, value: u32) {
        // SAFETY: the caller of `new` promised that the word can be written.
        unsafe { (self.0 as *mut u32).write_volatile(value) }
    }
}
