//! What can go wrong in an evaluation.

use std::path::PathBuf;

/// Why an evaluation could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A line of the pairs file is not of the protocol.
    #[error("line {line} of the pairs file: {problem}")]
    Pairs {
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A line of a table of groups is not one.
    #[error("line {line} of the table of groups: {problem}")]
    Groups {
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The measurement needs more than it was given.
    #[error("{0}")]
    TooFew(&'static str),
    /// A network could not be loaded or run.
    #[error("{path}: {problem}")]
    Network {
        /// The network's file.
        path: PathBuf,
        /// What the inference library said.
        problem: String,
    },
    /// The plot could not be drawn.
    #[error("cannot draw {path}: {problem}")]
    Plot {
        /// The picture's file.
        path: PathBuf,
        /// What the plotting library said.
        problem: String,
    },
}
