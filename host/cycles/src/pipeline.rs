//! A pipeline: it says when each of a few blocks ends that run one after the other.

use crate::instruction::Instruction;

/// A block that runs, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Its instructions.
    pub body: &'a [Instruction],
    /// The address of the block after it, if there is one.
    pub next: Option<u32>,
    /// Whether that block begins with an instruction of 32 bits.
    pub next_is_wide: bool,
}

/// A model of a processor.
pub trait Pipeline {
    /// The cycle at which each block ends, without the way to the next one.
    fn ends(&self, steps: &[Step<'_>]) -> Vec<f64>;

    /// The cycles that a block costs more which comes after another one than usual.
    fn surprise(&self) -> f64 {
        0.0
    }
}
