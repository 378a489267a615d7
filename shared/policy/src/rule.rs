//! What holds for one person.

use serde::{Deserialize, Serialize};

use crate::{Pin, Schedule, Window};

/// When a person may pass, and with what besides their face.
///
/// The default is a face alone, at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rule {
    /// At which times.
    pub schedule: Schedule,
    /// The pin that is asked for after the face; none for a face alone.
    pub pin: Option<Pin>,
    /// The pin that opens like the other one and raises a silent alarm.
    pub duress_pin: Option<Pin>,
}

impl Rule {
    /// Whether windows and pins are such, as after they came over a line, and the pins go together: a duress
    /// pin needs a pin to be typed in place of, and must be another one.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let together = match (&self.pin, &self.duress_pin) {
            (Some(pin), Some(duress)) => pin != duress,
            (None, Some(_)) => false,
            _ => true,
        };
        let mut pins = self.pin.iter().chain(&self.duress_pin);
        together && pins.all(Pin::is_valid) && self.schedule.windows().all(Window::is_valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_together() {
        let pin = |digits: &str| Pin::new(digits.as_bytes());
        let rule = |pin, duress| Rule { pin, duress_pin: duress, ..Rule::default() };
        assert!(rule(None, None).is_valid());
        assert!(rule(pin("1234"), None).is_valid());
        assert!(rule(pin("1234"), pin("1235")).is_valid());
        assert!(!rule(pin("1234"), pin("1234")).is_valid());
        assert!(!rule(None, pin("1234")).is_valid());
    }
}
