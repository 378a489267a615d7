//! Kernels for x86-64, chosen at run time.
//!
//! A processor with AVX-512 VNNI gets the matrix kernel of [`vnni`] for dense convolutions; the
//! rest is the generic code compiled once more with AVX-512 or AVX2, which LLVM vectorises.

mod conv2d;
mod depthwise_conv2d;
mod vnni;

pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;

/// Whether the processor has every AVX-512 part that the kernels use.
fn has_avx512() -> bool {
    std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512vl")
}
