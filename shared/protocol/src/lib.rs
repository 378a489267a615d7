//! The protocol between host and board: messages, framing and version.
//!
//! The host sends requests and the board replies. The board never sends on its own, so a lost byte cannot
//! desynchronise the two. Door events are polled by sequence number ([`Request::NextEvents`]), so none is
//! lost and none is reported twice.
//!
//! # Wire format
//! A frame is a packet in COBS (Cheshire and Baker, 1999) between zero bytes. An encoded packet contains no
//! zero, so a zero always ends a frame. After noise, a partial frame or a frame that is too long, a receiver
//! is synchronised again at the next zero.
//!
//! ```text
//! 00 | COBS( kind id id | body … | crc crc crc crc ) | 00
//!            1    2 LE    postcard 4 LE
//! ```
//! | field | meaning |
//! |---|---|
//! | `kind` | 0 request, 1 response, 2 error, 3 handshake, 4 sealed ([`Kind`]) |
//! | `id` | chosen by the host, copied by the board into its reply |
//! | `body` | a [`Request`], [`Response`] or [`Error`] in the [postcard] format; a handshake message; a sealed message; up to [`MAX_BODY`] bytes |
//! | `crc` | CRC-32/ISO-HDLC over kind, id and body |
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format
//!
//! # Retransmission
//! A host that gets no reply sends the same frame again. A board that receives the frame it answered last
//! (same id, same checksum) sends its reply again and does nothing else ([`LastReply`]). So a lost reply
//! never enrols a person twice.
//!
//! # Sessions
//! Everything that is not public is sealed; handshake and sealing are those of the crate `crypto`. Without a
//! session a board answers only [`Request::Hello`] and [`Request::Status`].
//!
//! ```text
//! host    handshake, 32 bytes       board    handshake, 96 bytes
//! host    handshake, 64 bytes       board    sealed( 1, Response::Session )
//! host    sealed( 0, key, Request ) board    sealed( 1, Response ) or sealed( 2, Error )
//! ```
//! A sealed message starts with its kind, so the kind is sealed as well. During a session a board sends two
//! errors unsealed, and a forged one can only cause delay: [`Error::Busy`], and [`Error::NoSession`] when it
//! has lost its keys, for example in a reset. The host then repeats the handshake and the request.
//!
//! Such a repeat is a new sealed message. It has the [`IdempotencyKey`] of the first, 8 random bytes: a board
//! that has executed that request gives the reply of then and changes nothing.
//!
//! # Versions
//! [`Request::Hello`], [`Response::Hello`] and [`Error::Version`] never change their number or bytes, and neither do, from version 8
//! on, the handshake, [`Response::Session`] and what it takes to send firmware ([`Request::keeps_its_bytes`]). Everything else may
//! change together with [`VERSION`]. A host whose version differs by one from that in the board's `Hello` sends firmware and nothing
//! else, so that a board that fell back over a change of the version gets its firmware again; any other host reports this and stops.
#![no_std]
#![forbid(unsafe_code)]

mod controller;
mod error;
mod event;
mod face;
mod frame;
mod liveness;
mod log;
mod model;
mod need;
mod not_opened;
mod pair;
mod person;
pub mod range;
mod reply;
mod request;
mod response;
mod setting_name;
mod status;

pub use controller::{Osdp, OsdpState, Scbk};
pub use error::Error;
pub use event::{Event, EventKind, FrameResult};
pub use face::{Face, Flaw, Point, Quality};
pub use frame::{
    Body, DecodeError, Deframer, EncodeError, IdempotencyKey, Kind, MAX_BODY, MAX_FRAME, MAX_PACKET,
    MAX_SEALING, Packet, encode, encode_bytes, pack, pack_request,
};
pub use liveness::{Gesture, Liveness, LivenessMode, RejectReason};
pub use log::{Clock, ENTRIES_PER_PAGE, LogEntry, LogHead};
pub use model::{Firmware, ModelInfo, ModelKind};
pub use need::Need;
pub use not_opened::NotOpened;
pub use pair::{Host, Label, MAX_HOSTS, MAX_LABEL, Pairing, Role, Signature};
pub use person::{Candidate, User};
pub use policy::{Alarm, DaylightSaving, Limits, Pin, Reason, Rule, Schedule, Window, YearlyChange, Zone};
pub use reply::LastReply;
pub use request::{Enrolment, PixelFormat, Request, Source};
pub use response::{Comparison, Response};
pub use setting_name::SettingName;
pub use status::{Basis, CameraState, Door, Matching, ResetReason, SecretPlace, Settings, Status, Wiegand};

/// Version of the protocol. It is incremented whenever the bytes of a message change.
pub const VERSION: u16 = 10;

/// Most bytes of data in one [`Request::FrameChunk`] or [`Request::ModelChunk`].
pub const MAX_CHUNK: usize = 2048;

/// Most bytes of a person's name, UTF-8.
pub const MAX_NAME: usize = 64;

/// Most people who may open the door by signed commands.
pub const MAX_OPENERS: usize = 4;

/// The longest time for which a signed command to open counts, in milliseconds.
pub const LONGEST_OPENING_MS: u64 = 300_000;

/// Most values in a template: the largest dimension of an encoder.
pub const MAX_TEMPLATE: usize = 512;

/// Most people in one page of [`Response::Users`].
pub const USERS_PER_PAGE: usize = 16;

/// Most events in one [`Response::Events`].
pub const EVENTS_PER_PAGE: usize = 8;

/// Most faces in one [`Response::Faces`].
pub const MAX_FACES: usize = 16;

/// A person's name: UTF-8, 1 to [`MAX_NAME`] bytes.
pub type Name = heapless::String<MAX_NAME>;

/// A short text from the firmware: name of the board, version, name of a model, reason.
pub type Text = heapless::String<48>;

/// A SHA-256.
pub type Hash = [u8; 32];

/// ID of a person, constant while the person is enrolled.
pub type PersonId = u32;

/// A similarity of two templates (cosine) or a threshold on it, Q15: 32767 is 1.
pub type CosineScore = i16;
