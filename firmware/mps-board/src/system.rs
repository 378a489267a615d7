//! The board as the door sees it.

use board_api::{ResetReason, Shown};
use crypto::Entropy;
use mps::fuses::{self, Fuses};
use mps::reset::{self, ResetCause};

/// The board as the door sees it.
pub struct System {
    pub(crate) name: &'static str,
    pub(crate) cause: ResetCause,
    pub(crate) fuses: Fuses,
    pub(crate) instructions: fn() -> u64,
}

impl board_api::System for System {
    fn name(&self) -> &str {
        self.name
    }

    fn reset_reason(&self) -> ResetReason {
        match self.cause {
            ResetCause::PowerOn => ResetReason::PowerOn,
            ResetCause::Watchdog => ResetReason::Watchdog,
            ResetCause::Panic | ResetCause::Fault => ResetReason::Fault,
            ResetCause::Software => ResetReason::Requested,
        }
    }

    fn instructions(&self) -> u64 {
        (self.instructions)()
    }

    fn take_secret(&mut self, secret: &mut [u8; 32]) {
        secret.copy_from_slice(self.fuses.take_secret().bytes());
    }

    fn fill_random(&mut self, bytes: &mut [u8]) {
        self.fuses.fill(bytes);
    }

    fn show(&mut self, shown: Option<Shown>) {
        fuses::show(shown);
    }

    fn restart(&mut self) {
        reset::reset(ResetCause::Software)
    }
}
