//! Whether a face that is watched for some pictures is a living one.
//!
//! A network scores each picture by itself (`recognizer::Liveness`). This crate keeps
//! the last looks at one face, finds out how it moves ([`Movement`]), and fuses both: [`Watch::see`] takes a
//! look and returns a [`Verdict`]. A door that needs more asks for movements as well ([`Challenge`]).
//!
//! Invariants:
//! - a verdict that lets somebody pass rests on looks at one face alone: a face that jumps, one that the encoder
//!   takes for another's, as where a picture takes a person's place, and a long pause begin anew;
//! - only integer arithmetic, so that host and board come to the same verdicts.
#![no_std]
#![forbid(unsafe_code)]

mod challenge;
mod gesture;
mod look;
mod motion;
mod order;
mod sequence;
mod track;
mod watch;

pub use challenge::{Challenge, DONE_MS, FAILED_MS, SHUT, STEP_MS};
pub use gesture::Gesture;
pub use look::{Look, SAME, SAME_AS_FIRST};
pub use motion::{ENOUGH, Movement, foreshortening, parallax};
pub use order::{STEPS, order};
pub use sequence::{HIDDEN, INPUT_BITS, INPUT_LIMIT, SEQUENCE, Sequence, WEIGHT_BITS};
pub use track::{FEATURES, TRACKS, features};
pub use watch::{Against, NEEDED_ALONE, NEEDED_EACH, Verdict, WINDOW, Watch, at_once};
