//! Why an encoder cannot be made.

/// Why an encoder cannot be made, or changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no ONNX model.
    #[error(transparent)]
    Onnx(#[from] onnx::Error),
    /// A node that cannot be trained.
    #[error("node \"{node}\": {reason}")]
    Untrainable {
        /// Name of the node.
        node: String,
        /// What exactly is missing or wrong.
        reason: String,
    },
    /// The network is no encoder.
    #[error("the network is no encoder of pictures: {0}")]
    NoEncoder(String),
    /// No layer's name begins so.
    #[error("no layer's name begins with \"{prefix}\"; there are {known}")]
    NoLayer {
        /// What was asked for.
        prefix: String,
        /// What there is.
        known: String,
    },
    /// More layers than there are.
    #[error("{asked} layers cannot be frozen of the network's {layers}: the last one must be left to train")]
    TooMany {
        /// Layers that were to be frozen.
        asked: usize,
        /// Layers that there are.
        layers: usize,
    },
    /// A specification that makes no network.
    #[error("no network can be made so: {0}")]
    Specification(String),
}
