//! Framing: a packet with its checksum, COBS-encoded between zero bytes.
//!
//! The format is drawn in the documentation of the crate. The encoder computes checksum and COBS in one pass,
//! so a board needs no buffer besides that of the frame; the decoder works in place.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use cobs::CobsEncoder;
use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use crate::{Error, Request, Response};

/// Most bytes of a body: a chunk of [`MAX_CHUNK`](crate::MAX_CHUNK) bytes and its header, or
/// the longest page of people or events, sealed.
pub const MAX_BODY: usize = 2304 + MAX_SEALING;

/// Most bytes that sealing adds to a message, including the inner kind and the idempotency key.
pub const MAX_SEALING: usize = 40;

/// Kind and id.
const HEADER: usize = 3;
/// CRC-32.
const CHECKSUM: usize = 4;

/// Most bytes of a packet: header, body and checksum.
pub const MAX_PACKET: usize = HEADER + MAX_BODY + CHECKSUM;

/// Most bytes of a packet after COBS encoding.
const MAX_STUFFED: usize = cobs::max_encoding_length(MAX_PACKET);

/// Most bytes of a frame, both zeros included.
pub const MAX_FRAME: usize = MAX_STUFFED + 2;

static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// Names a request of a session, over sessions and resets. The host draws it at random, once for each request, and sends
/// it with every repeat. The board executes a request that changes something once for each key.
pub type IdempotencyKey = [u8; 8];

/// The kind of a packet's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A [`Request`], from the host.
    Request = 0,
    /// A [`Response`], from the board.
    Response = 1,
    /// An [`Error`], from the board.
    Error = 2,
    /// A message of the session handshake, in either direction.
    Handshake = 3,
    /// A sealed message of a session, in either direction. Its kind is sealed as well, see [`pack`].
    Sealed = 4,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Request, Self::Response, Self::Error, Self::Handshake, Self::Sealed]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// A message that can be the body of a packet.
pub trait Body<'a>: Serialize + Deserialize<'a> {
    /// The kind of the message.
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

/// A packet with a valid checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The kind of the body.
    pub kind: Kind,
    /// Matches a reply with its request.
    pub id: u16,
    /// Checksum of the packet. Together with `id` it identifies a repeated request.
    pub checksum: u32,
    /// The body, in postcard format.
    pub body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Decodes the message in the body.
    ///
    /// # Errors
    /// [`DecodeError::Body`] if it is of another kind or malformed.
    pub fn message<M: Body<'a>>(&self) -> Result<M, DecodeError> {
        if self.kind != M::KIND {
            return Err(DecodeError::Body);
        }
        match postcard::take_from_bytes(self.body) {
            Ok((message, [])) => Ok(message),
            _ => Err(DecodeError::Body),
        }
    }

    /// The packet that was sealed inside this one. `packed` are the opened bytes, as [`pack`] wrote them.
    ///
    /// # Errors
    /// [`DecodeError::Kind`] if they do not start with a known kind.
    pub fn inner<'b>(&self, packed: &'b [u8]) -> Result<Packet<'b>, DecodeError> {
        let (kind, body) = packed.split_first().ok_or(DecodeError::Kind)?;
        let kind = Kind::from_byte(*kind).ok_or(DecodeError::Kind)?;
        Ok(Packet { kind, id: self.id, checksum: self.checksum, body })
    }

    /// The request that was sealed inside this packet, and its idempotency key: what [`pack_request`] wrote.
    ///
    /// # Errors
    /// [`DecodeError::Kind`] if it is no request; [`DecodeError::Body`] if it is too short for a key.
    pub fn inner_request<'b>(&self, packed: &'b [u8]) -> Result<(IdempotencyKey, Packet<'b>), DecodeError> {
        let packet = self.inner(packed)?;
        if packet.kind != Kind::Request {
            return Err(DecodeError::Kind);
        }
        let (key, body) = packet.body.split_first_chunk().ok_or(DecodeError::Body)?;
        Ok((*key, Packet { body, ..packet }))
    }
}

/// Writes kind and body of a message into `buffer`, ready to be sealed, and returns the number of bytes.
///
/// # Errors
/// [`EncodeError`] if `buffer` is too short.
pub fn pack<'m, M: Body<'m>>(message: &M, buffer: &mut [u8]) -> Result<usize, EncodeError> {
    let (kind, rest) = buffer.split_first_mut().ok_or(EncodeError)?;
    *kind = M::KIND as u8;
    postcard::to_slice(message, rest).map_err(|_| EncodeError)?.len().checked_add(1).ok_or(EncodeError)
}

/// As [`pack`], for a request of a session: its idempotency key follows its kind.
///
/// # Errors
/// [`EncodeError`] if `buffer` is too short.
pub fn pack_request(
    key: &IdempotencyKey,
    request: &Request<'_>,
    buffer: &mut [u8],
) -> Result<usize, EncodeError> {
    let (kind, rest) = buffer.split_first_mut().ok_or(EncodeError)?;
    let (place, rest) = rest.split_first_chunk_mut().ok_or(EncodeError)?;
    (*kind, *place) = (Kind::Request as u8, *key);
    let length = postcard::to_slice(request, rest).map_err(|_| EncodeError)?.len();
    length.checked_add(1).and_then(|length| length.checked_add(key.len())).ok_or(EncodeError)
}

/// The message does not fit the buffer. [`MAX_FRAME`] bytes are enough for any message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message does not fit the frame")]
pub struct EncodeError;

/// Why received bytes are not a valid packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More than [`MAX_FRAME`] bytes without a zero.
    #[error("the frame is too long")]
    TooLong,
    /// The COBS encoding is invalid, or the frame is shorter than a packet.
    #[error("the frame is malformed")]
    Stuffing,
    /// The checksum is wrong.
    #[error("the checksum of the frame is wrong")]
    Checksum,
    /// The kind is unknown.
    #[error("the packet is of an unknown kind")]
    Kind,
    /// The body is not a message of its kind.
    #[error("the body of the packet is not a known message")]
    Body,
}

/// Encodes `message` as a frame in `buffer` and returns the frame.
///
/// # Errors
/// [`EncodeError`] if `buffer` is too short, or the body is longer than [`MAX_BODY`].
pub fn encode<'b, 'm, M: Body<'m>>(
    id: u16,
    message: &M,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], EncodeError> {
    frame(M::KIND, id, buffer, |writer| postcard::serialize_with_flavor(message, writer))
}

/// Encodes a body that is already serialized, such as a handshake or a sealed message, as a frame.
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

/// Encodes a frame; `fill` writes its body.
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
    buffer.get(..stuffed.saturating_add(2)).ok_or(EncodeError)
}

/// A postcard flavor that computes checksum and COBS of the serialized bytes.
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

/// Extracts packets from a stream of bytes.
///
/// After any input it is synchronised again at the next zero byte.
pub struct Deframer {
    buffer: [u8; MAX_STUFFED],
    /// Bytes since the last zero; exceeds the size of the buffer when the frame is too long.
    filled: usize,
}

impl Deframer {
    /// A deframer without input.
    pub const fn new() -> Self {
        Self { buffer: [0; MAX_STUFFED], filled: 0 }
    }

    /// Takes one byte. Returns a packet if this byte ends a valid frame, an error if it ends an invalid one,
    /// and `None` otherwise. An empty frame, as between two frames, is no error.
    pub fn push(&mut self, byte: u8) -> Option<Result<Packet<'_>, DecodeError>> {
        if byte != 0 {
            if let Some(place) = self.buffer.get_mut(self.filled) {
                *place = byte;
            }
            self.filled = self.filled.saturating_add(1).min(MAX_STUFFED + 1);
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

/// Decodes a frame in place and verifies it.
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
