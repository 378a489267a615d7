//! The board's memory of its last reply, so that a repeated request is not acted on twice.

use crate::frame::{Body, EncodeError, Kind, MAX_FRAME, Packet, encode, encode_bytes};

/// The last reply of a board, as the frame that was sent.
///
/// A board asks [`repeat`](Self::repeat) for every request that comes, and only if it gets none
/// acts and [`answer`](Self::answer)s. Only the last reply is kept: a host waits for one before
/// it asks for something else, and opens a session with `Hello`, which changes nothing.
pub struct LastReply {
    frame: [u8; MAX_FRAME],
    length: usize,
    id: u16,
    checksum: u32,
}

impl LastReply {
    /// No reply yet.
    pub const fn new() -> Self {
        Self { frame: [0; MAX_FRAME], length: 0, id: 0, checksum: 0 }
    }

    /// The frame to send again, if `request` is the one answered last.
    pub fn repeat(&self, request: &Packet<'_>) -> Option<&[u8]> {
        if self.length == 0 || (self.id, self.checksum) != (request.id, request.checksum) {
            return None;
        }
        self.frame.get(..self.length)
    }

    /// The frame to send in answer to the request of that `id` and `checksum`, which is kept.
    ///
    /// # Errors
    /// [`EncodeError`] if `reply` is too long, which no message of the table is.
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

    /// As [`answer`](Self::answer), with a body that is sealed or a step of a handshake.
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
