//! What an operator writes: `i8` activations, or `i16` outputs of a network.

/// Values to write, told apart at run time: what takes them is there once, however they are stored. For code that is
/// too large to have for each type, where a value is written after many steps.
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

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Words(values) => values.len(),
        }
    }

    /// Bytes of one.
    pub fn size(&self) -> usize {
        match self {
            Self::Bytes(_) => 1,
            Self::Words(_) => 2,
        }
    }

    /// Where the one at `at` begins; all those behind it are there, too.
    pub fn start(&mut self, at: usize) -> *mut i8 {
        match self {
            Self::Bytes(values) => values[at..].as_mut_ptr(),
            Self::Words(values) => values[at..].as_mut_ptr().cast(),
        }
    }
}

/// A value that an operator can write.
pub trait Element: Copy {
    /// Narrows a value that has been clamped to this type's range.
    fn narrow(value: i32) -> Self;

    /// The values, told apart at run time.
    #[cfg(backend)]
    fn outputs(values: &mut [Self]) -> Outputs<'_>;

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

/// Accumulators as they are, with an [`crate::OutputStage`] that scales by one: for the compiler.
#[cfg(not(backend))]
impl Element for i32 {
    #[inline(always)]
    fn narrow(value: i32) -> Self {
        value
    }
}
