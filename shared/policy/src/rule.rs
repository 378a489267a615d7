//! The access rule of one person.

use serde::{Deserialize, Serialize};

use crate::{Pin, Schedule, Window};

/// When a person may enter, and which factors they need besides their face.
///
/// The default needs the face alone, at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rule {
    /// The times at which the person may enter.
    pub schedule: Schedule,
    /// The PIN that is required besides the face; `None` for the face alone.
    pub pin: Option<Pin>,
    /// The duress PIN, which opens like the PIN and raises a silent alarm.
    pub duress_pin: Option<Pin>,
    /// Whether the person is refused until they are resumed, whatever the rest says.
    pub suspended: bool,
}

impl Rule {
    /// Whether windows and PINs are valid, and the duress PIN comes with a PIN and differs from it. Call this
    /// after deserialization.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let pins_differ = match (&self.pin, &self.duress_pin) {
            (Some(pin), Some(duress)) => pin != duress,
            (None, Some(_)) => false,
            _ => true,
        };
        let mut pins = self.pin.iter().chain(&self.duress_pin);
        pins_differ && pins.all(Pin::is_valid) && self.schedule.windows().all(Window::is_valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duress_pin_needs_a_different_pin() {
        let pin = |digits: &str| Pin::new(digits.as_bytes());
        let rule = |pin, duress| Rule { pin, duress_pin: duress, ..Rule::default() };
        assert!(rule(None, None).is_valid());
        assert!(rule(pin("1234"), None).is_valid());
        assert!(rule(pin("1234"), pin("1235")).is_valid());
        assert!(!rule(pin("1234"), pin("1234")).is_valid());
        assert!(!rule(None, pin("1234")).is_valid());
    }
}
