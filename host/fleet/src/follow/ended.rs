//! Why a door's connection to the broker ended: to come again, or for good.

use bridge::Fault;

use crate::Error;

/// Why a connection ended.
pub(super) enum Ended {
    Away(String),
    Error(Error),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::End(error) => Self::Error(Error::Broker(error)),
            Fault::Wait(why) => Self::Away(why),
        }
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
