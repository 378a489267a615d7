//! Output types of operators: `i8` activations, or `i16` outputs of a network.

/// Output values whose type is known at run time only. Code that takes them is compiled once for both types.
/// It serves large functions that compute much per written value.
#[cfg(backend)]
pub enum Outputs<'o> {
    /// Activations.
    Bytes(&'o mut [i8]),
    /// Outputs of a network.
    Words(&'o mut [i16]),
}

#[cfg(backend)]
#[allow(dead_code, reason = "not every backend is short of room for code")]
impl Outputs<'_> {
    /// Writes a value that has been clamped to the type's range.
    pub fn put(&mut self, at: usize, value: i32) {
        match self {
            Self::Bytes(values) => values[at] = value as i8,
            Self::Words(values) => values[at] = value as i16,
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Words(values) => values.len(),
        }
    }

    /// Bytes per value.
    pub fn size(&self) -> usize {
        match self {
            Self::Bytes(_) => 1,
            Self::Words(_) => 2,
        }
    }

    /// Pointer to the value at `at`; it is valid for all values after it, too.
    pub fn start(&mut self, at: usize) -> *mut i8 {
        match self {
            Self::Bytes(values) => values[at..].as_mut_ptr(),
            Self::Words(values) => values[at..].as_mut_ptr().cast(),
        }
    }
}

/// An output type of an operator.
pub trait Element: Copy {
    /// Narrows a value that has been clamped to this type's range.
    fn narrow(value: i32) -> Self;

    /// The values with their type known at run time.
    #[cfg(backend)]
    fn outputs(values: &mut [Self]) -> Outputs<'_>;

    /// The values as bytes if the type is `i8`, for kernels that write only bytes.
    fn bytes_mut(_values: &mut [Self]) -> Option<&mut [i8]> {
        None
    }
}

impl Element for i8 {
    #[inline(always)]
    fn narrow(value: i32) -> Self {
        value as i8
    }

    #[cfg(backend)]
    fn outputs(values: &mut [Self]) -> Outputs<'_> {
        Outputs::Bytes(values)
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

    #[cfg(backend)]
    fn outputs(values: &mut [Self]) -> Outputs<'_> {
        Outputs::Words(values)
    }
}

/// Raw accumulators, with an [`crate::OutputStage`] that scales by one; for the model compiler.
#[cfg(not(backend))]
impl Element for i32 {
    #[inline(always)]
    fn narrow(value: i32) -> Self {
        value
    }
}
