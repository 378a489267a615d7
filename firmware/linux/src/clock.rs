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

use crate::{Error, Result};

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
        builder.spawn(move || self.wake()).map(|_| ()).map_err(Error::Thread)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(u64, Waker)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ticks(&self) -> u64 {
        let time = clock_gettime(ClockId::Boottime);
        let ticks = time.tv_sec as u64 * TICK_HZ + time.tv_nsec as u64 * TICK_HZ / 1_000_000_000;
        ticks - *self.origin.get_or_init(|| ticks)
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
            let pause =
                next.map_or(LONG, |ticks| Duration::from_micros(ticks * 1_000_000 / TICK_HZ).min(LONG));
            waiting = match self.changed.wait_timeout(waiting, pause) {
                Ok((waiting, _)) => waiting,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
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
