//! What a real board has in fuses and in a random number generator: 64 bytes of RAM that the emulator
//! fills at every reset, and after them a word in which the boot loader says what it started.
//!
//! ```text
//! 0x00  unique secret, 32 bytes   the file `unique.key`: made with the board, always the same
//! 0x20  entropy, 32 bytes         the file `entropy`: new whenever the board is switched on
//! 0x40  what was started, 4 bytes the boot loader, for the firmware: [`STARTED`] and the slot; or 0
//! ```
//! They lie apart from the memory file, so that a copy of a board's flash is without its secret.
//!
//! A reset that is no power cut finds the same entropy again. So a board mixes the number of the boot
//! into it (the word [`BOOTS`](crate::window::BOOTS)), of which no two boots share one: unless
//! somebody puts back the memory file and `entropy` of before, who then can read the secret as well.

/// Offset of the unique secret.
pub const UNIQUE: usize = 0x00;
/// Offset of the entropy.
pub const ENTROPY: usize = 0x20;
/// Bytes of each.
pub const LEN: usize = 32;

/// Offset of the word of the boot loader. Firmware that was started without one finds 0.
pub const BOOT_WORD: usize = 0x40;
/// What the boot loader writes there, and the slot, 0 or 1, in the lowest bit.
pub const STARTED: u32 = u32::from_le_bytes(*b"\0BLT");
