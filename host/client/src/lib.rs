//! A typed client of a board over a line: Unix socket, TCP or serial port.
//!
//! ```text
//! Device      the requests to a board, one method each
//! Link        one request, its reply, repeats if no reply comes; sealed in a session
//! Transport   bytes: Unix socket, TCP, serial port
//!
//! Credentials the keys that this computer keeps for a board it is paired with
//! Signer      the key that signs models and firmware
//! Firmware    the firmware of a board, from an ELF file
//! Machine     the kinds of board
//! ```
//! The crate does not know emulated boards, their cameras or their files: these are the crate `emulator`'s.
//! While a request waits for its reply, a [`Task`] of the caller can run.
#![forbid(unsafe_code)]

mod address;
mod audit;
mod controller;
mod credentials;
mod device;
mod error;
mod firmware;
mod firmware_signature;
mod link;
mod machine;
mod model_signature;
mod news;
mod opening;
mod pairing;
mod pause;
mod paused;
mod pending;
mod protection;
mod rules;
mod signing;
mod time;
mod transfer;
mod transport;
mod update;
mod version;

pub use protocol;

pub use address::Address;
pub use audit::Page;
pub use controller::{new_scbk, read_scbk};
pub use credentials::{Credentials, random_key, write_secret};
pub use device::{Device, Embedding, Enrolled, Faces};
pub use error::Error;
pub use firmware::{Fallback, Firmware};
pub use firmware_signature::FirmwareSignature;
pub use link::Patience;
pub use machine::Machine;
pub use model_signature::ModelSignature;
pub use news::LastResult;
pub use opening::SignedOpening;
pub use pairing::{Applicant, EraseStep, Paired, Step};
pub use pending::ENDED_PAIRING;
pub use rules::RuleTold;
pub use signing::{Signer, is_signed};
pub use time::unix_ms;
pub use transfer::Picture;
pub use transport::Transport;

/// Short for a result of this crate.
pub type Result<T> = core::result::Result<T, Error>;

/// Runs at short intervals while a reply is awaited, see [`Device::with_task`].
pub type Task = Box<dyn FnMut() -> Result<()> + Send>;
