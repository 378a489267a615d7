//! HMAC-SHA-256 (RFC 2104), the one in which keys are derived and handshakes hash.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::Key;

/// Bytes of a block of SHA-256, which is the longest key of its HMAC.
const BLOCK: usize = 64;

/// HMAC-SHA-256 over all of `pieces`, one behind the other.
pub fn hmac(key: &[u8], pieces: &[&[u8]]) -> Key {
    let hashed: [u8; 32];
    let key = if key.len() > BLOCK {
        // A longer key is hashed first.
        hashed = Sha256::digest(key).into();
        &hashed[..]
    } else {
        key
    };
    let mut block = Zeroizing::new([0x36; BLOCK]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
    let mut inner = Sha256::new();
    inner.update(&block[..]);
    pieces.iter().for_each(|piece| inner.update(piece));
    block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
    let inner = Key::new(inner.finalize().into());
    let mut outer = Sha256::new();
    outer.update(&block[..]);
    outer.update(inner.bytes());
    Key::new(outer.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, the first bytes of test cases 1, 2 and 6 (a key longer than a block).
    #[test]
    fn it_is_hmac() {
        let first = hmac(&[0x0b; 20], &[b"Hi There"]);
        assert_eq!(first.bytes()[..8], [0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53]);
        let second = hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(second.bytes()[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
        let sixth = hmac(&[0xaa; 131], &[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert_eq!(sixth.bytes()[..8], [0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f]);
    }
}
