//! The networks in float: what quantization is measured against.
//!
//! ```text
//! Detector    faces and landmarks of a picture
//! Encoder     the embedding of an aligned face
//! Liveness    the probability that a face is live
//! Network     any network, run at any input size
//! samples     pictures as a network sees them on the device, for the compiler
//! ```
//! The difference between the device's pipeline and this one is the cost of quantization and integer arithmetic.
//! No device runs this code or shares it. The networks run in the compiler's float executor; a test compares it
//! with tract on every published network.
#![forbid(unsafe_code)]

mod align;
mod detector;
mod encoder;
mod error;
mod liveness;
mod network;
#[cfg(feature = "tract")]
mod runtime;
pub mod samples;

pub use align::align;
pub use detector::{Detection, Detector, nearest_centre};
pub use encoder::Encoder;
pub use error::Error;
pub use liveness::Liveness;
pub use network::{Network, Rgb, options};
#[cfg(feature = "tract")]
pub use runtime::Runtime;

/// Short for a result of this crate.
pub type Result<T> = core::result::Result<T, Error>;
