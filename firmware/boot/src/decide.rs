//! What to start, from the record and the slots.
//!
//! | the record says | the image on trial | started | written before that |
//! |---|---|---|---|
//! | settled, or rolled back | | the active image | |
//! | on trial, started less than [`TRIALS`] times | is good | the image on trial | one more start |
//! | on trial, started less than [`TRIALS`] times | is not | the active image | rolled back: refused |
//! | on trial, started [`TRIALS`] times | | the active image | rolled back |
//!
//! If the active slot does not have the image that the record names, nothing is started. An image on trial is good
//! if it is the one that was staged, complete, for this board, signed by the signer in the record, and not older
//! than any release that was active. In between, the firmware that the boot loader has started changes the record:
//!
//! | firmware | record |
//! |---|---|
//! | staged an update | on trial, started 0 times |
//! | runs on trial and is healthy | settled: the other slot is active, and the newest release is its own |
//! | has reported an update that was rolled back | settled |
//!
//! A start is counted before it happens. So it counts however it ends: a watchdog, a fault, a power cut.

use crate::{Error, Image, Record, State, Target};

/// How often an update is started that does not confirm itself, before it is rolled back.
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

/// What the boot loader has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// What to start, or why nothing can be started.
    pub start: Result<Start<'a>, Error>,
    /// The new state of the record, to be written before the start.
    pub state: Option<State>,
}

/// Decides by the table above.
#[must_use]
pub fn decide<'a>(record: &Record, slots: [&'a [u8]; 2], target: &Target) -> Decision<'a> {
    let (start, state) = match record.state() {
        State::OnTrial { starts } if starts < TRIALS => match tried(slots, target, record) {
            Ok(start) => (Ok(start), Some(State::OnTrial { starts: starts + 1 })),
            Err(_) => (trusted(slots, target, record), Some(State::RolledBack { refused: true })),
        },
        State::OnTrial { .. } => (trusted(slots, target, record), Some(State::RolledBack { refused: false })),
        _ => (trusted(slots, target, record), None),
    };
    Decision { start, state }
}

/// The active image.
fn trusted<'a>(slots: [&'a [u8]; 2], target: &Target, record: &Record) -> Result<Start<'a>, Error> {
    let slot = record.slot();
    let image = Image::open(slots[usize::from(slot == 1)], target)?;
    if image.digest != record.digest() {
        return Err(Error::Other);
    }
    Ok(Start { slot, image, trial: false })
}

/// The image on trial, if it is good.
fn tried<'a>(slots: [&'a [u8]; 2], target: &Target, record: &Record) -> Result<Start<'a>, Error> {
    let slot = 1 - record.slot();
    let image = Image::open(slots[usize::from(slot == 1)], target)?;
    if image.digest != record.trial_digest() {
        return Err(Error::Other);
    }
    if image.header.release < record.newest() {
        return Err(Error::TooOld);
    }
    image.check_signer(&record.signer())?;
    Ok(Start { slot, image, trial: true })
}
