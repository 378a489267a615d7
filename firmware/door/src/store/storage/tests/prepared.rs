//! Copies of the settings that were prepared by a power cut or a failed write, and put back later.

use super::*;
use crate::store::tally_pages::Bytes;
use std::sync::atomic::AtomicBool;

/// A counter that outlives the storage, and cannot be raised while it is blocked.
struct Blocking(Arc<AtomicU32>, Arc<AtomicBool>);

impl MonotonicCounter for Blocking {
    fn read(&mut self) -> Result<u32, CounterError> {
        Ok(self.0.load(Relaxed))
    }

    fn increment(&mut self) -> Result<(), CounterError> {
        if self.1.load(Relaxed) {
            return Err(CounterError);
        }
        self.0.fetch_add(1, Relaxed);
        Ok(())
    }
}

/// The storage over a counter that is blocked, or may be later.
fn blocking<'c>(
    cells: &'c mut [u8],
    count: &Arc<AtomicU32>,
    is_blocked: &Arc<AtomicBool>,
) -> Storage<Nor<&'c mut [u8]>> {
    let unique = Key::new([1; 32]);
    let counter = Blocking(count.clone(), is_blocked.clone());
    let counter: Counter = std::boxed::Box::leak(std::boxed::Box::new(counter));
    Storage::new(Nor::new(cells), &unique, Generator::new(&unique, b""), Some(counter)).unwrap()
}

fn blocked<'c>(cells: &'c mut [u8], count: &Arc<AtomicU32>) -> Storage<Nor<&'c mut [u8]>> {
    blocking(cells, count, &Arc::new(AtomicBool::new(true)))
}

fn guard() -> Host {
    let label = protocol::Label::try_from("guard").unwrap();
    Host { key: [9; 32], role: protocol::Role::Auditor, label }
}

/// A board that knows a host.
fn with_a_host(count: &Arc<AtomicU32>) -> std::vec::Vec<u8> {
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut fresh = counted(Nor::new(&mut cells[..]), count);
    fresh.salt().unwrap();
    fresh.set_host(3, Some(&guard())).unwrap();
    drop(fresh);
    cells
}

/// Whether a copy has the host again once flash of before was put back, and the host was removed. `None` where that flash does not
/// fit the counter.
fn undoes_a_removal(copy: &[u8], before: &[u8], count: u32) -> Option<bool> {
    let count = Arc::new(AtomicU32::new(count));
    let mut cells = before.to_vec();
    let mut again = counted(Nor::new(&mut cells[..]), &count);
    if again.is_rolled_back() {
        return None;
    }
    again.set_host(3, None).unwrap();
    drop(again);
    assert!(!counted(Nor::new(&mut cells[..]), &count).is_rolled_back());
    let mut cells = copy.to_vec();
    Some(counted(Nor::new(&mut cells[..]), &count).host(3) == Ok(Stored::Valid(Some(guard()))))
}

/// Whoever cuts the power between the inventory and the counter has a copy whose number the counter reaches later. They put back flash
/// of before, which is any that was cut sooner.
#[test]
fn a_copy_that_was_prepared_by_a_power_cut_undoes_no_later_change() {
    let start = Arc::new(AtomicU32::new(0));
    let mut befores = std::vec![with_a_host(&start)];
    let start = start.load(Relaxed);
    let (mut ahead, mut tried) = (0, 0);
    for cut in (0..1_300).step_by(7) {
        let (mut copy, count) = (befores[0].clone(), Arc::new(AtomicU32::new(start)));
        let mut flash = Nor::new(&mut copy[..]);
        flash.cut_power_after(cut);
        let _ = counted(flash, &count).set_osdp(None);
        let count = count.load(Relaxed);
        for before in &befores {
            let undoes = undoes_a_removal(&copy, before, count);
            assert_ne!(undoes, Some(true), "cut after {cut}");
            tried += u32::from(undoes.is_some());
        }
        let (mut cells, booted) = (copy.clone(), Arc::new(AtomicU32::new(count)));
        drop(counted(Nor::new(&mut cells[..]), &booted));
        ahead += booted.load(Relaxed) - count;
        if cut % 35 == 0 {
            befores.push(copy);
        }
    }
    assert!(ahead > 0 && tried > 100, "{ahead} copies were ahead of the counter, {tried} tries");
}

/// The same by a counter whose writes are blocked for so many changes.
#[test]
fn a_copy_that_was_prepared_by_a_blocked_counter_undoes_no_later_change() {
    let count = Arc::new(AtomicU32::new(0));
    let before = with_a_host(&count);
    let mut copy = before.clone();
    for boot in 0..3 {
        let mut storage = blocked(&mut copy, &count);
        for change in 0..70 {
            assert!(storage.set_settings(&opening(2000 + change)).is_err(), "boot {boot}");
        }
    }
    assert_eq!(undoes_a_removal(&copy, &before, count.load(Relaxed)), Some(false));
}

/// The same by a flash whose writes fail for so many changes, and then the power cut before the counter is raised.
#[test]
fn a_copy_that_was_prepared_by_failing_writes_undoes_no_later_change() {
    let count = Arc::new(AtomicU32::new(0));
    let before = with_a_host(&count);
    let mut copy = before.clone();
    let is_blocked = Arc::new(AtomicBool::new(false));
    let mut storage = blocking(&mut copy, &count, &is_blocked);
    for change in 0..70 {
        // A record fits, an inventory does not.
        storage.0.flash().cut_power_after(100 + change);
        assert!(storage.set_osdp(None).is_err());
        storage.0.flash().restore_power();
    }
    is_blocked.store(true, Relaxed);
    assert!(storage.set_osdp(None).is_err(), "the counter is not raised");
    drop(storage);
    assert_eq!(undoes_a_removal(&copy, &before, count.load(Relaxed)), Some(false));
}

/// An order to erase the board reads the counter after a change whose write failed. That raises it above nothing that flash may lack.
#[test]
fn a_counter_that_is_read_after_a_failed_write_calls_no_good_flash_an_older_one() {
    let start = Arc::new(AtomicU32::new(0));
    let before = with_a_host(&start);
    let mut failed = 0;
    for cut in (0..2_000).step_by(5) {
        let (mut cells, count) = (before.clone(), Arc::new(AtomicU32::new(start.load(Relaxed))));
        let mut flash = Nor::new(&mut cells[..]);
        flash.cut_power_after(cut);
        let mut storage = counted(flash, &count);
        failed += u32::from(storage.set_settings(&opening(2000)).is_err());
        let read = storage.settled_counter();
        assert_eq!(read, Ok(Some(count.load(Relaxed))));
        drop(storage);
        let mut again = counted(Nor::new(&mut cells[..]), &count);
        assert!(!again.is_rolled_back(), "cut after {cut}");
        assert_eq!(again.host(3), Ok(Stored::Valid(Some(guard()))));
    }
    assert!(failed > 0);
}

/// A worn counter ends changes. What must be kept all the same is, and listed once the counter is raised again.
#[test]
fn where_the_counter_cannot_be_raised_failures_and_rations_are_kept() {
    let count = Arc::new(AtomicU32::new(0));
    let mut cells = with_a_host(&count);
    for boot in 0..5 {
        let mut worn = blocked(&mut cells, &count);
        for turn in 0..100 {
            let bytes = Bytes::from_slice(&[boot, turn]).unwrap();
            assert_eq!(worn.set_tally_index(0, &bytes), Ok(false), "not so that no older one counts");
            assert_eq!(worn.set_quota(&[turn; 32]), Ok(()));
            assert!(!worn.can_settle() && worn.set_settings(&opening(2000)).is_err());
        }
        drop(worn);
        let mut again = blocked(&mut cells, &count);
        assert_eq!(again.tally_index(0), Ok(Some(Bytes::from_slice(&[boot, 99]).unwrap())));
        assert_eq!((again.quota(), again.is_tampered()), (Ok([99; 32]), false));
    }
    let mut repaired = counted(Nor::new(&mut cells[..]), &count);
    let bytes = Bytes::from_slice(&[7]).unwrap();
    assert_eq!(repaired.set_tally_index(0, &bytes), Ok(true));
    drop(repaired);
    damage_newest(&mut cells, Item::Tallies(0));
    assert_eq!(counted(Nor::new(&mut cells[..]), &count).tally_index(0), Err(Failed), "an older one");
}

/// A counter that cannot be read.
struct Gone;

impl MonotonicCounter for Gone {
    fn read(&mut self) -> Result<u32, CounterError> {
        Err(CounterError)
    }

    fn increment(&mut self) -> Result<(), CounterError> {
        Err(CounterError)
    }
}

/// In a boot whose counter cannot be read nothing is known of what was there, so nothing takes its place.
#[test]
fn a_boot_that_cannot_read_the_counter_begins_no_ration_again() {
    let count = Arc::new(AtomicU32::new(0));
    let mut cells = with_a_host(&count);
    counted(Nor::new(&mut cells[..]), &count).set_quota(&[7; 32]).unwrap();
    let unique = Key::new([1; 32]);
    let counter: Counter = std::boxed::Box::leak(std::boxed::Box::new(Gone));
    let random = Generator::new(&unique, b"");
    let mut blind = Storage::new(Nor::new(&mut cells[..]), &unique, random, Some(counter)).unwrap();
    assert_eq!((blind.quota(), blind.set_quota(&[0; 32])), (Err(Failed), Err(Failed)));
    assert_eq!((blind.set_asked(3), blind.settled_counter()), (Err(Failed), Err(Failed)));
    drop(blind);
    assert_eq!(counted(Nor::new(&mut cells[..]), &count).quota(), Ok([7; 32]));
}
