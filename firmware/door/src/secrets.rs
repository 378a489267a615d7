//! Keys out of what a board gives as plain bytes.

use board_api::System;
use crypto::Key;
use zeroize::Zeroizing;

/// The device secret, from which all keys of the board are derived.
pub(crate) fn device_secret(system: &impl System) -> Key {
    let mut secret = Zeroizing::new([0; 32]);
    system.device_secret(&mut secret);
    Key::new(*secret)
}

/// A random key.
pub(crate) fn random_key(system: &mut impl System) -> Key {
    let mut random = Zeroizing::new([0; 32]);
    system.fill_random(&mut *random);
    Key::new(*random)
}
