//! The settings partition: absent, valid, tampered, older.

mod prepared;

extern crate std;
use super::*;
use board_api::{CounterError, MonotonicCounter};
use nor_model::{Nor, SECTOR_SIZE};
use nor_store::{Map, MapKey as _};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

fn storage(cells: &mut [u8]) -> Storage<Nor<&mut [u8]>> {
    let unique = Key::new([1; 32]);
    let random = Generator::new(&unique, b"");
    Storage::new(Nor::new(cells), &unique, random, None).unwrap()
}

#[test]
fn a_value_is_absent_valid_or_tampered() {
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut fresh = storage(&mut cells);
    fresh.salt().unwrap();
    assert_eq!(
        (fresh.signer(), fresh.settings(), fresh.newest(ModelKind::Encoder)),
        (Ok(None), Ok(None), Ok(0))
    );
    fresh.set_active(ModelKind::Encoder, &Image::default(), 9).unwrap();
    fresh.set_settings(&Settings::default()).unwrap();
    fresh.set_signer(&[5; 32]).unwrap();
    drop(fresh);
    let whole = cells.clone();
    let mut again = storage(&mut cells);
    assert_eq!((again.signer(), again.newest(ModelKind::Encoder)), (Ok(Some([5; 32])), Ok(9)));
    assert_eq!((again.settings(), again.is_tampered()), (Ok(Some(Settings::default())), false));
    drop(again);
    // Whatever single byte is damaged, nothing becomes a default.
    let (mut lost, mut kept) = (0, 0);
    for at in (0..whole.len()).filter(|at| whole[*at] != 0xff) {
        cells.copy_from_slice(&whole);
        cells[at] = 0;
        let mut damaged = storage(&mut cells);
        let newest = damaged.newest(ModelKind::Encoder);
        assert!(newest == Ok(9) || newest == Err(Failed), "byte {at}: {newest:?}");
        let signer = damaged.signer();
        assert!(signer == Ok(Some([5; 32])) || signer == Err(Failed), "byte {at}: {signer:?}");
        let settings = damaged.settings();
        assert!(settings == Ok(Some(Settings::default())) || settings == Err(Failed), "byte {at}");
        let all = newest.is_ok() && signer.is_ok() && settings.is_ok();
        assert!(all || damaged.is_tampered());
        (lost, kept) = if all { (lost, kept + 1) } else { (lost + 1, kept) };
    }
    assert!(lost > 0 && kept > 0, "{lost} lost, {kept} kept");
}

#[test]
fn a_signer_of_before_commands_were_known_is_read_and_nobody_may_open() {
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut before = storage(&mut cells);
    before.salt().unwrap();
    // As firmware of before wrote it.
    before.0.put(Item::Signer, &Hash::from([5; 32])).unwrap();
    drop(before);
    let mut now = storage(&mut cells);
    let nobody = [[0; 32]; MAX_OPENERS];
    assert_eq!((now.openers(), now.signer(), now.is_tampered()), (Ok(nobody), Ok(Some([5; 32])), false));
    let mut openers = nobody;
    openers[2] = [7; 32];
    now.set_openers(&openers).unwrap();
    // As that firmware reads it, should it come back.
    assert_eq!(now.0.get::<Hash>(Item::Signer), Ok(Some([5; 32])));
    now.set_signer(&[6; 32]).unwrap();
    assert_eq!((now.openers(), now.signer()), (Ok(openers), Ok(Some([6; 32]))));
    now.set_opened(&[u64::MAX; MAX_OPENERS]).unwrap();
    assert_eq!((now.opened(), now.is_tampered()), (Ok([u64::MAX; MAX_OPENERS]), false));
}

#[test]
fn a_board_whose_inventory_is_gone_trusts_no_absence() {
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut fresh = storage(&mut cells);
    fresh.salt().unwrap();
    drop(fresh);
    let key = |twin| Item::Inventory(twin).number().to_le_bytes();
    for twin in Twin::BOTH {
        let found: std::vec::Vec<usize> =
            (0..cells.len() - 2).filter(|at| cells[*at..*at + 2] == key(twin)).collect();
        found.into_iter().for_each(|at| cells[at + 8..at + 12].fill(0));
    }
    let mut robbed = storage(&mut cells);
    assert_eq!((robbed.signer(), robbed.settings()), (Err(Failed), Err(Failed)));
    assert_eq!(robbed.host(0), Ok(Stored::Tampered));
    assert!(robbed.is_tampered());
}

#[test]
fn records_from_before_a_board_was_wiped_are_none_of_its_own() {
    let count = Arc::new(AtomicU32::new(0));
    let mut old = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut storage = counted(Nor::new(old.as_mut_slice()), &count);
    storage.salt().unwrap();
    storage.set_settings(&opening(4_000)).unwrap();
    let rule = Rule { suspended: true, ..Rule::default() };
    storage.set_rule(7, 0, Some(&(3, rule))).unwrap();
    drop(storage);
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    counted(Nor::new(cells.as_mut_slice()), &count).set_signer(&protocol::Hash::from([9; 32])).unwrap();
    // Somebody writes all records of the old flash but its inventory beside those of the new one.
    let end = 4 * SECTOR_SIZE as u32;
    let mut from = Map::open(Nor::new(old.as_mut_slice()), 0..end).unwrap();
    let mut to = Map::open(Nor::new(cells.as_mut_slice()), 0..end).unwrap();
    let salts = Twin::BOTH.map(Item::Salt);
    for key in salts.into_iter().chain([Item::Settings, Item::Limits, Item::Outside, Item::Rule(7)]) {
        let mut buffer = [0; 224];
        let record = from.fetch(&mut buffer, key).unwrap().expect("the old board has it").to_vec();
        to.store(&mut [0; 224], key, &record).unwrap();
    }
    let mut wiped = counted(Nor::new(cells.as_mut_slice()), &count);
    assert_eq!(wiped.settings().unwrap().map(|settings| settings.open_ms), None);
    assert_eq!(wiped.rule(7, 0), Ok(Stored::Absent));
    for twin in Twin::BOTH {
        assert_eq!(wiped.0.read::<protocol::Hash>(Item::Salt(twin)), Ok(Stored::Absent));
    }
    assert_eq!(wiped.signer(), Ok(Some(protocol::Hash::from([9; 32]))), "its own");
    wiped.set_settings(&opening(5_000)).unwrap();
    assert_eq!(wiped.settings().unwrap().map(|settings| settings.open_ms), Some(5_000));
    assert!(!wiped.is_tampered());
}

#[test]
fn the_largest_rule_fits() {
    use policy::{DAY_MINUTES, MAX_WINDOWS, Pin, Schedule, Window};
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut storage = storage(&mut cells);
    let window = Window { days: 127, from: DAY_MINUTES - 1, to: DAY_MINUTES };
    let schedule = Schedule::new(&[window; MAX_WINDOWS]).unwrap();
    let rule =
        Rule { schedule, pin: Pin::new(b"0123456789"), duress_pin: Pin::new(b"9876543210"), suspended: true };
    let version = storage.set_rule(255, 8, Some(&(u32::MAX, rule)));
    assert_eq!(version, Ok(9));
    assert_eq!(storage.rule(255, 9), Ok(Stored::Valid(Some((u32::MAX, rule)))));
    assert_eq!(storage.rule(255, 10), Ok(Stored::Tampered), "an older rule");
    assert_eq!(storage.rule(254, 0), Ok(Stored::Absent));
}

/// A counter that outlives the storage.
struct Count(Arc<AtomicU32>);

impl MonotonicCounter for Count {
    fn read(&mut self) -> Result<u32, CounterError> {
        Ok(self.0.load(Relaxed))
    }

    fn increment(&mut self) -> Result<(), CounterError> {
        self.0.fetch_add(1, Relaxed);
        Ok(())
    }
}

fn counted<'c>(flash: Nor<&'c mut [u8]>, count: &Arc<AtomicU32>) -> Storage<Nor<&'c mut [u8]>> {
    let unique = Key::new([1; 32]);
    let counter: Counter = std::boxed::Box::leak(std::boxed::Box::new(Count(count.clone())));
    Storage::new(flash, &unique, Generator::new(&unique, b""), Some(counter)).unwrap()
}

fn opening(open_ms: u32) -> Settings {
    Settings { open_ms, ..Settings::default() }
}

/// Damages the newest record of a key, so that an older one of it counts in the map.
fn damage_newest(cells: &mut [u8], key: Item) {
    let number = key.number().to_le_bytes();
    // The key follows the header of the map's record, which has the length of a sealed record.
    let has_length = |at: usize| (46..=222).contains(&u16::from_le_bytes([cells[at - 4], cells[at - 3]]));
    let newest = (8..cells.len() - 2).rfind(|at| cells[*at..*at + 2] == number && has_length(*at));
    let newest = newest.expect("a record of the key");
    cells[newest + 40] = !cells[newest + 40];
}

#[test]
fn an_older_record_that_comes_back_is_tampered_with() {
    let host = |label: &str| Host {
        key: [9; 32],
        role: protocol::Role::Auditor,
        label: protocol::Label::try_from(label).unwrap(),
    };
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let mut fresh = storage(&mut cells);
    fresh.salt().unwrap();
    for turn in 0..2 {
        fresh.set_settings(&opening(1000 + turn)).unwrap();
        fresh.set_active(ModelKind::Encoder, &Image::default(), 9 + u64::from(turn)).unwrap();
        fresh.set_host(3, (turn == 0).then(|| host("guard")).as_ref()).unwrap();
    }
    drop(fresh);
    let whole = cells.clone();
    for key in [Item::Settings, Item::Limits, Item::Newest(ModelKind::Encoder), Item::Host(3)] {
        cells.copy_from_slice(&whole);
        damage_newest(&mut cells, key);
        let mut older = storage(&mut cells);
        assert_eq!(older.settings().is_err(), matches!(key, Item::Settings | Item::Limits), "{key:?}");
        assert_eq!(older.newest(ModelKind::Encoder), Ok(10), "it is stored twice: {key:?}");
        let host = older.host(3) == Ok(Stored::Tampered);
        assert_eq!(host, matches!(key, Item::Host(_)), "a removed host: {key:?}");
        assert!(older.is_tampered());
        // Who sets it again has it again.
        older.set_settings(&opening(7)).unwrap();
        assert_eq!(older.settings(), Ok(Some(opening(7))));
    }
}

#[test]
fn an_older_flash_or_inventory_is_found_by_the_counter() {
    let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
    let count = Arc::new(AtomicU32::new(0));
    let mut fresh = counted(Nor::new(&mut cells[..]), &count);
    fresh.salt().unwrap();
    fresh.set_settings(&opening(1000)).unwrap();
    drop(fresh);
    let old = cells.clone();
    counted(Nor::new(&mut cells[..]), &count).set_settings(&opening(2000)).unwrap();
    let whole = cells.clone();
    let mut same = counted(Nor::new(&mut cells[..]), &count);
    assert_eq!((same.settings(), same.is_tampered()), (Ok(Some(opening(2000))), false));
    drop(same);

    // All of the flash.
    cells.copy_from_slice(&old);
    let mut older = counted(Nor::new(&mut cells[..]), &count);
    assert!(older.is_rolled_back() && older.settings().is_err() && older.host(0) == Ok(Stored::Tampered));
    assert!(older.set_settings(&opening(3000)).is_err(), "nothing can be set");
    drop(older);
    assert!(storage(&mut cells).is_rolled_back(), "a board whose counter was taken out");

    // Both copies of the inventory, and the newest settings.
    cells.copy_from_slice(&whole);
    for key in [Item::Inventory(Twin::First), Item::Inventory(Twin::Second), Item::Settings] {
        damage_newest(&mut cells, key);
    }
    assert!(counted(Nor::new(&mut cells[..]), &count).is_rolled_back());

    // Another counter, and a partition that was wiped.
    cells.copy_from_slice(&whole);
    assert!(counted(Nor::new(&mut cells[..]), &Arc::new(AtomicU32::new(99_999))).is_rolled_back());
    cells.fill(0xff);
    let mut wiped = counted(Nor::new(&mut cells[..]), &count);
    assert!(!wiped.is_rolled_back() && wiped.settings() == Ok(None));
    wiped.salt().unwrap();
    drop(wiped);
    assert!(!counted(Nor::new(&mut cells[..]), &count).is_rolled_back(), "a new board over an old counter");
}

#[test]
fn a_cut_at_any_byte_of_a_change_leaves_a_board_that_trusts_itself() {
    let mut base = std::vec![0xff; 4 * SECTOR_SIZE];
    let start = Arc::new(AtomicU32::new(0));
    let mut fresh = counted(Nor::new(&mut base[..]), &start);
    fresh.salt().unwrap();
    fresh.set_settings(&opening(1000)).unwrap();
    drop(fresh);
    let (mut old, mut new) = (0, 0);
    for cut in (0..2000).step_by(5) {
        let (mut cells, count) = (base.clone(), Arc::new(AtomicU32::new(start.load(Relaxed))));
        let mut flash = Nor::new(&mut cells[..]);
        flash.cut_power_after(cut);
        let acknowledged = counted(flash, &count).set_settings(&opening(2000)).is_ok();
        let mut again = counted(Nor::new(&mut cells[..]), &count);
        let found = again.settings().unwrap().unwrap();
        assert!(!again.is_tampered(), "cut after {cut}");
        assert!(found == opening(2000) || !acknowledged && found == opening(1000), "cut after {cut}");
        if found == opening(2000) {
            new += 1
        } else {
            old += 1
        }
        again.set_settings(&opening(3000)).unwrap();
        drop(again);
        let mut last = counted(Nor::new(&mut cells[..]), &count);
        assert_eq!(
            (last.settings(), last.is_tampered()),
            (Ok(Some(opening(3000))), false),
            "cut after {cut}"
        );
    }
    assert!(old > 0 && new > 0, "{old} old, {new} new");
}

const FIRMWARE: ModelKind = ModelKind::Firmware;

/// What the settings remember of the firmware once it boots, and once somebody then damages the record of it.
fn after_a_boot(cells: &mut [u8], count: &Arc<AtomicU32>) -> [Result<u64, Failed>; 2] {
    let mut boot = counted(Nor::new(&mut *cells), count);
    let known = boot.newest(FIRMWARE);
    if known == Ok(4) {
        boot.set_active(FIRMWARE, &Image::default(), 5).unwrap();
    }
    assert_eq!(boot.newest(FIRMWARE), Ok(5));
    drop(boot);
    damage_newest(cells, Item::Newest(FIRMWARE));
    [known, counted(Nor::new(cells), count).newest(FIRMWARE)]
}

/// The boot after an update remembers the newer release, twice. Whoever cuts the power in the middle, and damages one of the two
/// later, brings no older one back.
#[test]
fn a_cut_while_a_newer_release_is_remembered_brings_no_older_one_back() {
    let mut base = std::vec![0xff; 8 * SECTOR_SIZE];
    let start = Arc::new(AtomicU32::new(0));
    let mut fresh = counted(Nor::new(&mut base[..]), &start);
    fresh.salt().unwrap();
    fresh.set_active(FIRMWARE, &Image::default(), 4).unwrap();
    drop(fresh);
    // As a cut between the two records leaves it.
    let (mut half, half_count) = (base.clone(), Arc::new(AtomicU32::new(start.load(Relaxed))));
    counted(Nor::new(&mut half[..]), &half_count).0.put(Item::Newest(FIRMWARE), &5_u64).unwrap();
    let mut robbed = half.clone();
    damage_newest(&mut robbed, Item::Newest(FIRMWARE));
    assert_eq!(counted(Nor::new(&mut robbed[..]), &half_count).newest(FIRMWARE), Err(Failed));

    let mut before = [0, 0];
    for (base, start) in [(&base, &start), (&half, &half_count)] {
        for cut in (0..3200).step_by(7) {
            let (mut cells, count) = (base.clone(), Arc::new(AtomicU32::new(start.load(Relaxed))));
            let mut flash = Nor::new(&mut cells[..]);
            flash.cut_power_after(cut);
            let mut boot = counted(flash, &count);
            if boot.newest(FIRMWARE) == Ok(4) {
                let _ = boot.set_active(FIRMWARE, &Image::default(), 5);
            }
            drop(boot);
            let [known, later] = after_a_boot(&mut cells, &count);
            assert_eq!(later, Ok(5), "cut after {cut}, which left {known:?}");
            before[usize::from(known == Ok(5))] += 1;
        }
    }
    assert!(before[0] > 0 && before[1] > 0, "{before:?}");
}
