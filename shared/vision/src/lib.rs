//! Integer image operations: pixels, network input, detector decoding, alignment, quality.
//!
//! This crate contains all processing between a camera frame and a network, and between a network and a
//! decision. All arithmetic is integer, so host and board compute the same bytes, and an accuracy measured on
//! one holds for the other.
//!
//! Invariants:
//! - No function allocates, panics, or reads outside the given buffers, on any input.
//! - Pixel coordinates are [`Point`]s in 1/1024 pixel; `(0, 0)` is the *centre* of the top left pixel (the
//!   convention of OpenCV's `warpAffine`, with which the encoders were trained).
//! - The input of a network is NHWC, RGB, `i8 = u8 - 128`.
//!
//! Data flow: [`Frame`] → [`fill_input`] → detector network → [`Decoder::decode`] →
//! [`SimilarityTransform::to_template`] → [`crop_face`] → encoder network. The crop also feeds the quality
//! gate ([`Quality::measure`]) and the openness of the eyes ([`openness`]). [`crop_surroundings`] makes the
//! input of the liveness network. A [`Picture`] is larger than a frame, and
//! becomes one. [`Near`] is the part of a frame in which a face is followed, [`Backdrop`] tells that the scene
//! is still an empty one, and [`Thumbnail`] that an aligned face is still the same.
#![no_std]
#![forbid(unsafe_code)]

mod align;
mod backdrop;
mod color;
mod crop;
mod decode;
mod encode;
mod error;
mod eyes;
mod face;
mod fixed;
mod frame;
mod input;
mod near;
mod picture;
mod quality;
mod suppress;
mod surroundings;
mod thumbnail;
mod verdict;

pub use align::{CROP_SIZE, SimilarityTransform, TEMPLATE};
pub use backdrop::Backdrop;
pub use color::{luma, rgb_to_rgb565, rgb_to_yuv, rgb565_to_rgb, yuv_to_rgb};
pub use crop::{CROP_BYTES, crop_face};
pub use decode::{Decoder, HEADS, HeadShape, HeadValues, STRIDES};
pub use encode::encode;
pub use error::Error;
pub use eyes::openness;
pub use face::{Face, Faces, Landmark, MAX_FACES, Point, Rect, SUBPIXEL_BITS, largest};
pub use fixed::{Q15_ONE, exp_q, sigmoid_q15};
pub use frame::{Frame, PixelFormat};
pub use input::{InputSize, Placement, fill_input};
pub use near::Near;
pub use picture::{CloseUp, Layout, Part, Picture, View};
pub use quality::Quality;
pub use surroundings::{Surroundings, crop_surroundings};
pub use thumbnail::{THUMBNAIL, Thumbnail};
pub use verdict::{FULL_BRIGHTNESS, Flaw, Limits, Verdict};

/// Largest width of a camera frame, in pixels.
pub const MAX_WIDTH: usize = 320;

/// Largest height of a camera frame, in pixels.
pub const MAX_HEIGHT: usize = 256;
