//! Alignment and crops, compared with `f64` arithmetic.

use proptest::prelude::*;
use vision::{
    CROP_BYTES, CROP_SIZE, Error, Frame, PixelFormat, Point, SimilarityTransform, TEMPLATE, crop_face,
};

const UNIT: f64 = 1024.0;

/// The transform from crop to frame by the closed form in `f64`: a, b, x0, y0 in pixels.
fn exact(landmarks: &[Point; 5]) -> [f64; 4] {
    let source = landmarks.map(|p| [f64::from(p.x) / UNIT, f64::from(p.y) / UNIT]);
    let target = TEMPLATE.map(|p| p.map(|v| f64::from(v) / 10_000.0));
    let mean = |points: &[[f64; 2]; 5]| [0, 1].map(|i| points.iter().map(|p| p[i]).sum::<f64>() / 5.0);
    let (ms, mt) = (mean(&source), mean(&target));
    let (mut n, mut p, mut q) = (0.0, 0.0, 0.0);
    for (s, t) in source.iter().zip(&target) {
        let (sx, sy, tx, ty) = (s[0] - ms[0], s[1] - ms[1], t[0] - mt[0], t[1] - mt[1]);
        n += sx * sx + sy * sy;
        p += sx * tx + sy * ty;
        q += sx * ty - sy * tx;
    }
    let (a, b) = (n * p / (p * p + q * q), n * q / (p * p + q * q));
    [a, b, ms[0] - a * mt[0] - b * mt[1], ms[1] - a * mt[1] + b * mt[0]]
}

/// The template rotated by `angle`, scaled by `scale` and moved to `(x, y)`, with an offset `off` per point.
fn landmarks(scale: f64, angle: f64, x: f64, y: f64, off: [f64; 10]) -> [Point; 5] {
    core::array::from_fn(|i| {
        let [u, v] = TEMPLATE[i].map(|v| f64::from(v) / 10_000.0 - 56.0);
        let (sine, cosine) = angle.sin_cos();
        let px = scale * (cosine * u - sine * v + off[2 * i]) + x;
        let py = scale * (sine * u + cosine * v + off[2 * i + 1]) + y;
        Point { x: (px * UNIT) as i32, y: (py * UNIT) as i32 }
    })
}

proptest! {
    #[test]
    fn positions_are_exact_to_a_hundredth_of_a_pixel(
        scale in 0.2f64..4.0, angle in -3.1f64..3.1, x in -50.0f64..370.0, y in -50.0f64..300.0,
        off in prop::array::uniform10(-6.0f64..6.0),
    ) {
        let landmarks = landmarks(scale, angle, x, y, off);
        let similarity = SimilarityTransform::to_template(&landmarks).unwrap();
        let [a, b, x0, y0] = exact(&landmarks);
        for (u, v) in [(0, 0), (111, 0), (0, 111), (111, 111), (56, 56), (20, 90)] {
            let got = similarity.to_frame(Point { x: u * 1024, y: v * 1024 });
            let (u, v) = (f64::from(u), f64::from(v));
            prop_assert!((f64::from(got.x) / UNIT - (a * u + b * v + x0)).abs() < 0.01);
            prop_assert!((f64::from(got.y) / UNIT - (a * v - b * u + y0)).abs() < 0.01);
        }
    }

    #[test]
    fn no_landmarks_make_the_alignment_panic(points in prop::array::uniform5((any::<i32>(), any::<i32>()))) {
        let landmarks = points.map(|(x, y)| Point { x, y });
        if let Ok(similarity) = SimilarityTransform::to_template(&landmarks) {
            similarity.to_frame(Point { x: i32::MAX, y: i32::MIN });
            let bytes = [0x5a; 32 * 32 * 2];
            let frame = Frame::new(PixelFormat::Yuyv, 32, 32, &bytes).unwrap();
            crop_face(&frame, &similarity, &mut [0; CROP_BYTES]);
        }
    }
}

#[test]
fn degenerate_landmarks_are_refused() {
    let point = Point { x: 5_000, y: 5_000 };
    assert_eq!(SimilarityTransform::to_template(&[point; 5]), Err(Error::DegenerateLandmarks));
}

/// A smooth colour image in RGB565 (no chroma shared between pixels).
fn picture() -> Vec<u8> {
    let mut bytes = Vec::new();
    for y in 0..240 {
        for x in 0..320 {
            let wave = |fx: f64, fy: f64| 128.0 + 100.0 * (f64::from(x) * fx + f64::from(y) * fy).sin();
            let rgb = [wave(0.11, 0.02), wave(0.03, 0.09), wave(0.05, -0.06)].map(|v| v as u8);
            bytes.extend(vision::rgb_to_rgb565(rgb).to_le_bytes());
        }
    }
    bytes
}

/// `scale` is in frame pixels per pixel of the template.
fn check_crop(side: usize, scale: f64, samples: i32) {
    let bytes = picture();
    let frame = Frame::new(PixelFormat::Rgb565, 320, 240, &bytes).unwrap();
    let landmarks = landmarks(scale, 0.3, 150.0, 50.0 * scale, [0.0; 10]);
    let similarity = SimilarityTransform::to_template(&landmarks).unwrap();
    let mut crop = vec![0; side * side * 3];
    crop_face(&frame, &similarity, &mut crop);
    let [a, b, x0, y0] = exact(&landmarks);
    let smaller = CROP_SIZE as f64 / side as f64;
    let (a, b) = (a * smaller, b * smaller);
    let pixel = |x: f64, y: f64, c: usize| {
        if x < 0.0 || y < 0.0 { 0.0 } else { f64::from(frame.rgb(x as usize, y as usize)[c]) }
    };
    let mut outside = 0;
    for v in 0..side as i32 {
        for u in 0..side as i32 {
            for c in 0..3 {
                let mut sum = 0.0;
                for (i, j) in (0..samples * samples).map(|s| (s / samples, s % samples)) {
                    let place =
                        |at: i32, s: i32| f64::from(at) + (f64::from(s) + 0.5) / f64::from(samples) - 0.5;
                    let (u, v) = (place(u, j), place(v, i));
                    let (x, y) = (a * u + b * v + x0, a * v - b * u + y0);
                    let (fx, fy) = (x - x.floor(), y - y.floor());
                    let (x, y) = (x.floor(), y.floor());
                    outside += i32::from(x < 0.0 || y < 0.0);
                    sum += (pixel(x, y, c) * (1.0 - fx) + pixel(x + 1.0, y, c) * fx) * (1.0 - fy)
                        + (pixel(x, y + 1.0, c) * (1.0 - fx) + pixel(x + 1.0, y + 1.0, c) * fx) * fy;
                }
                let want = sum / f64::from(samples * samples);
                let got = f64::from(crop[(v as usize * side + u as usize) * 3 + c]) + 128.0;
                // Positions are exact to 1/100 pixel and weights to 1/512; next to the black outside a pixel
                // may differ by 255 times that.
                assert!((got - want).abs() < 3.0, "{u} {v} {c}: {got} {want}");
            }
        }
    }
    assert!(outside > 0, "the test should cross the frame's edge");
}

#[test]
fn plain_crop_is_bilinear() {
    check_crop(112, 1.4, 1);
}

#[test]
fn large_faces_are_supersampled() {
    check_crop(112, 1.9, 2);
}

#[test]
fn a_smaller_crop_shows_the_same_content() {
    check_crop(64, 0.8, 1);
    check_crop(80, 1.9, 2);
    check_crop(96, 1.9, 2);
    check_crop(64, 1.9, 4);
}
