//! How many entries of the audit log a host may cause, so that no operator can wash the log away.
//!
//! Each host has [`BURST`] entries, and gets one back every [`REFILL`]. An installer is not limited. The account belongs to
//! the host's place in flash, so that a new key ([`protocol::Request::ReplaceKey`]) does not renew it. An operator cannot
//! restart the board, so the accounts need not survive a reset.

use embassy_time::{Duration, Instant};
use protocol::MAX_HOSTS;

/// Entries at once.
const BURST: u16 = 200;
/// How long one entry takes to come back.
const REFILL: Duration = Duration::from_secs(60);

/// What each host has used.
#[derive(Default)]
pub(crate) struct Quota([Account; MAX_HOSTS]);

#[derive(Clone, Copy, Default)]
struct Account {
    used: u16,
    /// When entries were given back last, in milliseconds since boot.
    at_ms: u64,
}

impl Quota {
    /// Takes one entry from the account of the host at a place.
    ///
    /// # Errors
    /// Seconds until there is one again.
    pub(crate) fn take(&mut self, place: usize, now: Instant) -> Result<(), u32> {
        let Some(account) = self.0.get_mut(place) else { return Err(0) };
        let periods = now.as_millis().saturating_sub(account.at_ms) / REFILL.as_millis();
        account.at_ms = account.at_ms.saturating_add(periods.saturating_mul(REFILL.as_millis()));
        account.used = account.used.saturating_sub(u16::try_from(periods).unwrap_or(u16::MAX));
        if account.used >= BURST {
            let again = account.at_ms.saturating_add(REFILL.as_millis());
            return Err(again.saturating_sub(now.as_millis()).div_ceil(1000) as u32);
        }
        account.used += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_one_entry_a_minute() {
        let mut quota = Quota::default();
        let at = Instant::from_secs;
        assert!((0..BURST).all(|_| quota.take(1, at(30)).is_ok()));
        assert_eq!(quota.take(1, at(30)), Err(30));
        assert_eq!(quota.take(2, at(30)), Ok(()), "another host");
        assert_eq!(quota.take(1, at(60)), Ok(()));
        assert_eq!(quota.take(1, at(119)), Err(1));
        assert_eq!((0..=BURST).filter(|_| quota.take(1, at(100_000)).is_ok()).count(), usize::from(BURST));
    }
}
