//! Why a network cannot be compiled.

/// Why a network cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not an ONNX model.
    #[error(transparent)]
    Parse(#[from] onnx::Error),
    /// An operator that the engine does not have.
    #[error("node \"{node}\": operator {operator} on {shape} is not supported: {reason}")]
    Unsupported {
        /// Name of the node, or of its first output.
        node: String,
        /// ONNX operator.
        operator: String,
        /// Shape of its first input.
        shape: String,
        /// What exactly is missing.
        reason: String,
    },
    /// The graph is not sound.
    #[error("node \"{node}\": {reason}")]
    Invalid {
        /// Name of the node.
        node: String,
        /// What is wrong.
        reason: String,
    },
    /// No picture to calibrate with.
    #[error("no sample pictures: ranges of activations cannot be found (--calibrate FOLDER)")]
    NoSamples,
    /// A sample of the wrong size.
    #[error("a sample has {found} bytes, the network's input {expected}")]
    Sample {
        /// Bytes of the input.
        expected: usize,
        /// Bytes of the sample.
        found: usize,
    },
    /// A number does not fit the format.
    #[error("{0} does not fit the model image")]
    TooLarge(String),
    /// An operator of the image that was written is refused by the engine.
    #[error("node \"{node}\": the engine refuses the operator that it became; please report this network")]
    Operator {
        /// Name of the operator's output.
        node: String,
        /// What the engine says.
        source: nn::Error,
    },
    /// The image that was written is refused by the engine: a fault of the compiler.
    #[error("the compiled image is refused: {0}; please report this network")]
    Refused(nn::Error),
}
