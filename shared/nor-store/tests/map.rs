//! The map over a flash whose power is cut: an acknowledged value is there, wherever the power went.

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use nor_model::{ERASED, Nor, SECTOR_SIZE};
use nor_store::{Error, Map, MapKey};

const SECTORS: usize = 3;
const LEN: usize = SECTORS * SECTOR_SIZE;

/// Two settings and a row of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Volume,
    Name(u8),
}

impl MapKey for Key {
    fn number(self) -> u16 {
        match self {
            Self::Volume => 7,
            Self::Name(at) => 0x100 | u16::from(at),
        }
    }

    fn from_number(number: u16) -> Option<Self> {
        match number.to_be_bytes() {
            [0, 7] => Some(Self::Volume),
            [1, at] => Some(Self::Name(at)),
            _ => None,
        }
    }
}

fn open(cells: &mut [u8]) -> Map<Nor<&mut [u8]>, Key> {
    Map::open(Nor::new(cells), 0..LEN as u32).unwrap()
}

#[test]
fn a_value_survives_a_cut_at_any_byte() {
    for cut in (0..2 * SECTOR_SIZE).step_by(61) {
        let mut cells = vec![ERASED; LEN];
        let mut flash = Nor::new(cells.as_mut_slice());
        flash.cut_power_after(cut);
        let mut map = Map::<_, Key>::open(flash, 0..LEN as u32).unwrap();
        let mut buffer = [0; 128];
        let mut acknowledged = None;
        for value in 0..200u8 {
            if map.store(&mut buffer, Key::Volume, &[value; 20]).is_err() {
                break;
            }
            acknowledged = Some([value; 20]);
        }
        let mut newest = None;
        let mut map = open(&mut cells);
        map.for_each(&mut buffer, |key, value| {
            newest = Some((key, <[u8; 20]>::try_from(value).unwrap()));
            Ok::<_, Error>(())
        })
        .unwrap();
        // The write that the cut interrupted may have become complete with its last byte.
        let next = [acknowledged.map_or(0, |value| value[0] + 1); 20];
        let either = |found| found == acknowledged || found == Some(next);
        assert!(either(newest.map(|(_, value)| value)), "cut after {cut}");
        let found = map.fetch(&mut buffer, Key::Volume).unwrap();
        assert!(either(found.map(|value| value.try_into().unwrap())), "cut after {cut}");
    }
}

/// A flash that counts what is read.
struct Counted<'a>(Nor<&'a mut [u8]>, usize);

impl ErrorType for Counted<'_> {
    type Error = nor_model::Error;
}

impl ReadNorFlash for Counted<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.1 += bytes.len();
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.bytes().len()
    }
}

impl NorFlash for Counted<'_> {
    const WRITE_SIZE: usize = nor_model::WORD_SIZE;
    const ERASE_SIZE: usize = SECTOR_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.0.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.program(offset, bytes)
    }
}

/// A boot asks for many keys that have no value.
#[test]
fn keys_without_a_value_are_looked_for_once_and_one_that_gets_a_value_is_found() {
    let mut cells = vec![ERASED; LEN];
    let mut buffer = [0; 128];
    let mut map = open(&mut cells);
    for value in 0..200u8 {
        map.store(&mut buffer, Key::Volume, &[value; 20]).unwrap();
        map.store(&mut buffer, Key::Name(value % 3), &[value; 20]).unwrap();
    }
    let flash = Counted(Nor::new(cells.as_mut_slice()), 0);
    let mut map = Map::<_, Key>::open(flash, 0..LEN as u32).unwrap();
    assert_eq!(map.fetch(&mut buffer, Key::Name(9)), Ok(None));
    let once = map.flash().1;
    for name in 10..100 {
        assert_eq!(map.fetch(&mut buffer, Key::Name(name)), Ok(None));
    }
    assert_eq!(map.flash().1, once, "nothing is read for them");
    map.store(&mut buffer, Key::Name(50), b"Ann").unwrap();
    assert_eq!(map.fetch(&mut buffer, Key::Name(50)), Ok(Some(&b"Ann"[..])));
    assert_eq!(map.fetch(&mut buffer, Key::Name(199 % 3)), Ok(Some(&[199; 20][..])));
    assert_eq!(map.fetch(&mut buffer, Key::Volume), Ok(Some(&[199; 20][..])));
}

/// A flash of which one read fails.
struct Failing<'a> {
    flash: Nor<&'a mut [u8]>,
    reads: usize,
    fails: usize,
}

impl ErrorType for Failing<'_> {
    type Error = nor_model::Error;
}

impl ReadNorFlash for Failing<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.reads += 1;
        if self.reads - 1 == self.fails {
            Err(nor_model::Error::PowerCut)
        } else {
            self.flash.read(offset, bytes)
        }
    }

    fn capacity(&self) -> usize {
        self.flash.bytes().len()
    }
}

impl NorFlash for Failing<'_> {
    const WRITE_SIZE: usize = nor_model::WORD_SIZE;
    const ERASE_SIZE: usize = SECTOR_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.flash.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.flash.program(offset, bytes)
    }
}

/// What iterates over the map passes over a sector whose state cannot be read. It reads that of the sectors behind the open one, which
/// are the oldest where the map has gone round.
#[test]
fn a_read_that_fails_once_leaves_no_key_absent() {
    let mut cells = vec![ERASED; LEN];
    let mut buffer = [0; 128];
    let mut told_of = 0;
    for round in 0..24u8 {
        let mut map = open(&mut cells);
        if round == 0 {
            map.store(&mut buffer, Key::Name(77), b"Ann").unwrap();
        }
        for value in 0..LEN / 400 {
            map.store(&mut buffer, Key::Name((value % 20) as u8), &[round; 20]).unwrap();
        }
        for fails in 0.. {
            let mut copies = [cells.clone(), cells.clone()];
            let [mut each, mut map] = copies.each_mut().map(|cells| {
                let flash = Failing { flash: Nor::new(cells.as_mut_slice()), reads: 0, fails };
                Map::<_, Key>::open(flash, 0..LEN as u32).unwrap()
            });
            let mut is_there = false;
            let told = each.for_each(&mut buffer, |key, _| {
                is_there |= matches!(key, Key::Name(77));
                Ok::<_, Error>(())
            });
            assert!(is_there || told.is_err(), "read {fails} fails, and nobody is told");
            told_of += u32::from(told.is_err());
            for _ in 0..2 {
                assert_ne!(map.fetch(&mut buffer, Key::Name(77)), Ok(None), "read {fails}");
            }
            if map.flash().reads <= fails {
                break;
            }
        }
    }
    assert!(told_of > 0);
}

#[test]
fn values_are_apart_by_key_and_unknown_numbers_are_passed_over() {
    let mut cells = vec![ERASED; LEN];
    let mut buffer = [0; 128];
    let mut map = open(&mut cells);
    map.store(&mut buffer, Key::Volume, &[1]).unwrap();
    map.store(&mut buffer, Key::Name(0), b"Ann").unwrap();
    map.store(&mut buffer, Key::Name(1), b"Bob").unwrap();
    map.store(&mut buffer, Key::Name(0), b"Eve").unwrap();
    assert_eq!(map.fetch(&mut buffer, Key::Name(0)), Ok(Some(&b"Eve"[..])));
    assert_eq!(map.fetch(&mut buffer, Key::Name(2)), Ok(None));
    let mut foreign = Map::<_, Foreign>::open(Nor::new(cells.as_mut_slice()), 0..LEN as u32).unwrap();
    foreign.store(&mut buffer, Foreign, b"?").unwrap();
    let mut seen = Vec::new();
    let each = open(&mut cells).for_each(&mut buffer, |key, value| {
        seen.push((key, value.to_vec()));
        Ok::<_, Error>(())
    });
    assert_eq!(each, Ok(()));
    let names = [(Key::Name(0), &b"Ann"[..]), (Key::Name(1), b"Bob"), (Key::Name(0), b"Eve")];
    assert_eq!(seen[0], (Key::Volume, vec![1]));
    assert_eq!(seen[1..], names.map(|(key, value)| (key, value.to_vec())));
}

/// Issue 136 of sequential-storage, in this geometry: the power fails within the header of a record, and the record that is
/// appended then forms a phantom header with it. Without `torn` each of these values is lost.
#[test]
fn nothing_is_acknowledged_and_lost_after_a_torn_header() {
    let mut buffer = [0; 128];
    let mut base = vec![ERASED; LEN];
    open(&mut base).store(&mut buffer, Key::Volume, &random(0)).unwrap();
    for cut in 1..8 {
        let mut torn = base.clone();
        let mut flash = Nor::new(torn.as_mut_slice());
        flash.cut_power_after(cut);
        let mut map = Map::<_, Key>::open(flash, 0..LEN as u32).unwrap();
        assert!(map.store(&mut buffer, Key::Name(0), &random(7)).is_err());
        for seed in PHANTOMS {
            let mut cells = torn.clone();
            let new = random(seed);
            open(&mut cells).store(&mut buffer, Key::Name(0), &new).unwrap();
            let mut map = open(&mut cells);
            assert_eq!(
                map.fetch(&mut buffer, Key::Name(0)),
                Ok(Some(&new[..])),
                "cut after {cut}, value {seed}"
            );
            assert_eq!(
                map.fetch(&mut buffer, Key::Volume),
                Ok(Some(&random(0)[..])),
                "the values before stay"
            );
        }
    }
}

/// The numbers of values whose checksum, after any torn header, looks like a header of a record that fits the sector. About
/// one value in a million is such.
const PHANTOMS: [u64; 6] = [158_724, 2_156_354, 2_687_583, 3_969_345, 8_282_968, 10_444_933];

/// Bytes that depend on a number.
fn random(seed: u64) -> [u8; 44] {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0;
    core::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    })
}

#[test]
fn a_write_that_failed_is_followed_by_no_phantom_in_the_same_boot() {
    let mut buffer = [0; 128];
    for cut in 1..8 {
        let mut cells = vec![ERASED; LEN];
        let mut map = open(&mut cells);
        map.store(&mut buffer, Key::Volume, &random(0)).unwrap();
        map.flash().cut_power_after(cut);
        assert!(map.store(&mut buffer, Key::Name(0), &random(7)).is_err());
        map.flash().restore_power();
        map.store(&mut buffer, Key::Name(0), &random(8)).unwrap();
        assert_ne!(cells[SECTOR_SIZE - 1], ERASED, "the sector with the torn header is closed");
        assert_eq!(
            open(&mut cells).fetch(&mut buffer, Key::Name(0)),
            Ok(Some(&random(8)[..])),
            "cut after {cut}"
        );
    }
}

#[test]
fn a_full_map_says_so_and_keeps_what_it_has() {
    let mut cells = vec![ERASED; LEN];
    let mut buffer = [0; 1024];
    let mut map = open(&mut cells);
    let full = (0..=255)
        .find_map(|at| map.store(&mut buffer, Key::Name(at), &[at; 500]).err().map(|error| (at, error)));
    let (first, error) = full.unwrap();
    assert_eq!(error, Error::Full);
    for at in 0..first {
        assert_eq!(map.fetch(&mut buffer, Key::Name(at)), Ok(Some(&[at; 500][..])));
    }
}

#[derive(Clone, Copy)]
struct Foreign;

impl MapKey for Foreign {
    fn number(self) -> u16 {
        0x300
    }

    fn from_number(_: u16) -> Option<Self> {
        None
    }
}
