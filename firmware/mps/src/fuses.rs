//! The firmware's secret and the seed of its random numbers, see [`host_window::fuses`].
//!
//! Both are read once, at the start, and their words are overwritten, so that no other copy is left. Then the MPU closes
//! the page. The seed is mixed with the secret and the boot counter. The secret leaves this module once, and is wiped here.

use board_api::Shown;
use crypto::{Entropy, Generator, Key};
use host_window::Layout;
use host_window::fuses::{ENTROPY, UNIQUE};
use host_window::window::{BOOTS, CODE, CODE_SHOWN, ERASE_SHOWN};

use mps_registers::Register;
use mps_registers::fuses::{After, secret};
use mps_registers::mpu::close_fuses;

use crate::window::word;

/// The secrets from the board's fuses.
pub struct Fuses {
    secret: Key,
    random: Generator,
}

impl Fuses {
    /// Takes the fuses of the board, after its memory was opened and the boot counted.
    ///
    /// # Safety
    /// The page at the fuses' address of `map` is memory, and no other code names it from here on: it faults.
    pub unsafe fn take(map: &Layout) -> Self {
        // SAFETY: passed on to the caller.
        let [secret, entropy] =
            [UNIQUE, ENTROPY].map(|place| Key::new(unsafe { secret(map.fuses + place, After::Wipe) }));
        // SAFETY: both were read, and the caller has read the rest of the page.
        unsafe { close_fuses() };
        let seed = entropy.derive(secret.bytes(), b"postern seed");
        let random = Generator::new(&seed, &word(BOOTS).read().to_le_bytes());
        Self { secret, random }
    }

    /// The firmware's secret: zeros from the second call on.
    pub fn take_secret(&mut self) -> Key {
        core::mem::replace(&mut self.secret, Key::new([0; 32]))
    }
}

impl Entropy for Fuses {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
}

/// Shows what waits for the pairing button on the display, or clears it.
pub fn show(shown: Option<Shown>) {
    word(CODE).write(match shown {
        Some(Shown::Code(code)) => code | CODE_SHOWN,
        Some(Shown::Erase) => ERASE_SHOWN,
        None => 0,
    });
}
