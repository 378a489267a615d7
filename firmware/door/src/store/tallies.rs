//! Failures as the settings keep them, so that neither a reset nor a power cut clears them. Those of faces that wait for their ration
//! when the power is cut are doubted at the boot ([`Tallies::doubt`]).
//!
//! The people with failures are in pages ([`policy::Tallies`]). An index has the version of each page, and the failures of
//! nobody; the inventory lists the version of the index. A failure writes its page, and then the index, so a power cut leaves
//! the failures before it, or those after it. Lockouts ration failures, and PINs have a ration of their own
//! ([`policy::PinRation`]), so this wears no sector out.
//!
//! The end of a lockout is kept on the clock of the journal, and a record is also written when that clock is set. So a
//! reset ends no lockout. After a power cut the clock goes on from the newest entry of the log: time without power, and
//! time since that entry, count again.

use embassy_time::Instant;
use embedded_storage::nor_flash::NorFlash;
use policy::{Lockout, TALLY_PAGE, TALLY_PLACES, Tallies};

use super::{
    failed::Failed,
    storage::Storage,
    tally_pages::{Bytes, Index, StoredLockout, places, push_place},
};

/// The longest lockout that is taken over, in milliseconds: an hour, as `policy` has it.
const LONGEST_MS: u64 = 60 * 60 * 1000;

const _: () = assert!(TALLY_PLACES >= gallery::MAX_PEOPLE);

/// The time of the journal at an instant of this boot.
#[derive(Clone, Copy)]
pub(crate) struct Clocks {
    pub(crate) now: Instant,
    pub(crate) unix_ms: u64,
}

impl Clocks {
    fn stored(self, lockout: &Lockout) -> StoredLockout {
        let now = self.now.as_millis();
        let left = lockout.locked_out_until(now).map(|until| until - now);
        let until_s = left.map_or(0, |left| self.unix_ms.saturating_add(left).div_ceil(1000));
        (lockout.failures(), lockout.times(), u32::try_from(until_s).unwrap_or(u32::MAX))
    }

    fn restored(self, (failures, times, until_s): StoredLockout) -> Lockout {
        let left = (u64::from(until_s) * 1000).saturating_sub(self.unix_ms).min(LONGEST_MS);
        let until = (left > 0).then(|| self.now.as_millis().saturating_add(left));
        Lockout::restore(failures, times, until)
    }
}

/// Reads the failures from before a reset into `tallies`, which are empty.
///
/// # Errors
/// [`Failed`], also if a record was tampered with: then it is not known who is locked out. A page that was lost is empty, and
/// counts as changed.
pub(crate) fn read_tallies<F: NorFlash>(
    storage: &mut Storage<F>,
    tallies: &mut Tallies,
    clocks: Clocks,
) -> Result<(), Failed> {
    let Some(index) = storage.tally_index()? else { return Ok(()) };
    let index = Index::from_bytes(&index);
    tallies.restore_nobody(index.nobody.map(|stored| clocks.restored(stored)), clocks.now.as_millis());
    let [pins, faces] = index.rations;
    tallies.restore_rations(pins, faces, clocks.now.as_millis());
    let mut whole = Ok(());
    for (page, version) in index.versions.into_iter().enumerate().filter(|(_, version)| *version > 0) {
        match storage.tally_page(page as u8, version) {
            Ok(bytes) => {
                for (place, person, lockouts) in places(&bytes) {
                    let lockouts = lockouts.map(|stored| clocks.restored(stored));
                    tallies.restore(page * TALLY_PAGE + place, person, lockouts);
                }
            }
            Err(failed) => {
                tallies.lose(page);
                whole = Err(failed);
            }
        }
    }
    whole
}

/// Writes the pages that changed, and the index. An index that is damaged, or cannot be read, lists no page: then all pages that
/// are not empty are written again, since memory has them. Returns whether that was so.
///
/// # Errors
/// [`Failed`].
pub(crate) fn write_tallies<F: NorFlash>(
    storage: &mut Storage<F>,
    tallies: &mut Tallies,
    clocks: Clocks,
) -> Result<bool, Failed> {
    let index = storage.tally_index();
    let lost = index.is_err();
    if lost {
        tallies.touch();
    }
    let mut index = index.ok().flatten().map_or_else(Index::default, |index| Index::from_bytes(&index));
    let stored = |lockouts: &[Lockout; 2]| lockouts.each_ref().map(|lockout| clocks.stored(lockout));
    let changed = tallies.changed_pages();
    for (page, version) in index.versions.iter_mut().enumerate().filter(|(page, _)| changed >> page & 1 != 0)
    {
        let mut bytes = Bytes::new();
        for tally in tallies.page(page) {
            push_place(&mut bytes, tally.person(), stored(tally.lockouts()))?;
        }
        *version = storage.set_tally_page(page as u8, *version, &bytes)?;
    }
    index.nobody = stored(tallies.nobody());
    index.rations = [tallies.pins().used(), tallies.writes_used()];
    storage.set_tally_index(&index.to_bytes()?)?;
    tallies.kept();
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::{Generator, Key};
    use nor_model::{Nor, SECTOR_SIZE};
    use policy::Factor;

    extern crate std;

    fn storage(cells: &mut [u8]) -> Storage<Nor<&mut [u8]>> {
        let unique = Key::new([1; 32]);
        Storage::new(Nor::new(cells), &unique, Generator::new(&unique, b""), None).unwrap()
    }

    fn clocks(now: u64, unix_ms: u64) -> Clocks {
        Clocks { now: Instant::from_millis(now), unix_ms }
    }

    #[test]
    fn a_lockout_goes_on_after_a_reset_and_ends_in_time() {
        let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
        let mut tallies = Tallies::new();
        tallies.fail(Some(7), Factor::Pin, 5_000, 1, 60_000);
        tallies.fail(None, Factor::Face, 5_000, 3, 60_000);
        write_tallies(&mut storage(&mut cells), &mut tallies, clocks(5_000, 1_000_000)).unwrap();
        assert!(!tallies.is_changed());
        let mut boot = Tallies::new();
        read_tallies(&mut storage(&mut cells), &mut boot, clocks(100, 1_020_000)).unwrap();
        assert_eq!(boot.locked_out_until(Some(7), Factor::Pin, 100), Some(40_100));
        assert_eq!((boot.iter().count(), boot.nobody()[0].failures()), (1, 1));
        let mut late = Tallies::new();
        read_tallies(&mut storage(&mut cells), &mut late, clocks(100, 1_060_000)).unwrap();
        assert_eq!(late.locked_out_until(Some(7), Factor::Pin, 100), None);
        assert_eq!(late.iter().next().map(|tally| tally.lockouts()[1].times()), Some(1));
    }

    /// The board runs while somebody damages the index, or while a read of it fails once.
    #[test]
    fn an_index_that_is_lost_while_the_board_runs_takes_no_failures_with_it() {
        let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
        let mut tallies = Tallies::new();
        // The ninth person is in another page than the first.
        for person in 1..=9 {
            tallies.fail(Some(person), Factor::Pin, 0, 1, 60_000);
        }
        assert_eq!(write_tallies(&mut storage(&mut cells), &mut tallies, clocks(0, 1_000_000)), Ok(false));
        let key = 0x023b_u16.to_le_bytes();
        let records: std::vec::Vec<usize> =
            (8..cells.len() - 12).filter(|at| cells[*at..*at + 2] == key).collect();
        assert!(!records.is_empty());
        records.into_iter().for_each(|at| cells[at + 10] ^= 1);
        tallies.fail(Some(9), Factor::Face, 1, 10, 60_000);
        assert_eq!(tallies.changed_pages().count_ones(), 1);
        assert_eq!(write_tallies(&mut storage(&mut cells), &mut tallies, clocks(1, 1_000_001)), Ok(true));
        let mut boot = Tallies::new();
        read_tallies(&mut storage(&mut cells), &mut boot, clocks(2, 1_000_002)).unwrap();
        assert!((1..=9).all(|person| boot.is_locked_out(person, 2)), "{:?}", boot.iter().count());
        tallies.fail(Some(9), Factor::Face, 3, 10, 60_000);
        let again = write_tallies(&mut storage(&mut cells), &mut tallies, clocks(3, 1_000_003));
        assert_eq!(again, Ok(false), "it is told once");
    }

    /// Failures of everybody fit, at their longest, and survive a cut at each byte of the next one.
    #[test]
    fn everybodys_failures_are_kept_wherever_the_power_is_cut() {
        let mut cells = std::vec![0xff; 16 * SECTOR_SIZE];
        let mut tallies = Tallies::new();
        let (latest, people) = (u64::from(u32::MAX - 3_600) * 1000, u32::MAX - 300..u32::MAX - 44);
        for person in people.clone() {
            tallies.fail(Some(person), Factor::Face, 0, 100, 3_600_000);
            tallies.fail(Some(person), Factor::Pin, 0, 1, 3_600_000);
        }
        write_tallies(&mut storage(&mut cells), &mut tallies, clocks(0, latest)).unwrap();
        let (before, kept) = (cells.clone(), tallies);
        let last = people.end - 1;
        let mut both = (0, 0);
        for cut in (0..900).step_by(7) {
            cells.copy_from_slice(&before);
            let mut flash = Nor::new(&mut cells[..]);
            flash.cut_power_after(cut);
            let unique = Key::new([1; 32]);
            let mut cutting = Storage::new(flash, &unique, Generator::new(&unique, b""), None).unwrap();
            let mut tallies = kept.clone();
            tallies.fail(Some(last), Factor::Face, 1, 100, 1000);
            let written = write_tallies(&mut cutting, &mut tallies, clocks(1, latest));
            drop(cutting);
            let mut boot = Tallies::new();
            read_tallies(&mut storage(&mut cells), &mut boot, clocks(1, latest)).unwrap();
            assert!(people.clone().all(|person| boot.is_locked_out(person, 1)), "cut after {cut}");
            let own =
                boot.iter().find(|tally| tally.person() == Some(last)).unwrap().lockouts()[0].failures();
            assert!(own == 2 || written.is_err() && own == 1, "cut after {cut}");
            both = if own == 2 { (both.0, both.1 + 1) } else { (both.0 + 1, both.1) };
        }
        assert!(both.0 > 0 && both.1 > 0, "{both:?}");
    }
}
