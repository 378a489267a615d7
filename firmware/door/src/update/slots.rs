//! The slots of images: the bytes of the active ones, and the idle ones, which may be written.
//!
//! The settings say by number where an active image is: 0 in slot A, 1 in slot B. Where slot B has moved
//! ([`ModelSlots::b_was`]), 1 is its earlier place, in slot A, and 2 its place now. So an image that was active before the
//! firmware was updated is used where it lies; the next one goes to slot B, and the one after to slot A, over the earlier place.

use board_api::ModelSlots;
use protocol::ModelKind;

/// Numbers of slots in the settings, which never change.
const A: u8 = 0;
const B: u8 = 1;
const B_MOVED: u8 = 2;

/// Splits a pair of slots: the bytes of the active slot, if there is one, and the idle slot.
pub(crate) fn split<F>(slots: &mut ModelSlots<F>, active: Option<u8>) -> (Option<&[u8]>, IdleSlot<'_, F>) {
    let ModelSlots { slots: [a, b], b_was, bytes } = slots;
    let (b_was, bytes) = (*b_was, *bytes);
    let b_index = if b_was.is_some() { B_MOVED } else { B };
    match (active, b_was) {
        (Some(A), _) => (Some(bytes(a)), IdleSlot { index: b_index, flash: b, bytes }),
        (Some(B), Some(was)) => (bytes(a).get(was as usize..), IdleSlot { index: b_index, flash: b, bytes }),
        (Some(_), _) => (Some(bytes(b)), IdleSlot { index: A, flash: a, bytes }),
        (None, _) => (None, IdleSlot { index: A, flash: a, bytes }),
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
