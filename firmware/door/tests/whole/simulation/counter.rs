//! The monotonic counter of the simulated board.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use board_api::{CounterError, MonotonicCounter};

use super::supply::Supply;

thread_local! {
    /// The supply of the board that runs on this thread.
    static POWER: RefCell<Rc<Supply>> = RefCell::default();
    /// Whether it can be read and not raised: it is worn out.
    static WORN: Cell<bool> = const { Cell::new(false) };
}

/// Wears the counters of this thread out, or repairs them.
pub fn wear_out(worn: bool) {
    WORN.set(worn);
}

/// The monotonic counter. It has power as long as the flash has.
pub struct Count(Arc<AtomicU32>);

impl Count {
    /// The counter of a boot. It is lent for ever, as on a board.
    pub fn leaked(value: Arc<AtomicU32>, supply: &Rc<Supply>) -> &'static mut (dyn MonotonicCounter + Send) {
        POWER.set(supply.clone());
        Box::leak(Box::new(Self(value)))
    }
}

impl MonotonicCounter for Count {
    fn read(&mut self) -> Result<u32, CounterError> {
        Ok(self.0.load(Ordering::Relaxed))
    }

    fn increment(&mut self) -> Result<(), CounterError> {
        if WORN.get() {
            return Err(CounterError);
        }
        match POWER.with_borrow(|supply| supply.begin("counter", 4)) {
            4 => drop(self.0.fetch_add(1, Ordering::Relaxed)),
            _ => return Err(CounterError),
        }
        Ok(())
    }
}
