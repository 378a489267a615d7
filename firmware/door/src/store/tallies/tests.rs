//! Failures in flash: over resets, power cuts and damage.

use super::*;
use crypto::{Generator, Key};
use nor_model::{Nor, SECTOR_SIZE};
use policy::{Factor, TallyMemory};

extern crate std;
use std::boxed::Box;

/// No failures.
fn no_failures() -> Tallies<'static> {
    Tallies::new(Box::leak(Box::new(<TallyMemory>::new())).all())
}

fn storage(cells: &mut [u8]) -> Storage<Nor<&mut [u8]>> {
    let unique = Key::new([1; 32]);
    Storage::new(Nor::new(cells), &unique, Generator::new(&unique, b""), None).unwrap()
}

fn clocks(now: u64, unix_ms: u64) -> Clocks {
    Clocks { now: Instant::from_millis(now), unix_ms }
}

/// Writes failures. Returns whether a part of the index was lost.
fn write_tallies<F: NorFlash>(
    storage: &mut Storage<F>,
    tallies: &mut Tallies<'_>,
    clocks: Clocks,
    known: bool,
) -> Result<bool, Failed> {
    super::write_tallies(storage, tallies, clocks, known).map(|written| written.lost)
}

#[test]
fn a_lockout_goes_on_after_a_reset_and_ends_in_time() {
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut tallies = no_failures();
    tallies.fail(Some(7), Factor::Pin, 5_000, 1, 60_000);
    tallies.fail(None, Factor::Face, 5_000, 3, 60_000);
    write_tallies(&mut storage(&mut cells), &mut tallies, clocks(5_000, 1_000_000), true).unwrap();
    assert!(!tallies.is_changed());
    let mut boot = no_failures();
    read_tallies(&mut storage(&mut cells), &mut boot, clocks(100, 1_020_000)).unwrap();
    assert_eq!(boot.locked_out_until(Some(7), Factor::Pin, 100), Some(40_100));
    assert_eq!((boot.iter().count(), boot.nobody()[0].failures()), (1, 1));
    let mut late = no_failures();
    read_tallies(&mut storage(&mut cells), &mut late, clocks(100, 1_060_000)).unwrap();
    assert_eq!(late.locked_out_until(Some(7), Factor::Pin, 100), None);
    assert_eq!(late.iter().next().map(|tally| tally.lockouts()[1].times()), Some(1));
}

/// The board runs while somebody damages the index, or while a read of it fails once.
#[test]
fn an_index_that_is_lost_while_the_board_runs_takes_no_failures_with_it() {
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut tallies = no_failures();
    // The ninth person is in another page than the first.
    for person in 1..=9 {
        tallies.fail(Some(person), Factor::Pin, 0, 1, 60_000);
    }
    assert_eq!(write_tallies(&mut storage(&mut cells), &mut tallies, clocks(0, 1_000_000), true), Ok(false));
    let key = 0x023b_u16.to_le_bytes();
    let records: std::vec::Vec<usize> =
        (8..cells.len() - 12).filter(|at| cells[*at..*at + 2] == key).collect();
    assert!(!records.is_empty());
    records.into_iter().for_each(|at| cells[at + 10] ^= 1);
    tallies.fail(Some(9), Factor::Face, 1, 10, 60_000);
    assert_eq!(tallies.changed_pages().count(), 1);
    assert_eq!(write_tallies(&mut storage(&mut cells), &mut tallies, clocks(1, 1_000_001), true), Ok(true));
    let mut boot = no_failures();
    read_tallies(&mut storage(&mut cells), &mut boot, clocks(2, 1_000_002)).unwrap();
    assert!((1..=9).all(|person| boot.is_locked_out(person, 2)), "{:?}", boot.iter().count());
    tallies.fail(Some(9), Factor::Face, 3, 10, 60_000);
    let again = write_tallies(&mut storage(&mut cells), &mut tallies, clocks(3, 1_000_003), true);
    assert_eq!(again, Ok(false), "it is told once");
}

/// In a boot whose gallery does not open flash keeps its rations, which are those of before. Where the index is lost then, memory has
/// them: else whoever damages it would have all PINs of the ration again, and no doubt at the next boot.
#[test]
fn an_index_that_is_lost_in_a_boot_without_a_gallery_begins_no_ration_again() {
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut tallies = no_failures();
    assert_eq!((0..7).filter(|_| tallies.pins_mut().take(0)).count(), 7);
    for _ in 0..61 {
        let _ = tallies.is_written(0);
    }
    tallies.fail(Some(9), Factor::Pin, 0, 1, 60_000);
    assert_eq!(write_tallies(&mut storage(&mut cells), &mut tallies, clocks(0, 1_000_000), true), Ok(false));
    let used = |cells: &mut [u8]| {
        let mut boot = no_failures();
        read_tallies(&mut storage(cells), &mut boot, clocks(2, 1_000_002)).unwrap();
        boot.meet([(0, 9)].into_iter(), 9);
        boot.doubt(10, 7);
        (boot.pins().used(), boot.writes_used(), boot.doubts().1)
    };
    assert_eq!(used(&mut cells), (7, 60, true));
    // Rations of memory are not written while the people are not known.
    let _ = tallies.pins_mut().take(0);
    assert_eq!(write_tallies(&mut storage(&mut cells), &mut tallies, clocks(1, 1_000_001), false), Ok(false));
    assert_eq!(used(&mut cells), (7, 60, true));
    let key = 0x023b_u16.to_le_bytes();
    (8..cells.len() - 12)
        .filter(|at| cells[*at..*at + 2] == key)
        .collect::<std::vec::Vec<_>>()
        .into_iter()
        .for_each(|at| cells[at + 10] ^= 1);
    assert_eq!(write_tallies(&mut storage(&mut cells), &mut tallies, clocks(1, 1_000_001), false), Ok(true));
    assert_eq!(used(&mut cells), (8, 60, true));
}

/// As many as a door on Linux has room for: marks of 10,240 people, places of 2,048.
fn many() -> Tallies<'static> {
    Tallies::new(Box::leak(Box::new(TallyMemory::<10_240, 256>::new())).all())
}

/// More failures than one part of the index lists, and a cut at each step of one more.
#[test]
fn failures_of_2048_people_are_kept_wherever_the_power_is_cut() {
    let mut cells = std::vec![0xff; 64 * SECTOR_SIZE];
    let mut tallies = many();
    for person in 0..2_048 {
        tallies.fail(Some(person), Factor::Pin, 0, 1, 3_600_000);
    }
    assert!(tallies.is_locked_out(2_048, 0), "there is no place, so they are refused");
    write_tallies(&mut storage(&mut cells), &mut tallies, clocks(0, 1_000_000), true).unwrap();
    let before = cells.clone();
    let mut both = (0, 0);
    for cut in (0..1_400).step_by(61) {
        cells.copy_from_slice(&before);
        let mut tallies = many();
        read_tallies(&mut storage(&mut cells), &mut tallies, clocks(0, 1_000_000)).unwrap();
        let mut flash = Nor::new(&mut cells[..]);
        flash.cut_power_after(cut);
        let unique = Key::new([1; 32]);
        let mut cutting = Storage::new(flash, &unique, Generator::new(&unique, b""), None).unwrap();
        tallies.fail(Some(2_000), Factor::Face, 1, 100, 1000);
        let written = write_tallies(&mut cutting, &mut tallies, clocks(1, 1_000_001), true);
        drop(cutting);
        let mut boot = many();
        read_tallies(&mut storage(&mut cells), &mut boot, clocks(1, 1_000_001)).unwrap();
        assert!((0..2_048).all(|person| boot.is_locked_out(person, 1)), "cut after {cut}");
        let own = boot.iter().find(|tally| tally.person() == Some(2_000)).unwrap().lockouts()[0].failures();
        assert!(own > 0 || written.is_err(), "cut after {cut}");
        both = if own > 0 { (both.0, both.1 + 1) } else { (both.0 + 1, both.1) };
    }
    assert!(both.0 > 0 && both.1 > 0, "{both:?}");
    // A part of the index that is lost takes no failures with it while the board runs, and is found at a boot.
    cells.copy_from_slice(&before);
    let key = 0x0907_u16.to_le_bytes();
    let records = (8..cells.len() - 12).filter(|at| cells[*at..*at + 2] == key).collect::<std::vec::Vec<_>>();
    assert!(!records.is_empty());
    records.into_iter().for_each(|at| cells[at + 10] ^= 1);
    let mut tallies = many();
    assert_eq!(read_tallies(&mut storage(&mut cells), &mut tallies, clocks(2, 1_000_002)), Err(Failed));
    // And it is mended by the next write, which tells it once.
    let mut written = || write_tallies(&mut storage(&mut cells), &mut tallies, clocks(3, 1_000_003), true);
    assert_eq!([written(), written()], [Ok(true), Ok(false)]);
    assert_eq!(read_tallies(&mut storage(&mut cells), &mut many(), clocks(4, 1_000_004)), Ok(()));
}

/// A boot that doubts takes no places, and the doubt stays with who did not come in, over further resets.
#[test]
fn a_doubt_stays_over_resets_with_who_did_not_come_in() {
    let mut cells = std::vec![0xff; 16 * SECTOR_SIZE];
    let everybody = || (0..1_500u16).map(|slot| (slot, 7_000 + u32::from(slot)));
    let boot = |cells: &mut [u8]| {
        let (mut storage, mut tallies) = (storage(cells), many());
        read_tallies(&mut storage, &mut tallies, clocks(0, 1_000_000)).unwrap();
        meet(Some(&mut storage), &mut tallies, everybody(), 8_499);
        tallies.doubt(10, 0x8000_0003);
        tallies
    };
    let write = |cells: &mut [u8], tallies: &mut Tallies<'_>, now| {
        write_tallies(&mut storage(cells), tallies, clocks(now, 1_000_000), true).unwrap()
    };
    // The ration of writes is used up when the power goes.
    let mut tallies = boot(&mut cells);
    for _ in 0..61 {
        let _ = tallies.is_written(0);
    }
    tallies.fail(None, Factor::Pin, 0, 100, 1000);
    write(&mut cells, &mut tallies, 0);
    let mut doubting = boot(&mut cells);
    assert!(doubting.is_changed() && doubting.iter().count() == 0);
    // Some hours later.
    assert!(doubting.is_written(10_000_000));
    write(&mut cells, &mut doubting, 10_000_000);
    let fails = |tallies: &mut Tallies<'_>, person| {
        tallies.fail(Some(person), Factor::Face, 10_000_001, 10, 1000).is_some()
    };
    let mut second = boot(&mut cells);
    assert!(!second.is_changed(), "no other doubt");
    assert_eq!(second.doubts(), (0x4000_0001, true));
    // They come in, the first and one of another page; then comes another reset.
    second.succeed(7_000);
    second.succeed(8_400);
    assert!(second.is_changed());
    write(&mut cells, &mut second, 10_000_001);
    let mut third = boot(&mut cells);
    assert!(!fails(&mut third, 7_000) && !fails(&mut third, 8_400), "they came in");
    assert!(fails(&mut third, 7_001) && fails(&mut third, 8_499), "these did not");
    assert!(!fails(&mut third, 9_000), "who was enrolled later");
    write(&mut cells, &mut third, 10_000_001);
    let fourth = boot(&mut cells);
    assert!(fourth.iter().any(|tally| tally.person() == Some(7_001)), "a doubt became a failure");
    // Bits that are lost doubt everybody once more, and nobody is cleared by them.
    for page in [0u16, 1] {
        let key = (0x0a00 | page).to_le_bytes();
        let found: std::vec::Vec<usize> =
            (8..cells.len() - 12).filter(|at| cells[*at..*at + 2] == key).collect();
        assert!(!found.is_empty(), "{page}");
        found.into_iter().for_each(|at| cells[at + 10] ^= 1);
    }
    let mut lost = boot(&mut cells);
    assert!(fails(&mut lost, 7_000 + 3) && fails(&mut lost, 8_400));
}

/// Who writes flash makes people unknown for a boot: the one that doubts, or a later one in which others come in.
#[test]
fn whoever_is_unknown_for_a_boot_is_doubted_when_they_are_known_again() {
    for unknown_at in [1, 2] {
        let mut cells = std::vec![0xff; 16 * SECTOR_SIZE];
        let mut boot = |number: u32, then: &dyn Fn(&mut Tallies<'_>)| {
            let (mut storage, mut tallies) = (storage(&mut cells), many());
            read_tallies(&mut storage, &mut tallies, clocks(0, 1_000_000)).unwrap();
            let people = if number == unknown_at { 256 } else { 1_500 };
            let people = (0..people).map(|slot| (slot, 7_000 + u32::from(slot)));
            meet(Some(&mut storage), &mut tallies, people, 8_499);
            tallies.doubt(10, number << 8);
            then(&mut tallies);
            write_tallies(&mut storage, &mut tallies, clocks(20_000_000, 1_000_000), true).unwrap();
        };
        boot(0, &|tallies| {
            (0..61).for_each(|_| _ = tallies.is_written(0));
            tallies.fail(None, Factor::Pin, 0, 100, 1000);
        });
        boot(1, &|tallies| assert!(tallies.is_written(10_000_000)));
        boot(2, &|tallies| (7_000..7_256).for_each(|person| tallies.succeed(person)));
        boot(3, &|tallies| {
            let mut fails = |person| tallies.fail(Some(person), Factor::Face, 20_000_000, 10, 1000).is_some();
            assert!(fails(7_300) && fails(8_400), "{unknown_at}: who was unknown");
            assert!(!fails(7_001) && !fails(7_255), "{unknown_at}: who came in");
        });
    }
}

/// Failures of everybody fit, at their longest, and survive a cut at each byte of the next one.
#[test]
fn everybodys_failures_are_kept_wherever_the_power_is_cut() {
    let mut cells = std::vec![0xff; 16 * SECTOR_SIZE];
    let mut tallies = no_failures();
    let (latest, people) = (u64::from(u32::MAX - 3_600) * 1000, u32::MAX - 300..u32::MAX - 44);
    for person in people.clone() {
        tallies.fail(Some(person), Factor::Face, 0, 100, 3_600_000);
        tallies.fail(Some(person), Factor::Pin, 0, 1, 3_600_000);
    }
    write_tallies(&mut storage(&mut cells), &mut tallies, clocks(0, latest), true).unwrap();
    let before = cells.clone();
    let last = people.end - 1;
    let mut both = (0, 0);
    for cut in (0..900).step_by(7) {
        cells.copy_from_slice(&before);
        let mut tallies = no_failures();
        read_tallies(&mut storage(&mut cells), &mut tallies, clocks(0, latest)).unwrap();
        let mut flash = Nor::new(&mut cells[..]);
        flash.cut_power_after(cut);
        let unique = Key::new([1; 32]);
        let mut cutting = Storage::new(flash, &unique, Generator::new(&unique, b""), None).unwrap();
        tallies.fail(Some(last), Factor::Face, 1, 100, 1000);
        let written = write_tallies(&mut cutting, &mut tallies, clocks(1, latest), true);
        drop(cutting);
        let mut boot = no_failures();
        read_tallies(&mut storage(&mut cells), &mut boot, clocks(1, latest)).unwrap();
        assert!(people.clone().all(|person| boot.is_locked_out(person, 1)), "cut after {cut}");
        let own = boot.iter().find(|tally| tally.person() == Some(last)).unwrap().lockouts()[0].failures();
        assert!(own == 2 || written.is_err() && own == 1, "cut after {cut}");
        both = if own == 2 { (both.0, both.1 + 1) } else { (both.0 + 1, both.1) };
    }
    assert!(both.0 > 0 && both.1 > 0, "{both:?}");
}
