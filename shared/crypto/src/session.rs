//! Messages of a session: encrypted, and each accepted once, on a line that loses and repeats.
//!
//! ```text
//! sealed   counter u64 LE | ChaCha20-Poly1305( message ) | tag, 16 bytes
//!          nonce: the counter; associated data: the packet's id u16 LE; a key a direction
//! ```
//! The host gives every request a counter higher than the one before, and the board accepts a
//! request only if its counter is higher than all that it has accepted: a request that was lost
//! leaves a gap, and one that is replayed or comes late is refused. A repeat, which the line needs,
//! is the same bytes again, and is answered by the same bytes again before it comes here.
//!
//! The reply has the counter of its request, under the key of the other direction. So a reply
//! belongs to its request and to no other, and no nonce is used twice, as [`BoardSession::seal`] takes
//! the one counter that [`BoardSession::open`] left. The reply to the handshake itself has the counter 0.

use noise_protocol::Cipher;

use crate::{
    Error, Key,
    primitives::{ChaChaPoly, TAG},
};

/// Bytes of the counter before a sealed message.
const COUNTER: usize = 8;

/// Bytes by which a sealed message is longer than the message.
pub const SEALING: usize = COUNTER + TAG;

/// The host's end of a session.
pub struct HostSession {
    to_board: Key,
    to_host: Key,
    counter: u64,
}

/// The board's end of a session.
pub struct BoardSession {
    to_board: Key,
    to_host: Key,
    /// The highest counter accepted.
    newest: u64,
    /// The counter of the request that has no reply yet.
    owed: Option<u64>,
}

impl HostSession {
    pub(crate) fn new(to_board: Key, to_host: Key) -> Self {
        Self { to_board, to_host, counter: 0 }
    }

    /// Seals a request, whose `length` bytes begin at [`HEAD`] of the buffer, and returns the sealed
    /// bytes. `id` is the packet's.
    ///
    /// # Errors
    /// [`Error::Length`] if there is no room for the tag.
    pub fn seal<'b>(&mut self, id: u16, buffer: &'b mut [u8], length: usize) -> Result<&'b [u8], Error> {
        self.counter = self.counter.checked_add(1).ok_or(Error::Length)?;
        seal(&self.to_board, self.counter, id, buffer, length)
    }

    /// Opens the reply to the request that was sealed last.
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

    /// Opens a request, once.
    ///
    /// # Errors
    /// [`Error::Length`]; [`Error::Forged`]; [`Error::Replayed`] for what is not newer than all that
    /// was opened before.
    pub fn open<'b>(&mut self, id: u16, sealed: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let (counter, message) = open(&self.to_board, id, sealed)?;
        if counter <= self.newest {
            return Err(Error::Replayed);
        }
        self.newest = counter;
        self.owed = Some(counter);
        Ok(message)
    }

    /// Seals the reply to the request that was opened last, as [`HostSession::seal`] does.
    ///
    /// # Errors
    /// [`Error::OutOfTurn`] if it has its reply; [`Error::Length`] if there is no room for the tag.
    pub fn seal<'b>(&mut self, id: u16, buffer: &'b mut [u8], length: usize) -> Result<&'b [u8], Error> {
        let counter = self.owed.take().ok_or(Error::OutOfTurn)?;
        seal(&self.to_host, counter, id, buffer, length)
    }
}

/// Where a message begins in the buffer in which it is sealed.
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
