//! Secrets of 32 bytes.
//!
//! A [`Key`] is wiped when it is dropped, is compared in constant time, and never prints itself.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret of 32 bytes.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// A key of these bytes. The caller wipes its own copy of them.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret itself.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The secret itself, to be filled.
    pub fn bytes_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// As the handshake's library wants its keys.
#[cfg(feature = "noise")]
impl noise_protocol::U8Array for Key {
    fn new() -> Self {
        Self::new([0; 32])
    }

    fn new_with(byte: u8) -> Self {
        Self::new([byte; 32])
    }

    fn from_slice(bytes: &[u8]) -> Self {
        let mut key = Self::new([0; 32]);
        key.0.copy_from_slice(bytes);
        key
    }

    fn len() -> usize {
        32
    }

    fn as_slice(&self) -> &[u8] {
        &self.0[..]
    }

    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0[..]
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn a_key_prints_nothing() {
        assert_eq!(std::format!("{:?}", Key::new([7; 32])), "Key(…)");
    }
}
