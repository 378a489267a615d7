//! Failures as the settings keep them, so that neither a reset nor a power cut clears them. Those of faces that wait for their ration
//! when the power is cut are doubted at the boot ([`Tallies::doubt`]).
//!
//! The people with failures are in pages ([`policy::Tallies`]). An index has the version of each page, and the failures of
//! nobody; the inventory lists the version of the index. A failure writes its page, and then the index, so a power cut leaves
//! the failures before it, or those after it. Lockouts ration failures, and PINs have a ration of their own
//! ([`policy::PinRation`]), so this wears no sector out. Where the counter cannot be raised, failures are written all the same, and
//! no inventory lists them: they are kept over a reset, unless somebody also writes the flash.
//!
//! The end of a lockout is kept on the clock of the journal, and a record is also written when that clock is set. So a
//! reset ends no lockout. After a power cut the clock goes on from the newest entry of the log: time without power, and
//! time since that entry, count again.

use embassy_time::Instant;
use embedded_storage::nor_flash::NorFlash;
use policy::{Lockout, TALLY_PAGE, Tallies};

use super::{
    failed::Failed,
    storage::Storage,
    tally_pages::{
        Bytes, INDEXED, Index, StoredLockout, Versions, cleared_bytes, cleared_of, places, push_place,
        push_versions, versions_of,
    },
};

/// The longest lockout that is taken over, in milliseconds: an hour, as `policy` has it.
const LONGEST_MS: u64 = 60 * 60 * 1000;

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
    tallies: &mut Tallies<'_>,
    clocks: Clocks,
) -> Result<(), Failed> {
    let mut whole = Ok(());
    for part in 0..parts(tallies) {
        let bytes = match storage.tally_index(part) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => continue,
            Err(failed) => {
                whole = Err(failed);
                continue;
            }
        };
        let versions = if part == 0 {
            let index = Index::from_bytes(&bytes);
            let nobody = index.nobody.map(|stored| clocks.restored(stored));
            tallies.restore_nobody(nobody, clocks.now.as_millis());
            let [pins, faces] = index.rations;
            tallies.restore_rations(pins, faces, clocks.now.as_millis());
            let (number, doubting) = index.doubts;
            tallies.restore_doubts(number, doubting);
            index.versions
        } else {
            versions_of(&bytes)
        };
        let first = usize::from(part) * INDEXED;
        for (page, version) in (first..).zip(versions).filter(|(_, version)| *version > 0) {
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
    }
    whole
}

/// Takes those who are enrolled, each with their slot in the gallery, and the largest ID that was given, and reads who of them is
/// cleared of a doubt. What cannot be read clears nobody.
pub(crate) fn meet<F: NorFlash>(
    storage: Option<&mut Storage<F>>,
    tallies: &mut Tallies<'_>,
    people: impl Iterator<Item = (u16, u32)>,
    last_id: u32,
) {
    tallies.meet(people, last_id);
    let (Some(storage), (number, true)) = (storage, tallies.doubts()) else { return };
    for page in 0..tallies.cleared_pages() {
        let bytes = storage.cleared(page).ok().flatten();
        if let Some(bits) = bytes.as_ref().and_then(|bytes| cleared_of(bytes, number)) {
            tallies.restore_cleared(page, bits);
        }
    }
}

/// How failures were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// A part of the index was lost, and with it what it listed.
    pub(crate) lost: bool,
    /// No older state of them counts after a reset. It is not so where the counter cannot be raised.
    pub(crate) counted: bool,
}

/// Writes the pages that changed, who is cleared of a doubt, and the index. A part of the index that is damaged, or cannot be read,
/// lists no page: then all pages that are not empty are written again, since memory has them. `known` says whether the people are
/// known in this boot: else flash keeps its rations, by which the next boot knows whether to doubt them.
///
/// # Errors
/// [`Failed`].
pub(crate) fn write_tallies<F: NorFlash>(
    storage: &mut Storage<F>,
    tallies: &mut Tallies<'_>,
    clocks: Clocks,
    known: bool,
) -> Result<Written, Failed> {
    let (mut lost, mut counted) = (false, true);
    for part in 0..parts(tallies) {
        lost |= storage.tally_index(part).is_err();
    }
    if lost {
        tallies.touch();
    }
    // The first part is the last to be written: nobody's failures and the rations are in it.
    for part in (1..parts(tallies)).rev() {
        let first = usize::from(part) * INDEXED;
        let listed = storage.tally_index(part);
        let changed = tallies.changed_pages().any(|page| page / INDEXED == usize::from(part));
        // One that was lost is written, too: else each boot finds it lost.
        if listed.is_ok() && !changed {
            continue;
        }
        let mut versions = listed.ok().flatten().map_or_else(Versions::default, |bytes| versions_of(&bytes));
        write_pages(storage, tallies, clocks, first, &mut versions)?;
        let mut bytes = Bytes::new();
        push_versions(&mut bytes, &versions)?;
        counted &= storage.set_tally_index(part, &bytes)?;
    }
    let index = storage.tally_index(0);
    // Without rations in flash those of memory count, which were read at the boot: none would be new ones.
    let known = known || index.is_err();
    let mut index = index.ok().flatten().map_or_else(Index::default, |index| Index::from_bytes(&index));
    write_pages(storage, tallies, clocks, 0, &mut index.versions)?;
    index.doubts = tallies.doubts();
    for (page, bits) in tallies.changed_cleared() {
        let before = storage.cleared(page).ok().flatten();
        let bytes = cleared_bytes(index.doubts.0, bits, before.as_ref());
        if before.as_ref() != Some(&bytes) {
            storage.set_cleared(page, &bytes)?;
        }
    }
    index.nobody = tallies.nobody().each_ref().map(|lockout| clocks.stored(lockout));
    if known {
        index.rations = [tallies.pins().used(), tallies.writes_used()];
    }
    counted &= storage.set_tally_index(0, &index.to_bytes()?)?;
    tallies.kept();
    Ok(Written { lost, counted })
}

/// Writes the pages that changed among those of which `versions` are, from the page `first` on.
#[inline(never)]
fn write_pages<F: NorFlash>(
    storage: &mut Storage<F>,
    tallies: &Tallies<'_>,
    clocks: Clocks,
    first: usize,
    versions: &mut Versions,
) -> Result<(), Failed> {
    for page in tallies.changed_pages() {
        let Some(version) = page.checked_sub(first).and_then(|page| versions.get_mut(page)) else { continue };
        let mut bytes = Bytes::new();
        for tally in tallies.page(page) {
            let lockouts = tally.lockouts().each_ref().map(|lockout| clocks.stored(lockout));
            push_place(&mut bytes, tally.person(), lockouts)?;
        }
        *version = storage.set_tally_page(page as u8, *version, &bytes)?;
    }
    Ok(())
}

/// How many parts the index has.
fn parts(tallies: &Tallies<'_>) -> u8 {
    tallies.pages().div_ceil(INDEXED) as u8
}

#[cfg(test)]
mod tests;
