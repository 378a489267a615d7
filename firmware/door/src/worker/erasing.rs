//! The order to erase the board, which the next boot carries out, and what it carries.

use audit::{DETAIL_BYTES, Kind};
use board_api::Board;
use embassy_time::Instant;
use embedded_storage::nor_flash::NorFlash;
use protocol::Hash;

use crate::{journal::EntryFields, pipeline::Engine, session::quota::Carried, store::Storage};

use super::parts::Parts;

impl<B: Board, E: Engine> Parts<'_, '_, B, E> {
    /// Writes the entry that has the next boot erase all but the log. Returns whether it is in flash.
    pub(super) fn order_erasing(&mut self, host: Hash) -> bool {
        if self.quota.may_erase(Instant::now()).is_err() {
            return false;
        }
        let [a, b, c] = life(self.storage.as_mut().and_then(Storage::settled_counter));
        let carried = self.quota.carried(&mut self.journal.rations, Instant::now());
        let [d, e, f, g, h] = carried;
        let fields = EntryFields::default().by(Some(host), [a, b, c, d, e, f, g, h]);
        self.journal.record_surely(Kind::Erased, fields)
    }
}

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
