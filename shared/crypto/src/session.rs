//! Session messages: encrypted, and each accepted once, on a line that loses and repeats frames.
//!
//! ```text
//! sealed   counter u64 LE | ChaCha20-Poly1305( message ) | tag, 16 bytes
//!          nonce: the counter; associated data: the id of the packet u16 LE; one key per direction
//! ```
//! The host increments the counter with every request. The board accepts a request only if its counter is
//! higher than all it has accepted: a lost request leaves a gap, and a replayed or late one is rejected. A
//! retransmission, which the line needs, has the same bytes, and the layer above answers it with the same
//! bytes; it never arrives here.
//!
//! The reply uses the counter of its request, under the key of the other direction. So a reply belongs to
//! exactly one request. No nonce is used twice, because [`BoardSession::seal`] consumes the counter that
//! [`BoardSession::open`] stored. The reply to the handshake itself has counter 0.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use noise_protocol::Cipher;

use crate::{
    Error, Key,
    primitives::{ChaChaPoly, TAG},
};

/// Bytes of the counter before a sealed message.
const COUNTER: usize = 8;

/// Bytes that sealing adds to a message.
pub const SEALING: usize = COUNTER + TAG;

/// The host end of a session.
pub struct HostSession {
    to_board: Key,
    to_host: Key,
    counter: u64,
}

/// The board end of a session.
pub struct BoardSession {
    to_board: Key,
    to_host: Key,
    /// The highest accepted counter.
    newest: u64,
    /// The counter of the request that has not been replied to yet.
    owed: Option<u64>,
}

impl HostSession {
    pub(crate) fn new(to_board: Key, to_host: Key) -> Self {
        Self { to_board, to_host, counter: 0 }
    }

    /// Seals the request in the `length` bytes from [`HEAD`] of the buffer, and returns the sealed bytes.
    /// `id` is that of the packet.
    ///
    /// # Errors
    /// [`Error::Length`] if the buffer has no room for the tag.
    pub fn seal<'b>(&mut self, id: u16, buffer: &'b mut [u8], length: usize) -> Result<&'b [u8], Error> {
        self.counter = self.counter.checked_add(1).ok_or(Error::Length)?;
        seal(&self.to_board, self.counter, id, buffer, length)
    }

    /// Opens the reply to the last sealed request.
    ///
    /// # Errors
    /// [`Error::Length`]; [`Error::Forged`]; [`Error::Replayed`] for the reply to another request.
    pub fn open<'b>(&self, id: u16, sealed: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let (counter, message) = open(&self.to_host, id, sealed)?;
        if counter == self.counter { Ok(message) } else { Err(Error::Replayed) }
    }
}

impl BoardSession {
    pub(crate) fn new(to_board: Key, to_host: Key) -> Self {
        Self { to_board, to_host, newest: 0, owed: Some(0) }
    }

    /// Opens a request. Each request is opened only once.
    ///
    /// # Errors
    /// [`Error::Length`]; [`Error::Forged`]; [`Error::Replayed`] for a request that is not newer than all
    /// requests opened before.
    pub fn open<'b>(&mut self, id: u16, sealed: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let (counter, message) = open(&self.to_board, id, sealed)?;
        if counter <= self.newest {
            return Err(Error::Replayed);
        }
        self.newest = counter;
        self.owed = Some(counter);
        Ok(message)
    }

    /// Seals the reply to the last opened request, in the same way as [`HostSession::seal`].
    ///
    /// # Errors
    /// [`Error::OutOfTurn`] if the request was replied to; [`Error::Length`] if the buffer has no room for
    /// the tag.
    pub fn seal<'b>(&mut self, id: u16, buffer: &'b mut [u8], length: usize) -> Result<&'b [u8], Error> {
        let counter = self.owed.take().ok_or(Error::OutOfTurn)?;
        seal(&self.to_host, counter, id, buffer, length)
    }
}

/// Offset of the message in the buffer in which it is sealed.
pub const HEAD: usize = COUNTER;

fn seal<'b>(
    key: &Key,
    counter: u64,
    id: u16,
    buffer: &'b mut [u8],
    length: usize,
) -> Result<&'b [u8], Error> {
    let sealed = buffer.get_mut(..length.saturating_add(SEALING)).ok_or(Error::Length)?;
    let (head, text) = sealed.split_first_chunk_mut::<COUNTER>().ok_or(Error::Length)?;
    *head = counter.to_le_bytes();
    ChaChaPoly::encrypt_in_place(key, counter, &id.to_le_bytes(), text, length);
    Ok(sealed)
}

fn open<'b>(key: &Key, id: u16, sealed: &'b mut [u8]) -> Result<(u64, &'b [u8]), Error> {
    if sealed.len() < SEALING {
        return Err(Error::Length);
    }
    let (head, text) = sealed.split_first_chunk_mut::<COUNTER>().ok_or(Error::Length)?;
    let counter = u64::from_le_bytes(*head);
    let length = text.len();
    let length = ChaChaPoly::decrypt_in_place(key, counter, &id.to_le_bytes(), text, length)
        .map_err(|()| Error::Forged)?;
    Ok((counter, text.get(..length).ok_or(Error::Length)?))
}
