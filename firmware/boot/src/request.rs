//! What the firmware asks of the boot loader, which alone writes the record.
//!
//! The firmware has no key for the record. It leaves a request in flash, tagged by a key of its own; the boot loader
//! carries it out at the next boot, and notes its serial number in the record. So a request counts once, and an older
//! one that somebody puts back does not count.
//!
//! ```text
//! offset  bytes  what
//! 0       8      serial number, u64 LE: it rises
//! 8       1      what: 0 settle, 1 try, 2 confirm
//! 9       11     zeros
//! 20      72     try: the image, as in a record; otherwise zeros
//! 92      80     zeros
//! ```

use crate::{
    Record, Signed, State, TEXT_BYTES,
    record::{SIGNED_BYTES, array},
};

const WHAT: usize = 8;
const IMAGE: usize = 20;

/// What the firmware asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Forget what was tried or reported.
    Settle,
    /// Try the image in the idle slot.
    Try(Signed),
    /// Make the image on trial active.
    Confirm,
}

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Its serial number.
    pub serial: u64,
    /// What is asked for.
    pub ask: Ask,
}

impl Request {
    /// The bytes, as they are kept.
    pub(crate) fn to_bytes(self) -> [u8; TEXT_BYTES] {
        let mut bytes = [0; TEXT_BYTES];
        bytes[..WHAT].copy_from_slice(&self.serial.to_le_bytes());
        bytes[WHAT] = match self.ask {
            Ask::Settle => 0,
            Ask::Try(image) => {
                bytes[IMAGE..IMAGE + SIGNED_BYTES].copy_from_slice(&image.to_bytes());
                1
            }
            Ask::Confirm => 2,
        };
        bytes
    }

    /// The request of these bytes; `None` if another version wrote them.
    pub(crate) fn from_bytes(bytes: &[u8; TEXT_BYTES]) -> Option<Self> {
        let ask = match bytes[WHAT] {
            0 => Ask::Settle,
            1 => Ask::Try(Signed::at(bytes, IMAGE)),
            2 => Ask::Confirm,
            _ => return None,
        };
        Some(Self { serial: u64::from_le_bytes(array(bytes, 0)), ask })
    }
}

impl Record {
    /// Carries out a request, unless it was before. A confirmation counts only for an image that was started.
    pub fn carry_out(&mut self, request: &Request) {
        if request.serial <= self.serial() {
            return;
        }
        self.set_serial(request.serial);
        match (request.ask, self.state()) {
            (Ask::Settle, _) => self.set_state(State::Settled),
            (Ask::Try(image), _) => self.stage(image),
            (Ask::Confirm, State::OnTrial { starts: 1.. }) => self.confirm(),
            (Ask::Confirm, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_carried_out_once_and_confirms_only_what_was_started() {
        let image = |release| Signed { release, digest: [release as u8; 32], signer: [9; 32] };
        let mut record = Record::programmed(image(1));
        let request = |serial, ask| Request { serial, ask };
        record.carry_out(&request(5, Ask::Try(image(2))));
        assert_eq!((record.state(), record.idle()), (State::OnTrial { starts: 0 }, image(2)));
        record.carry_out(&request(6, Ask::Confirm));
        assert_eq!(record.active(), image(1), "it was never started");
        record.set_state(State::OnTrial { starts: 1 });
        for serial in [5, 6] {
            record.carry_out(&request(serial, Ask::Settle));
            assert_eq!(record.state(), State::OnTrial { starts: 1 }, "an older request");
        }
        record.carry_out(&request(7, Ask::Confirm));
        assert_eq!((record.state(), record.active()), (State::Settled, image(2)));
        for ask in [Ask::Settle, Ask::Confirm, Ask::Try(image(3))] {
            let bytes = request(0x0102, ask).to_bytes();
            assert_eq!(Request::from_bytes(&bytes), Some(request(0x0102, ask)));
            assert_eq!(bytes[..2], [2, 1]);
        }
    }
}
