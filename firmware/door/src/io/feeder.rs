//! Feeds the watchdog as long as the worker gives signs of life.

use board_api::Watchdog;
use embassy_time::{Duration, Timer};

use crate::{
    link::{Command, Link},
    log::log,
};

/// The time between two feedings.
const PERIOD: Duration = Duration::from_millis(250);
/// For how long the worker may be silent. Its slowest single step, checking and hashing a large model image, takes some
/// seconds. After that time the watchdog is no longer fed, and it resets the board.
const PATIENCE: Duration = Duration::from_secs(60);

/// Feeds the watchdog. Locks the door when the worker hangs.
pub(crate) async fn feed(mut watchdog: impl Watchdog, link: &Link) -> ! {
    let mut hung = false;
    loop {
        if link.config.get().alive_at.elapsed() < PATIENCE {
            watchdog.feed();
            link.state.update(|state| state.fed = true);
        } else if !hung {
            hung = true;
            log!(error, "the worker hangs; waiting for the watchdog");
            link.commands.send(Command::Lock).await;
        }
        Timer::after(PERIOD).await;
    }
}
