//! Keys out of what a board gives as plain bytes.

use board_api::System;
use crypto::Key;
use zeroize::Zeroizing;

/// The secret from which all keys of the firmware are derived. It is there once: whoever derives keys drops it.
pub(crate) fn take_secret(system: &mut impl System) -> Key {
    let mut secret = Zeroizing::new([0; 32]);
    system.take_secret(&mut secret);
    Key::new(*secret)
}

/// A random key.
pub(crate) fn random_key(system: &mut impl System) -> Key {
    let mut random = Zeroizing::new([0; 32]);
    system.fill_random(&mut *random);
    Key::new(*random)
}

/// A random number.
pub(crate) fn random_number(system: &mut impl System) -> u32 {
    let mut random = [0; 4];
    system.fill_random(&mut random);
    u32::from_le_bytes(random)
}
