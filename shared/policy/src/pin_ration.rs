//! How many PINs are compared, and how often failures of faces are written: each is a step of a counter that has some two million.
//!
//! Lockouts ration wrong PINs. Nothing else rations right ones: whoever knows a PIN can type it again and again at a door that
//! verifies, and show no face. So all PINs together have [`AT_ONCE`], and then one every [`EACH_MS`]. What was used is kept over
//! resets, in the record that each PIN causes. Time without power gives nothing back.
//!
//! Whoever shows pictures of many people in turn fails as each of them. Beyond the ration these failures count all the same, and
//! flash has them with the next write, as that of a lockout that begins. What was used of this ration is in the same record, so a
//! boot knows whether failures may have waited when the power went (`Tallies::doubt`).

/// PINs: 1000 at once, and then one every two minutes, 720 a day.
pub type PinRation = Ration<1000, 120_000>;

/// Writes of failures of faces: 60 at once, and then one every five minutes, 288 a day.
pub type FaceRation = Ration<60, 300_000>;

/// So many at once, and then one each so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ration<const AT_ONCE: u16, const EACH_MS: u64> {
    used: u16,
    /// When one was given back last, in milliseconds since boot.
    at: u64,
}

impl<const AT_ONCE: u16, const EACH_MS: u64> Ration<AT_ONCE, EACH_MS> {
    /// None was used.
    #[must_use]
    pub const fn new() -> Self {
        Self { used: 0, at: 0 }
    }

    /// What was used before a reset.
    pub(crate) const fn restored(used: u16, now: u64) -> Self {
        Self { used, at: now }
    }

    /// Takes one. Returns whether there was one.
    #[must_use]
    pub fn take(&mut self, now: u64) -> bool {
        let periods = now.saturating_sub(self.at) / EACH_MS;
        self.at = self.at.saturating_add(periods.saturating_mul(EACH_MS));
        self.used = self.used.saturating_sub(u16::try_from(periods).unwrap_or(u16::MAX));
        let left = self.used < AT_ONCE;
        self.used = self.used.saturating_add(left.into());
        left
    }

    /// Gives one back, which was taken and not used.
    pub fn give_back(&mut self) {
        self.used = self.used.saturating_sub(1);
    }

    /// Whether none is left, as far as was known at the last call.
    #[must_use]
    pub const fn is_used_up(&self) -> bool {
        self.used >= AT_ONCE
    }

    /// Whether there is more than one.
    #[must_use]
    pub fn has_two(&self, now: u64) -> bool {
        let periods = now.saturating_sub(self.at) / EACH_MS;
        u64::from(self.used).saturating_sub(periods) + 1 < u64::from(AT_ONCE)
    }

    /// What is used, to keep it over a reset.
    #[must_use]
    pub const fn used(&self) -> u16 {
        self.used
    }

    /// When there is one again, in milliseconds since boot; `None` if there is one now.
    #[must_use]
    pub fn until(&self, now: u64) -> Option<u64> {
        let until = self.at.saturating_add(EACH_MS);
        (self.used >= AT_ONCE && now < until).then_some(until)
    }
}

impl<const AT_ONCE: u16, const EACH_MS: u64> Default for Ration<AT_ONCE, EACH_MS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: u16 = 1000;
    const EACH_MS: u64 = 120_000;

    #[test]
    fn so_many_at_once_and_then_one_every_two_minutes_over_resets() {
        let mut ration = PinRation::new();
        assert_eq!((0..2_000).filter(|_| ration.take(5)).count(), usize::from(AT_ONCE));
        assert_eq!(ration.until(5), Some(EACH_MS));
        let mut again = PinRation::restored(ration.used(), 50);
        assert!(!again.take(50 + EACH_MS - 1));
        assert_eq!(again.until(50 + EACH_MS), None);
        assert!(again.take(50 + EACH_MS) && !again.take(50 + EACH_MS));
        let year = 365 * 86_400_000;
        let most = u64::from(AT_ONCE) + year / EACH_MS;
        let taken = (0..year / 60_000).filter(|minute| ration.take(minute * 60_000)).count() as u64;
        assert!(taken <= most && most < 270_000, "{taken}");
        assert_eq!((0..2_000).filter(|_| ration.take(2 * year)).count(), usize::from(AT_ONCE));
    }
}
