//! What can be wrong with a stylization.

/// Why a picture cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The network cannot be read, or not run on such a picture.
    #[error(transparent)]
    Network(#[from] grad::Error),
    /// The network does not look at colour pictures.
    #[error("the network takes pictures of {0} channels; style transfer needs 3")]
    Channels(usize),
    /// A layer that was not read.
    #[error("\"{0}\" is none of the layers that were read from the network")]
    Layer(String),
    /// No style was given.
    #[error("there is no style: give one picture or more")]
    NoStyle,
}
