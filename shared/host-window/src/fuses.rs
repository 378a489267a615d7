//! The fuses of an emulated board: what a real board has in fuses and in a random number generator.
//!
//! 64 bytes of RAM that the emulator fills at every reset, and what the boot loader tells the firmware.
//!
//! ```text
//! 0x00  unique secret, 32 bytes   the file `unique.key`: made with the board, always the same
//! 0x20  entropy, 32 bytes         the file `entropy`: new whenever the board is switched on
//! 0x40  what was started, 4 bytes the boot loader, for the firmware: [`STARTED`] and the slot; or 0
//! 0x44  boot record, 172 bytes    the boot loader, for the firmware: the record that it verified
//! ```
//! Before it starts the firmware, the boot loader overwrites the unique secret with one that it derives from it, so the
//! firmware never has the key of the boot record.
//!
//! They are not in the memory file, so that a copy of a board's flash does not have its secret.
//!
//! After a reset without a power cut the entropy is the same. So a board mixes in the boot counter (the word
//! [`BOOTS`](crate::window::BOOTS)), which is different at each boot. Only somebody who restores older
//! copies of both the memory file and `entropy` can repeat it, and they can read the secret as well.

/// Offset of the unique secret.
pub const UNIQUE: usize = 0x00;
/// Offset of the entropy.
pub const ENTROPY: usize = 0x20;
/// Bytes of each.
pub const LEN: usize = 32;

/// Offset of the boot loader's word. It is 0 if the firmware was started without a boot loader.
pub const BOOT_WORD: usize = 0x40;
/// What the boot loader writes there. The lowest bit is the slot, 0 or 1.
pub const STARTED: u32 = u32::from_le_bytes(*b"\0BLT");

/// Offset of the boot record.
pub const RECORD: usize = 0x44;
/// Bytes of the boot record.
pub const RECORD_LEN: usize = 172;
