//! Trains the sequence model of liveness on looks at faces.
//!
//! [`fit`] takes presentations that are told to be attacks or not, finds weights in floating point ([`network`]), sets
//! the threshold where a given share of living people is turned away, and rounds all of it to the
//! integers that host and board compute with ([`liveness::Sequence`]). The threshold is set on presentations whose
//! people the weights were not found on: the people are divided into [`PARTS`], and each part is judged by a network
//! of the others. [`source`] writes the model as the file that is compiled into `liveness`.
//!
//! Everything follows from the presentations, the options and a seed.
#![forbid(unsafe_code)]

mod fit;
mod network;
mod source;

pub use fit::{Fitted, Options, PARTS, Presentation, fit, windows};
pub use source::source;
