//! The classes of the liveness network.

/// What a crop shows; the number of the network's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A living face.
    Live = 0,
    /// A face on paper.
    Print = 1,
    /// A face on a screen.
    Screen = 2,
}
