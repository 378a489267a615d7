//! Kernels for x86-64, chosen at run time.
//!
//! A processor with AVX-512 VNNI gets kernels of its own for convolutions, dense ([`vnni`]) and
//! depthwise ([`taps`]), which share how sums become outputs ([`stage`]); one with AVX2 for dense ones
//! ([`avx2`]), and for depthwise ones the generic code compiled once more with AVX2, which LLVM
//! vectorises.

mod avx2;
mod conv2d;
mod depthwise_conv2d;
mod stage;
mod taps;
mod vnni;

pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;

/// 32-bit lanes of a register: outputs that are finished together.
const LANES: usize = 16;

type Scales = crate::lanes::Scales<LANES>;

/// Whether the processor has every AVX-512 part that the kernels use.
fn has_vnni() -> bool {
    std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512vl")
        && std::is_x86_feature_detected!("avx512vnni")
}
