//! What can be wrong with a network, or with a picture for it.

/// Why a network cannot be read or run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no ONNX model.
    #[error(transparent)]
    Onnx(#[from] onnx::Error),
    /// A node that a layer depends on cannot be done here.
    #[error("node \"{node}\": {reason}")]
    Unsupported {
        /// Name of the node.
        node: String,
        /// What exactly is missing or wrong.
        reason: String,
    },
    /// No node has this name.
    #[error("the network has no layer \"{name}\"; it has {known}")]
    NoLayer {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The picture shrinks to nothing on the way.
    #[error("a picture of {width}x{height} pixels is too small for the network")]
    TooSmall {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
}
