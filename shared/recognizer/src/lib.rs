//! From a camera frame to a face template: detect, align, judge, encode.
//!
//! A [`Recognizer`] joins two networks, a face detector and a face encoder, with the integer
//! arithmetic of `vision` between them. The host runs this very code when it measures accuracy, so
//! what it measures is what the door does.
//!
//! [`Liveness`] is a third network, which tells a face from a picture of one.
//!
//! Everything about the two networks is checked by [`Recognizer::new`]. After that only an arena
//! that is too small, or a face whose landmarks make no sense, can be an error. One arena serves both
//! networks, one after the other. Only an [`Aligned`] face, which borrows it, lives in it between two calls.
#![no_std]
#![forbid(unsafe_code)]

mod aligned;
mod error;
mod heads;
mod liveness;
mod recognizer;

pub use aligned::Aligned;
pub use error::{Error, Network};
pub use liveness::Liveness;
pub use recognizer::{CROP_SIZES, DEFAULT_MIN_SCORE, Recognizer};
