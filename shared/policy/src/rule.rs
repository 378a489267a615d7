//! What holds for one person.

use serde::{Deserialize, Serialize};

use crate::{Code, Schedule, Window};

/// When a person may pass, and with what besides their face.
///
/// The default is a face alone, at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rule {
    /// At which times.
    pub schedule: Schedule,
    /// The code that is asked for after the face; none for a face alone.
    pub code: Option<Code>,
    /// The code that opens like the other one and raises a silent alarm.
    pub duress: Option<Code>,
}

impl Rule {
    /// Whether windows and codes are such, as after they came over a line, and the codes go together: a duress
    /// code needs a code to be typed in place of, and must be another one.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let together = match (&self.code, &self.duress) {
            (Some(code), Some(duress)) => code != duress,
            (None, Some(_)) => false,
            _ => true,
        };
        let mut codes = self.code.iter().chain(&self.duress);
        together && codes.all(Code::is_valid) && self.schedule.windows().all(Window::is_valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_together() {
        let code = |digits: &str| Code::new(digits.as_bytes());
        let rule = |code, duress| Rule { code, duress, ..Rule::default() };
        assert!(rule(None, None).is_valid());
        assert!(rule(code("1234"), None).is_valid());
        assert!(rule(code("1234"), code("1235")).is_valid());
        assert!(!rule(code("1234"), code("1234")).is_valid());
        assert!(!rule(None, code("1234")).is_valid());
    }
}
