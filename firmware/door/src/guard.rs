//! The door's contact and the cover's switch, read fifty times a second.
//!
//! What the contact means is the policy's ([`Contact`]). A cover that opens locks the door and wipes the session's
//! keys; as long as it is open, nobody is let in from outside. The button, which is inside, opens all the same.

use policy::{Alarm, Contact};

/// Contact and cover.
#[derive(Default)]
pub(crate) struct Guard {
    contact: Contact,
    door: Steady,
    cover: Steady,
}

/// What the pins read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reading {
    /// The door is open.
    pub(crate) door: bool,
    /// The cover is open.
    pub(crate) cover: bool,
    /// The lock lets somebody pass.
    pub(crate) unlocked: bool,
}

impl Guard {
    /// Takes a reading: the alarm that begins, if one does, and whether the cover was opened or closed.
    pub(crate) fn see(&mut self, now: u64, reading: Reading, held_ms: u32) -> (Option<Alarm>, Option<bool>) {
        let was_open = self.cover.state;
        let cover = self.cover.see(reading.cover);
        let alarm = self.contact.observe(now, self.door.see(reading.door), reading.unlocked, held_ms);
        (alarm, (cover != was_open).then_some(cover))
    }

    /// Whether something is wrong now.
    pub(crate) fn is_alarmed(&self) -> bool {
        self.cover.state || self.contact.alarm().is_some()
    }
}

/// An input that bounces: two equal readings in a row are its state.
#[derive(Default)]
struct Steady {
    last: bool,
    state: bool,
}

impl Steady {
    fn see(&mut self, high: bool) -> bool {
        if high == self.last {
            self.state = high;
        }
        self.last = high;
        self.state
    }
}
