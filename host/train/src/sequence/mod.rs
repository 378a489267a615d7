//! Trains the sequence model of liveness on samples of faces.
//!
//! 1. [`fit`] takes presentations that are known to be attacks or living heads.
//! 2. It finds weights in floating point (`network`), and the line that makes their logits logarithms of likelihood ratios.
//!    Two bounds follow from the shares of attacks that may be accepted, and of living people that may be refused.
//! 3. It rounds all to the integers that host and board compute with ([`liveness::Sequence`]).
//! 4. [`source()`] writes the model as the file that is compiled into `liveness`.
//!
//! The line is found on people that were not trained on: the people are divided into [`PARTS`] parts, and a network
//! that was trained on the other parts scores each part. Everything follows from the presentations, the options and a seed.

mod fit;
mod network;
mod source;

pub use fit::{Fitted, Options, PARTS, Passed, Presentation, fit, windows};
pub use source::source;
