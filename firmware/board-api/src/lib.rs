//! What a board gives the application: traits and plain types, no code.
//!
//! Drivers and board crates implement these traits and depend on this crate alone. The application
//! uses them and depends on no driver. So a driver knows no application, and a board needs neither
//! cryptography nor the message table of the host.
//!
//! ```text
//!   door ──► board-api ◄── mps (drivers)
//!     ▲                      ▲
//!     └────── an547, an500 ──┘
//! ```
//! [`Board`] names one type for each kind of peripheral. Pins, serial lines and flash are behind the traits of
//! `embedded-hal`, `embedded-io-async` and `embedded-storage`; the traits of this crate cover the rest.
//!
//! # Invariants
//! - Nothing here allocates, reads a clock or knows a message, a file format or a key.
//! - Flash is blocking. The worker has nothing else to do while it waits for its flash.
#![no_std]
#![forbid(unsafe_code)]

mod camera;
mod counter;
mod flash;
mod inputs;
mod system;

pub use camera::{Camera, Capture};
pub use counter::{CounterError, MonotonicCounter};
pub use flash::{FirmwareSlots, ModelSlots, RECORD_BYTES, Started};
pub use inputs::{Keypad, Watchdog};
pub use system::{CameraState, ResetReason, SecretPlace, Shown, StartFault, System};

use embedded_hal::digital::{InputPin, OutputPin};
use embedded_io_async::{Read, Write};
use embedded_storage::nor_flash::MultiwriteNorFlash;

/// The types of a board's peripherals.
///
/// What runs at interrupt priority (pins, serial lines, keypad, watchdog) must be `Send` on a board
/// with two executors.
pub trait Board {
    /// Milliseconds from one sample of a living face to the next, at the least. The sequence model of liveness was trained, and
    /// its error rates were measured, with five samples a second: more let more attacks pass.
    const SAMPLE_MS: u64 = 200;
    /// Bytes from a serial line: that of the host, and that of an access controller.
    type Receive: Read;
    /// Bytes to a serial line.
    type Send: Write;
    /// An output: relay, LEDs, Wiegand wires.
    type Output: OutputPin;
    /// An input: button, door contact, cover switch.
    type Input: InputPin;
    /// The keypad by the door.
    type Keypad: Keypad;
    /// The watchdog.
    type Watchdog: Watchdog;
    /// The camera.
    type Camera: Camera;
    /// A flash partition. A word that was programmed may be programmed with zeros: so the gallery deletes a key without
    /// an erase. Flash with error correction mostly allows that, too, though nothing else.
    type Flash: MultiwriteNorFlash;
    /// The board as a whole.
    type System: System;
}
