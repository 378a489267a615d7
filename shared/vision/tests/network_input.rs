//! Filling the input of a network (unscaled, padded, reduced), and mapping positions back.

use proptest::prelude::*;
use vision::{Error, Frame, InputSize, PixelFormat, Placement, Point, fill_input, rgb_to_rgb565};

fn noise(width: usize, height: usize) -> Vec<u8> {
    (0..width * height)
        .flat_map(|i| (((i as u32).wrapping_mul(2_654_435_761) >> 13) as u16).to_le_bytes())
        .collect()
}

#[test]
fn a_frame_that_fits_is_copied_and_padded() {
    let bytes = noise(40, 30);
    let frame = Frame::new(PixelFormat::Rgb565, 40, 30, &bytes).unwrap();
    let size = InputSize::new(64, 32).unwrap();
    let mut input = vec![1; size.bytes()];
    let placement = fill_input(&frame, size, &mut input).unwrap();
    assert_eq!(placement, Placement { frame_step: 1, input_step: 1, width: 40, height: 30 });
    for y in 0..32 {
        for x in 0..64 {
            let want = frame.rgb(x, y).map(|v| (v ^ 0x80) as i8);
            assert_eq!(input[(y * 64 + x) * 3..][..3], want, "{x} {y}");
        }
    }
}

#[test]
fn invalid_sizes_are_refused() {
    assert_eq!(InputSize::new(100, 64), Err(Error::InputSize));
    assert_eq!(InputSize::new(0, 64), Err(Error::InputSize));
    assert_eq!(InputSize::new(64, 2048), Err(Error::InputSize));
    let bytes = noise(8, 8);
    let frame = Frame::new(PixelFormat::Rgb565, 8, 8, &bytes).unwrap();
    let size = InputSize::new(32, 32).unwrap();
    assert_eq!(fill_input(&frame, size, &mut [0; 7]), Err(Error::BufferLength));
}

proptest! {
    #[test]
    fn shrinking_is_the_mean_over_the_covered_area(width in 33usize..=320, height in 1usize..=256) {
        let bytes = noise(width, height);
        let frame = Frame::new(PixelFormat::Rgb565, width, height, &bytes).unwrap();
        let size = InputSize::new(32, 96).unwrap();
        let mut input = vec![1; size.bytes()];
        let placement = fill_input(&frame, size, &mut input).unwrap();
        let scale = f64::from(placement.frame_step) / f64::from(placement.input_step);
        prop_assert!(scale > 1.0);
        for y in 0..96 {
            for x in 0..32 {
                let got = input[(y * 32 + x) * 3];
                if x >= placement.width || y >= placement.height {
                    prop_assert_eq!(got, -128);
                    continue;
                }
                let share = |at: usize, pixel: usize| {
                    let (start, end) = (at as f64 * scale, (at + 1) as f64 * scale);
                    (end.min(pixel as f64 + 1.0) - start.max(pixel as f64)).max(0.0)
                };
                let first = |at: usize| (at as f64 * scale) as usize;
                let mut sum = 0.0;
                for sy in first(y)..=first(y + 1) {
                    for sx in first(x)..=first(x + 1) {
                        sum += share(y, sy) * share(x, sx) * f64::from(frame.rgb(sx, sy)[0]);
                    }
                }
                // A frame of one row may cover less than the height of a pixel; the rest counts as black.
                let want = sum / (scale * scale) - 128.0;
                prop_assert!((f64::from(got) - want).abs() <= 0.501);
            }
        }
    }

    #[test]
    fn positions_map_back(width in 1usize..=320, height in 1usize..=256, x in 0i32..1 << 20) {
        let placement = Placement::new(width, height, InputSize::new(160, 96).unwrap());
        let scale = f64::from(placement.frame_step) / f64::from(placement.input_step);
        let want = (f64::from(x) / 1024.0 + 0.5) * scale - 0.5;
        let got = placement.point_to_frame(Point { x, y: x });
        prop_assert!((f64::from(got.x) / 1024.0 - want).abs() <= 0.5 / 1024.0 + 1e-9);
        prop_assert_eq!(got.x, got.y);
        prop_assert!(placement.width <= 160 && placement.height <= 96);
    }
}

#[test]
fn halving_averages_four_pixels() {
    let white = rgb_to_rgb565([255; 3]).to_le_bytes();
    let mut bytes = vec![0; 64 * 64 * 2];
    bytes[..2].copy_from_slice(&white);
    let frame = Frame::new(PixelFormat::Rgb565, 64, 64, &bytes).unwrap();
    let size = InputSize::new(32, 32).unwrap();
    let mut input = vec![0; size.bytes()];
    fill_input(&frame, size, &mut input).unwrap();
    assert_eq!(input[..4], [-64, -64, -64, -128]);
}
