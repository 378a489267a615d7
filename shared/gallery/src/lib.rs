//! People and their face templates in NOR flash, and the search through them.
//!
//! A [`Gallery`] keeps [`Person`]s and their templates in flash, and finds the person whose template is
//! nearest to a probe. What a template is, and from which score two of them count as one person, is in the
//! crate `template`.
//!
//! A gallery is in one [`Volume`] of flash or in several, see the module `volume`.
//!
//! # Invariants
//! - Templates of different encoders are never compared: [`Error::OtherEncoder`].
//! - A change that was acknowledged survives a power cut at any instant. A change that was not acknowledged
//!   is there completely or not at all. The module `gallery` lists the order of the writes.
//! - Names and templates are sealed in flash, by a key of the board and one of the person. A copy cannot be
//!   read elsewhere, a change is found, and the removal of a person erases the key ([`Gallery::remove`]).
//! - Functions block on flash. An async function is a state machine, and those cost 4 KiB of code on a board.
//! - Everything is integer arithmetic, so that host and board give the same bits.
#![no_std]
#![forbid(unsafe_code)]

mod error;
mod gallery;
mod key_journal;
mod load;
mod memory;
mod name;
mod place;
mod record;
mod sealed;
mod search;
mod volume;

pub use error::Error;
pub use gallery::{Gallery, Probe};
pub use memory::{MAX_PEOPLE, MAX_TEMPLATES, Memory, Person, Room, TEMPLATES_PER_PERSON};
pub use name::{MAX_NAME, Name};
pub use search::Candidate;
pub use volume::Volume;
