//! A typed client of a device: an emulated board, a serial port, or TCP.
//!
//! ```text
//! Device      what a board can do, a method each
//! Link        one request, its reply, repeats when nothing comes; sealed in a session
//! Transport   bytes: Unix socket, TCP, serial port
//!
//! Credentials what this computer keeps of a board it is paired with
//! Signer      the key with which models and firmware are signed
//! Firmware    what a board runs, from an ELF file
//!
//! Board       an emulated board: its folder, its process, its memory file
//! Doorstep    a picture before the door, and what the door makes of it
//! Camera      the picture before an emulated board
//! Log         the board's defmt log, decoded with its firmware
//! ```
//! A board is a process of its own that outlives the command that started it; what is known of
//! it lies in one folder. Its memory is a file, which the host reads and writes with ordinary
//! file operations: the emulator maps the same pages, so both sides see one memory and no
//! unsafe code is needed.
#![forbid(unsafe_code)]

mod address;
mod audit;
mod board;
mod camera;
mod controller;
mod credentials;
mod device;
mod door;
mod error;
mod firmware;
mod link;
mod log;
mod memory;
mod pairing;
mod pose;
mod rules;
mod signing;
mod transfer;
mod transport;
mod update;

pub use protocol;

pub use address::Address;
pub use audit::{Page, unix_ms};
pub use board::{Board, Folder, Launch, Machine, State};
pub use camera::Camera;
pub use controller::{new_scbk, read_scbk};
pub use credentials::{Credentials, random_key};
pub use device::{Device, Embedding, Enrolled, Faces};
pub use door::{Decision, Doorstep};
pub use error::Error;
pub use firmware::Firmware;
pub use link::Patience;
pub use log::Log;
pub use memory::Memory;
pub use pairing::{Applicant, Paired};
pub use rules::RuleTold;
pub use signing::Signer;
pub use transfer::Picture;
pub use transport::Transport;

/// Short for a result of this crate.
pub type Result<T> = core::result::Result<T, Error>;
