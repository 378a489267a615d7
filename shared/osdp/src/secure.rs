//! The secure channel (SIA OSDP 2.2, annex D): AES-128, session keys from random numbers, chained MACs.
//!
//! | step | command | reply |
//! |---|---|---|
//! | 1 | CHLNG, block 11: RND.A | CCRYPT, block 12: cUID, RND.B, AES(S-ENC, RND.A RND.B) |
//! | 2 | SCRYPT, block 13: AES(S-ENC, RND.B RND.A) | RMAC_I, block 14: AES(S-MAC2, AES(S-MAC1, the received cryptogram)) |
//! | then | block 15, or 17 with data | block 16, or 18 with data |
//!
//! A session key is AES(SCBK, n RND.A) with the first six bytes of RND.A; n is 01 82 for S-ENC, 01 01 for
//! S-MAC1 and 01 02 for S-MAC2. A MAC is a CBC-MAC whose last block uses S-MAC2 and whose initial vector is
//! the previous MAC, which is of the other direction; its first four bytes are sent. Data is encrypted in CBC
//! mode; its initial vector is the bitwise inverse of that previous MAC.

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Bytes of a key.
pub const KEY: usize = 16;
type Bytes = [u8; KEY];
/// Bytes of a random number.
const RANDOM: usize = 8;
/// First byte of the padding; zeros follow.
const PADDING: u8 = 0x80;

/// A handshake that waits for the cryptogram of the controller.
pub(crate) struct Handshake {
    session: Session,
    expected: Bytes,
}

/// The keys of a session and its last MAC.
pub(crate) struct Session {
    encryption: Bytes,
    first: Bytes,
    last: Bytes,
    /// The last MAC of either direction.
    mac: Bytes,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.encryption.zeroize();
        self.first.zeroize();
        self.last.zeroize();
    }
}

fn encrypt(key: &Bytes, block: Bytes) -> Bytes {
    let mut block = block.into();
    Aes128::new(&(*key).into()).encrypt_block(&mut block);
    block.into()
}

fn beside(left: &[u8; RANDOM], right: &[u8; RANDOM]) -> Bytes {
    let mut both = [0; KEY];
    both.iter_mut().zip(left.iter().chain(right)).for_each(|(to, from)| *to = *from);
    both
}

impl Handshake {
    /// Starts a handshake from the random numbers of controller and device; returns the cryptogram of the
    /// device.
    pub(crate) fn begin(key: &Bytes, theirs: &[u8; RANDOM], ours: &[u8; RANDOM]) -> (Self, Bytes) {
        let [a, b, c, d, e, f, ..] = *theirs;
        let derived = |n| encrypt(key, [1, n, a, b, c, d, e, f, 0, 0, 0, 0, 0, 0, 0, 0]);
        let session =
            Session { encryption: derived(0x82), first: derived(0x01), last: derived(0x02), mac: [0; KEY] };
        let proof = encrypt(&session.encryption, beside(theirs, ours));
        let expected = encrypt(&session.encryption, beside(ours, theirs));
        (Self { session, expected }, proof)
    }

    /// If the cryptogram of the controller proves that it has the key, returns the session and the initial
    /// MAC.
    pub(crate) fn finish(mut self, proof: &Bytes) -> Option<(Session, Bytes)> {
        bool::from(proof.ct_eq(&self.expected)).then(|| {
            let mac = encrypt(&self.session.last, encrypt(&self.session.first, *proof));
            self.session.mac = mac;
            (self.session, mac)
        })
    }
}

impl Session {
    /// The MAC of a message, chained to the previous MAC. It becomes the previous one.
    pub(crate) fn sign(&mut self, message: &[u8]) -> Bytes {
        let mut mac = self.mac;
        let blocks = message.chunks(KEY);
        let count = blocks.len();
        for (number, block) in blocks.enumerate() {
            let padding = core::iter::once(&PADDING).chain(core::iter::repeat(&0));
            mac.iter_mut().zip(block.iter().chain(padding)).for_each(|(mac, byte)| *mac ^= byte);
            mac = encrypt(if number + 1 == count { &self.last } else { &self.first }, mac);
        }
        self.mac = mac;
        mac
    }

    /// Whether `mac` is the MAC of a received message.
    pub(crate) fn check(&mut self, message: &[u8], mac: &[u8]) -> bool {
        self.sign(message).get(..mac.len()).is_some_and(|own| own.ct_eq(mac).into())
    }

    /// Pads and encrypts the first `length` bytes of `room`, the data of the next reply. Returns the padded
    /// length, or `None` if the padding does not fit.
    pub(crate) fn seal(&self, room: &mut [u8], length: usize) -> Option<usize> {
        let padded = (length + 1).next_multiple_of(KEY);
        let room = room.get_mut(..padded)?;
        room.get_mut(length..)?.fill(0);
        *room.get_mut(length)? = PADDING;
        let mut chain = self.mac.map(|byte| !byte);
        for block in room.as_chunks_mut::<KEY>().0 {
            chain.iter_mut().zip(&*block).for_each(|(chain, byte)| *chain ^= byte);
            chain = encrypt(&self.encryption, chain);
            *block = chain;
        }
        Some(padded)
    }
}
