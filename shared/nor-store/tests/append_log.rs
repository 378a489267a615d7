//! The append log over a flash whose power is cut at every byte.

use nor_model::{Nor, SECTOR_SIZE};
use nor_store::{AppendLog, Codec, Error};

/// Bytes of a slot, and from one slot to the next.
const SLOT: usize = 24;
const PITCH: usize = 64;
const PER_SECTOR: u32 = (SECTOR_SIZE / PITCH) as u32;

/// An entry of 16 bytes and a checksum over it and its number.
struct Checked;

fn checksum(number: u32, entry: &[u8]) -> [u8; 4] {
    // FNV-1a.
    let bytes = number.to_le_bytes().into_iter().chain(entry.iter().copied());
    bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)).to_le_bytes()
}

impl Codec for Checked {
    type Entry = [u8; 16];
    type Slot = [u8; SLOT];
    const PITCH: usize = PITCH;

    fn slot() -> [u8; SLOT] {
        [0; SLOT]
    }

    fn encode(&self, number: u32, entry: &[u8; 16], slot: &mut [u8; SLOT]) {
        slot[4..20].copy_from_slice(entry);
        slot[20..].copy_from_slice(&checksum(number, entry));
    }

    fn decode(&self, number: u32, slot: &[u8; SLOT]) -> Option<[u8; 16]> {
        let entry: [u8; 16] = slot[4..20].try_into().unwrap();
        (checksum(number, &entry) == slot[20..]).then_some(entry)
    }
}

type Log<'a> = AppendLog<Nor<&'a mut [u8]>, Checked>;

fn open(cells: &mut [u8]) -> Log<'_> {
    Log::open(Nor::new(cells), Checked).unwrap()
}

fn entry(step: u32) -> [u8; 16] {
    std::array::from_fn(|at| (step >> (8 * (at % 4))) as u8 ^ at as u8)
}

fn read_all(log: &mut Log<'_>) -> Vec<(u32, [u8; 16])> {
    let numbers = log.numbers();
    numbers.filter_map(|number| log.read(number).unwrap().map(|entry| (number, entry))).collect()
}

#[test]
fn the_bytes_are_these() {
    let mut cells = vec![0xff; 2 * SECTOR_SIZE];
    open(&mut cells).append(&[7; 16]).unwrap();
    open(&mut cells).append(&[8; 16]).unwrap();
    assert_eq!(cells[..8], [0, 0, 0, 0, 7, 7, 7, 7]);
    assert_eq!(cells[20..24], checksum(0, &[7; 16]));
    assert_eq!(cells[24..64], [0xff; 40]);
    assert_eq!(cells[64..72], [1, 0, 0, 0, 8, 8, 8, 8]);
}

/// With two sectors and with three: fills the ring to just before a sector's end, then cuts the power after
/// every byte of what follows.
#[test]
fn whatever_was_acknowledged_survives_a_cut_at_every_byte() {
    for sectors in [2, 3] {
        let mut full = vec![0xff; sectors * SECTOR_SIZE];
        let mut log = open(&mut full);
        for step in 0..PER_SECTOR * (sectors as u32 + 1) - 2 {
            log.append(&entry(step)).unwrap();
        }
        let before = read_all(&mut log).last().copied().unwrap();
        // Two slots, the erase of a sector, two slots more.
        for cut in 0..SECTOR_SIZE + 4 * SLOT + 1 {
            let mut cells = full.clone();
            let mut flash = Nor::new(cells.as_mut_slice());
            flash.cut_power_after(cut);
            let mut acknowledged = vec![before];
            if let Ok(mut log) = Log::open(flash, Checked) {
                for step in 1000..1004 {
                    match log.append(&entry(step)) {
                        Ok(number) => acknowledged.push((number, entry(step))),
                        Err(error) => assert_eq!(error, Error::Flash),
                    }
                }
            }
            let mut log = open(&mut cells);
            let newest = log.newest().map(|(number, entry)| (number, *entry)).unwrap();
            assert!(newest >= *acknowledged.last().unwrap() || newest.1 == entry(1003), "cut after {cut}");
            let kept = read_all(&mut log);
            // With two sectors, one erase leaves nothing of the sector before.
            let kept_numbers = log.numbers();
            let lost = acknowledged.iter().filter(|(number, _)| kept_numbers.contains(number));
            assert!(lost.into_iter().all(|entry| kept.contains(entry)), "cut after {cut} bytes");
            let next = log.next();
            for step in 2000..2003 {
                let number = log.append(&entry(step)).unwrap();
                assert!(number >= next && !kept.iter().any(|(kept, _)| *kept == number));
            }
            assert_eq!(open(&mut cells).newest().map(|(_, entry)| *entry), Some(entry(2002)));
        }
    }
}

#[test]
fn the_newest_entry_is_never_erased_however_many_writes_fail() {
    let mut cells = vec![0xff; 2 * SECTOR_SIZE];
    let mut log = open(&mut cells);
    for step in 0..PER_SECTOR {
        log.append(&entry(step)).unwrap();
    }
    let mut flash = log.into_flash();
    // The second sector takes nothing: every word there is programmed already.
    flash.program(SECTOR_SIZE as u32, &vec![0; SECTOR_SIZE]).unwrap();
    let mut log = AppendLog::open(Unerasable(flash), Checked).unwrap();
    for _ in 0..3 * PER_SECTOR {
        assert_eq!(log.append(&entry(9)), Err(Error::Flash));
    }
    let newest = open(&mut cells).newest().map(|(_, entry)| *entry);
    assert_eq!(newest, Some(entry(PER_SECTOR - 1)));
}

#[test]
fn a_partition_must_have_two_sectors_and_an_entry_its_own_slot() {
    let mut cells = vec![0xff; SECTOR_SIZE];
    assert_eq!(Log::open(Nor::new(cells.as_mut_slice()), Checked).err(), Some(Error::Partition));
    let mut cells = vec![0xff; 2 * SECTOR_SIZE];
    let mut log = open(&mut cells);
    for step in 0..10 {
        log.append(&entry(step)).unwrap();
    }
    cells.copy_within(2 * PITCH..3 * PITCH, 5 * PITCH);
    let mut log = open(&mut cells);
    assert_eq!(log.read(5), Ok(None));
    assert_eq!(log.read(6), Ok(Some(entry(6))));
}

/// Zeros and noise, as of a partition that was something else before.
#[test]
fn a_partition_that_was_never_a_log_becomes_one() {
    for fill in [0, 0x5a] {
        let mut cells = vec![fill; 3 * SECTOR_SIZE];
        for step in 0..200 {
            assert_eq!(open(&mut cells).append(&entry(step)), Ok(step));
        }
    }
}

/// A flash whose sectors are worn: it erases nothing, and says nothing of it.
struct Unerasable<'a>(Nor<&'a mut [u8]>);

mod worn {
    use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

    use super::{SECTOR_SIZE, Unerasable};

    impl ErrorType for Unerasable<'_> {
        type Error = nor_model::Error;
    }

    impl ReadNorFlash for Unerasable<'_> {
        const READ_SIZE: usize = 1;

        fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), nor_model::Error> {
            self.0.read(offset, bytes)
        }

        fn capacity(&self) -> usize {
            self.0.bytes().len()
        }
    }

    impl NorFlash for Unerasable<'_> {
        const WRITE_SIZE: usize = 4;
        const ERASE_SIZE: usize = SECTOR_SIZE;

        fn erase(&mut self, _: u32, _: u32) -> Result<(), nor_model::Error> {
            Ok(())
        }

        fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), nor_model::Error> {
            self.0.program(offset, bytes)
        }
    }
}
