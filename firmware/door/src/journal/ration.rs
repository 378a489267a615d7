//! How many entries there may be of what anybody outside the door can cause.

use embassy_time::{Duration, Instant};

/// Entries at once.
const BURST: u8 = 60;
/// How long one takes to come back. Each may come with a second one, which has the number of events that had none.
const REFILL: Duration = Duration::from_secs(60);

/// Entries that are left, and when one came back last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ration {
    left: u8,
    since: Instant,
}

impl Ration {
    /// All of them.
    pub(super) fn full(now: Instant) -> Self {
        Self { left: BURST, since: now }
    }

    /// Takes an entry, if one is left.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let periods = now.saturating_duration_since(self.since).as_ticks() / REFILL.as_ticks();
        self.since = self.since.saturating_add(REFILL * u32::try_from(periods).unwrap_or(u32::MAX));
        let left = self.left.saturating_add(u8::try_from(periods).unwrap_or(u8::MAX)).min(BURST);
        self.left = left.saturating_sub(1);
        left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_one_a_minute_over_years() {
        let at = Instant::from_secs;
        let mut ration = Ration::full(at(0));
        assert_eq!((0..100).filter(|_| ration.take(at(1))).count(), usize::from(BURST));
        assert!(!ration.take(at(59)) && ration.take(at(60)) && !ration.take(at(119)));
        assert_eq!((0..100).filter(|_| ration.take(at(3_000_000_000))).count(), usize::from(BURST));
    }
}
