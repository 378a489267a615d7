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
//! 84      32     who must have signed the image on trial, an Ed25519 key; zeros sign nothing
//! ```
//! A record is kept as its bytes, and changed where it lies: that is short code on a board.

/// Bytes of a record.
pub const TEXT_BYTES: usize = 116;

const SLOT: usize = 0;
const STATE: usize = 1;
const DETAIL: usize = 2;
const NEWEST: usize = 4;
const TRIAL: usize = 12;
const DIGEST: usize = 20;
const TRIAL_DIGEST: usize = 52;
const SIGNER: usize = 84;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record([u8; TEXT_BYTES]);

impl Record {
    /// The first record, for an image that a programmer has put into slot A.
    #[must_use]
    pub fn programmed(release: u64, digest: &[u8; 32]) -> Self {
        let mut record = Self([0; TEXT_BYTES]);
        record.put(NEWEST, &release.to_le_bytes());
        record.put(DIGEST, digest);
        record
    }

    /// The slot in force.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.0[SLOT]
    }

    /// What is under way.
    #[must_use]
    pub fn state(&self) -> State {
        match self.0[STATE] {
            0 => State::Settled,
            1 => State::OnTrial { starts: self.0[DETAIL] },
            _ => State::GivenUp { refused: self.0[DETAIL] == 1 },
        }
    }

    /// The newest release that was ever in force, which is the one in force.
    #[must_use]
    pub fn newest(&self) -> u64 {
        u64::from_le_bytes(self.array(NEWEST))
    }

    /// The release that is on trial, or was given up.
    #[must_use]
    pub fn trial(&self) -> u64 {
        u64::from_le_bytes(self.array(TRIAL))
    }

    /// What stands for all of the image in force.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.array(DIGEST)
    }

    /// What stands for all of the image on trial.
    #[must_use]
    pub fn trial_digest(&self) -> [u8; 32] {
        self.array(TRIAL_DIGEST)
    }

    /// Who must have made the image on trial.
    #[must_use]
    pub fn signer(&self) -> [u8; 32] {
        self.array(SIGNER)
    }

    /// What is under way is this.
    pub fn set_state(&mut self, state: State) {
        let (state, detail) = match state {
            State::Settled => (0, 0),
            State::OnTrial { starts } => (1, starts),
            State::GivenUp { refused } => (2, u8::from(refused)),
        };
        self.put(STATE, &[state, detail]);
    }

    /// The image in the idle slot shall be tried, if `signer` made it.
    pub fn stage(&mut self, release: u64, digest: &[u8; 32], signer: &[u8; 32]) {
        self.set_state(State::OnTrial { starts: 0 });
        self.put(TRIAL, &release.to_le_bytes());
        self.put(TRIAL_DIGEST, digest);
        self.put(SIGNER, signer);
    }

    /// The image on trial is in force. The boot loader started none that is older.
    pub fn confirm(&mut self) {
        self.set_state(State::Settled);
        self.0[SLOT] ^= 1;
        self.0.copy_within(TRIAL..DIGEST, NEWEST);
        self.0.copy_within(TRIAL_DIGEST..SIGNER, DIGEST);
    }

    /// The bytes, as they are kept.
    pub(crate) fn bytes(&self) -> &[u8; TEXT_BYTES] {
        &self.0
    }

    /// The record of these bytes; none if another version wrote them.
    pub(crate) fn from_bytes(bytes: &[u8; TEXT_BYTES]) -> Option<Self> {
        let known = bytes[SLOT] < 2 && bytes[STATE] < 3 && bytes[3] == 0;
        known.then_some(Self(*bytes))
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut array = [0; N];
        array.copy_from_slice(&self.0[at..at + N]);
        array
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_these() {
        let mut record = Record::programmed(7, &[5; 32]);
        record.stage(8, &[6; 32], &[9; 32]);
        assert_eq!(record.0[..13], [0, 1, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 8]);
        assert_eq!((record.0[20], record.0[51], record.0[52], record.0[83], record.0[84]), (5, 5, 6, 6, 9));
        for state in [
            State::Settled,
            State::OnTrial { starts: 2 },
            State::GivenUp { refused: false },
            State::GivenUp { refused: true },
        ] {
            record.set_state(state);
            assert_eq!(record.state(), state);
            assert_eq!(Record::from_bytes(record.bytes()), Some(record.clone()));
        }
        for (at, value) in [(0, 2), (1, 3), (3, 1)] {
            let mut other = *record.bytes();
            other[at] = value;
            assert_eq!(Record::from_bytes(&other), None);
        }
    }

    #[test]
    fn the_newest_release_rises_with_a_confirmation_alone() {
        let mut record = Record::programmed(7, &[5; 32]);
        record.stage(9, &[6; 32], &[9; 32]);
        assert_eq!((record.newest(), record.trial(), record.slot()), (7, 9, 0));
        record.set_state(State::GivenUp { refused: true });
        assert_eq!((record.newest(), record.digest()), (7, [5; 32]));
        record.stage(9, &[6; 32], &[9; 32]);
        record.confirm();
        assert_eq!((record.newest(), record.slot(), record.digest()), (9, 1, [6; 32]));
        assert_eq!(record.state(), State::Settled);
    }
}
