//! The clock of the door: embassy's time driver over the time since the computer started, which goes on while it sleeps.
//!
//! A thread of its own wakes what is due. The binary defines the driver, and not this library, because a test has a
//! clock of its own.

use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use embassy_time_driver::TICK_HZ;
use rustix::time::{ClockId, clock_gettime};

use crate::{Error, Result, priority};

/// The longest wait of the thread that wakes; a new waiter ends it.
const LONG: Duration = Duration::from_secs(3600);

/// Embassy's time driver on Linux.
#[derive(Debug)]
pub struct Clock {
    /// Ticks since the start of the computer when the clock was first read.
    origin: OnceLock<u64>,
    waiting: Mutex<Vec<(u64, Waker)>>,
    changed: Condvar,
}

impl Clock {
    /// A clock that is not started.
    pub const fn new() -> Self {
        Self { origin: OnceLock::new(), waiting: Mutex::new(Vec::new()), changed: Condvar::new() }
    }

    /// Starts the thread that wakes.
    ///
    /// # Errors
    /// [`Error::Thread`].
    pub fn start(&'static self) -> Result<()> {
        let builder = thread::Builder::new().name("clock".into());
        let wakes = move || {
            // Io runs before what computes only if it is woken before it.
            priority::raise(priority::IO);
            self.wake()
        };
        builder.spawn(wakes).map(|_| ()).map_err(Error::Thread)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(u64, Waker)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ticks(&self) -> u64 {
        let time = clock_gettime(ClockId::Boottime);
        let ticks = time.tv_sec as u64 * TICK_HZ + time.tv_nsec as u64 * TICK_HZ / 1_000_000_000;
        // Of two threads that read the clock first, the one that read it earlier may come second here.
        ticks.saturating_sub(*self.origin.get_or_init(|| ticks))
    }

    fn wake(&self) -> ! {
        let mut waiting = self.waiting();
        loop {
            let now = self.ticks();
            waiting.retain(|(at, waker)| {
                let waits = *at > now;
                if !waits {
                    waker.wake_by_ref();
                }
                waits
            });
            let next = waiting.iter().map(|(at, _)| at - now).min();
            waiting = match self.changed.wait_timeout(waiting, pause(next)) {
                Ok((waiting, _)) => waiting,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

/// How long to wait for what is due in so many ticks. A waiter for a time that never comes may be the only one.
fn pause(ticks: Option<u64>) -> Duration {
    let most = LONG.as_secs() * TICK_HZ;
    Duration::from_micros(ticks.map_or(most, |ticks| ticks.min(most)) * 1_000_000 / TICK_HZ)
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl embassy_time_driver::Driver for Clock {
    fn now(&self) -> u64 {
        self.ticks()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        let mut waiting = self.waiting();
        match waiting.iter_mut().find(|(_, waiting)| waiting.will_wake(waker)) {
            Some((before, _)) if *before <= at => return,
            Some((before, _)) => *before = at,
            None => waiting.push((at, waker.clone())),
        }
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embassy_time_driver::Driver;
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel};
    use std::task::Wake;

    struct Told(Sender<()>);

    impl Wake for Told {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(());
        }
    }

    #[test]
    fn a_pause_is_exact_and_never_longer_than_the_longest() {
        assert_eq!(pause(Some(0)), Duration::ZERO);
        assert_eq!(pause(Some(TICK_HZ / 4)), Duration::from_millis(250));
        for ticks in [None, Some(u64::MAX), Some(u64::MAX / 2), Some(u64::MAX / 1_000_000 + 1)] {
            assert_eq!(pause(ticks), LONG, "{ticks:?}");
        }
    }

    #[test]
    fn who_waits_for_ever_alone_stops_nobody_who_comes_later() {
        let clock: &'static Clock = Box::leak(Box::new(Clock::new()));
        clock.start().expect("a thread");
        let (never, _never) = channel();
        clock.schedule_wake(u64::MAX, &Waker::from(Arc::new(Told(never))));
        // Several, so that the thread has been alone with the first one in between.
        for _ in 0..20 {
            let (told, heard) = channel();
            clock.schedule_wake(clock.now() + TICK_HZ / 1_000, &Waker::from(Arc::new(Told(told))));
            heard.recv_timeout(Duration::from_secs(60)).expect("it is woken");
        }
    }
}
