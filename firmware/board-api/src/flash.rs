//! Pairs of flash slots: one active, one idle.

/// The two flash partitions for one kind of image: one is active, the other is idle and may be written.
///
/// Images are used where they lie. So the flash must be memory-mapped, and each slot must begin at a multiple of 16.
pub struct ModelSlots<F> {
    /// Slots A and B, equally large.
    pub slots: [F; 2],
    /// Where in slot A earlier firmware had slot B, if that has moved since. An image that lies there stays active, where it
    /// is, until another one is.
    pub b_was: Option<u32>,
    /// Returns the bytes of a slot, in place.
    pub bytes: fn(&F) -> &[u8],
}

/// The flash of the board's own firmware, which a boot loader starts.
pub struct FirmwareSlots<F> {
    /// The partition of what the firmware requests of the boot loader.
    pub requests: F,
    /// The slots.
    pub slots: ModelSlots<F>,
    /// What the boot loader says of this start. `None` if there is no boot loader; then the firmware cannot be updated.
    pub started: Option<Started>,
    /// The board's number, as in the header of its firmware images.
    pub board: u32,
}

/// Bytes of a boot record.
pub const RECORD_BYTES: usize = 172;

/// What a boot loader hands to the firmware that it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// The slot from which it started the firmware.
    pub slot: u8,
    /// The boot record, which the boot loader has verified.
    pub record: [u8; RECORD_BYTES],
}
