//! Board: a computer with Linux, from a Raspberry Pi to a laptop.
//!
//! The application is the one of the other boards (`door`), and so are the bytes of templates, protocol and flash. What
//! an emulated board has in drivers is here:
//!
//! ```text
//! config   postern-door.toml
//! door     two tasks on two threads
//! clock    embassy's time driver                date      the computer's time, if the door may have it
//! flash    NOR flash; medium: file, partition   secret   the unique secret; secret_place
//! line     to hosts and a controller           place, serial   sockets and ports
//! pins     outputs, inputs, keypad, camera     made     the same, as the host of a made door feeds them
//! gpio     lines of GPIO chips                 v4l2     cameras
//! keypad   a matrix of keys, or a USB keypad   close_up   faces at the camera's own scale
//! pixels   pictures to frames                  picture_source   the thread that takes them; pictures; command
//! outlook  what the camera gives, as the status says it
//! keeper   the process that holds the lock     kept     the pipes to it
//! float    float encoders, by tract
//! system   random numbers, display, restart    window   the words that a made door shares with its host
//! check    says what is missing; seen: a picture of the camera   supervisor, priority   systemd's words, real-time threads
//! numbered devices whose name may be another one's after the next start
//! volumes  further room for people in a flash of before
//! standstill   a door that stood still forgets what it saw
//! ```
//! There is no boot loader, and no firmware in the flash: the package manager updates the program.
#![deny(unsafe_op_in_unsafe_fn)]

mod check;
mod clock;
mod close_up;
mod command;
mod config;
mod counter;
mod date;
mod door;
mod error;
mod file;
mod flash;
mod float;
mod gpio;
mod guard;
mod keeper;
mod kept;
mod keypad;
mod line;
mod lock_line;
mod made;
mod medium;
mod numbered;
mod outlook;
mod picture_source;
mod pictures;
mod pins;
mod pixels;
mod place;
mod priority;
mod secret;
mod secret_place;
mod seen;
mod serial;
mod standstill;
mod supervisor;
mod system;
mod user;
mod v4l2;
mod volumes;
mod window;

pub use check::check;
pub use clock::Clock;
pub use config::{Camera, Config, FileOf, Lines, Listen, Made};
pub use door::{Door, Linux};
pub use error::Error;
pub use flash::{All, Durability, Flash, FlashError, Partition};
pub use guard::is_guarded;
pub use keeper::{HUNG, SILENCE, keep, keep_for_parent};
pub use lock_line::LockLine;
pub use picture_source::PictureSource;
pub use pixels::Format;
pub use place::Place;
pub use system::RESTARTED;

/// Bytes for the tensors of the largest network, as on the boards.
const ARENA_BYTES: usize = 3 << 20;

/// Drives the lock's line low, for a supervisor whose door has ended together with its keeper.
///
/// # Errors
/// The line cannot be had, or does not obey.
pub fn lock(config: &Config) -> Result<()> {
    let line = config.lock();
    let driven = lock_line::open(&line)?.drive(false);
    driven.map_err(|source| Error::Keeper { line, source })
}

/// Short for a result of this crate.
pub type Result<T> = core::result::Result<T, Error>;
