//! The secret that the holders of two X25519 keys have in common (RFC 7748), for messages that need no session.

use noise_protocol::DH as _;

use crate::primitives::Curve;
use crate::{Error, Key};

/// The secret that the holder of `secret` and the holder of the secret of `public` have in common. It is the point itself:
/// derive keys from it, with both public keys as the salt.
///
/// # Errors
/// [`Error::Forged`] if `public` is a point of small order, with which its sender would choose the secret.
pub fn agree(secret: &Key, public: &[u8; 32]) -> Result<Key, Error> {
    Curve::dh(secret, public).map_err(|()| Error::Forged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::public_key;

    #[test]
    fn both_have_one_secret_and_a_point_of_small_order_gives_none() {
        let (ada, bob) = (Key::new([1; 32]), Key::new([2; 32]));
        let common = agree(&ada, &public_key(&bob)).unwrap();
        assert_eq!(common, agree(&bob, &public_key(&ada)).unwrap());
        assert_ne!(common, agree(&ada, &public_key(&Key::new([3; 32]))).unwrap());
        assert_eq!(agree(&ada, &[0; 32]), Err(Error::Forged));
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(agree(&ada, &one), Err(Error::Forged));
    }
}
