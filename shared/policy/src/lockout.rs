//! After failures in a row nobody is let in for a while, twice as long each time.
//!
//! | state | input | next state |
//! |---|---|---|
//! | open to claims, `n` failures | failure, `n + 1` below the limit | open to claims, `n + 1` failures |
//! | open to claims | failure that reaches the limit, the `k`th time | shut for `first * 2^k`, at most an hour |
//! | open to claims | success | open to claims, no failures, `k = 0` |
//! | shut | any claim | shut: it is not looked at, and does not lengthen it |
//! | shut | time is over | open to claims, one failure below the limit |
//!
//! One more failure after a lockout so shuts it again at once; only a success begins anew. The state is
//! not kept over a reset, but then a reset takes longer than a claim does.

/// The longest lockout: an hour.
const LONGEST_MS: u64 = 60 * 60 * 1000;

/// Counts failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lockout {
    failures: u8,
    /// Lockouts since the last success.
    times: u32,
    until: Option<u64>,
}

impl Lockout {
    /// No failures.
    #[must_use]
    pub const fn new() -> Self {
        Self { failures: 0, times: 0, until: None }
    }

    /// Until when nobody is let in, in milliseconds since boot; none if somebody may be.
    #[must_use]
    pub fn locked_out_until(&self, now: u64) -> Option<u64> {
        self.until.filter(|until| now < *until)
    }

    /// Somebody was let in.
    pub fn succeed(&mut self) {
        *self = Self::new();
    }

    /// Somebody was refused: the `limit`th in a row shuts for `first_ms` and longer. Returns until when, if
    /// this failure did it.
    pub fn fail(&mut self, now: u64, limit: u8, first_ms: u32) -> Option<u64> {
        if self.locked_out_until(now).is_some() {
            return None;
        }
        self.until = None;
        self.failures = self.failures.saturating_add(1);
        if self.failures < limit.max(1) {
            return None;
        }
        self.failures = limit.max(1) - 1;
        let length = u64::from(first_ms).checked_shl(self.times.min(31)).unwrap_or(LONGEST_MS);
        self.times = self.times.saturating_add(1);
        self.until = Some(now.saturating_add(length.min(LONGEST_MS)));
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_shuts_at_the_limit_and_longer_each_time() {
        let mut lockout = Lockout::new();
        assert_eq!(lockout.fail(0, 3, 1000), None);
        assert_eq!(lockout.fail(10, 3, 1000), None);
        assert_eq!(lockout.fail(20, 3, 1000), Some(1020));
        assert_eq!(lockout.locked_out_until(1019), Some(1020));
        assert_eq!(lockout.fail(500, 3, 1000), None, "claims while it is shut do not lengthen it");
        assert_eq!(lockout.locked_out_until(1020), None);
        assert_eq!(lockout.fail(1030, 3, 1000), Some(3030), "one more is enough then");
        assert_eq!(lockout.fail(3030, 3, 1000), Some(7030));
        lockout.succeed();
        assert_eq!(lockout, Lockout::new());
        assert_eq!(lockout.fail(8000, 3, 1000), None);
    }

    #[test]
    fn it_never_shuts_for_longer_than_an_hour() {
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
        /// Whatever somebody tries, in the long run they get no more tries than the back-off allows.
        #[test]
        fn tries_are_rationed(gaps in proptest::collection::vec(0u64..2_000, 1..400)) {
            let (mut lockout, mut now, mut tries) = (Lockout::new(), 0, 0u32);
            for gap in gaps {
                now += gap;
                if lockout.locked_out_until(now).is_none() {
                    tries += 1;
                    lockout.fail(now, 5, 1_000);
                }
            }
            // Four for free, then one after 1, 3, 7, … seconds.
            let allowed = 5 + (now / 1_000 + 1).ilog2();
            prop_assert!(tries <= allowed, "{tries} tries in {now} ms");
        }
    }
}
