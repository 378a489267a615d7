//! What a board remembers of its firmware.
//!
//! ```text
//! offset  bytes  what
//! 0       1      active slot: 0 or 1
//! 1       1      state: 0 settled, 1 on trial, 2 rolled back, 3 fell back
//! 2       1      on trial: how often it was started; rolled back: 1 if it was refused
//! 3       1      1 if the image of the idle slot was active before: the boot loader may fall back to it
//! 4       8      newest release that was ever active, u64 LE
//! 12      8      oldest release to fall back to, u64 LE
//! 20      8      serial number of the newest request that was carried out, u64 LE
//! 28      72     image of slot A: release u64 LE | digest, 32 bytes | signer, an Ed25519 key; a key of zeros signs nothing
//! 100     72     image of slot B
//! ```
//! A record is kept as its bytes and changed in place, which takes little code on a board.

/// Bytes of a record.
pub const TEXT_BYTES: usize = 172;

const SLOT: usize = 0;
const STATE: usize = 1;
const DETAIL: usize = 2;
const FALLBACK: usize = 3;
const NEWEST: usize = 4;
const OLDEST: usize = 12;
const SERIAL: usize = 20;
const IMAGES: usize = 28;

/// Bytes of a [`Signed`].
pub(crate) const SIGNED_BYTES: usize = 72;
const DIGEST: usize = 8;
const SIGNER: usize = 40;

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
    /// The active image failed a check, so the one before is active again, and has not reported that yet.
    FellBack,
}

/// An image as a record names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// Its release.
    pub release: u64,
    /// Its digest.
    pub digest: [u8; 32],
    /// The key that must have signed it.
    pub signer: [u8; 32],
}

impl Signed {
    pub(crate) fn to_bytes(self) -> [u8; SIGNED_BYTES] {
        let mut bytes = [0; SIGNED_BYTES];
        bytes[..DIGEST].copy_from_slice(&self.release.to_le_bytes());
        bytes[DIGEST..SIGNER].copy_from_slice(&self.digest);
        bytes[SIGNER..].copy_from_slice(&self.signer);
        bytes
    }

    /// The image that `bytes` name at an offset. Beyond their end are zeros.
    pub(crate) fn at(bytes: &[u8], offset: usize) -> Self {
        Self {
            release: u64::from_le_bytes(array(bytes, offset)),
            digest: array(bytes, offset + DIGEST),
            signer: array(bytes, offset + SIGNER),
        }
    }
}

/// What the board remembers of its firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record([u8; TEXT_BYTES]);

impl Record {
    /// The first record, for an image that a programmer has put into slot A.
    #[must_use]
    pub fn programmed(image: Signed) -> Self {
        let mut record = Self([0; TEXT_BYTES]);
        record.put(NEWEST, &image.release.to_le_bytes());
        record.put(IMAGES, &image.to_bytes());
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
            2 => State::RolledBack { refused: self.0[DETAIL] == 1 },
            _ => State::FellBack,
        }
    }

    /// The newest release that was ever active. Nothing older is tried.
    #[must_use]
    pub fn newest(&self) -> u64 {
        u64::from_le_bytes(array(&self.0, NEWEST))
    }

    /// The serial number of the newest request that was carried out.
    #[must_use]
    pub fn serial(&self) -> u64 {
        u64::from_le_bytes(array(&self.0, SERIAL))
    }

    /// The active image.
    #[must_use]
    pub fn active(&self) -> Signed {
        Signed::at(&self.0, place(self.slot()))
    }

    /// The image of the other slot: on trial, rolled back, or active before.
    #[must_use]
    pub fn idle(&self) -> Signed {
        Signed::at(&self.0, place(1 - self.slot()))
    }

    /// The image of the idle slot, if the boot loader may start it in place of the active one: it was active before,
    /// and is not older than the active release permits.
    #[must_use]
    pub fn fallback(&self) -> Option<Signed> {
        let oldest = u64::from_le_bytes(array(&self.0, OLDEST));
        Some(self.idle()).filter(|idle| self.0[FALLBACK] == 1 && idle.release >= oldest)
    }

    /// Sets what is under way.
    pub fn set_state(&mut self, state: State) {
        let (state, detail) = match state {
            State::Settled => (0, 0),
            State::OnTrial { starts } => (1, starts),
            State::RolledBack { refused } => (2, u8::from(refused)),
            State::FellBack => (3, 0),
        };
        self.put(STATE, &[state, detail]);
    }

    /// Notes the number of the newest request that was carried out.
    pub(crate) fn set_serial(&mut self, serial: u64) {
        self.put(SERIAL, &serial.to_le_bytes());
    }

    /// Puts the image in the idle slot on trial.
    pub fn stage(&mut self, image: Signed) {
        self.set_state(State::OnTrial { starts: 0 });
        self.0[FALLBACK] = 0;
        self.put(place(1 - self.slot()), &image.to_bytes());
    }

    /// Counts a start of the image on trial, which permits a fallback to releases from `oldest` on.
    pub(crate) fn count_start(&mut self, starts: u8, oldest: u64) {
        self.set_state(State::OnTrial { starts: starts + 1 });
        let before = u64::from_le_bytes(array(&self.0, OLDEST));
        self.put(OLDEST, &before.max(oldest).to_le_bytes());
    }

    /// Makes the image on trial active. It is not older: the boot loader did not start an older one.
    pub fn confirm(&mut self) {
        self.set_state(State::Settled);
        self.0[SLOT] ^= 1;
        self.0[FALLBACK] = 1;
        let newest = self.newest().max(self.active().release);
        self.put(NEWEST, &newest.to_le_bytes());
    }

    /// Makes the image of the idle slot active, because the active one failed a check.
    pub(crate) fn fall_back(&mut self) {
        self.set_state(State::FellBack);
        self.0[SLOT] ^= 1;
        self.0[FALLBACK] = 0;
    }

    /// The bytes, as they are kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8; TEXT_BYTES] {
        &self.0
    }

    /// The record of these bytes; `None` if another version wrote them.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; TEXT_BYTES]) -> Option<Self> {
        let known = bytes[SLOT] < 2 && bytes[STATE] < 4 && bytes[FALLBACK] < 2;
        known.then_some(Self(*bytes))
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
    }
}

/// Where the image of a slot is named.
fn place(slot: u8) -> usize {
    IMAGES + SIGNED_BYTES * usize::from(slot == 1)
}

/// The `N` bytes at `at`; zeros beyond the end.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.iter_mut().zip(bytes.iter().skip(at)).for_each(|(to, from)| *to = *from);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(release: u64, digest: u8) -> Signed {
        Signed { release, digest: [digest; 32], signer: [9; 32] }
    }

    #[test]
    fn the_bytes_are_these() {
        let mut record = Record::programmed(signed(7, 5));
        record.stage(signed(8, 6));
        assert_eq!(record.0[..13], [0, 1, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((record.0[28], record.0[36], record.0[67], record.0[68], record.0[99]), (7, 5, 5, 9, 9));
        assert_eq!((record.0[100], record.0[108], record.0[171]), (8, 6, 9));
        for state in [
            State::Settled,
            State::OnTrial { starts: 2 },
            State::RolledBack { refused: false },
            State::RolledBack { refused: true },
            State::FellBack,
        ] {
            record.set_state(state);
            assert_eq!(record.state(), state);
            assert_eq!(Record::from_bytes(record.bytes()), Some(record.clone()));
        }
        for (at, value) in [(0, 2), (1, 4), (3, 2)] {
            let mut other = *record.bytes();
            other[at] = value;
            assert_eq!(Record::from_bytes(&other), None);
        }
    }

    #[test]
    fn the_newest_release_rises_with_a_confirmation_alone() {
        let mut record = Record::programmed(signed(7, 5));
        record.stage(signed(9, 6));
        assert_eq!((record.newest(), record.idle(), record.slot()), (7, signed(9, 6), 0));
        record.set_state(State::RolledBack { refused: true });
        assert_eq!((record.newest(), record.active(), record.fallback()), (7, signed(7, 5), None));
        record.stage(signed(9, 6));
        record.confirm();
        assert_eq!((record.newest(), record.slot(), record.active()), (9, 1, signed(9, 6)));
        assert_eq!((record.state(), record.fallback()), (State::Settled, Some(signed(7, 5))));
        record.fall_back();
        assert_eq!((record.newest(), record.slot(), record.active()), (9, 0, signed(7, 5)));
        assert_eq!((record.state(), record.fallback()), (State::FellBack, None));
    }
}
