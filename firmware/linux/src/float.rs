//! Float encoders, by tract, if the door is built with it. One over which tract panics is refused, and the one of before stays.

use door::{Fault, FloatRuntime};
use engine_tract::Plans;
use nn::Model;

use crate::guard::guarded;

/// What runs float encoders.
#[derive(Debug, Default)]
pub struct Float(Plans);

impl FloatRuntime for Float {
    const IS_THERE: bool = true;

    fn load(&mut self, model: &Model<'_>) -> Result<(), Fault> {
        or_panicked(|| self.0.load(model).map_err(Fault::new))
    }

    fn run(&mut self, model: &Model<'_>, arena: &mut [i8]) -> Result<(), Fault> {
        or_panicked(|| self.0.run(model, arena).map_err(Fault::new))
    }
}

/// What `work` gives, or that it panicked.
fn or_panicked(work: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    guarded(work).unwrap_or_else(|| Err(Fault::new("tract panicked over it")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_over_which_tract_panics_is_refused() {
        assert!(or_panicked(|| Ok(())).is_ok());
        let refused = or_panicked(|| panic!("an operator that tract does not expect"));
        assert_eq!(
            refused.err().map(|Fault(why)| why.to_string()).as_deref(),
            Some("tract panicked over it")
        );
    }
}
