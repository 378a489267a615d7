//! Who a record is about, and which of several records holds.

use serde::{Deserialize, Serialize};

/// A person in a fleet: 16 random bytes, so that a name can change and says nothing to the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId(pub [u8; 16]);

impl PersonId {
    /// In 32 hexadecimal digits.
    #[must_use]
    pub fn digits(&self) -> String {
        hex::encode(self.0)
    }

    /// Of 32 hexadecimal digits.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The part of a directory that the person is in, 0 to 15.
    #[must_use]
    pub const fn part(&self) -> usize {
        (self.0[0] >> 4) as usize
    }
}

/// The version of an operator's record of a person. A removal is later than an enrolment with the same counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// The counter.
    pub counter: u64,
    /// Whether it is a removal.
    pub removed: bool,
}

/// What decides between records of several operators: the greatest one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    /// The version.
    pub version: Version,
    /// The signing key of the operator.
    pub operator: [u8; 32],
}
