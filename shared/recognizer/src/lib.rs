//! From a camera frame to a face template: detect, align, assess quality, encode.
//!
//! A [`Recognizer`] combines two networks, a face detector and a face encoder, with the integer arithmetic of
//! `vision` between them. The host runs the same code when it measures accuracy, so its figures hold for the
//! door.
//!
//! [`Liveness`] is a third network, which scores a face for presentation attack detection.
//!
//! [`Recognizer::new`] checks both networks completely. After that only a small arena or a face with invalid
//! landmarks is an error. Both networks use the same arena, one after the other. Nothing is stored in it
//! between two calls except an [`Aligned`] face, which borrows it.
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
pub use recognizer::{CROP_SIZES, DEFAULT_MIN_SCORE, Recognizer, WHOLE_EVERY, check};
