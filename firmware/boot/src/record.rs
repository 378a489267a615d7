//! What a board remembers of its firmware.
//!
//! ```text
//! offset  bytes  what
//! 0       1      slot in force: 0 or 1
//! 1       1      state: 0 settled, 1 on trial, 2 given up
//! 2       1      on trial: how often it was started; given up: 1 if it was refused
//! 3       1      zero
//! 4       8      newest release ever in force, u64 LE
//! 12      8      release on trial, or given up, u64 LE
//! 20      32     digest of the image in force
//! 52      32     digest of the image on trial
//! 84      32     whom the board trusts, an Ed25519 key; zeros: nobody yet
//! ```

/// Bytes of a record before it is sealed.
pub const TEXT_BYTES: usize = 116;

/// An image on trial, or one that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trial {
    /// The number of its release.
    pub release: u64,
    /// What stands for all of it.
    pub digest: [u8; 32],
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Settled,
    /// The idle slot has an image that was started so often, and is not in force yet.
    OnTrial {
        /// How often.
        starts: u8,
    },
    /// The image on trial was given up, and the firmware in force has not told of it yet.
    GivenUp {
        /// Whether it was never started, since something is wrong with it.
        refused: bool,
    },
}

/// What the board remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The slot in force.
    pub slot: u8,
    /// What is under way.
    pub state: State,
    /// The newest release that was ever in force.
    pub newest: u64,
    /// What is on trial, or was.
    pub trial: Trial,
    /// What stands for all of the image in force.
    pub digest: [u8; 32],
    /// Whose images are tried; zeros, which sign nothing, for nobody's.
    pub signer: [u8; 32],
}

impl Record {
    /// The first record, for an image that a programmer has put into slot A.
    #[must_use]
    pub fn programmed(release: u64, digest: [u8; 32]) -> Self {
        let trial = Trial::default();
        Self { slot: 0, state: State::Settled, newest: release, trial, digest, signer: [0; 32] }
    }

    /// The slot that is not in force.
    #[must_use]
    pub fn idle(&self) -> u8 {
        1 - self.slot
    }

    /// The image in the idle slot shall be tried.
    #[must_use]
    pub fn staged(self, trial: Trial) -> Self {
        Self { state: State::OnTrial { starts: 0 }, trial, ..self }
    }

    /// Nothing is under way.
    #[must_use]
    pub fn settled(self) -> Self {
        Self { state: State::Settled, ..self }
    }

    /// The image on trial is in force.
    #[must_use]
    pub fn confirmed(self) -> Self {
        let Trial { release, digest } = self.trial;
        let newest = self.newest.max(release);
        Self { slot: self.idle(), state: State::Settled, newest, digest, ..self }
    }

    /// The bytes, as they are sealed.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; TEXT_BYTES] {
        let (state, detail) = match self.state {
            State::Settled => (0, 0),
            State::OnTrial { starts } => (1, starts),
            State::GivenUp { refused } => (2, u8::from(refused)),
        };
        let mut bytes = [0; TEXT_BYTES];
        bytes[..4].copy_from_slice(&[self.slot, state, detail, 0]);
        bytes[4..12].copy_from_slice(&self.newest.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.trial.release.to_le_bytes());
        bytes[20..52].copy_from_slice(&self.digest);
        bytes[52..84].copy_from_slice(&self.trial.digest);
        bytes[84..].copy_from_slice(&self.signer);
        bytes
    }

    /// The record of these bytes; none if another version wrote them.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; TEXT_BYTES]) -> Option<Self> {
        let [slot @ (0 | 1), state, detail, 0, rest @ ..] = *bytes else { return None };
        let state = match (state, detail) {
            (0, 0) => State::Settled,
            (1, starts) => State::OnTrial { starts },
            (2, refused @ (0 | 1)) => State::GivenUp { refused: refused == 1 },
            _ => return None,
        };
        let (newest, rest) = rest.split_first_chunk::<8>()?;
        let (release, rest) = rest.split_first_chunk::<8>()?;
        let (digest, rest) = rest.split_first_chunk::<32>()?;
        let (tried, rest) = rest.split_first_chunk::<32>()?;
        let signer = *rest.first_chunk::<32>()?;
        let trial = Trial { release: u64::from_le_bytes(*release), digest: *tried };
        Some(Self { slot, state, newest: u64::from_le_bytes(*newest), trial, digest: *digest, signer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_these() {
        let record = Record { signer: [9; 32], ..Record::programmed(7, [5; 32]) };
        let record = record.staged(Trial { release: 8, digest: [6; 32] });
        let bytes = record.to_bytes();
        assert_eq!(bytes[..13], [0, 1, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 8]);
        assert_eq!((bytes[20], bytes[51], bytes[52], bytes[83], bytes[84]), (5, 5, 6, 6, 9));
        for state in [
            State::Settled,
            State::OnTrial { starts: 2 },
            State::GivenUp { refused: false },
            State::GivenUp { refused: true },
        ] {
            let record = Record { state, ..record };
            assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
        }
        for (at, value) in [(0, 2), (1, 3), (3, 1)] {
            let mut other = bytes;
            other[at] = value;
            assert_eq!(Record::from_bytes(&other), None);
        }
    }

    #[test]
    fn the_newest_release_never_falls() {
        let record = Record::programmed(7, [5; 32]).staged(Trial { release: 3, digest: [6; 32] });
        assert_eq!(record.newest, 7);
        assert_eq!(record.confirmed().newest, 7);
        let record = record.staged(Trial { release: 9, digest: [6; 32] });
        assert_eq!((record.newest, record.confirmed().newest), (7, 9));
        assert_eq!((record.confirmed().slot, record.confirmed().digest), (1, [6; 32]));
    }
}
