//! What a board remembers of its firmware.
//!
//! ```text
//! offset  bytes  what
//! 0       1      active slot: 0 or 1
//! 1       1      state: 0 settled, 1 on trial, 2 rolled back
//! 2       1      on trial: how often it was started; rolled back: 1 if it was refused
//! 3       1      zero
//! 4       8      newest release that was ever active, u64 LE
//! 12      8      release on trial, or rolled back, u64 LE
//! 20      32     digest of the active image
//! 52      32     digest of the image on trial
//! 84      32     signer of the image on trial, an Ed25519 key; zeros sign nothing
//! ```
//! A record is kept as its bytes and changed in place, which takes little code on a board.

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
    /// The idle slot has an image that was started this often, and is not active yet.
    OnTrial {
        /// How often.
        starts: u8,
    },
    /// The image on trial was rolled back, and the active firmware has not reported that yet.
    RolledBack {
        /// Whether it was never started, because a check failed.
        refused: bool,
    },
}

/// What the board remembers of its firmware.
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

    /// The active slot.
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
            _ => State::RolledBack { refused: self.0[DETAIL] == 1 },
        }
    }

    /// The newest release that was ever active, which is the active one.
    #[must_use]
    pub fn newest(&self) -> u64 {
        u64::from_le_bytes(self.array(NEWEST))
    }

    /// The release that is on trial, or was rolled back.
    #[must_use]
    pub fn trial(&self) -> u64 {
        u64::from_le_bytes(self.array(TRIAL))
    }

    /// The digest of the active image.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.array(DIGEST)
    }

    /// The digest of the image on trial.
    #[must_use]
    pub fn trial_digest(&self) -> [u8; 32] {
        self.array(TRIAL_DIGEST)
    }

    /// The signer of the image on trial.
    #[must_use]
    pub fn signer(&self) -> [u8; 32] {
        self.array(SIGNER)
    }

    /// Sets what is under way.
    pub fn set_state(&mut self, state: State) {
        let (state, detail) = match state {
            State::Settled => (0, 0),
            State::OnTrial { starts } => (1, starts),
            State::RolledBack { refused } => (2, u8::from(refused)),
        };
        self.put(STATE, &[state, detail]);
    }

    /// Puts the image in the idle slot on trial; `signer` must have signed it.
    pub fn stage(&mut self, release: u64, digest: &[u8; 32], signer: &[u8; 32]) {
        self.set_state(State::OnTrial { starts: 0 });
        self.put(TRIAL, &release.to_le_bytes());
        self.put(TRIAL_DIGEST, digest);
        self.put(SIGNER, signer);
    }

    /// Makes the image on trial active. It is not older: the boot loader did not start an older one.
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

    /// The record of these bytes; `None` if another version wrote them.
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
            State::RolledBack { refused: false },
            State::RolledBack { refused: true },
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
        record.set_state(State::RolledBack { refused: true });
        assert_eq!((record.newest(), record.digest()), (7, [5; 32]));
        record.stage(9, &[6; 32], &[9; 32]);
        record.confirm();
        assert_eq!((record.newest(), record.slot(), record.digest()), (9, 1, [6; 32]));
        assert_eq!(record.state(), State::Settled);
    }
}
