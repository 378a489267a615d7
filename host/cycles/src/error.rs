//! What can go wrong with a program and its trace.

/// Why cycles cannot be estimated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The firmware is no ELF file for a 32-bit processor.
    #[error("the firmware is no ELF file: {0}; build it with `cargo xtask firmware`")]
    Elf(String),
    /// The firmware has no such function.
    #[error("the firmware has no function `{0}`; build it again with `cargo xtask firmware`")]
    Symbol(String),
    /// The trace names a block that is not in the firmware, or whose length the log does not tell.
    #[error("the emulator ran a block at {0:#010x} that the firmware does not have")]
    Block(u32),
}
