//! Lockout after consecutive failures, with exponential back-off.
//!
//! | state | input | next state |
//! |---|---|---|
//! | accepting, `n` failures | failure, `n + 1` below the limit | accepting, `n + 1` failures |
//! | accepting | failure that reaches the limit, after `k` earlier lockouts | locked out for `first * 2^k`, at most an hour |
//! | accepting | success | accepting, no failures, `k = 0` |
//! | locked out | any event | locked out: the event is ignored and does not extend the lockout |
//! | locked out | time elapsed | accepting, one failure below the limit |
//!
//! So one more failure after a lockout starts the next one immediately; only a success resets the back-off. Failures of nobody
//! have no success: each hour of rest takes one back (`Lockout::rest`).
//! [`Lockout::restore`] brings the state back after a reset.

/// Duration of the longest lockout: an hour.
const LONGEST_MS: u64 = 60 * 60 * 1000;

/// The rest that takes one failure back: as long as the longest lockout, so that it lets nobody guess more often.
pub(crate) const REST_MS: u64 = LONGEST_MS;

/// The failure counter and the active lockout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lockout {
    failures: u8,
    /// Lockouts since the last success.
    times: u8,
    /// The end of the newest lockout; 0 for none.
    until: u64,
}

impl Lockout {
    /// No failures.
    #[must_use]
    pub const fn new() -> Self {
        Self { failures: 0, times: 0, until: 0 }
    }

    /// The state before a reset. `until` is the end of a lockout on the clock of this boot.
    #[must_use]
    pub const fn restore(failures: u8, times: u8, until: Option<u64>) -> Self {
        let until = match until {
            Some(until) => until,
            None => 0,
        };
        Self { failures, times, until }
    }

    /// Failures that count towards the next lockout.
    #[must_use]
    pub const fn failures(&self) -> u8 {
        self.failures
    }

    /// Lockouts since the last success.
    #[must_use]
    pub const fn times(&self) -> u8 {
        self.times
    }

    /// The end of the active lockout in milliseconds since boot; `None` if there is none.
    #[must_use]
    pub fn locked_out_until(&self, now: u64) -> Option<u64> {
        (now < self.until).then_some(self.until)
    }

    /// Failures may have been lost: one more is enough for the next lockout.
    pub(crate) fn doubt(&mut self, limit: u8) {
        self.failures = self.failures.max(limit.saturating_sub(1));
    }

    /// Takes back what the rest since the failure at `last`, or since the end of its lockout, has earned: for each hour one step of
    /// the back-off, and after the last step one failure. So one guess an hour is let through, however guesses and rests alternate.
    pub(crate) fn rest(&mut self, now: u64, last: u64) {
        let mut hours = now.saturating_sub(last.max(self.until)) / REST_MS;
        while hours > 0 && (self.times, self.failures) != (0, 0) {
            match self.times {
                0 => self.failures -= 1,
                _ => self.times -= 1,
            }
            hours -= 1;
        }
    }

    /// Access was granted: resets failures and back-off.
    pub fn succeed(&mut self) {
        *self = Self::new();
    }

    /// Counts a failure. The `limit`th consecutive one starts a lockout of `first_ms` or, after earlier
    /// lockouts, longer. Returns the end of the lockout if this failure starts one.
    pub fn fail(&mut self, now: u64, limit: u8, first_ms: u32) -> Option<u64> {
        if self.locked_out_until(now).is_some() {
            return None;
        }
        self.until = 0;
        self.failures = self.failures.saturating_add(1);
        if self.failures < limit.max(1) {
            return None;
        }
        self.failures = limit.max(1) - 1;
        let length = u64::from(first_ms).checked_shl(self.times.min(31).into()).unwrap_or(LONGEST_MS);
        self.times = self.times.saturating_add(1);
        self.until = now.saturating_add(length.min(LONGEST_MS));
        Some(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_limit_locks_out_and_each_lockout_doubles() {
        let mut lockout = Lockout::new();
        assert_eq!(lockout.fail(0, 3, 1000), None);
        assert_eq!(lockout.fail(10, 3, 1000), None);
        assert_eq!(lockout.fail(20, 3, 1000), Some(1020));
        assert_eq!(lockout.locked_out_until(1019), Some(1020));
        assert_eq!(lockout.fail(500, 3, 1000), None, "failures during a lockout do not extend it");
        assert_eq!(lockout.locked_out_until(1020), None);
        assert_eq!(lockout.fail(1030, 3, 1000), Some(3030), "one more failure is enough then");
        assert_eq!(lockout.fail(3030, 3, 1000), Some(7030));
        lockout.succeed();
        assert_eq!(lockout, Lockout::new());
        assert_eq!(lockout.fail(8000, 3, 1000), None);
    }

    #[test]
    fn no_lockout_exceeds_an_hour() {
        let (mut lockout, mut now) = (Lockout::new(), 0);
        for _ in 0..100 {
            if let Some(until) = lockout.fail(now, 1, u32::MAX) {
                assert!(until - now <= LONGEST_MS);
                now = until;
            }
        }
        assert!(now > 90 * LONGEST_MS);
    }

    proptest! {
        /// No timing of attempts gets more of them than the back-off allows.
        #[test]
        fn attempts_are_limited_by_the_back_off(gaps in proptest::collection::vec(0u64..2_000, 1..400)) {
            let (mut lockout, mut now, mut tries) = (Lockout::new(), 0, 0u32);
            for gap in gaps {
                now += gap;
                if lockout.locked_out_until(now).is_none() {
                    tries += 1;
                    lockout.fail(now, 5, 1_000);
                }
            }
            // Five attempts, then one more after 1, 3, 7, … seconds.
            let allowed = 5 + (now / 1_000 + 1).ilog2();
            prop_assert!(tries <= allowed, "{tries} tries in {now} ms");
        }
    }
}
