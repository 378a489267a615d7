//! What holds for single people: when they may pass, and whether a PIN is asked for.

use protocol::{PersonId, Request, Response, Rule, Schedule};

use crate::device::person_name;
use crate::{Device, Error, Result};

/// A person's rule as a board reports it: without the PINs.
#[derive(Clone, Copy, Debug)]
pub struct RuleTold {
    /// The person's number.
    pub person: PersonId,
    /// At which times they may pass.
    pub schedule: Schedule,
    /// Whether a PIN is asked for besides the face.
    pub pin: bool,
    /// Whether there is a PIN that raises a silent alarm.
    pub duress_pin: bool,
    /// Whether they are suspended.
    pub suspended: bool,
}

impl Device {
    /// What holds for the person of that `name`.
    ///
    /// # Errors
    /// As any request; refused for a name that is not known.
    pub fn rule(&mut self, name: &str) -> Result<RuleTold> {
        let request = Request::GetRule { name: person_name(name)? };
        self.link.ask(&request).and_then(told)
    }

    /// Gives a person a rule.
    ///
    /// # Errors
    /// As any request; refused for a name that is not known, and with `BadRule` and `RulesFull`.
    pub fn set_rule(&mut self, name: &str, rule: Rule) -> Result<RuleTold> {
        let request = Request::SetRule { name: person_name(name)?, rule };
        self.link.ask(&request).and_then(told)
    }

    /// Suspends a person, who is refused until they are resumed, or resumes them. The rest of the rule stays.
    ///
    /// # Errors
    /// As [`set_rule`](Self::set_rule).
    pub fn suspend(&mut self, name: &str, suspended: bool) -> Result<RuleTold> {
        let request = Request::Suspend { name: person_name(name)?, suspended };
        self.link.ask(&request).and_then(told)
    }
}

fn told(response: Response) -> Result<RuleTold> {
    match response {
        Response::Rule { person, schedule, pin, duress_pin, suspended } => {
            Ok(RuleTold { person, schedule, pin, duress_pin, suspended })
        }
        _ => Err(Error::Garbled),
    }
}
