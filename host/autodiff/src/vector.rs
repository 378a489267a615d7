//! Loops that are compiled for the vectors of the machine they run on.
//!
//! A closure given to `pulp` is compiled for them only where it happens to be inlined; where it was not,
//! every multiply-add became a call and a step took five times as long. A [`Kernel`] always is.

use pulp::{Arch, Simd, WithSimd};

/// A loop with its data.
pub trait Kernel {
    /// Runs it. It must be `#[inline(always)]`, and so must every function that it calls.
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
