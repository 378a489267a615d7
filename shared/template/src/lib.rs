//! Face templates and how alike two of them are.
//!
//! A [`Template`] is what the door keeps of a face: a unit vector in int8. Two templates are compared by
//! their [`CosineScore`]. The score from which they count as one person comes from the [`Calibration`] of
//! the encoder that made them, never from a constant.
//!
//! # Invariants
//! - Everything is integer arithmetic, so that host and board give the same bits.
//! - A template's dimension is a power of two from 64 to 512.
//! - A template belongs to one encoder ([`EncoderHash`]). Whoever stores templates checks that.
#![no_std]
#![forbid(unsafe_code)]

mod calibration;
mod cosine;
mod error;
mod template;

pub use calibration::{Basis, Calibration, CalibrationPoint, Threshold};
pub use cosine::CosineScore;
pub use error::Error;
pub use template::{EncoderHash, MAX_DIMENSION, MIN_DIMENSION, Template, TemplateView};
