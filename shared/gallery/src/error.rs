//! What can go wrong with templates and the gallery: one flat enum.

/// Why a template or the gallery refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// An embedding of zeros has no direction, so no template.
    #[error("the embedding is zero")]
    ZeroEmbedding,
    /// The dimension is no power of two in 64..=512.
    #[error("{0} is not a template dimension (a power of two from 64 to 512)")]
    Dimension(usize),
    /// A calibration table must not be empty, and must rise in rate and in threshold.
    #[error("the calibration table is empty or does not rise")]
    Calibration,
}
