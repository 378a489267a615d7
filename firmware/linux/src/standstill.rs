//! Whether the door stood still: a process that was stopped, a computer that slept or was far too busy.
//!
//! What was seen before it must open nothing after it: somebody else may be there. So each gap has a number. A picture of
//! before a gap is passed over, and the camera's picture that is looked at next fails, which ends what agreed so far. A camera
//! may have kept pictures of before, so it is passed over for a moment more. A photograph of a host fails for no gap.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long no work may be done: as long as the keeper waits for a word.
const STILL: Duration = crate::keeper::SILENCE;

/// How long a camera may give pictures of before a gap, after it.
const SETTLE: Duration = Duration::from_secs(1);

/// The gaps of a door. Clones are of the same door.
#[derive(Debug, Clone, Default)]
pub struct Standstill(Arc<Mutex<Work>>);

#[derive(Debug, Default)]
struct Work {
    /// When work was last done, since the computer started. Without any there is no gap.
    last: Option<Duration>,
    gaps: u32,
    /// The end of the newest gap.
    ended: Option<Duration>,
}

impl Work {
    /// Counts the gap that lasted until now, if there is one.
    fn see(&mut self, now: Duration) -> u32 {
        if self.last.is_some_and(|last| now.saturating_sub(last) > STILL) {
            self.gaps = self.gaps.wrapping_add(1);
            (self.last, self.ended) = (Some(now), Some(now));
        }
        self.gaps
    }
}

/// The time since the computer started, which goes on while it sleeps.
fn now() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

impl Standstill {
    fn with<T>(&self, f: impl FnOnce(&mut Work) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Work is done, as it is at least every 20 ms.
    pub fn works(&self) {
        let now = now();
        self.with(|work| {
            work.see(now);
            work.last = Some(now);
        });
    }

    /// A gap that has just ended.
    #[cfg(test)]
    pub fn stood(&self) {
        self.with(|work| work.gaps += 1);
    }

    /// The number of the newest gap, the one that has just ended included.
    pub fn gaps(&self) -> u32 {
        self.with(|work| work.see(now()))
    }

    /// Whether a picture that a camera gives now was taken after the newest gap.
    pub fn is_over(&self) -> bool {
        self.with(|work| {
            let now = now();
            work.see(now);
            work.ended.is_none_or(|ended| now.saturating_sub(ended) > SETTLE)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_counted_once_by_whoever_looks_first() {
        let mut work = Work::default();
        let at = Duration::from_millis;
        assert_eq!(work.see(at(5_000)), 0, "the door has not begun");
        work.last = Some(at(5_000));
        assert_eq!(work.see(at(6_000)), 0);
        assert_eq!(work.see(at(6_001)), 1);
        assert_eq!(work.see(at(6_002)), 1, "somebody else looks");
        assert_eq!(work.see(at(8_000)), 2, "it stood still again");
        assert_eq!(work.ended, Some(at(8_000)));
    }
}
