//! What to start, from the record and the slots.
//!
//! | the record says | the image on trial | started | written before that |
//! |---|---|---|---|
//! | settled, or given up | | in force | |
//! | on trial, started less than [`TRIALS`] times | is good | on trial | one more start |
//! | on trial, started less than [`TRIALS`] times | is not | in force | given up: refused |
//! | on trial, started [`TRIALS`] times | | in force | given up |
//!
//! In force, and not the image that the record names: nothing is started. An image on trial is good if it is the
//! one that was staged, whole, for this board, signed by whom the record trusts, and not older than what was ever
//! in force. What happens in between is the firmware's, which the boot loader has started:
//!
//! | firmware | record |
//! |---|---|
//! | staged an update | on trial, started 0 times |
//! | runs on trial and is healthy | settled: the other slot is in force, and the newest release its own |
//! | has told of what was given up | settled |
//!
//! A start is counted before it: whatever ends it (a watchdog, a fault, a power cut), it was one.

use crate::{Error, Image, Record, State, Target};

/// How often an update is started that does not confirm itself.
pub const TRIALS: u8 = 3;

/// What to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start<'a> {
    /// The slot.
    pub slot: u8,
    /// Its image.
    pub image: Image<'a>,
    /// Whether it is on trial.
    pub trial: bool,
}

/// What the boot loader shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// What to start; or why nothing can be.
    pub start: Result<Start<'a>, Error>,
    /// What the record says from now on, to be written before.
    pub state: Option<State>,
}

/// Decides by the table above.
#[must_use]
pub fn decide<'a>(record: &Record, slots: [&'a [u8]; 2], target: &Target) -> Decision<'a> {
    let (start, state) = match record.state() {
        State::OnTrial { starts } if starts < TRIALS => match tried(slots, target, record) {
            Ok(start) => (Ok(start), Some(State::OnTrial { starts: starts + 1 })),
            Err(_) => (trusted(slots, target, record), Some(State::GivenUp { refused: true })),
        },
        State::OnTrial { .. } => (trusted(slots, target, record), Some(State::GivenUp { refused: false })),
        _ => (trusted(slots, target, record), None),
    };
    Decision { start, state }
}

/// What is in force.
fn trusted<'a>(slots: [&'a [u8]; 2], target: &Target, record: &Record) -> Result<Start<'a>, Error> {
    let slot = record.slot();
    let image = Image::open(slots[usize::from(slot == 1)], target)?;
    if image.digest != record.digest() {
        return Err(Error::Other);
    }
    Ok(Start { slot, image, trial: false })
}

/// What is on trial, if it is good.
fn tried<'a>(slots: [&'a [u8]; 2], target: &Target, record: &Record) -> Result<Start<'a>, Error> {
    let slot = 1 - record.slot();
    let image = Image::open(slots[usize::from(slot == 1)], target)?;
    if image.digest != record.trial_digest() {
        return Err(Error::Other);
    }
    if image.header.release < record.newest() {
        return Err(Error::RolledBack);
    }
    image.check_signer(&record.signer())?;
    Ok(Start { slot, image, trial: true })
}
