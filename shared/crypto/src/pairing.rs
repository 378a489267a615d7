//! The short pairing code, which detects a man in the middle between host and board.
//!
//! Before pairing neither side knows the key of the other, so a man in the middle could hold one session with
//! each. The two sessions then have different bindings, and so different codes. But six digits are few: an
//! attacker who chooses keys freely would try keys until both codes are equal. So both sides add a nonce, and
//! the host commits to its nonce before it sees that of the board (Vaudenay, CRYPTO 2005; as in ZRTP, RFC
//! 6189):
//!
//! ```text
//! host → board   commitment = SHA-256( "postern commitment" | host's nonce )
//! board → host   board's nonce
//! host → board   host's nonce
//! code           SHA-256( "postern code" | binding | host's nonce | board's nonce ), first 8
//!                bytes LE, modulo 1,000,000
//! ```
//! A man in the middle must choose its nonces before it can know any code. The board draws and discloses one nonce a press
//! of its pairing button: an attempt succeeds once in a million presses, and needs that the user compared the codes and
//! then holds the button.

use crate::{Tag, random::digest};

/// Number of possible codes; a code is below this.
pub const CODES: u32 = 1_000_000;

/// Random contribution of one side to the code.
pub type Nonce = [u8; 32];

/// The commitment to a nonce, sent before the nonce is revealed.
pub fn commitment(nonce: &Nonce) -> [u8; 32] {
    digest(&[b"postern commitment", nonce])
}

/// Whether `nonce` matches `commitment`.
pub fn is_committed(commitment: &[u8; 32], nonce: &Nonce) -> bool {
    Tag::new(self::commitment(nonce)).matches(commitment)
}

/// The code that both sides show, below [`CODES`].
pub fn code(binding: &[u8; 32], host: &Nonce, board: &Nonce) -> u32 {
    let hash = digest(&[b"postern code", binding, host, board]);
    let number = hash.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    (number % u64::from(CODES)) as u32
}
