//! Presentation attack detection over a sequence of frames: is the face a living one?
//!
//! A network scores each frame on its own (`recognizer::Liveness`). This crate keeps the last samples of one
//! face, classifies their motion ([`Motion`]), and fuses both: [`LivenessTracker::observe`] takes a sample
//! and returns a [`Verdict`]. A door that needs more certainty also requests gestures ([`Challenge`]).
//!
//! Invariants:
//! - A verdict that accepts rests on samples of one unbroken track of one face. The tracker is reset by a frame without
//!   a face, by a face that jumps, by a face that the encoder takes for another one (a picture that replaces a
//!   person), by a face that is not seen well for several frames, and by a long pause.
//! - All arithmetic is integer, so host and board reach the same verdicts.
#![no_std]
#![forbid(unsafe_code)]

mod challenge;
mod continuity;
mod features;
mod gesture;
mod motion;
mod order;
mod sample;
mod sequence;
mod tracker;

pub use challenge::{
    Challenge, DONE_MS, EYES_CLOSED_MS, EYES_CLOSED_SAMPLES, FAILED_MS, MAX_TURNED, STEP_MS,
};
pub use continuity::{MIN_SIMILARITY, MIN_SIMILARITY_TO_FIRST};
pub use features::{FEATURES, TRACKS, WINDOW, features};
pub use gesture::Gesture;
pub use motion::{MOTION_SAMPLES, Motion, foreshortening, parallax};
pub use order::{STEPS, order};
pub use sample::Sample;
pub use sequence::{Decision, HIDDEN, INPUT_BITS, INPUT_LIMIT, SEQUENCE, Sequence, WEIGHT_BITS};
pub use tracker::{
    LivenessTracker, MAX_UNUSABLE, MIN_SAMPLES, RejectReason, SAMPLE_THRESHOLD, SINGLE_FRAME_THRESHOLD,
    Verdict, single_frame_verdict,
};
