//! The short code by which people see that nobody stands between host and board.
//!
//! Before a pairing neither side knows the other's key, so that somebody in between could hold
//! one session with each. The two sessions then have different bindings, and so different codes:
//! but six digits are few, and who may choose keys freely would try until both codes are the
//! same. So both sides add a nonce, and the host commits itself to its own before it sees the
//! board's (Vaudenay, CRYPTO 2005; as in ZRTP, RFC 6189):
//!
//! ```text
//! host → board   commitment = SHA-256( "postern commitment" | host's nonce )
//! board → host   board's nonce
//! host → board   host's nonce
//! code           SHA-256( "postern code" | binding | host's nonce | board's nonce ), first 8
//!                bytes LE, modulo 1,000,000
//! ```
//! Somebody in between must fix the nonces of both sides before any code can be known, and is
//! right once in a million pairings; each takes a press of the board's button.

use subtle::ConstantTimeEq;

use crate::random::digest;

/// One more than the largest code.
pub const CODES: u32 = 1_000_000;

/// What a side adds to the code.
pub type Nonce = [u8; 32];

/// What the host says of its nonce before it tells it.
pub fn commitment(nonce: &Nonce) -> [u8; 32] {
    digest(&[b"postern commitment", nonce])
}

/// Whether the nonce is the one committed to.
pub fn is_committed(commitment: &[u8; 32], nonce: &Nonce) -> bool {
    self::commitment(nonce).ct_eq(commitment).into()
}

/// The code that both sides show, below [`CODES`].
pub fn code(binding: &[u8; 32], host: &Nonce, board: &Nonce) -> u32 {
    let hash = digest(&[b"postern code", binding, host, board]);
    let number = hash.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    (number % u64::from(CODES)) as u32
}
