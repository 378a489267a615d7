//! What can go wrong in an evaluation.

/// Why an evaluation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line of the pairs file is malformed.
    #[error("line {line} of the pairs file: {problem}")]
    Pairs {
        /// Line number, from 1.
        line: usize,
        /// Why.
        problem: String,
    },
    /// A line of the table of groups is malformed.
    #[error("line {line} of the table of groups: {problem}")]
    Groups {
        /// Line number, from 1.
        line: usize,
        /// Why.
        problem: String,
    },
    /// There are too few pictures or pairs for the measurement.
    #[error("{0}")]
    TooFew(&'static str),
    /// A plot could not be drawn.
    #[error(transparent)]
    Plot(#[from] plots::Error),
}
