//! Kernels for x86-64, selected at run time.
//!
//! With AVX-512 VNNI there are kernels for dense ([`vnni`]) and depthwise ([`taps`]) convolutions, which
//! share the output stage ([`stage`]). With AVX2 alone there is one for each, too ([`avx2`], [`pairs`]).

mod avx2;
mod conv2d;
mod depthwise_conv2d;
mod pairs;
mod stage;
mod taps;
#[cfg(test)]
mod tests;
mod vnni;

pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;

/// 32-bit lanes per register: outputs that are computed together.
const LANES: usize = 16;

type Scales = crate::lanes::Scales<LANES>;

/// Whether the processor has all AVX-512 extensions that the kernels use.
fn has_vnni() -> bool {
    std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512vl")
        && std::is_x86_feature_detected!("avx512vnni")
}
