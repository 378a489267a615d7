//! The clock of the board: embassy's time driver, and a count of instructions.
//!
//! A board has a [`Counter`] that only goes up and one alarm; both are the emulator's virtual
//! time. With `-icount shift=0` virtual time is the number of instructions executed (one each
//! nanosecond), so [`Clock::instructions`] is exact to one tick of the counter, and the same in
//! every run. While the processor sleeps, time goes on and the count with it; so measure what
//! does not wait.

use core::cell::RefCell;
use core::task::Waker;

use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_time_queue_utils::Queue;

/// A counter that goes up from the start of the board, and an alarm on it.
pub trait Counter: Send + Sync + 'static {
    /// Ticks a second.
    const HZ: u64;

    /// Ticks since the start. Called with interrupts off.
    fn ticks(&self) -> u64;

    /// Interrupts once when `ticks()` has reached `at`, or soon if it has already; may interrupt
    /// too early. Called with interrupts off.
    fn set_alarm(&self, at: u64);

    /// Ends the interrupt that is being handled. Called with interrupts off.
    fn acknowledge(&self);
}

/// Nanoseconds, which `-icount shift=0` makes instructions, in a second.
const NANOSECONDS: u64 = 1_000_000_000;

/// The clock over a board's counter.
pub struct Clock<C> {
    counter: C,
    queue: CriticalSectionMutex<RefCell<Queue>>,
}

impl<C: Counter> Clock<C> {
    const TICK: u64 = C::HZ / embassy_time_driver::TICK_HZ;

    /// A clock over `counter`, whose rate is a whole number of embassy's ticks.
    pub const fn new(counter: C) -> Self {
        assert!(C::HZ % embassy_time_driver::TICK_HZ == 0);
        Self { counter, queue: CriticalSectionMutex::new(RefCell::new(Queue::new())) }
    }

    /// The counter, to start it.
    pub fn counter(&self) -> &C {
        &self.counter
    }

    /// Instructions since the start, under `-icount shift=0`; else nanoseconds.
    pub fn instructions(&self) -> u64 {
        let ticks = critical_section::with(|_| self.counter.ticks());
        (u128::from(ticks) * u128::from(NANOSECONDS) / u128::from(C::HZ)) as u64
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

impl<C: Counter> embassy_time_driver::Driver for Clock<C> {
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
