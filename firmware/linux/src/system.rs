//! The board as a whole: its secret, random numbers, the display, a restart.

use std::os::unix::process::CommandExt;
use std::process::Command;

use board_api::{CameraState, ResetReason, SecretPlace, Shown, StartFault};
use crypto::{Entropy, Generator, Key};
use host_window::window::{RESET_CAUSE, ResetCause};
use rustix::time::{ClockId, clock_gettime};

use crate::date::Date;
use crate::made;
use crate::outlook::Outlook;
use crate::window::Window;

/// Where random numbers come from.
pub enum Source {
    /// The system.
    Os,
    /// A seed that the host wrote, for a made door alone: a test can repeat all that it does.
    Seeded(Generator),
}

/// The board as the door sees it.
pub struct System {
    /// Why it started.
    pub reason: ResetReason,
    /// The secret, until it is taken.
    pub secret: Key,
    /// Where it is kept.
    pub secret_place: SecretPlace,
    /// Random numbers.
    pub random: Source,
    /// What the camera gives, unless it is a made one.
    pub outlook: Option<Outlook>,
    /// The computer's time, if the door may have it.
    pub date: Date,
    /// The window of a made door.
    pub window: Option<Window>,
}

impl System {
    /// Shows the host of a made door why it started.
    pub fn show_reason(&self) {
        let cause = match self.reason {
            ResetReason::Requested => ResetCause::Software,
            _ => ResetCause::PowerOn,
        };
        if let Some(window) = &self.window {
            let _ = window.set_word(RESET_CAUSE, cause as u32);
        }
    }
}

impl board_api::System for System {
    fn name(&self) -> &str {
        "linux"
    }

    fn reset_reason(&self) -> ResetReason {
        self.reason
    }

    /// Nanoseconds of processor time of this thread: counters of instructions need rights that a door should not have.
    fn instructions(&self) -> u64 {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }

    fn take_secret(&mut self, secret: &mut [u8; 32]) {
        let taken = core::mem::replace(&mut self.secret, Key::new([0; 32]));
        secret.copy_from_slice(taken.bytes());
    }

    fn secret_place(&self) -> SecretPlace {
        self.secret_place
    }

    fn camera_state(&self) -> CameraState {
        self.outlook.as_ref().map_or(CameraState::Pictures, Outlook::state)
    }

    fn unix_ms(&self) -> Option<u64> {
        self.date.unix_ms()
    }

    fn fill_random(&mut self, bytes: &mut [u8]) {
        match &mut self.random {
            // Once it has started, the system always has some. Without them no key is safe.
            Source::Os => getrandom::fill(bytes).expect("the system has random numbers"),
            Source::Seeded(generator) => generator.fill(bytes),
        }
    }

    fn show(&mut self, shown: Option<Shown>) {
        if let Some(window) = &self.window {
            made::show(window, shown);
        }
        // Also of a made door: whoever connects by its socket sees no window.
        match shown {
            Some(Shown::Code(code)) => {
                eprintln!(
                    "pairing: {code:06}; type it on the other computer, which says when to hold the pairing button for two seconds"
                );
            }
            Some(Shown::Erase) => eprintln!(
                "ERASE: a computer wants this door to forget all but its log. If you want that, wait three seconds, press \
                 the pairing button, wait three seconds, and press it again. Else do nothing."
            ),
            None => {}
        }
    }

    fn tell(&mut self, fault: StartFault) {
        eprintln!("{}", advice(fault));
    }

    fn restart(&mut self) {
        let program = std::env::current_exe().unwrap_or_else(|_| "postern-door".into());
        let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
        if !arguments.iter().any(|argument| argument == RESTARTED) {
            arguments.push(RESTARTED.into());
        }
        // The process stays the same, so that its supervisor knows it.
        let error = Command::new(program).args(arguments).exec();
        eprintln!("cannot restart: {error}");
        std::process::exit(1)
    }
}

/// What the door found at its start, and what to do.
fn advice(fault: StartFault) -> &'static str {
    match fault {
        StartFault::OlderFlash => {
            "flash: THIS IS AN OLDER COPY than the counter beside the secret says, or the list of its records is lost. The door \
             admits nobody and serves nobody. Put the newest flash back; without one, `postern pair --erase` makes a new door"
        }
        StartFault::LostRecords => {
            "flash: records of settings, rules, computers or releases are LOST. Not everybody is admitted, or served, or no update \
             is taken: `postern board status` and `postern log` say what is missing"
        }
        StartFault::Gallery => {
            "flash: the gallery does not open, or has LOST people: `postern board status` and `postern log` say more"
        }
    }
}

/// The option of a door that was asked to restart.
pub const RESTARTED: &str = "--restarted";
