//! Dot product of two int8 vectors.

/// The sum of the products of `a` and `b`, over the shorter of the two.
///
/// Up to 131,072 values cannot overflow. This plain loop is what LLVM compiles to `vmlava.s8`
/// under a tail-predicated hardware loop on a Cortex-M55.
#[inline(always)]
pub fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}
