//! Loops that are compiled for the vectors of the machine they run on.
//!
//! A closure given to `pulp` is compiled for them only where it happens to be inlined; where it was not,
//! every multiply-add became a call and a step took five times as long. A [`Kernel`] always is.

use pulp::{Arch, Simd, WithSimd};

/// A loop with what it needs.
pub trait Kernel {
    /// Runs it; must be `#[inline(always)]`, and call nothing that is not.
    fn run(self);
}

struct Compiled<K>(K);

impl<K: Kernel> WithSimd for Compiled<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.0.run();
    }
}

/// Runs `kernel` with the best vectors there are.
pub fn vectorized<K: Kernel>(kernel: K) {
    Arch::new().dispatch(Compiled(kernel));
}
