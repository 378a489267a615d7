//! What can be wrong with a stylization.

/// Why a picture cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The network cannot be read, or not run on such a picture.
    #[error(transparent)]
    Network(#[from] autodiff::Error),
    /// The network does not look at colour pictures.
    #[error("the network takes pictures of {0} channels; style transfer needs 3")]
    Channels(usize),
    /// A layer that was not read.
    #[error("\"{0}\" is none of the layers that were read from the network")]
    Layer(String),
    /// A network of the fast mode cannot be read or run.
    #[error("the networks of the fast mode do not work: {0}")]
    Painter(String),
    /// The picture would not fit in memory.
    #[error(
        "a picture of {side} pixels takes {} MB of memory and {} MB are free: {fits} pixels would fit",
        needed >> 20, available >> 20
    )]
    Memory {
        /// The longer side that was asked for.
        side: usize,
        /// Bytes that it takes.
        needed: usize,
        /// Bytes that there are.
        available: usize,
        /// The longer side that fits.
        fits: usize,
    },
    /// No style was given.
    #[error("there is no style: give one picture or more")]
    NoStyle,
}
