//! What runs an encoder in float: a board may have it or not.
//!
//! The pipeline stays in integers. A float encoder gets the pixels of the aligned crop, and its embedding comes back as `i16`, of
//! which a template is made as of any other.

use nn::Model;

use super::engine::Fault;

/// Runs float encoders, whose images [`Model::run`] refuses.
pub trait FloatRuntime {
    /// `false` if it runs none: then the code for it is left out.
    const IS_THERE: bool;

    /// Prepares a network and checks that it runs. Those of the last images are kept.
    ///
    /// # Errors
    /// A [`Fault`] that says why it cannot be used.
    fn load(&mut self, model: &Model<'_>) -> Result<(), Fault>;

    /// Runs a network that was loaded on the input in `arena`, and writes its output there.
    ///
    /// # Errors
    /// A [`Fault`] if it was not loaded, or if its embedding is not of numbers.
    fn run(&mut self, model: &Model<'_>, arena: &mut [i8]) -> Result<(), Fault>;
}

/// Of a board without floats.
impl FloatRuntime for () {
    const IS_THERE: bool = false;

    fn load(&mut self, _: &Model<'_>) -> Result<(), Fault> {
        Err(Fault::new(nn::Error::Float))
    }

    fn run(&mut self, _: &Model<'_>, _: &mut [i8]) -> Result<(), Fault> {
        Err(Fault::new(nn::Error::Float))
    }
}
