//! The arena: memory for the activations of a network.

use crate::format::ALIGN;

/// `N` bytes with the alignment that [`crate::Model::run`] requires, for use in a `static`.
#[repr(C, align(16))]
pub struct Arena<const N: usize>(pub [i8; N]);

const _: () = assert!(core::mem::align_of::<Arena<1>>() == ALIGN);

impl<const N: usize> Arena<N> {
    /// A zeroed arena.
    pub const ZERO: Self = Self([0; N]);
}
