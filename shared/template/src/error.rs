//! Why there is no template or no calibration: one flat enum.

/// Why a template or a calibration table was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// An embedding of zeros has no direction, so it has no template.
    #[error("the embedding is zero")]
    ZeroEmbedding,
    /// The dimension is not a power of two from 64 to 512.
    #[error("{0} is not a template dimension (a power of two from 64 to 512)")]
    Dimension(usize),
    /// A calibration table must have rows, and both rate and threshold must rise.
    #[error("the calibration table is empty or does not rise")]
    Calibration,
}
