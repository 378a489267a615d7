//! Why a file, or a node of it, cannot be read.

use std::fmt;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no protobuf message of this kind.
    #[error("not an ONNX model")]
    Message(#[from] prost::DecodeError),
    /// The file of the network, or of its weights, cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The message has no graph.
    #[error("not an ONNX model: it holds no graph")]
    NoGraph,
    /// Two values have one name.
    #[error(
        "the ONNX model gives the name \"{name}\" twice: to {first} and to {second}; each value needs its own name"
    )]
    Twice {
        /// The name.
        name: String,
        /// What has it.
        first: &'static str,
        /// What has it as well.
        second: &'static str,
    },
    /// The operators are of a later version of ONNX.
    #[error(
        "the ONNX model is for opset {version}; opset {newest} is the newest that is known here, so export it for that"
    )]
    Opset {
        /// That of the file.
        version: i64,
        /// The newest that this crate knows.
        newest: i64,
    },
    /// There is no input, or more than one.
    #[error("the ONNX model has {0} inputs; it needs exactly one")]
    Inputs(usize),
    /// The input has another type.
    #[error("input \"{0}\" of the ONNX model is not a tensor")]
    NoTensor(String),
    /// The input has numbers of another type.
    #[error("input \"{0}\" of the ONNX model holds numbers of type {1:?}, not floats")]
    NoFloats(String, crate::proto::DataType),
    /// A constant cannot be read.
    #[error("constant \"{name}\" of the ONNX model: {reason}")]
    Constant {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// Why a node cannot be decoded as a layer. Readers add the node's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The file contradicts itself or ONNX.
    Invalid(String),
    /// The file is sound, but no reader here takes this form of the operator.
    Unsupported(String),
}

impl Problem {
    /// The file contradicts itself or ONNX.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    /// No reader takes this.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Invalid(reason) | Self::Unsupported(reason)) = self;
        f.write_str(reason)
    }
}
