//! The clock of the board: embassy's time driver, and a count of instructions, over its [`Counter`].
//!
//! Virtual time goes on while the processor sleeps, and the count of instructions with it. So measure only
//! what does not wait.

use core::cell::RefCell;
use core::task::Waker;

use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_time_queue_utils::Queue;
use mps_registers::counter::{Counter, Rate};

/// The clock over a board's counter.
pub struct Clock<C> {
    counter: C,
    queue: CriticalSectionMutex<RefCell<Queue>>,
}

impl<C: Counter> Clock<C> {
    const RATE: Rate = Rate::of(C::HZ);
    const TICK: u64 = C::HZ / embassy_time_driver::TICK_HZ;

    /// A clock over `counter`, whose rate is a whole number of embassy's ticks.
    pub const fn new(counter: C) -> Self {
        assert!(C::HZ % embassy_time_driver::TICK_HZ == 0);
        Self { counter, queue: CriticalSectionMutex::new(RefCell::new(Queue::new())) }
    }

    /// Starts the counter.
    pub fn start(&self) {
        critical_section::with(|_| self.counter.start());
    }

    /// Instructions since the start, under `-icount shift=0`; otherwise nanoseconds.
    pub fn instructions(&self) -> u64 {
        let ticks = critical_section::with(|_| self.counter.ticks());
        Self::RATE.instructions(ticks)
    }

    /// Wakes what is due; to be called by the handler of the alarm's interrupt line.
    pub fn on_interrupt(&self) {
        critical_section::with(|_| self.counter.acknowledge());
        self.queue.lock(|queue| self.rearm(&mut queue.borrow_mut()));
    }

    fn rearm(&self, queue: &mut Queue) {
        let next = queue.next_expiration(self.counter.ticks() / Self::TICK);
        self.counter.set_alarm(next.saturating_mul(Self::TICK));
    }
}

impl<C: Counter + Send + Sync + 'static> embassy_time_driver::Driver for Clock<C> {
    fn now(&self) -> u64 {
        critical_section::with(|_| self.counter.ticks() / Self::TICK)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        self.queue.lock(|queue| {
            let mut queue = queue.borrow_mut();
            if queue.schedule_wake(at, waker) {
                self.rearm(&mut queue);
            }
        });
    }
}
