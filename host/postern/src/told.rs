//! What a board tells this computer of its state.

use client::protocol::{Error as Refusal, Firmware, Status};
use client::{Device, Error};

/// A board's status and its firmware.
pub struct Told {
    /// Whether this computer is paired with the board. If not, the status has only board and firmware.
    pub paired: bool,
    /// Whether the board lost records of computers. It may have lost that of this one.
    pub lost: bool,
    /// The status.
    pub status: Status,
    /// The firmware, which paired hosts can read if a boot loader started the board.
    pub firmware: Option<Firmware>,
}

impl Told {
    /// Asks the board.
    pub fn by(mut device: Device) -> client::Result<Self> {
        let paired = device.role().is_some();
        let status = device.status()?;
        let firmware = device.running_firmware();
        let lost = matches!(firmware, Err(Error::Refused(Refusal::HostsLost)));
        Ok(Self { paired, lost, status, firmware: firmware.ok() })
    }

    /// Why a computer is not paired, and what to do.
    pub fn why_not_paired(&self) -> &'static str {
        match (self.lost, self.status.hosts) {
            (true, _) => {
                "not with this computer: the board LOST records of computers, as where its flash is an older copy. Put the newest \
                 flash back; else an installer that it knows runs `postern keys invite ROLE`, and without one `postern pair \
                 --erase` makes it a new board"
            }
            (false, 0) => "none yet: `postern pair`",
            (false, _) => "not with this computer: `postern pair`",
        }
    }
}
