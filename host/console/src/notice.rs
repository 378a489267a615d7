//! What came of a form. It is kept with the session, and the next page of its address shows it, once.

use crate::station::{Refusal, Said};

/// What came of a form.
#[derive(Clone, Debug)]
pub enum Notice {
    /// It was done.
    Done(String),
    /// It was refused.
    Refused(String),
}

impl Notice {
    /// What is said of something that was done, or why it was refused.
    pub fn of(asked: Said<()>, done: String) -> Self {
        asked.map_or_else(Self::from, |()| Self::Done(done))
    }
}

impl From<Refusal> for Notice {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.sentence)
    }
}
