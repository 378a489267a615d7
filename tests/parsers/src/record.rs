//! Any change to the flash of the boot record: only records that the board tagged are valid, and the next one is kept.
//!
//! ```text
//! input     changes: offset u16 LE, mod the size of the flash | the new byte
//! ```

use std::sync::OnceLock;

use boot::{Record, Ring, Signed};
use crypto::Key;
use nor_model::{Nor, SECTOR_SIZE};

/// Records that are written: enough to erase the first sector again.
const WRITTEN: u64 = 40;
/// Most changes that an input makes; more would only take longer.
const MOST: usize = 64;

fn unique() -> Key {
    Key::new([7; 32])
}

fn named(release: u64) -> Signed {
    Signed { release, digest: [release as u8; 32], signer: [9; 32] }
}

fn open(flash: &mut [u8]) -> Ring<Nor<&mut [u8]>> {
    Ring::open(Nor::new(flash), &unique()).expect("two sectors that can be read")
}

/// The flash after some releases, and the records that were made.
fn made() -> &'static (Vec<u8>, Vec<Record>) {
    static MADE: OnceLock<(Vec<u8>, Vec<Record>)> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut flash = vec![0xff; 2 * SECTOR_SIZE];
        let mut records = Vec::new();
        let mut ring = open(&mut flash);
        for release in 0..WRITTEN {
            let record = Record::programmed(named(release));
            ring.save(&record).expect("it is written");
            records.push(record);
        }
        drop(ring);
        (flash, records)
    })
}

/// Changes the flash, opens it, and writes the next record.
pub fn check(input: &[u8]) {
    let (flash, records) = made();
    let mut flash = flash.clone();
    for [low, high, byte] in input.as_chunks().0.iter().take(MOST) {
        let at = usize::from(u16::from_le_bytes([*low, *high])) % flash.len();
        flash[at] = *byte;
    }
    let mut ring = open(&mut flash);
    if let Some(record) = ring.record() {
        assert!(records.contains(&record), "a record that the board did not write");
    }
    let next = Record::programmed(named(WRITTEN));
    // A place that is not erased may refuse it; then the record of before stays valid.
    if ring.save(&next).is_ok() {
        drop(ring);
        let ring = open(&mut flash);
        assert_eq!(ring.record(), Some(next));
    }
}
