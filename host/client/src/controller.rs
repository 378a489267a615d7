//! The OSDP link between a board and an access controller: address and secure channel base key (SCBK).

use protocol::{Osdp, Request, Scbk};

use crate::credentials::{random_key, unhex};
use crate::{Device, Result};

/// SCBK-D, the default key of the standard, which is public.
const DEFAULT: [u8; 16] = *b"0123456789:;<=>?";

/// A new random key.
///
/// # Errors
/// [`Error::Random`](crate::Error::Random).
pub fn new_scbk() -> Result<Scbk> {
    let random = random_key()?;
    Ok(Scbk(core::array::from_fn(|at| random.bytes()[at])))
}

/// Reads a key of 32 hexadecimal digits; `None` if it is malformed or the public default key.
pub fn read_scbk(digits: &str) -> Option<Scbk> {
    unhex(digits).filter(|key| *key != DEFAULT).map(Scbk)
}

impl Device {
    /// Enables the board's OSDP port with this address and key, or disables it.
    ///
    /// # Errors
    /// As any request; refused with `BadSetting` for an address above 126.
    pub fn set_osdp(&mut self, osdp: Option<Osdp>) -> Result<()> {
        self.done(&Request::SetOsdp { osdp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_the_public_default_is_refused() {
        assert_eq!(
            read_scbk(" 000102030405060708090a0B0C0d0e0f\n"),
            Some(Scbk(core::array::from_fn(|n| n as u8)))
        );
        for bad in ["", "00", "303132333435363738393a3b3c3d3e3f", "000102030405060708090a0b0c0d0e0g"] {
            assert_eq!(read_scbk(bad), None, "{bad}");
        }
        assert_ne!(new_scbk().unwrap(), new_scbk().unwrap());
    }
}
