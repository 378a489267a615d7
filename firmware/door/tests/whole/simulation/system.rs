//! The simulated board as a whole.

use std::rc::Rc;

use board_api::{ResetReason, Shown, System};
use crypto::{Entropy as _, Generator, Key};

use super::parts::Wires;

/// The board as a whole; its instructions are its milliseconds.
pub struct Whole(pub Rc<Wires>);

impl System for Whole {
    fn name(&self) -> &str {
        "simulation"
    }

    fn reset_reason(&self) -> ResetReason {
        self.0.reset.get().unwrap_or(ResetReason::PowerOn)
    }

    fn instructions(&self) -> u64 {
        embassy_time::Instant::now().as_millis()
    }

    fn take_secret(&mut self, secret: &mut [u8; 32]) {
        assert!(!self.0.secret_taken.replace(true), "keys are derived once, and then the secret is wiped");
        *secret = *boot::application_secret(&Key::new([self.0.unique.get(); 32])).bytes();
    }

    fn unix_ms(&self) -> Option<u64> {
        self.0.unix_ms.get().map(|booted| booted + embassy_time::Instant::now().as_millis())
    }

    /// The same numbers at each boot: the worst case for a board.
    fn fill_random(&mut self, bytes: &mut [u8]) {
        self.0.drawn.set(self.0.drawn.get() + 1);
        Generator::new(&Key::new([4; 32]), &self.0.drawn.get().to_le_bytes()).fill(bytes);
    }

    fn show(&mut self, shown: Option<Shown>) {
        self.0.erase_shown.set(shown == Some(Shown::Erase));
        self.0.code.set(match shown {
            Some(Shown::Code(code)) => Some(code),
            _ => None,
        });
    }

    fn restart(&mut self) {
        self.0.restarts.set(self.0.restarts.get() + 1);
    }
}
