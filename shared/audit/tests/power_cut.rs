//! The log over a flash whose power is cut at every byte.

mod key;

use audit::{Entry, Error, Kind, Log, Time, Verifier};
use embassy_futures::block_on;
use emulation::nor::{Nor, SECTOR_SIZE};
use key::{Key, entry};

const SECTORS: usize = 3;

type Flash<'a> = Nor<&'a mut [u8]>;

fn open(cells: &mut [u8]) -> Log<Flash<'_>, Key> {
    block_on(Log::open(Nor::new(cells), Key)).unwrap()
}

/// The entries that are there, all of which must be in their chain.
fn read_all(log: &mut Log<Flash<'_>, Key>) -> Vec<(u32, Entry)> {
    let mut verifier = Verifier::new();
    let numbers = log.numbers();
    let read = numbers.filter_map(|number| block_on(log.read(number)).unwrap());
    read.map(|read| {
        verifier.check(read.number, &read.bytes, read.chain).unwrap();
        (read.number, Entry::from_bytes(&read.bytes).unwrap())
    })
    .collect()
}

#[test]
fn entries_come_back_in_order_and_the_oldest_give_way() {
    let mut cells = vec![0xff; SECTORS * SECTOR_SIZE];
    let mut written = Vec::new();
    for round in 0..5 {
        let mut log = open(&mut cells);
        for step in 0..70 {
            let entry = entry(round * 70 + step);
            let number = block_on(log.append(&entry)).unwrap();
            written.push((number, entry));
            let kept = read_all(&mut log);
            assert!(written.ends_with(&kept));
            assert!(kept.len() >= written.len().min((SECTORS - 1) * 64));
        }
        assert_eq!(log.newest(), written.last().map(|(_, entry)| *entry));
    }
    assert_eq!(written.last().unwrap().0, 349);
}

/// Fills the ring to just before a sector's end, then cuts the power after every byte of what follows.
#[test]
fn whatever_was_acknowledged_survives_a_cut_at_every_byte() {
    let mut full = vec![0xff; SECTORS * SECTOR_SIZE];
    let mut log = open(&mut full);
    for step in 0..64 * 4 - 2 {
        block_on(log.append(&entry(step))).unwrap();
    }
    let before = read_all(&mut log).last().copied().unwrap();
    drop(log);
    // Two slots, the erasure of a sector, two slots more.
    for cut in 0..SECTOR_SIZE + 4 * 64 + 1 {
        let mut cells = full.clone();
        let mut flash: Flash<'_> = Nor::new(&mut cells);
        flash.cut_power_after(cut);
        let mut acknowledged = vec![before];
        let mut log = block_on(Log::open(flash, Key));
        if let Ok(log) = &mut log {
            for step in 1000..1004 {
                match block_on(log.append(&entry(step))) {
                    Ok(number) => acknowledged.push((number, entry(step))),
                    Err(error) => assert_eq!(error, Error::Flash),
                }
            }
        }
        drop(log);
        let mut log = open(&mut cells);
        let kept = read_all(&mut log);
        assert!(acknowledged.iter().all(|entry| kept.contains(entry)), "cut after {cut} bytes");
        let given = log.numbers().end;
        for step in 2000..2003 {
            let number = block_on(log.append(&entry(step))).unwrap();
            assert!(number >= given && !kept.iter().any(|(kept, _)| *kept == number));
        }
        drop(log);
        let kept = read_all(&mut open(&mut cells));
        assert_eq!(kept.last().unwrap().1, entry(2002), "cut after {cut} bytes");
    }
}

/// A number must not be sealed twice, however often the power goes while it is written.
#[test]
fn no_number_is_given_twice_over_cuts_in_a_row() {
    for cut in 1..64 {
        let mut cells = vec![0xff; SECTORS * SECTOR_SIZE];
        let mut next = 0;
        for step in 0..150 {
            let mut flash: Flash<'_> = Nor::new(&mut cells);
            if step % 3 != 0 {
                // An erasure, where there is one, and a part of the slot.
                let erases = next % 64 == 0;
                flash.cut_power_after(cut + if erases { SECTOR_SIZE } else { 0 });
            }
            let mut log = block_on(Log::open(flash, Key)).unwrap();
            assert!(log.numbers().end >= next);
            let number = log.numbers().end;
            let _ = block_on(log.append(&entry(step)));
            next = number + u32::from(step % 3 == 0 || !cut.is_multiple_of(64));
        }
        read_all(&mut open(&mut cells));
    }
}

#[test]
fn a_damaged_bit_costs_one_entry_and_is_found() {
    let mut cells = vec![0xff; SECTORS * SECTOR_SIZE];
    let mut log = open(&mut cells);
    for step in 0..100 {
        block_on(log.append(&entry(step))).unwrap();
    }
    drop(log);
    for byte in (0..100 * 64).step_by(37) {
        let mut damaged = cells.clone();
        damaged[byte] ^= 0x10;
        let mut log = open(&mut damaged);
        let numbers = log.numbers();
        let read: Vec<_> = numbers.filter_map(|number| block_on(log.read(number)).unwrap()).collect();
        assert_eq!(read.len(), 99);
        let mut verifier = Verifier::new();
        let findings =
            read.iter().filter(|read| verifier.check(read.number, &read.bytes, read.chain).is_err()).count();
        // The newest is missed by those who know how many there were.
        assert_eq!(findings, usize::from(byte / 64 != 99 && byte / 64 != 0));
    }
}

#[test]
fn another_devices_log_is_no_log() {
    let mut cells = vec![0xff; SECTORS * SECTOR_SIZE];
    for step in 0..100 {
        block_on(open(&mut cells).append(&entry(step))).unwrap();
    }
    let mut other = block_on(Log::open(Nor::new(cells.as_mut_slice()), key::Other)).unwrap();
    assert_eq!(other.newest(), None);
    // And it is still there when it begins its own.
    block_on(other.append(&Entry::new(Kind::Booted, Time::default()))).unwrap();
    assert_eq!(other.newest().map(|entry| entry.kind), Some(Kind::Booted));
}

#[test]
fn a_partition_must_suit() {
    let mut cells = vec![0xff; SECTOR_SIZE];
    let refused = block_on(Log::open(Nor::new(cells.as_mut_slice()), Key)).err();
    assert_eq!(refused, Some(Error::Partition));
}
