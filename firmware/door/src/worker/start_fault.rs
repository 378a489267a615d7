//! What a board finds at its start, told to whoever looks after it: by its log port, and in the way of the board.
//!
//! The audit log has it too. But a board whose flash is an older copy serves nobody, so nobody reads its audit log.

use board_api::{StartFault, System};

use crate::log::log;

/// Tells what the board found.
pub(crate) fn tell(fault: StartFault, system: &mut impl System) {
    match fault {
        StartFault::OlderFlash => log!(error, "the flash is an older copy, or its inventory is lost"),
        StartFault::LostRecords => log!(error, "records of the settings are lost"),
        StartFault::Gallery => log!(error, "the gallery does not open, or has lost people"),
    }
    system.tell(fault);
}

/// Tells that the flash is an older copy, or else that records of the settings are lost.
pub(crate) fn tell_of_records(older_flash: bool, lost: bool, system: &mut impl System) {
    match (older_flash, lost) {
        (true, _) => tell(StartFault::OlderFlash, system),
        (false, true) => tell(StartFault::LostRecords, system),
        (false, false) => {}
    }
}
