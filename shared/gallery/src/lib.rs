//! Face templates in NOR flash, and their search.
//!
//! A [`Template`] is what the door remembers of a face: a unit vector in int8. Two templates are
//! compared by their [`CosineScore`] (cosine), and the threshold above which they are one person
//! comes from the [`Calibration`] of the encoder that made them, never from a constant. A
//! [`Gallery`] keeps [`Person`]s and their templates in flash, and finds whose face a template is.
//!
//! # Invariants
//! - Templates of different encoders are never compared: [`Error::OtherEncoder`].
//! - What was acknowledged survives a power cut at any instant; what was not is either
//!   there whole or not at all. `gallery` in the source says by which order of writes.
//! - Names and templates lie in flash sealed, by a key of the board and one of the person: a copy is of
//!   no use elsewhere, a change is found, and who was removed is erased with the key ([`Gallery::remove`]).
//! - Flash is waited for, not awaited: a function that awaits is a state machine, and those took 4 KiB of a board.
//! - Everything is integer arithmetic, so that host and board decide alike, bit for bit.
#![no_std]
#![forbid(unsafe_code)]

mod calibration;
mod cosine;
mod error;
mod gallery;
mod load;
mod map;
mod memory;
mod name;
mod partition;
mod record;
mod ring;
mod sealed;
mod search;
mod template;

pub use calibration::{Calibration, CalibrationPoint, Coverage, Threshold};
pub use cosine::CosineScore;
pub use error::Error;
pub use gallery::{Candidate, Gallery, Probe};
pub use map::{Map, MapCache, MapKey, map};
pub use memory::{MAX_PEOPLE, MAX_TEMPLATES, Memory, Person, TEMPLATES_PER_PERSON};
pub use name::{MAX_NAME, Name};
pub use template::{EncoderHash, MAX_DIMENSION, MIN_DIMENSION, Template, TemplateView};
