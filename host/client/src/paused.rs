//! The door's pause: while pictures of somebody are before its camera, it goes by none of them.
//!
//! Each pause and each end of one has an entry in the board's log. A command shows several pictures, some of them many times, so it asks
//! for one pause and ends it once.

use protocol::{Request, VERSION};

use crate::pause::PAUSE_MS;
use crate::{Device, Error, Result};

impl Device {
    /// Stops the door from using its camera for this many milliseconds; 0 ends the pause.
    ///
    /// # Errors
    /// As any request.
    pub fn pause_door(&mut self, ms: u32) -> Result<()> {
        let begun = std::time::Instant::now();
        self.done(&Request::PauseDoor { ms })?;
        self.pause.begun = (ms == PAUSE_MS).then_some((begun, self.link.sessions));
        Ok(())
    }

    /// Has the door be paused for most of a minute from now on, before a picture is shown.
    ///
    /// # Errors
    /// As any request.
    pub fn stay_paused(&mut self) -> Result<()> {
        if let Some(session) = self.pause.session() {
            // A program that used the line meanwhile may have ended the pause, and a reset has. Then this is another session.
            self.link.ask(&Request::Hello { protocol: VERSION })?;
            if self.link.sessions == session {
                return Ok(());
            }
        }
        self.pause_door(PAUSE_MS)
    }

    /// Ends the pause, unless a command holds it.
    ///
    /// # Errors
    /// As any request.
    pub fn go_on(&mut self) -> Result<()> {
        if self.pause.held { Ok(()) } else { self.pause_door(0) }
    }

    /// Whether a pause goes on when a picture is withdrawn, until [`pause_door`](Self::pause_door) ends it.
    pub fn hold_pause(&mut self, held: bool) {
        self.pause.held = held;
    }

    /// Does all of `work` in one pause, if it shows anything.
    ///
    /// # Errors
    /// Those of `work`, and as any request.
    pub fn in_one_pause<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> core::result::Result<T, E>,
    ) -> core::result::Result<T, E> {
        let outer = core::mem::replace(&mut self.pause.held, true);
        let done = work(self);
        self.pause.held = outer;
        let ended = if outer || self.pause.begun.is_none() { Ok(()) } else { self.pause_door(0) };
        let done = done?;
        ended?;
        Ok(done)
    }
}
