//! Dot product of two int8 vectors.

/// The dot product of `a` and `b`, over the length of the shorter one.
///
/// It cannot overflow for up to 131,072 values. On a Cortex-M55, LLVM compiles this plain loop to `vmlava.s8`
/// in a tail-predicated hardware loop.
#[inline(always)]
pub fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}
