//! The slots of one kind of image: the bytes of the active one, and the idle one, which may be written.

use board_api::ModelSlots;

/// Splits a pair of slots: the bytes of the active slot, if there is one, and the idle slot.
pub(crate) fn split<F>(slots: &mut ModelSlots<F>, active: Option<u8>) -> (Option<&[u8]>, IdleSlot<'_, F>) {
    let bytes = slots.bytes;
    let [a, b] = &mut slots.slots;
    match active {
        Some(0) => (Some(bytes(a)), IdleSlot { index: 1, flash: b, bytes }),
        Some(_) => (Some(bytes(b)), IdleSlot { index: 0, flash: a, bytes }),
        None => (None, IdleSlot { index: 0, flash: a, bytes }),
    }
}

/// A slot that may be written.
pub(crate) struct IdleSlot<'a, F> {
    pub(crate) index: u8,
    pub(crate) flash: &'a mut F,
    bytes: fn(&F) -> &[u8],
}

impl<F> IdleSlot<'_, F> {
    /// The bytes in flash.
    pub(crate) fn bytes(&self) -> &[u8] {
        (self.bytes)(self.flash)
    }
}
