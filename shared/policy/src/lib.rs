//! Who may pass, when, and after how many failures.
//!
//! Recognition says who stands at the door. This says what follows from it, as state machines over plain
//! numbers: times are milliseconds since boot, or of the wall clock where a schedule needs one. Nothing here
//! knows of pins, networks or flash, so that every path is tested on the host.
//!
//! | module | decides |
//! |---|---|
//! | [`AccessPolicy`] | of one claim: open, ask for a pin, or refuse, and why |
//! | [`Lockout`] | after failures in a row: how long nobody is let in |
//! | [`Schedule`] | at which times of the week somebody may pass |
//! | [`Passback`] | that one person does not come in twice in a row |
//! | [`Contact`] | that the door itself is where the lock says |
#![no_std]
#![forbid(unsafe_code)]

mod access;
mod contact;
mod lockout;
mod passback;
mod pin;
mod rule;
mod schedule;

pub use access::{AccessPolicy, AuthEvent, Decision, Limits, Reason};
pub use contact::{Alarm, Contact};
pub use lockout::Lockout;
pub use passback::Passback;
pub use pin::{MAX_PIN, Pin};
pub use rule::Rule;
pub use schedule::{DAY_MINUTES, LocalTime, MAX_WINDOWS, Schedule, Window};
