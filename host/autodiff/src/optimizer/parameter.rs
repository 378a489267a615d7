//! Numbers that training changes.

/// What a parameter is for, which decides what changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Weights of a convolution: changed by the optimiser, with decay.
    Weight,
    /// Bias, gain, offset or slope: changed by the optimiser, without decay.
    Other,
    /// A running statistic: changed by the statistics of the batches.
    Statistic,
}

impl Role {
    /// Whether the optimiser changes it.
    #[must_use]
    pub fn is_optimized(self) -> bool {
        self != Self::Statistic
    }
}

/// A tensor that training changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in an ONNX file.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The numbers.
    pub values: Vec<f32>,
}
