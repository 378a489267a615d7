//! Close-ups beside the frame, of a scene without details: both show the same.

extern crate std;
use std::vec;
use std::vec::Vec;

use super::*;
use crate::{Quality, crop_face, crop_surroundings};

/// A picture of a smooth scene of this size, as `Y U V`.
fn scene(width: usize, height: usize) -> Vec<u8> {
    let wave = |position: usize, whole: usize, waves: f64| {
        (position as f64 / whole as f64 * waves * core::f64::consts::TAU).sin()
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let bytes = pixels.flat_map(|(x, y)| {
        let luma = 128.0 + 50.0 * wave(x, width, 3.0) + 50.0 * wave(y, height, 2.0);
        [luma as u8, (100.0 + 20.0 * wave(x, width, 1.0)) as u8, 140]
    });
    bytes.collect()
}

/// A face of the frame, its box so many pixels high.
fn face(x: i32, y: i32, height: i32) -> Face {
    let [x, y, height] = [x, y, height].map(|pixels| pixels << SUBPIXEL_BITS);
    let width = height * 3 / 4;
    let at = |across: i32, down: i32| Point { x: x + width / 100 * across, y: y + height / 100 * down };
    Face {
        score: 30_000,
        bounds: Rect { x, y, width, height },
        landmarks: [at(30, 40), at(70, 40), at(50, 60), at(34, 78), at(66, 78)],
    }
}

#[test]
fn a_picture_that_fits_becomes_its_frame_and_has_no_close_up() {
    let bytes: Vec<u8> = (0..320 * 256 * 2).map(|at| (at * 37 % 251) as u8).collect();
    let picture = Picture::new(Layout::Yuyv, 320, 256, 640, &bytes).unwrap();
    let mut frame = vec![0; picture.whole().bytes()];
    picture.read(&picture.whole(), &mut frame);
    assert!(frame == bytes && !picture.is_larger_than_a_frame());
    for height in [12, 40, 120] {
        for view in [View::Crop, View::Surroundings(Surroundings::WIDE)] {
            assert_eq!(picture.part_around(&face(100, 60, height), view), None);
        }
    }
}

/// What a network sees in the close-up is what it sees in the frame, only sharper: the scene has no details.
#[test]
fn a_close_up_shows_what_the_frame_shows_there() {
    for (width, height) in [(640, 480), (1280, 720), (1920, 1080)] {
        let bytes = scene(width, height);
        let picture = Picture::new(Layout::Yuv, width, height, 3 * width, &bytes).unwrap();
        let [columns, rows] = picture.whole().size();
        let mut small = vec![0; picture.whole().bytes()];
        picture.read(&picture.whole(), &mut small);
        let frame = Frame::new(PixelFormat::Yuyv, columns, rows, &small).unwrap();
        // In the middle, and at each edge, where a crop is black outside and surroundings are shifted inside.
        for (x, y) in [(140, 70), (-8, 60), (290, 60), (150, -10), (140, rows as i32 - 30)] {
            let face = face(x, y, 40);
            let crops = |view: View| {
                let part = picture.part_around(&face, view).expect("it has more pixels");
                let mut out = vec![0; part.bytes()];
                let close = picture.close_up(&part, &face, &mut out).expect("it fits a frame");
                let more = close.face.bounds.height as f32 / face.bounds.height as f32;
                assert!(more > 1.3, "{more} times the pixels in {width}x{height}");
                [(&frame, &face), (&close.frame, &close.face)].map(|(frame, face)| match view {
                    View::Crop => {
                        let mut crop = vec![0; crate::CROP_BYTES];
                        crop_face(
                            frame,
                            &SimilarityTransform::to_template(&face.landmarks).unwrap(),
                            &mut crop,
                        );
                        crop
                    }
                    View::Surroundings(view) => {
                        let mut crop = vec![0; view.bytes()];
                        crop_surroundings(frame, &face.bounds, view, &mut crop);
                        crop
                    }
                })
            };
            for view in
                [View::Crop, View::Surroundings(Surroundings::WIDE), View::Surroundings(Surroundings::TIGHT)]
            {
                let [of_frame, close] = crops(view);
                let apart = of_frame.iter().zip(&close).map(|(a, b)| u32::from(a.abs_diff(*b)));
                let (sum, worst) = apart.fold((0, 0), |(sum, worst), apart| (sum + apart, worst.max(apart)));
                let mean = f64::from(sum) / of_frame.len() as f64;
                assert!(mean < 2.0, "{view:?} at {x}, {y} in {width}x{height}: {mean}, at most {worst}");
            }
        }
    }
}

#[test]
fn a_face_that_fills_the_frame_has_no_close_up_and_a_small_one_is_not_shrunk() {
    let bytes = scene(640, 480);
    let picture = Picture::new(Layout::Yuv, 640, 480, 1920, &bytes).unwrap();
    assert_eq!(picture.part_around(&face(80, 20, 200), View::Crop), None);
    assert_eq!(picture.part_around(&face(80, 60, 120), View::Surroundings(Surroundings::WIDE)), None);
    let small = face(140, 100, 40);
    let part = picture.part_around(&small, View::Crop).expect("a part");
    assert_eq!(part.by, 1);
    // The close-up of the same face has twice its pixels between the eyes, which the quality gate sees.
    let mut out = vec![0; part.bytes()];
    let close = picture.close_up(&part, &small, &mut out).unwrap();
    let eyes = |face: &Face| Quality::measure(face, &[0; 12], 640, 480).eye_distance;
    assert_eq!((eyes(&small), eyes(&close.face)), (11, 23));
}

#[test]
fn landmarks_that_are_nowhere_make_no_close_up_and_no_panic() {
    let bytes = scene(640, 480);
    let picture = Picture::new(Layout::Yuv, 640, 480, 1920, &bytes).unwrap();
    for at in [i32::MIN >> 12, -5_000, 5_000, i32::MAX >> 12] {
        let nowhere = Face {
            bounds: Rect { x: at << 10, y: at << 10, width: 9, height: i32::MAX },
            ..face(at, at, 20)
        };
        for view in [View::Crop, View::Surroundings(Surroundings::WIDE)] {
            if let Some(part) = picture.part_around(&nowhere, view) {
                let mut out = vec![0; part.bytes()];
                assert!(picture.close_up(&part, &nowhere, &mut out).is_some());
                assert!(picture.close_up(&part, &nowhere, &mut out[1..]).is_none());
            }
        }
    }
    assert_eq!(picture.part_around(&Face::default(), View::Crop), None);
}

#[test]
fn bytes_that_are_too_few_are_no_picture() {
    for (layout, width, height, stride, bytes) in [
        (Layout::Yuyv, 4, 3, 8, 23),
        (Layout::Yuyv, 4, 3, 6, 24),
        (Layout::Yuyv, 3, 3, 6, 18),
        (Layout::Nv12, 4, 4, 4, 23),
        (Layout::Grey, 4, 4, 4, 15),
        (Layout::Grey, 1, 4, 4, 16),
        (Layout::Yuv, 4, 0, 12, 16),
        (Layout::Yuv, usize::MAX, usize::MAX, usize::MAX, 16),
    ] {
        let bytes = vec![7; bytes];
        assert!(Picture::new(layout, width, height, stride, &bytes).is_err(), "{layout:?} {width}x{height}");
    }
}
