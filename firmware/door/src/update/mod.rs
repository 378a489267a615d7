//! Updates of models and of the firmware: signed images, transferred in chunks into the idle slot.
//!
//! | module | does |
//! |---|---|
//! | `images` | signature, release number, commit |
//! | `transfer` | chunks and checkpoints |
//! | `firmware` | the boot record: staged, on trial, confirmed |
//! | `slots` | active and idle slot of each kind |

mod firmware;
mod images;
mod slots;
mod transfer;

pub(crate) use firmware::FirmwareUpdate;
pub(crate) use images::{Announced, Updates};
pub(crate) use slots::{IdleSlots, split};
