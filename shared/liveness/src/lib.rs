//! Whether a face that is watched for some pictures is a living one.
//!
//! A network scores each picture by itself (`recognizer::Liveness`). This crate keeps
//! the last looks at one face, finds out how it moves ([`Movement`]), and fuses both: [`Watch::see`] takes a
//! look and returns a [`Verdict`].
//!
//! Invariants:
//! - a verdict that lets somebody pass rests on looks at one face alone: a face that jumps, as where
//!   another person or a picture takes its place, and a long pause begin anew;
//! - only integer arithmetic, so that host and board come to the same verdicts.
#![no_std]
#![forbid(unsafe_code)]

mod look;
mod motion;
mod watch;

pub use look::Look;
pub use motion::{ENOUGH, Movement, foreshortening, parallax};
pub use watch::{Against, NEEDED, NEEDED_EACH, NEEDED_FLAT, NEEDED_SOLID, Verdict, WINDOW, Watch};
