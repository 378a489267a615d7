//! Opening a door by a signed command, and who may sign.

use crypto::Opening;
use protocol::{Hash, Request, Response, Signature};

use crate::{Device, Error, Result};

/// A command to open one door once, and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedOpening {
    /// The key of the board.
    pub board: Hash,
    /// The key of the signer.
    pub signer: Hash,
    /// Above that of each command before of this signer.
    pub counter: u64,
    /// Until when the command counts, in milliseconds since 1970.
    pub until: u64,
    /// The signature.
    pub signature: [u8; 64],
}

impl SignedOpening {
    /// Whether the signer signed it for this board. The board looks itself; this spares it what is forged.
    pub fn is_signed(&self) -> bool {
        let Self { board, counter, until, .. } = *self;
        Opening { board, counter, until }.verify(&self.signer, &self.signature).is_ok()
    }
}

impl Device {
    /// Has the board open its door by a signed command.
    ///
    /// # Errors
    /// As any request; refused with `NotOpened`.
    pub fn open_door(&mut self, command: &SignedOpening) -> Result<()> {
        let SignedOpening { signer, counter, until, signature, .. } = *command;
        let signature = Signature::new(&signature);
        self.done(&Request::Open { signer, counter, until, signature })
    }

    /// Allows the holder of a key to open the door by signed commands, or no more.
    ///
    /// # Errors
    /// As any request; refused with `OpenersFull`.
    pub fn set_opener(&mut self, key: Hash, allowed: bool) -> Result<()> {
        self.done(&Request::SetOpener { key, allowed })
    }

    /// The keys of those who may open the door by signed commands.
    ///
    /// # Errors
    /// As any request.
    pub fn openers(&mut self) -> Result<Vec<Hash>> {
        match self.link.ask(&Request::ListOpeners)? {
            Response::Openers(openers) => Ok(openers.into_iter().collect()),
            _ => Err(Error::Garbled),
        }
    }
}
