//! What a program knows of the pause that it asked for.

use std::time::{Duration, Instant};

/// How long the door stays paused if this program ends unexpectedly, in milliseconds. The longest pause that a board accepts.
pub(crate) const PAUSE_MS: u32 = 60_000;

/// After how much of a pause the next one begins: the rest of it is for the request that shows the picture.
const RENEW: Duration = Duration::from_secs(10);

/// The pause of this program.
#[derive(Default)]
pub(crate) struct Pause {
    /// When the last one was asked for, and in which session.
    pub(crate) begun: Option<(Instant, u32)>,
    /// Whether it goes on when a picture is withdrawn.
    pub(crate) held: bool,
}

impl Pause {
    /// The session in which a pause began of which most is left.
    pub(crate) fn session(&self) -> Option<u32> {
        self.begun.filter(|(begun, _)| begun.elapsed() < RENEW).map(|(_, session)| session)
    }
}
