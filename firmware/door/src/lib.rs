//! The door: access control over traits.
//!
//! A board crate gives the peripherals and runs two futures that share one [`Link`]:
//!
//! ```text
//!                      interrupt priority              thread priority
//!            ┌───────────── run_front ───────────┐  ┌────── run_back ──────┐
//!  serial ──►│ frames in, replies out            │◄►│ requests             │◄── flash
//!  button, ─►│ door: opens, and locks in time    │◄─│ pictures: who is it? │◄── camera
//!  keypad    │                                   │  │ may they pass?       │
//!  watchdog ◄│ fed while the back gives a sign   │  │ gallery, models      │
//!            └──────────── lock, LEDs ───────────┘  └──────────────────────┘
//! ```
//! A network runs for a second or more without a pause. Nothing that must be in time depends on it:
//! bytes are taken and the lock closes at interrupt priority, whatever the back does. So the back waits for its
//! flash, too, as there is nothing that it could go on with: futures through all that is stored would cost nine
//! kilobytes of code.
//!
//! # Invariants
//! - The door is locked after boot, when its time is over, and on every fault. A fail-safe lock holds by current: it
//!   lets the door go until the settings are read, and when a fault handler switches the relay off.
//! - The lock opens for a picture only after several pictures in a row agree ([`Agreement`]),
//!   by a threshold that follows from the false-accept rate asked for.
//! - Who is not paired may ask for the board's state and no more; a press of the button pairs.
//! - What lies in flash is sealed, and models are taken only from the signer that the installer named.
//! - Firmware that a boot loader started on trial puts itself in force when it is healthy, and not before.
//! - An access controller on the bus hears of the door, in a secure channel, and opens none.
//! - What happens is in the audit log before it is acknowledged; a log that fails stops nothing.
//! - An error is a reply or an event, never a panic; missing models or a damaged gallery leave a
//!   board that answers and stays locked.
//!
//! # A board's part
//! ```text
//! static LINK: Link = Link::new();
//! static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
//!
//! #[embassy_executor::task]
//! async fn io(io: Io<An547>) {
//!     door::run_io(io, &LINK).await
//! }
//! #[embassy_executor::task]
//! async fn worker(worker: Worker<'static, An547, Networks<'static>>) {
//!     door::run_worker(worker, &LINK).await
//! }
//! ```
//! `An547` implements `board_api::Board`. `io` is spawned on an `InterruptExecutor` of a higher priority than that of
//! `worker`. A fault handler of the board locks the door by itself and resets.
#![no_std]
#![forbid(unsafe_code)]

mod log;

mod engine;
mod link;

mod controller;
mod door;
mod frames;
mod front;
mod guard;
mod pad;
mod wiegand;

mod access;
mod agreement;
mod back;
mod claims;
mod clock;
mod deeds;
mod desk;
mod events;
mod flashing;
mod journal;
mod judge;
mod line;
mod models;
mod networks;
mod pairing;
mod recognition;
mod requests;
mod rules;
mod secrets;
mod settings;
mod shot;
mod slots;
mod staging;
mod storage;
mod translate;
mod updates;

pub use agreement::{Agreement, Seen};
pub use back::{Memory, Worker, run_worker};
pub use door::{Cause, Change, Door, MAX_OPEN};
pub use engine::{Aligned, EncoderInfo, Engine, Fault, NetworkInfo};
pub use front::{Io, run_io};
pub use link::Link;
pub use networks::Networks;
