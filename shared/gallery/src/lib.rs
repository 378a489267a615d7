//! Face templates in NOR flash, and their search.
//!
//! A [`Template`] is what the door remembers of a face: a unit vector in int8. Two templates are
//! compared by their [`Similarity`] (cosine), and the threshold above which they are one person
//! comes from the [`Calibration`] of the encoder that made them, never from a constant.
//!
//! Everything is integer arithmetic, so that host and board decide alike, bit for bit.
#![no_std]
#![forbid(unsafe_code)]

mod calibration;
mod error;
mod similarity;
mod template;

pub use calibration::{Calibration, CalibrationPoint, Coverage, Threshold};
pub use error::Error;
pub use similarity::Similarity;
pub use template::{EncoderHash, MAX_DIMENSION, MIN_DIMENSION, Template, TemplateView};
