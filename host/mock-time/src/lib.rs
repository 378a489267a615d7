//! A clock for tests and for simulations, which goes on only when the program says so. Each thread has its own.
//!
//! It is embassy's time driver of a program that uses this crate. The mock driver of `embassy-time` would do, but it
//! is a feature: Cargo would switch it on for the door on Linux as well when both are built in one command, and a program
//! can have one driver only.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::task::Waker;

use embassy_time::Duration;

/// The driver: each thread has a time of its own, so that tests run side by side.
struct Clock;

#[derive(Default)]
struct State {
    now: u64,
    /// Who waits, and for which time.
    waiting: Vec<(u64, Waker)>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock);

impl embassy_time_driver::Driver for Clock {
    fn now(&self) -> u64 {
        STATE.with_borrow(|state| state.now)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        STATE.with_borrow_mut(|state| {
            match state.waiting.iter_mut().find(|(_, waiting)| waiting.will_wake(waker)) {
                Some(waiting) => waiting.0 = waiting.0.min(at),
                None => state.waiting.push((at, waker.clone())),
            }
        });
    }
}

/// Sets the time to zero, and forgets who waits.
pub fn reset() {
    STATE.take();
}

/// Lets time pass, and wakes what waited for it.
pub fn advance(by: Duration) {
    let due = STATE.with_borrow_mut(|state| {
        state.now += by.as_ticks();
        let now = state.now;
        state.waiting.extract_if(.., |(at, _)| *at <= now).collect::<Vec<_>>()
    });
    due.iter().for_each(|(_, waker)| waker.wake_by_ref());
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
        let elsewhere = std::thread::spawn(Instant::now).join().expect("a time");
        assert_eq!(elsewhere, Instant::from_ticks(0), "another thread has another time");
    }
}
