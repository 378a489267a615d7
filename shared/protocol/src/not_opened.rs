//! Why a signed command does not open the door.

use serde::{Deserialize, Serialize};

/// Why a signed command does not open the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotOpened {
    /// No installer has allowed it to the signer.
    NotAllowed,
    /// The counter is not above the last one of this signer.
    Used,
    /// The time for which the command counts is over.
    Expired,
    /// The command would count for too long.
    TooLong,
    /// The board does not know the time.
    NoClock,
    /// The signature is not that of the signer, or it is for something else.
    Forged,
    /// A host has paused the door.
    Paused,
    /// The cover of the board is open.
    CoverOpen,
    /// Nobody is let in: the settings or the failures were tampered with, or the firmware is older than it was.
    Locked,
}

impl core::fmt::Display for NotOpened {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            NotOpened::NotAllowed => {
                "no installer has allowed this signer to open it; `postern keys allow-opening` does, at the door"
            }
            NotOpened::Used => "this command, or a newer one of its signer, was used already: sign a new one",
            NotOpened::Expired => {
                "the command has expired: sign a new one, and compare the signer's clock with that of the door"
            }
            NotOpened::TooLong => {
                "the command would count for more than 5 minutes: compare the signer's clock with that of the door"
            }
            NotOpened::NoClock => {
                "the board does not know the time since it was reset; the next command of an operator's computer sets it"
            }
            NotOpened::Forged => "the signature is wrong, or the command is for another door",
            NotOpened::Paused => "a computer has paused the door: try again in a minute",
            NotOpened::CoverOpen => "the cover of the board is open",
            NotOpened::Locked => {
                "the board lets nobody in: its settings or its failures were tampered with, or it runs older firmware than it had; \
                 `postern board status` and `postern log` there say which"
            }
        })
    }
}
