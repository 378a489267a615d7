//! The last reply of the board, stored so that a repeated request is not executed twice.

use crate::frame::{Body, EncodeError, Kind, MAX_FRAME, Packet, encode, encode_bytes};

/// The last reply of a board, as the frame that was sent.
///
/// For every request a board first calls [`repeat`](Self::repeat). Only if that returns `None` it executes
/// the request and calls [`answer`](Self::answer). One stored reply is enough: a host waits for the reply
/// before it sends another request, and it starts with `Hello`, which changes nothing.
pub struct LastReply {
    frame: [u8; MAX_FRAME],
    length: usize,
    id: u16,
    checksum: u32,
}

impl LastReply {
    /// Without a reply.
    pub const fn new() -> Self {
        Self { frame: [0; MAX_FRAME], length: 0, id: 0, checksum: 0 }
    }

    /// The stored frame, if `request` is the one answered last.
    pub fn repeat(&self, request: &Packet<'_>) -> Option<&[u8]> {
        if self.length == 0 || (self.id, self.checksum) != (request.id, request.checksum) {
            return None;
        }
        self.frame.get(..self.length)
    }

    /// Encodes and stores the reply to the request with this `id` and `checksum`, and returns its frame.
    ///
    /// # Errors
    /// [`EncodeError`] if `reply` is too long, which no message of the protocol is.
    pub fn answer<'m, M: Body<'m>>(
        &mut self,
        id: u16,
        checksum: u32,
        reply: &M,
    ) -> Result<&[u8], EncodeError> {
        self.length = 0;
        let length = encode(id, reply, &mut self.frame)?.len();
        self.keep(id, checksum, length)
    }

    /// As [`answer`](Self::answer), for a sealed body or a handshake message.
    ///
    /// # Errors
    /// [`EncodeError`] if `body` is too long.
    pub fn answer_bytes(
        &mut self,
        id: u16,
        checksum: u32,
        kind: Kind,
        body: &[u8],
    ) -> Result<&[u8], EncodeError> {
        self.length = 0;
        let length = encode_bytes(kind, id, body, &mut self.frame)?.len();
        self.keep(id, checksum, length)
    }

    fn keep(&mut self, id: u16, checksum: u32, length: usize) -> Result<&[u8], EncodeError> {
        self.length = length;
        self.id = id;
        self.checksum = checksum;
        self.frame.get(..self.length).ok_or(EncodeError)
    }
}

impl Default for LastReply {
    fn default() -> Self {
        Self::new()
    }
}
