//! Tamper monitor: door contact and cover switch, read fifty times a second.
//!
//! [`Contact`] decides what the door contact means: forced open, or held open. When the cover is opened, the door locks
//! and the keys of the session are wiped. While the cover is open, nobody is admitted from outside. The
//! request-to-exit button is inside and still opens the door.

use policy::{Alarm, Contact};

/// The monitor.
#[derive(Default)]
pub(crate) struct Tamper {
    contact: Contact,
    door: Debounced,
    cover: Debounced,
}

/// What the pins read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reading {
    /// The door is open.
    pub(crate) door: bool,
    /// The cover is open.
    pub(crate) cover: bool,
    /// The lock is open.
    pub(crate) unlocked: bool,
}

impl Tamper {
    /// Takes a reading. Returns the alarm that begins, and whether the cover was opened (`true`) or closed.
    pub(crate) fn see(&mut self, now: u64, reading: Reading, held_ms: u32) -> (Option<Alarm>, Option<bool>) {
        let was_open = self.cover.state;
        let cover = self.cover.see(reading.cover);
        let alarm = self.contact.observe(now, self.door.see(reading.door), reading.unlocked, held_ms);
        (alarm, (cover != was_open).then_some(cover))
    }

    /// Whether the door stands open.
    pub(crate) fn is_open(&self) -> bool {
        self.door.state
    }

    /// Whether an alarm is active.
    pub(crate) fn is_alarmed(&self) -> bool {
        self.cover.state || self.contact.alarm().is_some()
    }
}

/// An input that bounces: two equal readings in a row are its state.
#[derive(Default)]
struct Debounced {
    last: bool,
    state: bool,
}

impl Debounced {
    fn see(&mut self, high: bool) -> bool {
        if high == self.last {
            self.state = high;
        }
        self.last = high;
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cover_is_open_after_two_equal_readings() {
        let mut tamper = Tamper::default();
        let open = Reading { cover: true, ..Reading::default() };
        assert_eq!(tamper.see(0, open, 0), (None, None));
        assert_eq!(tamper.see(20, open, 0), (None, Some(true)));
        assert!(tamper.is_alarmed());
        assert_eq!(tamper.see(40, Reading::default(), 0), (None, None));
        assert_eq!(tamper.see(60, Reading::default(), 0), (None, Some(false)));
        assert!(!tamper.is_alarmed());
    }

    #[test]
    fn a_door_that_opens_while_it_is_locked_was_forced() {
        let mut tamper = Tamper::default();
        let open = Reading { door: true, ..Reading::default() };
        assert_eq!(tamper.see(0, Reading::default(), 0), (None, None));
        assert_eq!(tamper.see(20, open, 0), (None, None));
        assert_eq!(tamper.see(40, open, 0), (Some(Alarm::Forced), None));
    }
}
