//! Whether a face that is watched for some pictures is a living one.
//!
//! A network scores each picture by itself (`recognizer::Liveness`). This crate keeps
//! the last looks at one face, finds out how it moves ([`Motion`]), and fuses both: [`LivenessTracker::observe`] takes a
//! look and returns a [`Verdict`]. A door that needs more asks for movements as well ([`Challenge`]).
//!
//! Invariants:
//! - a verdict that lets somebody pass rests on looks at one face alone: a face that jumps, one that the encoder
//!   takes for another's, as where a picture takes a person's place, and a long pause begin anew;
//! - only integer arithmetic, so that host and board come to the same verdicts.
#![no_std]
#![forbid(unsafe_code)]

mod challenge;
mod features;
mod gesture;
mod motion;
mod order;
mod sample;
mod sequence;
mod tracker;

pub use challenge::{Challenge, DONE_MS, EYES_CLOSED_SAMPLES, FAILED_MS, STEP_MS};
pub use features::{FEATURES, TRACKS, features};
pub use gesture::Gesture;
pub use motion::{MIN_SAMPLES, Motion, foreshortening, parallax};
pub use order::{STEPS, order};
pub use sample::{MIN_SIMILARITY, MIN_SIMILARITY_TO_FIRST, Sample};
pub use sequence::{HIDDEN, INPUT_BITS, INPUT_LIMIT, SEQUENCE, Sequence, WEIGHT_BITS};
pub use tracker::{
    LivenessTracker, RejectReason, SAMPLE_THRESHOLD, SINGLE_FRAME_THRESHOLD, Verdict, WINDOW,
    single_frame_verdict,
};
