//! What an operator writes: `i8` activations, or `i16` outputs of a network.

/// A value that an operator can write.
pub trait Element: Copy {
    /// Narrows a value that has been clamped to this type's range.
    fn narrow(value: i32) -> Self;

    /// The values as bytes where they are bytes, for kernels that write nothing else.
    fn bytes_mut(_values: &mut [Self]) -> Option<&mut [i8]> {
        None
    }
}

impl Element for i8 {
    #[inline(always)]
    fn narrow(value: i32) -> Self {
        value as i8
    }

    fn bytes_mut(values: &mut [Self]) -> Option<&mut [i8]> {
        Some(values)
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
