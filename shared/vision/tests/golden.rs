//! Golden hashes: any change of rounding in the processing of a pixel fails here.
//!
//! The image is computed in integers, so the hashes hold on every machine. If a hash changes on purpose,
//! enrolled templates change as well; the commit must say so.

use sha2::{Digest, Sha256};
use vision::*;

const WIDTH: usize = 320;
const HEIGHT: usize = 240;

/// An image with edges, gradients, texture and saturated colours, but without symmetry.
fn picture() -> Vec<u8> {
    let mut rgb = Vec::new();
    let mut noise = 12_345u32;
    for y in 0..HEIGHT as u32 {
        for x in 0..WIDTH as u32 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = noise >> 28;
            let ring = (x * x + 3 * y * y) >> 9 & 0xff;
            let stripe = if (x / 7 + y / 5).is_multiple_of(3) { 255 } else { 40 };
            rgb.extend([ring as u8, (stripe - grain) as u8, ((x * 2 + y + grain * 4) & 0xff) as u8]);
        }
    }
    rgb
}

fn camera(format: PixelFormat) -> Vec<u8> {
    let mut bytes = vec![0; WIDTH * HEIGHT * 2];
    encode(format, WIDTH, HEIGHT, &picture(), &mut bytes).unwrap();
    bytes
}

fn hash(bytes: impl IntoIterator<Item = u8>) -> String {
    let bytes: Vec<u8> = bytes.into_iter().collect();
    Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn signed(values: &[i8]) -> String {
    hash(values.iter().map(|&value| value as u8))
}

/// A face with its size in proportion to the template, slightly rotated.
fn face(size: i32, x: i32, y: i32) -> Face {
    let landmarks = TEMPLATE.map(|[u, v]| Point {
        x: (u / 100 * size + v / 600 * size) * 1024 / 1000 + x * 1024,
        y: (v / 100 * size - u / 600 * size) * 1024 / 1000 + y * 1024,
    });
    let bounds = Rect { x: x * 1024, y: y * 1024, width: 11 * size * 1024, height: 12 * size * 1024 };
    Face { score: 30_000, bounds, landmarks }
}

#[test]
fn camera_bytes() {
    assert_eq!(hash(camera(PixelFormat::Yuyv)), "c652a0f4847e991e");
    assert_eq!(hash(camera(PixelFormat::Rgb565)), "dd3b3e52ea135592");
}

#[test]
fn network_inputs() {
    let bytes = camera(PixelFormat::Yuyv);
    let frame = Frame::new(PixelFormat::Yuyv, WIDTH, HEIGHT, &bytes).unwrap();
    for (width, height, want) in
        [(320, 256, "fc1287cd2d275bf2"), (160, 128, "794cec131b66bd95"), (224, 192, "5e9e9e50ff350e33")]
    {
        let size = InputSize::new(width, height).unwrap();
        let mut input = vec![0; size.bytes()];
        fill_input(&frame, size, &mut input).unwrap();
        assert_eq!(signed(&input), want, "{width}x{height}");
    }
}

#[test]
fn crops_and_their_quality() {
    for (format, size, want, quality) in [
        (PixelFormat::Yuyv, 8, "860291411867682b", "28 100 0 49 -16 2619 100 55"),
        (PixelFormat::Yuyv, 18, "15baede6b53d6ea5", "64 92 0 49 -16 8364 116 53"),
        (PixelFormat::Rgb565, 12, "ed16f1e078a4a3ac", "42 100 0 49 -16 7144 112 56"),
    ] {
        let bytes = camera(format);
        let frame = Frame::new(format, WIDTH, HEIGHT, &bytes).unwrap();
        let face = face(size, 90, 40);
        let similarity = SimilarityTransform::to_template(&face.landmarks).unwrap();
        let mut crop = [0; CROP_BYTES];
        crop_face(&frame, &similarity, &mut crop);
        assert_eq!(signed(&crop), want, "{format:?} {size}");
        let measured = Quality::measure(&face, &crop, WIDTH, HEIGHT);
        let Quality { eye_distance, visible, yaw, pitch, roll, .. } = measured;
        let Quality { sharpness, brightness, contrast, .. } = measured;
        let measured =
            format!("{eye_distance} {visible} {yaw} {pitch} {roll} {sharpness} {brightness} {contrast}");
        assert_eq!(measured, quality);
    }
}
