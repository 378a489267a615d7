//! What lenses, sensors and codecs take away.

use std::io::Cursor;

use image::DynamicImage;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::imageops::{self, FilterType};

use super::{between, image, normal};
use crate::SIDE;

/// Out of focus, or moved.
pub(super) fn blurred(face: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    imageops::fast_blur(&image(face.to_vec()), between(random, 0.5, 2.2)).into_raw()
}

/// Of few pixels, like a face far from the camera.
pub(super) fn far_away(face: Vec<u8>, random: &mut fastrand::Rng) -> Vec<u8> {
    let side = random.u32(28..80);
    let small = imageops::resize(&image(face), side, side, FilterType::Triangle);
    imageops::resize(&small, SIDE as u32, SIDE as u32, FilterType::Triangle).into_raw()
}

/// The noise of a sensor.
pub(super) fn noise(face: &mut [u8], random: &mut fastrand::Rng) {
    let grain = between(random, 2.0, 12.0);
    for value in face {
        *value = (f32::from(*value) + grain * normal(random)).clamp(0.0, 255.0) as u8;
    }
}

/// What JPEG of a low quality leaves.
pub(super) fn compressed(face: Vec<u8>, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    let quality = random.u8(25..80);
    let encoded = JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&image(face.clone()));
    let decoded = encoded.and_then(|()| DynamicImage::from_decoder(JpegDecoder::new(Cursor::new(bytes))?));
    // The codec cannot fail on a face; if it did, the face as it was is as good.
    decoded.map_or(face, |decoded| decoded.into_rgb8().into_raw())
}
