//! Why a stream cannot be computed here.

/// Most bytes of the scratch, and most values of a feature map or a filter.
pub(crate) const MOST: usize = 1 << 26;

/// Why a stream cannot be computed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The checker refuses the section.
    #[error(transparent)]
    Section(#[from] npu_section::Error),
    /// A register that an operator needs was not set.
    #[error("register {0:#x} is not set")]
    NotSet(u16),
    /// An operator that the model does not have.
    #[error("the model has no operator {0:#x} with parameter {1}")]
    Operator(u16, u16),
    /// A value of a register that the model does not have.
    #[error("the model does not know the value {1:#x} of register {0:#x}")]
    Value(u16, u64),
    /// A memory is shorter than the section says.
    #[error("an address is outside of its memory")]
    Outside,
    /// A memory or a feature map is larger than the model computes.
    #[error("the model computes at most {MOST} bytes of scratch and {MOST} values of a feature map")]
    TooLarge,
    /// The encoded weights are none.
    #[error("the weights do not decode: {0}")]
    Weights(&'static str),
    /// The input has another length.
    #[error("the input has {given} bytes, the network takes {needed}")]
    Input {
        /// Bytes that are needed.
        needed: usize,
        /// Bytes that were given.
        given: usize,
    },
}
