//! What came of a form. It is kept with the session, and the next page of its address shows it, once.

use std::sync::Arc;

use crate::station::{Enrolled, Known, Refusal, Said};

/// What came of a form.
#[derive(Clone, Debug)]
pub enum Notice {
    /// It was done.
    Done(String),
    /// It was refused.
    Refused(String),
    /// It was refused, since this face or this name is enrolled already.
    Known(Arc<Known>),
}

impl Notice {
    /// What is said of something that was done, or why it was refused.
    pub fn of(asked: Said<()>, done: String) -> Self {
        asked.map_or_else(Self::from, |()| Self::Done(done))
    }
}

impl From<Said<Enrolled>> for Notice {
    fn from(asked: Said<Enrolled>) -> Self {
        match asked {
            Ok(Enrolled::Done(said)) => Self::Done(said.join(" ")),
            Ok(Enrolled::Known(known)) => Self::Known(Arc::new(known)),
            Err(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Notice {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.sentence)
    }
}
