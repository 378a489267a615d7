//! The memory in which a network's activations live.

use crate::format::ALIGN;

/// `N` bytes with the alignment that [`crate::Model::run`] asks for; made for a `static`.
#[repr(C, align(16))]
pub struct Arena<const N: usize>(pub [i8; N]);

const _: () = assert!(core::mem::align_of::<Arena<1>>() == ALIGN);

impl<const N: usize> Arena<N> {
    /// An arena of zeros.
    pub const ZERO: Self = Self([0; N]);
}
