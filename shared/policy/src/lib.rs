//! The access policy: who may enter, at which times, with which factors, and after how many failures.
//!
//! Recognition determines who is at the door. This crate decides what follows from it, as state machines over
//! plain numbers. Times are milliseconds since boot, or wall-clock time where a schedule needs it. Nothing
//! here knows GPIO pins, networks or flash, so every path is tested on the host.
//!
//! | type | decides |
//! |---|---|
//! | [`AccessPolicy`] | on one authentication event: open, request a PIN, or refuse, with the reason |
//! | [`Tallies`] | failures, counted by person and factor |
//! | [`Lockout`] | after so many failures: how long a person is locked out |
//! | [`Schedule`] | at which times of the week a person may enter |
//! | [`Zone`] | what the local time is |
//! | [`Passback`] | whether a person entered a short time ago (timed anti-passback) |
//! | [`Contact`] | whether the door is forced open or held open |
#![no_std]
#![forbid(unsafe_code)]

mod access;
mod contact;
mod limits;
mod lockout;
mod passback;
mod pin;
mod pin_ration;
mod rule;
mod schedule;
mod tallies;
mod zone;

pub use access::{AccessPolicy, AuthEvent, Decision, Reason};
pub use contact::{Alarm, Contact};
pub use limits::Limits;
pub use lockout::Lockout;
pub use passback::Passback;
pub use pin::{MAX_PIN, Pin};
pub use pin_ration::{FaceRation, PinRation};
pub use rule::Rule;
pub use schedule::{DAY_MINUTES, LocalTime, MAX_WINDOWS, Schedule, Window};
pub use tallies::{
    CLEARED_BYTES, CLEARED_PAGE, Factor, MAX_TALLY_PAGES, Stake, TALLY_PAGE, Tallies, Tally, TallyMemory,
    TallyRoom,
};
pub use zone::{DaylightSaving, YearlyChange, Zone};
