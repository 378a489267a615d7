//! How many entries of the audit log a host may cause, so that nobody can wash the log away.
//!
//! Each host has a burst of entries, and gets one back every [`REFILL`]. The account belongs to the host's place in flash,
//! so that a new key ([`protocol::Request::ReplaceKey`]) does not renew it. All places together have fewer entries at once
//! than the log keeps.
//!
//! The accounts are kept over resets and power cuts: an installer can restart the board, and others can pull its plug. Flash
//! has a number that is not lower than what was used, in steps of [`STEP`] entries. Time without power gives nothing back.

use embassy_time::{Duration, Instant};
use protocol::{Hash, MAX_HOSTS, Role};

/// Entries at once of a host that is not an installer.
const BURST: u16 = 200;
/// Entries at once of an installer, who enrols everybody on the first day.
const INSTALLER_BURST: u16 = 1000;
/// How long one entry takes to come back.
const REFILL: Duration = Duration::from_secs(60);
/// Entries between two records in flash, and so the most that a power cut costs.
const STEP: u16 = 4;

/// What each host has used.
#[derive(Default)]
pub(crate) struct Quota([Account; MAX_HOSTS]);

#[derive(Clone, Copy, Default)]
struct Account {
    used: u16,
    /// What flash has.
    kept: u16,
    /// When entries were given back last, in milliseconds since boot.
    at_ms: u64,
}

impl Account {
    fn refill(&mut self, now: Instant) {
        let periods = now.as_millis().saturating_sub(self.at_ms) / REFILL.as_millis();
        self.at_ms = self.at_ms.saturating_add(periods.saturating_mul(REFILL.as_millis()));
        self.used = self.used.saturating_sub(u16::try_from(periods).unwrap_or(u16::MAX));
    }
}

impl Quota {
    /// The accounts of the record in flash, at boot.
    pub(crate) fn restored(kept: &Hash) -> Self {
        let mut quota = Self::default();
        for (account, &[low, high]) in quota.0.iter_mut().zip(kept.as_chunks().0) {
            account.kept = u16::from_le_bytes([low, high]);
            account.used = account.kept;
        }
        quota
    }

    /// Takes one entry from the account of the host at a place.
    ///
    /// # Errors
    /// Seconds until there is one again.
    pub(crate) fn take(&mut self, place: usize, role: Option<Role>, now: Instant) -> Result<(), u32> {
        let Some(account) = self.0.get_mut(place) else { return Err(0) };
        account.refill(now);
        if account.used >= if role == Some(Role::Installer) { INSTALLER_BURST } else { BURST } {
            let again = account.at_ms.saturating_add(REFILL.as_millis());
            return Err(again.saturating_sub(now.as_millis()).div_ceil(1000) as u32);
        }
        account.used += 1;
        Ok(())
    }

    /// The record for flash, if it must change: an account has used more than flash has, or much less.
    pub(crate) fn changed(&mut self, now: Instant) -> Option<Hash> {
        let mut record = [0; 32];
        let mut changed = false;
        for (account, bytes) in self.0.iter_mut().zip(record.as_chunks_mut().0) {
            account.refill(now);
            if account.used > account.kept || account.used + 2 * STEP < account.kept {
                changed = true;
                account.kept = account.used + STEP;
            }
            *bytes = account.kept.to_le_bytes();
        }
        changed.then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATOR: Option<Role> = Some(Role::Operator);
    const INSTALLER: Option<Role> = Some(Role::Installer);

    fn at(seconds: u64) -> Instant {
        Instant::from_secs(seconds)
    }

    #[test]
    fn a_burst_is_allowed_and_then_one_entry_a_minute() {
        for (role, burst) in [(OPERATOR, BURST), (None, BURST), (INSTALLER, INSTALLER_BURST)] {
            let mut quota = Quota::default();
            assert!((0..burst).all(|_| quota.take(1, role, at(30)).is_ok()));
            assert_eq!(quota.take(1, role, at(30)), Err(30));
            assert_eq!(quota.take(2, role, at(30)), Ok(()), "another host");
            assert_eq!(quota.take(1, role, at(60)), Ok(()));
            assert_eq!(quota.take(1, role, at(119)), Err(1));
            let later = (0..=burst).filter(|_| quota.take(1, role, at(100_000)).is_ok()).count();
            assert_eq!(later, usize::from(burst));
        }
    }

    #[test]
    fn all_hosts_together_have_fewer_entries_at_once_than_the_log_keeps() {
        // By `audit`: all sectors but the one that is being filled, with 64 entries each; 640 KiB on the boards.
        let kept = (640 / 4 - 1) * 64;
        assert!(MAX_HOSTS * usize::from(INSTALLER_BURST) < kept, "{kept}");
    }

    #[test]
    fn a_reset_gives_nothing_back_and_time_is_remembered_in_steps() {
        let mut quota = Quota::default();
        let (mut kept, mut records) = ([0; 32], 0);
        for used in 1..=INSTALLER_BURST {
            quota.take(7, INSTALLER, at(1)).unwrap();
            if let Some(record) = quota.changed(at(1)) {
                (kept, records) = (record, records + 1);
            }
            assert!(Quota::restored(&kept).0[7].used >= used);
        }
        assert_eq!(records, u32::from(INSTALLER_BURST.div_ceil(STEP + 1)));
        let mut again = Quota::restored(&kept);
        assert!(again.take(7, INSTALLER, at(1)).is_err());
        assert!(again.take(6, INSTALLER, at(1)).is_ok());
        // A week later, after a quiet time and another reset.
        let record = again.changed(at(7 * 86_400)).unwrap();
        assert_eq!(again.changed(at(7 * 86_400)), None);
        let mut rested = Quota::restored(&record);
        assert!((0..INSTALLER_BURST - STEP).all(|_| rested.take(7, INSTALLER, at(1)).is_ok()));
    }
}
