//! Why a float encoder is refused.

/// Why a float encoder does not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The program has no tract.
    #[error("a float encoder, and tract is not built in")]
    NotBuiltIn,
    /// The image is one of int8.
    #[error("no float encoder")]
    NotFloat,
    /// The image's own numbers contradict each other.
    #[error("inconsistent: {0}")]
    Inconsistent(&'static str),
    /// The file is no ONNX network.
    #[error("no ONNX network: {0}")]
    Onnx(String),
    /// An operator that tract has not.
    #[error("tract lacks the operator {operator}")]
    Operator {
        /// The operator.
        operator: String,
    },
    /// tract cannot prepare the network.
    #[error("tract refuses it: {0}")]
    Refused(String),
    /// The input is not that of a face encoder.
    #[error("its input is {found}, not 1x3x{side}x{side}")]
    Input {
        /// What the file says.
        found: String,
        /// The side in pixels.
        side: usize,
    },
    /// It has none or more than one.
    #[error("it has {found} outputs, not one embedding")]
    Outputs {
        /// Outputs that it has.
        found: usize,
    },
    /// The output has another length.
    #[error("it gives {found} values, not 64, 128, 256, 512")]
    Output {
        /// Values that it gives.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("its embedding has NaN or infinite values")]
    NotANumber,
    /// All values are zero.
    #[error("its embedding is all zeros")]
    Zeros,
    /// It was not loaded.
    #[error("not loaded")]
    NotLoaded,
    /// The arena is too short.
    #[error("the arena is too short")]
    Arena,
    /// A number does not fit the format.
    #[error("too large for an image: {0}")]
    TooLarge(&'static str),
}
