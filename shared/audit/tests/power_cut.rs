//! The log over a flash whose power is cut at every byte.

mod key;

use audit::{Entry, Error, Kind, Log, Time, Verifier};
use key::{Key, entry};
use nor_model::{Nor, SECTOR_SIZE};

const SECTORS: usize = 3;

type Flash<'a> = Nor<&'a mut [u8]>;

fn open(cells: &mut [u8]) -> Log<Flash<'_>, Key> {
    Log::open(Nor::new(cells), Key).unwrap()
}

/// The entries that are there, all of which must be in their chain.
fn read_all(log: &mut Log<Flash<'_>, Key>) -> Vec<(u32, Entry)> {
    let mut verifier = Verifier::new();
    let numbers = log.numbers();
    let read = numbers.filter_map(|number| log.read(number).unwrap());
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
            let number = log.append(&entry).unwrap();
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
        log.append(&entry(step)).unwrap();
    }
    let before = read_all(&mut log).last().copied().unwrap();
    // Two slots, the erasure of a sector, two slots more.
    for cut in 0..SECTOR_SIZE + 4 * 64 + 1 {
        let mut cells = full.clone();
        let mut flash: Flash<'_> = Nor::new(&mut cells);
        flash.cut_power_after(cut);
        let mut acknowledged = vec![before];
        let mut log = Log::open(flash, Key);
        if let Ok(log) = &mut log {
            for step in 1000..1004 {
                match log.append(&entry(step)) {
                    Ok(number) => acknowledged.push((number, entry(step))),
                    Err(error) => assert_eq!(error, Error::Flash),
                }
            }
        }
        let mut log = open(&mut cells);
        let kept = read_all(&mut log);
        assert!(acknowledged.iter().all(|entry| kept.contains(entry)), "cut after {cut} bytes");
        let given = log.numbers().end;
        for step in 2000..2003 {
            let number = log.append(&entry(step)).unwrap();
            assert!(number >= given && !kept.iter().any(|(kept, _)| *kept == number));
        }
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
            if !u32::is_multiple_of(step, 3) {
                // An erasure, where there is one, and a part of the slot.
                let erases = next % 64 == 0;
                flash.cut_power_after(cut + if erases { SECTOR_SIZE } else { 0 });
            }
            let mut log = Log::open(flash, Key).unwrap();
            assert!(log.numbers().end >= next);
            let number = log.numbers().end;
            let _ = log.append(&entry(step));
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
        log.append(&entry(step)).unwrap();
    }
    for byte in (0..100 * 64).step_by(37) {
        let mut damaged = cells.clone();
        damaged[byte] ^= 0x10;
        let mut log = open(&mut damaged);
        let numbers = log.numbers();
        let read: Vec<_> = numbers.filter_map(|number| log.read(number).unwrap()).collect();
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
        open(&mut cells).append(&entry(step)).unwrap();
    }
    let mut other = Log::open(Nor::new(cells.as_mut_slice()), key::Other).unwrap();
    assert_eq!(other.newest(), None);
    // And it is still there when it begins its own.
    other.append(&Entry::new(Kind::Booted, Time::default())).unwrap();
    assert_eq!(other.newest().map(|entry| entry.kind), Some(Kind::Booted));
}

#[test]
fn a_partition_must_suit() {
    let mut cells = vec![0xff; SECTOR_SIZE];
    let refused = Log::open(Nor::new(cells.as_mut_slice()), Key).err();
    assert_eq!(refused, Some(Error::Partition));
}

/// Memory that was never a log, as of a board whose older firmware had none: all zeros, or noise.
#[test]
fn a_partition_that_was_never_a_log_becomes_one() {
    for (name, fill) in [("zeros", 0u8), ("noise", 0x5a)] {
        let mut cells = vec![fill; SECTORS * SECTOR_SIZE];
        for step in 0..200 {
            let mut log = open(&mut cells);
            assert_eq!(log.append(&entry(step)), Ok(step), "{name}");
            assert_eq!(log.newest(), Some(entry(step)));
        }
        let kept = read_all(&mut open(&mut cells));
        assert_eq!(kept.last().map(|(number, _)| *number), Some(199), "{name}");
        assert!(kept.len() >= 128);
    }
}

/// An entry that was copied to another slot, or an old one written back in place of a newer one.
#[test]
fn an_entry_somewhere_else_is_none() {
    let mut cells = vec![0xff; SECTORS * SECTOR_SIZE];
    let mut log = open(&mut cells);
    for step in 0..100 {
        log.append(&entry(step)).unwrap();
    }
    let mut copied = cells.clone();
    copied.copy_within(10 * 64..11 * 64, 20 * 64);
    let mut log = open(&mut copied);
    assert_eq!(log.read(20), Ok(None));
    assert!(log.read(21).unwrap().is_some());
    let read: Vec<_> = (0..100).filter_map(|number| log.read(number).unwrap()).collect();
    let mut verifier = Verifier::new();
    let mut found = read.iter().filter_map(|read| verifier.check(read.number, &read.bytes, read.chain).err());
    assert_eq!(found.next(), Some(audit::Finding::Broken { after: Some(19), number: 21 }));
}
