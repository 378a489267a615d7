//! The door's application in memory, with its real networks or another engine ([`boot_with`]): flash, line, pins and camera
//! belong to the program that runs it.
//!
//! Io and worker are polled in turns by one thread, and time goes on when the program says so: a millisecond a round, and
//! for a stopwatch ([`Stopwatch`]) what each step of the recognition takes on a board. So a run is the same on every
//! computer.
//!
//! | module | subject |
//! |---|---|
//! | `boot` | boots the door, for a script at the other end of its line ([`boot`]) or for whoever stands before it |
//! | `flash`, `line`, `pins` | its parts |
//! | `costs` | what a step takes on a board, in cycles |
//! | `clocked` | the networks with a stopwatch |
//! | `arrival` | somebody walks up to the camera, and the lock opens |
//! | `timeline` | what was done when, and its drawing |
#![forbid(unsafe_code)]

mod arrival;
mod boot;
mod clocked;
mod costs;
mod error;
mod flash;
mod line;
mod pins;
mod timeline;

pub use arrival::{Arrival, LIMIT_MS, Person, arrive, enrol};
pub use boot::{ENTROPY, UNIQUE, boot, boot_with};
pub use clocked::Stopwatch;
pub use costs::{AN500, AN500_HIGH, AN547, AN547_HIGH, Costs, Estimate};
pub use error::Error;
pub use flash::Cells;
pub use pins::Wires;
pub use timeline::{Done, Kind, Timeline};
