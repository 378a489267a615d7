//! A clock for tests, which goes on only when a test says so.
//!
//! It is embassy's time driver of a test binary that uses this crate. The mock driver of `embassy-time` would do, but it
//! is a feature: Cargo would switch it on for the door on Linux as well when both are built in one command, and a program
//! can have one driver only.
#![forbid(unsafe_code)]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use embassy_time::Duration;

/// The time, and who waits for a time.
struct Clock(Mutex<State>);

struct State {
    now: u64,
    waiting: Vec<(u64, Waker)>,
}

embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock(Mutex::new(State { now: 0, waiting: Vec::new() })));

impl Clock {
    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked leaves a time, and any time is valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl embassy_time_driver::Driver for Clock {
    fn now(&self) -> u64 {
        self.state().now
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        let mut state = self.state();
        match state.waiting.iter_mut().find(|(_, waiting)| waiting.will_wake(waker)) {
            Some(waiting) => waiting.0 = waiting.0.min(at),
            None => state.waiting.push((at, waker.clone())),
        }
    }
}

/// Sets the time to zero, and forgets who waits.
pub fn reset() {
    *CLOCK.state() = State { now: 0, waiting: Vec::new() };
}

/// Lets time pass, and wakes what waited for it.
pub fn advance(by: Duration) {
    let mut due = Vec::new();
    {
        let mut state = CLOCK.state();
        state.now += by.as_ticks();
        let now = state.now;
        state.waiting.retain(|(at, waker)| {
            let waits = *at > now;
            if !waits {
                due.push(waker.clone());
            }
            waits
        });
    }
    due.iter().for_each(Waker::wake_by_ref);
}

#[cfg(test)]
mod tests {
    use super::*;
    use embassy_time::Instant;

    #[test]
    fn time_stands_still_until_it_is_advanced() {
        reset();
        assert_eq!(Instant::now(), Instant::from_ticks(0));
        advance(Duration::from_millis(3));
        assert_eq!(Instant::now(), Instant::from_millis(3));
    }
}
