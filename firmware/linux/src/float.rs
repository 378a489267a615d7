//! Float encoders, by tract, if the door is built with it.

use door::{Fault, FloatRuntime};
use engine_tract::Plans;
use nn::Model;

/// What runs float encoders.
#[derive(Debug, Default)]
pub struct Float(Plans);

impl FloatRuntime for Float {
    const IS_THERE: bool = true;

    fn load(&mut self, model: &Model<'_>) -> Result<(), Fault> {
        self.0.load(model).map_err(Fault::new)
    }

    fn run(&mut self, model: &Model<'_>, arena: &mut [i8]) -> Result<(), Fault> {
        self.0.run(model, arena).map_err(Fault::new)
    }
}
