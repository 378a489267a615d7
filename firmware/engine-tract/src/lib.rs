//! Face encoders in float, run by tract: somebody's own ONNX file, unquantized.
//!
//! Such an encoder is a model image of its own kind ([`nn::format::Kind::FloatEncoder`]) with the ONNX file in it. So it is
//! signed, sent, checked and activated as every other image, thresholds lie where they lie in every image, and its identity,
//! to which templates are bound, covers the file and the preprocessing. Its templates are never compared with those of an int8
//! image of the same network.
//!
//! ```text
//! image   writes such an image
//! plan    runs one: pixels of the aligned crop in, embedding as `i16` out
//! plans   those of the last images
//! ```
//! Where the door is built without the feature `tract`, [`Plan::load`] refuses by name ([`Error::NotBuiltIn`]).
//!
//! # Invariants
//! - Floats begin after the aligned crop and end before the template: detection, alignment, quality, liveness, and comparison stay
//!   in integers.
//! - What runs was tried: [`Plan::load`] runs the network once, and refuses an embedding that is not of numbers.
//! - The same program on the same processor gives the same template. Another processor may round floats in another way.
#![forbid(unsafe_code)]

mod error;
pub mod image;
mod plans;

#[cfg(feature = "tract")]
mod plan;
#[cfg(not(feature = "tract"))]
#[path = "no_plan.rs"]
mod plan;

pub use error::Error;
pub use plan::Plan;
pub use plans::Plans;

/// Whether float encoders run here.
pub const IS_BUILT_IN: bool = cfg!(feature = "tract");
