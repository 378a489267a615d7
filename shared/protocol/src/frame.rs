//! Frames: a packet with its checksum, stuffed, between zeros.
//!
//! The format is drawn at the crate's top. The encoder writes through stuffing and checksum in
//! one pass, so that a board needs no buffer but the frame's own; the decoder unstuffs in place.

use cobs::CobsEncoder;
use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use crate::{Error, Request, Response};

/// Most bytes of a body: a chunk of [`MAX_CHUNK`](crate::MAX_CHUNK) bytes and its header, or
/// the longest page of people or events.
pub const MAX_BODY: usize = 2304 + MAX_SEALING;

/// Most bytes by which a message is longer once it is sealed, its kind within included.
pub const MAX_SEALING: usize = 32;

/// Kind and id.
const HEADER: usize = 3;
/// CRC-32.
const CHECKSUM: usize = 4;

/// Most bytes of a packet: header, body and checksum.
pub const MAX_PACKET: usize = HEADER + MAX_BODY + CHECKSUM;

/// Most bytes of a packet once stuffed.
const MAX_STUFFED: usize = cobs::max_encoding_length(MAX_PACKET);

/// Most bytes of a frame, both zeros included.
pub const MAX_FRAME: usize = MAX_STUFFED + 2;

static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// What a packet's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A [`Request`], from the host.
    Request = 0,
    /// A [`Response`], from the board.
    Response = 1,
    /// An [`Error`], from the board.
    Error = 2,
    /// A step of a session's handshake, from either.
    Handshake = 3,
    /// A message of a session, from either: its own kind is within, see [`pack`].
    Sealed = 4,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Request, Self::Response, Self::Error, Self::Handshake, Self::Sealed]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// A message that can be a packet's body.
pub trait Body<'a>: Serialize + Deserialize<'a> {
    /// Its kind.
    const KIND: Kind;
}

impl<'a> Body<'a> for Request<'a> {
    const KIND: Kind = Kind::Request;
}

impl Body<'_> for Response {
    const KIND: Kind = Kind::Response;
}

impl Body<'_> for Error {
    const KIND: Kind = Kind::Error;
}

/// A packet whose checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What the body is.
    pub kind: Kind,
    /// Pairs a reply with its request.
    pub id: u16,
    /// The packet's checksum, by which a repeated request is known.
    pub checksum: u32,
    /// The body, in postcard.
    pub body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// The message within.
    ///
    /// # Errors
    /// [`DecodeError::Body`] if it is of another kind, or not well formed.
    pub fn message<M: Body<'a>>(&self) -> Result<M, DecodeError> {
        if self.kind != M::KIND {
            return Err(DecodeError::Body);
        }
        match postcard::take_from_bytes(self.body) {
            Ok((message, [])) => Ok(message),
            _ => Err(DecodeError::Body),
        }
    }

    /// The packet that was sealed within this one, from its bytes as [`pack`] wrote them.
    ///
    /// # Errors
    /// [`DecodeError::Kind`] if they are none.
    pub fn inner<'b>(&self, packed: &'b [u8]) -> Result<Packet<'b>, DecodeError> {
        let (kind, body) = packed.split_first().ok_or(DecodeError::Kind)?;
        let kind = Kind::from_byte(*kind).ok_or(DecodeError::Kind)?;
        Ok(Packet { kind, id: self.id, checksum: self.checksum, body })
    }
}

/// Writes a message's kind and body into `buffer`, to be sealed, and returns how many bytes.
///
/// # Errors
/// [`EncodeError`] if `buffer` is too short.
pub fn pack<'m, M: Body<'m>>(message: &M, buffer: &mut [u8]) -> Result<usize, EncodeError> {
    let (kind, rest) = buffer.split_first_mut().ok_or(EncodeError)?;
    *kind = M::KIND as u8;
    Ok(1 + postcard::to_slice(message, rest).map_err(|_| EncodeError)?.len())
}

/// A message did not fit the buffer, which is at least [`MAX_FRAME`] for any message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message does not fit the frame")]
pub struct EncodeError;

/// Bytes that came were no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More than [`MAX_FRAME`] bytes without a zero.
    #[error("a frame is too long")]
    TooLong,
    /// The stuffing is wrong or the frame is shorter than a packet.
    #[error("a frame is not well formed")]
    Stuffing,
    /// The checksum is wrong.
    #[error("the checksum of a frame is wrong")]
    Checksum,
    /// The kind is unknown.
    #[error("a packet is of an unknown kind")]
    Kind,
    /// The body is not a message of the kind.
    #[error("the body of a packet is not a known message")]
    Body,
}

/// Writes `message` as a frame into `buffer` and returns the frame.
///
/// # Errors
/// [`EncodeError`] if `buffer` is too short, or the body longer than [`MAX_BODY`].
pub fn encode<'b, 'm, M: Body<'m>>(
    id: u16,
    message: &M,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], EncodeError> {
    frame(M::KIND, id, buffer, |writer| postcard::serialize_with_flavor(message, writer))
}

/// Writes a body that is no message of the table, or a sealed one, as a frame.
///
/// # Errors
/// As [`encode`].
pub fn encode_bytes<'b>(
    kind: Kind,
    id: u16,
    body: &[u8],
    buffer: &'b mut [u8],
) -> Result<&'b [u8], EncodeError> {
    frame(kind, id, buffer, |mut writer| {
        writer.try_extend(body)?;
        writer.finalize()
    })
}

/// Writes a frame whose body `fill` writes.
fn frame(
    kind: Kind,
    id: u16,
    buffer: &mut [u8],
    fill: impl FnOnce(FrameWriter<'_>) -> postcard::Result<usize>,
) -> Result<&[u8], EncodeError> {
    let available = buffer.len().min(MAX_FRAME);
    let (first, rest) = buffer[..available].split_first_mut().ok_or(EncodeError)?;
    *first = 0;
    let mut writer = FrameWriter { cobs: CobsEncoder::new(rest), crc: CRC.digest() };
    let [low, high] = id.to_le_bytes();
    let stuffed =
        writer.try_extend(&[kind as u8, low, high]).and_then(|()| fill(writer)).map_err(|_| EncodeError)?;
    *rest.get_mut(stuffed).ok_or(EncodeError)? = 0;
    buffer.get(..stuffed + 2).ok_or(EncodeError)
}

/// Stuffs and sums what postcard writes.
struct FrameWriter<'b> {
    cobs: CobsEncoder<'b>,
    crc: Digest<'static, u32, Table<1>>,
}

impl Flavor for FrameWriter<'_> {
    type Output = usize;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.crc.update(data);
        self.cobs.push(data).map_err(|_| postcard::Error::SerializeBufferFull)
    }

    fn finalize(mut self) -> postcard::Result<usize> {
        let checksum = self.crc.finalize().to_le_bytes();
        self.cobs.push(&checksum).map_err(|_| postcard::Error::SerializeBufferFull)?;
        Ok(self.cobs.finalize())
    }
}

/// Finds packets in a stream of bytes.
///
/// Whatever comes, it is in step again after the next zero.
pub struct Deframer {
    buffer: [u8; MAX_STUFFED],
    /// Bytes since the last zero; more than the buffer holds once the frame is too long.
    filled: usize,
}

impl Deframer {
    /// A deframer that waits for a frame.
    pub const fn new() -> Self {
        Self { buffer: [0; MAX_STUFFED], filled: 0 }
    }

    /// Takes one byte. Returns a packet if that byte ended one, an error if it ended something
    /// else, and none in between. Empty frames, as between two frames, are no error.
    pub fn push(&mut self, byte: u8) -> Option<Result<Packet<'_>, DecodeError>> {
        if byte != 0 {
            if let Some(place) = self.buffer.get_mut(self.filled) {
                *place = byte;
            }
            self.filled = (self.filled + 1).min(MAX_STUFFED + 1);
            return None;
        }
        match core::mem::take(&mut self.filled) {
            0 => None,
            length => match self.buffer.get_mut(..length) {
                Some(stuffed) => Some(unpack(stuffed)),
                None => Some(Err(DecodeError::TooLong)),
            },
        }
    }
}

impl Default for Deframer {
    fn default() -> Self {
        Self::new()
    }
}

/// Unstuffs a frame in place and checks it.
fn unpack(stuffed: &mut [u8]) -> Result<Packet<'_>, DecodeError> {
    let length = cobs::decode_in_place(stuffed).map_err(|_| DecodeError::Stuffing)?;
    let (summed, checksum) = stuffed
        .get(..length)
        .and_then(|packet| packet.split_last_chunk::<CHECKSUM>())
        .ok_or(DecodeError::Stuffing)?;
    let checksum = u32::from_le_bytes(*checksum);
    let (&[kind, low, high], body) = summed.split_first_chunk::<HEADER>().ok_or(DecodeError::Stuffing)?;
    if CRC.checksum(summed) != checksum {
        return Err(DecodeError::Checksum);
    }
    let kind = Kind::from_byte(kind).ok_or(DecodeError::Kind)?;
    Ok(Packet { kind, id: u16::from_le_bytes([low, high]), checksum, body })
}
