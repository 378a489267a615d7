//! What a board has besides the pins, ports and flash of embedded-hal and its kin.

use crypto::{Entropy, Key};
use embedded_storage_async::nor_flash::NorFlash;
use protocol::ResetReason;
use vision::Frame;

/// A picture that the camera took.
#[derive(Debug, Clone, Copy)]
pub struct Capture<'a> {
    /// The camera's number of the picture. Two pictures in a row have different ones.
    pub sequence: u32,
    /// The picture.
    pub frame: Frame<'a>,
}

/// A camera that gives its newest picture.
#[allow(async_fn_in_trait, reason = "the back runs in thread mode, where nothing needs to be Send")]
pub trait Camera {
    /// Waits for a picture that was not given before, and gives the newest. May be dropped while
    /// it waits, without losing a picture.
    async fn next(&mut self) -> Capture<'_>;
}

/// What resets a board that hangs.
pub trait Watchdog {
    /// Starts its time anew.
    fn feed(&mut self);
}

/// A pad with digits.
pub trait Keypad {
    /// The next key that was pressed, in ASCII: a digit, `#` that ends a code, `*` that takes it back.
    fn key(&mut self) -> Option<u8>;
}

/// The board as a whole. As [`Entropy`] it gives random numbers that nobody can foresee, not even
/// after a reset.
pub trait System: Entropy {
    /// Its name, as "an547".
    fn board(&self) -> &str;
    /// Why it started.
    fn reset_reason(&self) -> ResetReason;
    /// Instructions executed since it started. Where they cannot be counted, the nearest thing.
    fn instructions(&self) -> u64;
    /// A secret that no other board has and nobody outside can read, always the same.
    fn unique(&self) -> Key;
    /// Shows the six digits of a pairing, or no longer.
    fn show_code(&mut self, code: Option<u32>);
    /// Resets it. Returns at most in a test.
    fn restart(&mut self);
}

/// The two flash partitions of one kind of model: one in force, one idle.
///
/// Images are used where they lie, so that the flash must be memory-mapped, at multiples of 16.
pub struct ModelSlots<F> {
    /// Slots A and B, equally large.
    pub slots: [F; 2],
    /// How a slot is read in place.
    pub bytes: fn(&F) -> &[u8],
}

impl<F: NorFlash> ModelSlots<F> {
    /// The bytes of the slot in force, if any, and the idle slot.
    pub(crate) fn split(&mut self, active: Option<u8>) -> (Option<&[u8]>, IdleSlot<'_, F>) {
        let bytes = self.bytes;
        let [a, b] = &mut self.slots;
        match active {
            Some(0) => (Some(bytes(a)), IdleSlot { index: 1, flash: b, bytes }),
            Some(_) => (Some(bytes(b)), IdleSlot { index: 0, flash: a, bytes }),
            None => (None, IdleSlot { index: 0, flash: a, bytes }),
        }
    }
}

/// Where a board keeps its own firmware, for a boot loader (the crate `boot`) to start.
pub struct FirmwareSlots<T, F> {
    /// The boot record's partition.
    pub record: T,
    /// The slots.
    pub slots: ModelSlots<F>,
    /// The slot from which a boot loader has started this firmware; none if there is no boot loader, and then no
    /// update either.
    pub started: Option<u8>,
    /// The board's number, as images have it.
    pub board: u32,
}

/// A slot that may be written.
pub(crate) struct IdleSlot<'a, F> {
    pub(crate) index: u8,
    pub(crate) flash: &'a mut F,
    bytes: fn(&F) -> &[u8],
}

impl<F> IdleSlot<'_, F> {
    /// What is in flash.
    pub(crate) fn bytes(&self) -> &[u8] {
        (self.bytes)(self.flash)
    }
}
