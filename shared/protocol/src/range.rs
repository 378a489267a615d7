//! The ranges of the settings: the least and the most, both included. The board checks them, and forms show them.

/// The false-accept rate, as one in this many strangers.
pub const FAR_ONE_IN: (u32, u32) = (1, 100_000_000);
/// Frames in a row that must agree.
pub const AGREEMENT_FRAMES: (u32, u32) = (1, 16);
/// Milliseconds for which the lock opens.
pub const OPEN_MS: (u32, u32) = (100, 60_000);
/// Failures that begin a lockout.
pub const FAILURES: (u32, u32) = (1, 100);
/// Milliseconds of the first lockout.
pub const LOCKOUT_MS: (u32, u32) = (1_000, 3_600_000);
/// Milliseconds of anti-passback, up to a day.
pub const PASSBACK_MS: (u32, u32) = (0, 86_400_000);
/// Milliseconds for a PIN.
pub const PIN_MS: (u32, u32) = (3_000, 120_000);
/// Milliseconds for which the door may stand open, up to a day.
pub const HELD_MS: (u32, u32) = (0, 86_400_000);
