//! Why an image gets no NPU section.

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operator cannot be computed by the NPU with the same bytes.
    #[error("operator {operator} ({name}): {why}; the processor runs it, so leave out --npu")]
    Operator {
        /// Its number in the image.
        operator: usize,
        /// What it is.
        name: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// The compiler is not installed.
    #[error("Arm's compiler Vela is not in {0}; `cargo xtask setup --npu` fetches it")]
    NoVela(String),
    /// Python is not installed.
    #[error("python3 is not there; Arm's compiler Vela is a Python program, so install Python 3")]
    NoPython,
    /// The compiler did not end.
    #[error("Vela did not end within {0} minutes and was stopped")]
    Slow(u64),
    /// The compiler failed.
    #[error("Vela ended with an error: {0}")]
    Vela(String),
    /// What the compiler wrote cannot be read.
    #[error("what Vela wrote cannot be read: {0}")]
    Written(String),
    /// A part of the network would be left to the processor.
    #[error("Vela left {0} operators to the processor; a network here runs as a whole on the NPU")]
    Left(usize),
    /// The checker of [`npu_section`] refuses what the compiler wrote.
    #[error("what Vela wrote is refused: {0}")]
    Section(npu_section::Error),
    /// Files cannot be written or read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
