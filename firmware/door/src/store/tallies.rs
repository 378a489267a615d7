//! Failures as the settings keep them, so that neither a reset nor a power cut clears them.
//!
//! A record is written at each failure and when a success clears some. Lockouts ration failures, so this wears no sector
//! out. The end of a lockout is kept on the clock of the journal, and a record is also written when that clock is set. So a
//! reset ends no lockout. After a power cut the clock goes on from the newest entry of the log: time without power, and
//! time since that entry, count again.

use embassy_time::Instant;
use heapless::Vec;
use policy::{Factor, Lockout, PLACES, Tallies, Tally};
use serde::{Deserialize, Serialize};

/// The longest lockout that is taken over, in milliseconds: an hour, as `policy` has it.
const LONGEST_MS: u64 = 60 * 60 * 1000;

/// The failures of a person in a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredTally {
    /// `None` for nobody.
    person: Option<u32>,
    /// Whether the PIN failed, not the face.
    pin: bool,
    failures: u8,
    times: u8,
    /// End of the lockout, in seconds since 1970; 0 for none.
    until_s: u32,
}

/// All failures.
pub(crate) type StoredTallies = Vec<StoredTally, PLACES>;

/// The failures as they are stored. `unix_ms` is the journal's time at `now`.
pub(crate) fn stored(tallies: &Tallies, now: Instant, unix_ms: u64) -> StoredTallies {
    let stored = |Tally { person, factor, lockout, .. }: &Tally| {
        let left = lockout.locked_out_until(now.as_millis()).map(|until| until - now.as_millis());
        let until_s = left.map_or(0, |left| unix_ms.saturating_add(left).div_ceil(1000));
        StoredTally {
            person: *person,
            pin: *factor == Factor::Pin,
            failures: lockout.failures(),
            times: lockout.times(),
            until_s: u32::try_from(until_s).unwrap_or(u32::MAX),
        }
    };
    tallies.iter().map(stored).collect()
}

/// The failures from before a reset.
pub(crate) fn restored(stored: &StoredTallies, now: Instant, unix_ms: u64) -> Tallies {
    let mut tallies = Tallies::new();
    for StoredTally { person, pin, failures, times, until_s } in stored {
        let left = (u64::from(*until_s) * 1000).saturating_sub(unix_ms).min(LONGEST_MS);
        let until = (left > 0).then(|| now.as_millis().saturating_add(left));
        let factor = if *pin { Factor::Pin } else { Factor::Face };
        let lockout = Lockout::restore(*failures, *times, until);
        tallies.restore(Tally { person: *person, factor, lockout, last: now.as_millis() });
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lockout_goes_on_after_a_reset_and_ends_in_time() {
        let mut tallies = Tallies::new();
        tallies.fail(Some(7), Factor::Pin, 5_000, 1, 60_000);
        tallies.fail(None, Factor::Face, 5_000, 3, 60_000);
        let kept = stored(&tallies, Instant::from_millis(5_000), 1_000_000);
        let boot = restored(&kept, Instant::from_millis(100), 1_020_000);
        assert_eq!(boot.locked_out_until(Some(7), Factor::Pin, 100), Some(40_100));
        assert_eq!(boot.iter().count(), 2);
        let late = restored(&kept, Instant::from_millis(100), 1_060_000);
        assert_eq!(late.locked_out_until(Some(7), Factor::Pin, 100), None);
        assert_eq!(
            late.iter().find(|tally| tally.person.is_some()).map(|tally| tally.lockout.times()),
            Some(1)
        );
    }
}
