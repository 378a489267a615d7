//! How many entries of the audit log somebody may cause, so that nobody washes the log away: a host, or whoever stands
//! outside the door.
//!
//! An account has a burst of entries, and gets one back every [`REFILL`]. It is kept over resets and power cuts, since an
//! installer can restart the board, and others can pull its plug. Flash has a number that is not lower than what was used, in
//! steps of [`STEP`] entries. Time without power gives nothing back.

use embassy_time::{Duration, Instant};

/// How long one entry takes to come back. At the pins each may come with a second one, which has the number of events that
/// had none.
const REFILL: Duration = Duration::from_secs(60);
/// Entries between two records in flash, and so the most that a power cut costs.
pub(crate) const STEP: u16 = 4;

/// What was used of an account.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Account {
    used: u16,
    /// What flash has.
    kept: u16,
    /// When entries were given back last, in milliseconds since boot.
    at_ms: u64,
}

impl Account {
    /// Takes what flash has, at boot.
    pub(crate) fn restore(&mut self, bytes: [u8; 2]) {
        self.kept = u16::from_le_bytes(bytes);
        self.used = self.kept;
    }

    /// Takes one entry of a burst.
    ///
    /// # Errors
    /// Seconds until there is one again.
    pub(crate) fn take(&mut self, burst: u16, now: Instant) -> Result<(), u32> {
        self.refill(now);
        if self.used >= burst {
            let again = self.at_ms.saturating_add(REFILL.as_millis());
            return Err(again.saturating_sub(now.as_millis()).div_ceil(1000) as u32);
        }
        self.used += 1;
        Ok(())
    }

    /// What is used now.
    pub(crate) fn used(&mut self, now: Instant) -> u16 {
        self.refill(now);
        self.used
    }

    /// What flash must have; sets `changed` if it has less than was used, or much more.
    pub(crate) fn keep(&mut self, now: Instant, changed: &mut bool) -> [u8; 2] {
        self.refill(now);
        if self.used > self.kept || self.used + 2 * STEP < self.kept {
            *changed = true;
            self.kept = self.used + STEP;
        }
        self.kept.to_le_bytes()
    }

    fn refill(&mut self, now: Instant) {
        let periods = now.as_millis().saturating_sub(self.at_ms) / REFILL.as_millis();
        self.at_ms = self.at_ms.saturating_add(periods.saturating_mul(REFILL.as_millis()));
        self.used = self.used.saturating_sub(u16::try_from(periods).unwrap_or(u16::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: u16 = 60;

    #[test]
    fn a_burst_is_allowed_and_then_one_a_minute_over_years() {
        let at = Instant::from_secs;
        let mut account = Account::default();
        assert_eq!((0..100).filter(|_| account.take(BURST, at(1)).is_ok()).count(), usize::from(BURST));
        assert_eq!(account.take(BURST, at(59)), Err(1));
        assert_eq!(account.take(BURST, at(60)), Ok(()));
        assert_eq!(account.take(BURST, at(119)), Err(1));
        let years = at(3_000_000_000);
        assert_eq!((0..100).filter(|_| account.take(BURST, years).is_ok()).count(), usize::from(BURST));
    }
}
