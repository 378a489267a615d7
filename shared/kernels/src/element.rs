//! What an operator writes: `i8` activations, or `i16` outputs of a network.

/// A value that an operator can write.
pub trait Element: Copy {
    /// Narrows a value that has been clamped to this type's range.
    fn narrow(value: i32) -> Self;
}

impl Element for i8 {
    #[inline(always)]
    fn narrow(value: i32) -> Self {
        value as i8
    }
}

impl Element for i16 {
    #[inline(always)]
    fn narrow(value: i32) -> Self {
        value as i16
    }
}

/// Accumulators as they are, with an [`crate::OutputStage`] that scales by one: for the compiler.
impl Element for i32 {
    #[inline(always)]
    fn narrow(value: i32) -> Self {
        value
    }
}
