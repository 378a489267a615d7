//! The slots of images: the bytes of the active ones, and the idle ones, which may be written.

use board_api::ModelSlots;
use protocol::ModelKind;

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

/// The idle slot of each kind of image.
pub(crate) struct IdleSlots<'a, F> {
    pub(crate) detector: IdleSlot<'a, F>,
    pub(crate) encoder: IdleSlot<'a, F>,
    pub(crate) liveness: IdleSlot<'a, F>,
    pub(crate) firmware: IdleSlot<'a, F>,
}

impl<'a, F> IdleSlots<'a, F> {
    /// The idle slot of a kind.
    pub(crate) fn of(&mut self, kind: ModelKind) -> &mut IdleSlot<'a, F> {
        match kind {
            ModelKind::Detector => &mut self.detector,
            ModelKind::Liveness => &mut self.liveness,
            ModelKind::Firmware => &mut self.firmware,
            _ => &mut self.encoder,
        }
    }
}
