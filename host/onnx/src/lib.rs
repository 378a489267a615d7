//! ONNX files: read node by node, and written.
//!
//! The compiler, the training and the style transfer read networks through this crate. [`Model`] is a
//! parsed file with its constants as floats. [`Graph`] is the part of it that some values depend on, in
//! running order. A [`Node`] gives its attributes, or decodes itself as a layer ([`layers`]): a convolution,
//! a normalisation, arithmetic with a constant. [`Values`] maps the names of the file to what a reader
//! makes of them. [`Writer`] builds a file.
//!
//! ```text
//! bytes -> Model -> Graph -> Node -> Convolution, Normalization, ... -> the reader's own operators
//! ```
//! The file is read from its protobuf messages ([`proto`]), not from the graph of an inference library: such
//! a graph has already split PReLU into comparisons and moved axes, and an error could not name the node
//! that the author of the network wrote.
//!
//! No function here panics on any input, and nothing here runs a network.
#![forbid(unsafe_code)]

pub mod layers;
pub mod proto;

mod constant;
mod error;
mod evaluate;
mod external;
mod graph;
mod index;
mod integer;
mod model;
mod names;
mod node;
mod padding;
mod quantization;
mod shape;
mod values;
mod window;
mod writer;

pub use constant::{Axis, Constant, Exact};
pub use error::{Error, Problem};
pub use evaluate::permutation;
pub use graph::Graph;
pub use integer::Integer;
pub use layers::{Arithmetic, Convolution, FullyConnected, Normalization};
pub use model::Model;
pub use node::Node;
pub use quantization::Quantization;
pub use shape::broadcast;
pub use values::Values;
pub use window::Window;
pub use writer::{Attribute, Dimension, Writer};
