//! What a camera, the light and the detector do to a crop, drawn at random; living faces and attacks get the same.

use std::io::Cursor;

use fastrand::Rng;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{DynamicImage, RgbImage};

use super::SEEN;
use super::raster::{Raster, brightness};
use crate::augment::{between, chance, normal};

/// A network's input, of a stored crop.
pub fn seen(crop: &Raster, random: &mut Rng) -> Vec<u8> {
    let mut seen = placed(crop, random);
    if chance(random, 0.9) {
        coloured(&mut seen, random);
    }
    if chance(random, 0.25) {
        seen = seen.blurred(between(random, 0.4, 1.4));
    }
    if chance(random, 0.2) {
        seen = seen.scaled(random.usize(48..90)).scaled(SEEN);
    }
    if chance(random, 0.25) {
        seen = seen.sharpened(between(random, 0.7, 1.5), between(random, 0.3, 1.5));
    }
    if chance(random, 0.35) {
        let grain = between(random, 0.5, 6.0);
        seen.values.iter_mut().for_each(|value| *value += grain * normal(random));
    }
    let bytes = seen.bytes();
    if chance(random, 0.25) { compressed(bytes, random.u8(35..90)) } else { bytes }
}

/// A network's input as the door makes it: all of the crop, nothing drawn.
pub fn plain(crop: &Raster) -> Vec<u8> {
    crop.scaled(SEEN).bytes()
}

/// Mirrored half of the time, turned, nearer or farther, off the middle: what the detector's box is off.
fn placed(crop: &Raster, random: &mut Rng) -> Raster {
    let scale = between(random, 0.8, 1.06) * crop.side as f32 / SEEN as f32;
    let stretch = (0.05 * normal(random)).exp();
    let (sine, cosine) = between(random, -0.14, 0.14).sin_cos();
    let mirror = if chance(random, 0.5) { -1.0 } else { 1.0 };
    let middle = crop.side as f32 / 2.0 - 0.5;
    let off = crop.side as f32 / 32.0;
    let shift = [0, 1].map(|_| middle + off * normal(random));
    let centre = SEEN as f32 / 2.0 - 0.5;
    crop.warped(SEEN, |x, y| {
        let (x, y) = (mirror * (x - centre) * scale * stretch, (y - centre) * scale / stretch);
        [cosine * x - sine * y + shift[0], sine * x + cosine * y + shift[1]]
    })
}

/// Exposure, contrast, the camera's curve, saturation, white balance, and a lamp at one side.
fn coloured(picture: &mut Raster, random: &mut Rng) {
    let curve = (0.35 * normal(random)).exp();
    let contrast = (0.25 * normal(random)).exp();
    let exposure = 128.0 + 20.0 * normal(random);
    let saturation = if chance(random, 0.08) { 0.0 } else { (0.3 * normal(random)).exp() };
    let balance: [f32; 3] = std::array::from_fn(|_| (0.1 * normal(random)).exp());
    let lamp = if chance(random, 0.3) { between(random, -0.5, 0.5) } else { 0.0 };
    let across = chance(random, 0.6);
    let side = picture.side as f32;
    picture.each(|x, y, color| {
        let lit = 1.0 + lamp * (2.0 * (if across { x } else { y }) / side - 1.0);
        let bent = color.map(|value| {
            (255.0 * (value.clamp(0.0, 255.0) / 255.0).powf(curve) - 128.0) * contrast + exposure
        });
        let grey = brightness(bent);
        std::array::from_fn(|c| (grey + saturation * (bent[c] - grey)) * balance[c] * lit)
    });
    picture.saturate();
}

/// What JPEG of this quality leaves.
fn compressed(bytes: Vec<u8>, quality: u8) -> Vec<u8> {
    let Some(picture) = RgbImage::from_raw(SEEN as u32, SEEN as u32, bytes.clone()) else { return bytes };
    let mut file = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut file, quality).encode_image(&picture);
    let decoded = encoded.and_then(|()| DynamicImage::from_decoder(JpegDecoder::new(Cursor::new(file))?));
    // The codec cannot fail on a face; if it did, the face as it was is as good.
    decoded.map_or(bytes, |decoded| decoded.into_rgb8().into_raw())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::{STORED, STORED_BYTES};

    #[test]
    fn a_seed_gives_the_same_picture_and_the_door_sees_all_of_the_crop() {
        let mut crop = Raster::of(&[120; STORED_BYTES]);
        crop.each(|x, y, _| [x, y, 90.0]);
        for seed in 0..30 {
            let varied = |seed| seen(&crop, &mut Rng::with_seed(seed));
            assert_eq!(varied(seed).len(), SEEN * SEEN * 3);
            assert_eq!(varied(seed), varied(seed));
            assert_ne!(varied(seed), varied(seed + 1));
        }
        let plain = plain(&crop);
        let last = plain.len() - 3;
        assert!(plain[0] <= 1 && usize::from(plain[last]) >= STORED - 2, "{} {}", plain[0], plain[last]);
    }
}
