//! What host and board say to each other: one message table, its framing, its version.
//!
//! The host asks, the board answers; the board never speaks unasked, so a lost byte can never
//! put the two out of step. Door events are pulled by sequence number
//! ([`Request::NextEvents`]), so that none is lost and none is told twice.
//!
//! # On the wire
//! A frame is a packet in COBS (Cheshire and Baker, 1999) between zero bytes. The packet never
//! holds a zero once stuffed, so a zero always ends a frame: a receiver that was interrupted by
//! noise, by half a frame or by one that is too long is in step again after the next zero.
//!
//! ```text
//! 00 | COBS( kind id id | body … | crc crc crc crc ) | 00
//!            1    2 LE    postcard 4 LE
//! ```
//! | field | meaning |
//! |---|---|
//! | `kind` | 0 request, 1 response, 2 error, 3 handshake, 4 sealed ([`Kind`]) |
//! | `id` | chosen by the host, repeated by the board in its reply |
//! | `body` | a [`Request`], [`Response`] or [`Error`] in the [postcard] format; a step of the handshake; a message that is sealed; up to [`MAX_BODY`] bytes |
//! | `crc` | CRC-32/ISO-HDLC over everything before it |
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format
//!
//! # Repeats
//! A host that hears nothing sends the same frame again. A board that gets the frame it
//! answered last (same id, same checksum) repeats its reply and does nothing else
//! ([`LastReply`]): enrolling twice because a reply was lost cannot happen.
//!
//! # Sessions
//! What is not public goes sealed: the handshake and the seal are those of the crate `secrets`.
//! Unsealed a board answers [`Request::Hello`] and [`Request::Status`] alone.
//!
//! ```text
//! host    handshake, 32 bytes       board    handshake, 96 bytes
//! host    handshake, 64 bytes       board    sealed( 1, Response::Session )
//! host    sealed( 0, Request )      board    sealed( 1, Response ) or sealed( 2, Error )
//! ```
//! Within, a message has its kind before it, so that this is sealed, too. Unsealed a board says two
//! things in a session, and both cost nothing but time: [`Error::Busy`], and [`Error::NoSession`] when
//! it has lost its keys, as after a reset; the host then shakes hands anew, and asks again.
//!
//! # Versions
//! [`Request::Hello`], [`Response::Hello`] and [`Error::Version`] keep their number and their
//! bytes for ever. Everything else may change when [`VERSION`] does; a host whose version
//! differs from the one in the board's `Hello` says so and stops.
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
mod pair;
mod reply;
mod request;
mod response;
mod status;

pub use controller::{Osdp, OsdpState, Scbk};
pub use error::{Error, SettingName};
pub use event::{Event, EventKind, FrameResult};
pub use face::{Face, Flaw, Point, Quality};
pub use frame::{
    Body, DecodeError, Deframer, EncodeError, Kind, MAX_BODY, MAX_FRAME, MAX_PACKET, MAX_SEALING, Packet,
    encode, encode_bytes, pack,
};
pub use liveness::{Gesture, Liveness, LivenessMode, RejectReason};
pub use log::{Clock, ENTRIES_PER_PAGE, LogEntry};
pub use model::{Firmware, ModelInfo, ModelKind};
pub use pair::{Host, Label, MAX_HOSTS, MAX_LABEL, Pairing, Role, Signature};
pub use policy::{Alarm, Limits, Pin, Reason, Rule, Schedule, Window};
pub use reply::LastReply;
pub use request::{Enrolment, PixelFormat, Request, Source};
pub use response::{Candidate, Comparison, Response, User};
pub use status::{Door, Matching, ResetReason, Settings, Status, Wiegand};

/// Version of the message table. It grows by one whenever the bytes of a message change.
pub const VERSION: u16 = 6;

/// Most bytes of data in one [`Request::FrameChunk`] or [`Request::ModelChunk`].
pub const MAX_CHUNK: usize = 2048;

/// Most bytes of a person's name in UTF-8.
pub const MAX_NAME: usize = 64;

/// Most values in a template, which is the largest dimension of an encoder.
pub const MAX_TEMPLATE: usize = 512;

/// Most people in one page of [`Response::Users`].
pub const USERS_PER_PAGE: usize = 16;

/// Most events in one [`Response::Events`].
pub const EVENTS_PER_PAGE: usize = 8;

/// Most faces in one [`Response::Faces`].
pub const MAX_FACES: usize = 16;

/// A person's name: UTF-8, 1 to [`MAX_NAME`] bytes.
pub type Name = heapless::String<MAX_NAME>;

/// A short text of the firmware: a board's name, a version, a model's name, a reason.
pub type Text = heapless::String<48>;

/// A SHA-256.
pub type Hash = [u8; 32];

/// A person's number, which stays the same for as long as the person is enrolled.
pub type PersonId = u32;

/// A similarity (cosine) or a threshold on one, Q15: 32767 is 1.
pub type CosineScore = i16;
