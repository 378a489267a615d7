//! What to start, from the record and the slots.
//!
//! First the newest request of the firmware is carried out ([`Record::carry_out`]). Then:
//!
//! | the record says | the image on trial | started | the record changes to |
//! |---|---|---|---|
//! | on trial, started less than [`TRIALS`] times | is good | the image on trial | one more start |
//! | on trial, started less than [`TRIALS`] times | is not | the active image | rolled back: refused |
//! | on trial, started [`TRIALS`] times | | the active image | rolled back |
//! | anything else, and the active image is good | | the active image | |
//! | anything else, and the active image is not | | the image that was active before, if it is good | fell back: that one is active |
//!
//! An image is good if it is the one that the record names, complete, for this board, and signed by the signer in the
//! record. This is checked at every boot. An image on trial must not be older than any release that was active. If no
//! image is good, nothing is started.
//!
//! An image to fall back to is older than the active one, but was active on this board just before it, and is not older than
//! each release since permits ([`Header::oldest`](crate::Header)). The newest release stays what it was, so no update goes
//! back. In between, the firmware that the boot loader has started makes requests:
//!
//! | firmware | request | record |
//! |---|---|---|
//! | staged an update | try | on trial, started 0 times |
//! | runs on trial and is healthy | confirm | settled: the other slot is active, and the newest release is its own |
//! | has reported an update that was rolled back, or a fallback | settle | settled |
//!
//! A start is counted before it happens. So it counts however it ends: a watchdog, a fault, a power cut.

use crate::{BootMemory, Error, Image, Record, Request, Signed, State, Target};

/// How often an update is started that does not confirm itself, before it is rolled back.
pub const TRIALS: u8 = 3;

/// What to start: an image that was copied to where it runs, and then verified there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The image.
    pub image: Image,
    /// Stack pointer and reset handler, from the verified copy.
    pub vectors: [u32; 2],
    /// Whether it is on trial.
    pub trial: bool,
}

/// What the boot loader has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What to start, or why nothing can be started.
    pub start: Result<Start, Error>,
    /// The record from now on. If it differs from the one before, it must be written before the start.
    pub record: Record,
}

/// Decides by the table above, and copies what is to be started to where it runs.
#[must_use]
pub fn decide(
    before: &Record,
    request: Option<&Request>,
    memory: &mut impl BootMemory,
    target: &Target,
) -> Decision {
    let mut record = before.clone();
    if let Some(request) = request {
        record.carry_out(request);
    }
    if let State::OnTrial { starts } = record.state() {
        let tried = if starts < TRIALS { Some(tried(memory, target, &record)) } else { None };
        match tried {
            Some(Ok(start)) => {
                record.count_start(starts, start.image.header.oldest);
                return Decision { start: Ok(start), record };
            }
            refused => record.set_state(State::RolledBack { refused: refused.is_some() }),
        }
    }
    let mut start = verified(memory, target, record.slot(), &record.active());
    if let (Err(_), Some(older)) = (&start, record.fallback())
        && let Ok(older) = verified(memory, target, 1 - record.slot(), &older)
    {
        record.fall_back();
        start = Ok(older);
    }
    Decision { start, record }
}

/// The image on trial, if it is good.
fn tried(memory: &mut impl BootMemory, target: &Target, record: &Record) -> Result<Start, Error> {
    let image = record.idle();
    if image.release < record.newest() {
        return Err(Error::TooOld);
    }
    Ok(Start { trial: true, ..verified(memory, target, 1 - record.slot(), &image)? })
}

/// The image of a slot, if it is the one that the record names. Nothing of it is copied before its signature was
/// checked.
fn verified(memory: &mut impl BootMemory, target: &Target, slot: u8, named: &Signed) -> Result<Start, Error> {
    let image = Image::open(memory, slot, target)?;
    if image.digest != named.digest || image.header.release != named.release {
        return Err(Error::Other);
    }
    image.check_signer(&named.signer)?;
    Ok(Start { image, vectors: image.copy(memory)?, trial: false })
}
