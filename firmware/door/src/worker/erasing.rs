//! What an order to erase the board carries, and for which life of the board it counts.

use audit::DETAIL_BYTES;
use embedded_storage::nor_flash::NorFlash;

use crate::session::quota::Carried;

/// Erases a whole partition.
pub(super) fn erase<F: NorFlash>(flash: &mut F) -> bool {
    flash.erase(0, flash.capacity() as u32).is_ok()
}

/// The life of a board between two erasures: its counter, which the first change after an erasure raises. All lives of a board
/// without a counter look alike.
pub(super) fn life(counter: Option<u32>) -> [u8; 3] {
    let [a, b, c, _] = counter.map_or(0, |counter| counter.wrapping_add(1)).to_le_bytes();
    [a, b, c]
}

/// What an order to erase the board carries after the host, if it is of this life.
pub(super) fn carried_by(detail: &[u8; DETAIL_BYTES], life: [u8; 3]) -> Option<Carried> {
    let (own, carried) = detail.get(4..)?.split_first_chunk()?;
    if *own == life { carried.try_into().ok() } else { None }
}
