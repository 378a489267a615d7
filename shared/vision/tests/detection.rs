//! Decoding of synthetic detector heads.

use proptest::prelude::*;
use vision::{Decoder, Error, HEADS, HeadShape, HeadValues, InputSize, MAX_FACES, STRIDES};

const SIZE: usize = 64;
const FRAC_BITS: u8 = 10;
const CHANNELS: [usize; 4] = [1, 1, 4, 10];

struct Values(Vec<i16>);

impl HeadValues for Values {
    fn get(&self, index: usize) -> i32 {
        self.0.get(index).map_or(0, |&value| i32::from(value))
    }
}

fn shapes() -> [HeadShape; HEADS] {
    core::array::from_fn(|head| HeadShape {
        cells: (SIZE / STRIDES[head % 3]).pow(2),
        channels: CHANNELS[head / 3],
        frac_bits: FRAC_BITS,
    })
}

/// Heads without a face.
fn silence() -> [Values; HEADS] {
    shapes().map(|shape| {
        let quiet = if shape.channels == 1 { -10 << FRAC_BITS } else { 0 };
        Values(vec![quiet; shape.cells * shape.channels])
    })
}

fn decoder(min_score: u16) -> Decoder {
    Decoder::new(InputSize::new(SIZE, SIZE).unwrap(), &shapes(), min_score).unwrap()
}

fn fire(heads: &mut [Values; HEADS], level: usize, cell: usize, logit: i16) {
    heads[level].0[cell] = logit;
    heads[3 + level].0[cell] = logit;
}

#[test]
fn a_cell_becomes_a_face() {
    let mut heads = silence();
    fire(&mut heads, 1, 6, 2 << FRAC_BITS); // stride 16, column 2, row 1
    heads[7].0[6 * 4..][..4].copy_from_slice(&[512, -256, 710, 0]); // 0.5, -0.25, ln 2, 0
    for k in 0..10 {
        heads[10].0[60 + k] = (k as i16 - 5) * 256;
    }
    let faces = decoder(16_384).decode(&heads);
    assert_eq!(faces.len(), 1);
    let face = faces[0];
    assert!((f64::from(face.score) / 32_768.0 - 0.880_797).abs() < 1e-4);
    let near = |got: i32, want: f64| (f64::from(got) / 1024.0 - want).abs() < 0.03;
    assert!(near(face.bounds.width, 32.0) && near(face.bounds.height, 16.0));
    assert!(near(face.bounds.x, 2.5 * 16.0 - 16.0) && near(face.bounds.y, 0.75 * 16.0 - 8.0));
    for (k, point) in face.landmarks.iter().enumerate() {
        let offset = |k: usize| (k as f64 - 5.0) / 4.0;
        assert!(near(point.x, (2.0 + offset(2 * k)) * 16.0));
        assert!(near(point.y, (1.0 + offset(2 * k + 1)) * 16.0));
    }
}

#[test]
fn overlapping_cells_give_one_face_with_the_best_score() {
    let mut heads = silence();
    for (cell, logit) in [(9, 1500), (10, 3000), (17, 2000)] {
        fire(&mut heads, 0, cell, logit);
        heads[6].0[cell * 4 + 2..][..2].copy_from_slice(&[2_200; 2]); // some 70 pixels
    }
    let faces = decoder(16_384).decode(&heads);
    assert_eq!(faces.len(), 1);
    assert!((f64::from(faces[0].score) / 32_768.0 - 0.949).abs() < 1e-3);
}

/// The landmarks must not toggle between two cells that see one face with nearly equal scores.
#[test]
fn landmarks_are_stable_when_scores_tie() {
    let found = |left: i16, right: i16| {
        let mut heads = silence();
        for (cell, logit, shift) in [(27, left, 0), (28, right, 1024)] {
            fire(&mut heads, 0, cell, logit);
            heads[6].0[cell * 4 + 2..][..2].copy_from_slice(&[2_200; 2]); // some 70 pixels
            heads[9].0[cell * 10..][..10].fill(shift);
        }
        let faces = decoder(16_384).decode(&heads);
        assert_eq!(faces.len(), 1);
        faces[0].landmarks[0].x
    };
    let (before, after) = (found(2_000, 1_999), found(1_999, 2_000));
    // The two cells put it at 3 and at 5 cells of 8 pixels.
    assert!((before - 4 * 8 * 1024).abs() < 50, "{before}");
    assert!((before - after).abs() < 50, "{before} {after}");
    // A cell with a much lower score does not count.
    assert_eq!(found(4_000, 600), 3 * 8 * 1024);
}

#[test]
fn faces_are_sorted_by_score_and_limited() {
    let mut heads = silence();
    for cell in 0..64 {
        fire(&mut heads, 0, cell, 1024 + (cell as i16 * 37) % 640);
        heads[6].0[cell * 4 + 2..][..2].copy_from_slice(&[-1024; 2]); // small: none overlap
    }
    let faces = decoder(16_384).decode(&heads);
    assert_eq!(faces.len(), MAX_FACES);
    assert!(faces.windows(2).all(|pair| pair[0].score >= pair[1].score));
}

#[test]
fn invalid_heads_are_refused() {
    let size = InputSize::new(SIZE, SIZE).unwrap();
    let mut wrong = shapes();
    wrong[4].cells += 1;
    assert_eq!(Decoder::new(size, &wrong, 0).unwrap_err(), Error::HeadShape);
    let mut wrong = shapes();
    wrong[9].channels = 9;
    assert_eq!(Decoder::new(size, &wrong, 0).unwrap_err(), Error::HeadShape);
    let mut wrong = shapes();
    wrong[0].frac_bits = 25;
    assert_eq!(Decoder::new(size, &wrong, 0).unwrap_err(), Error::HeadPrecision);
}

proptest! {
    /// Dismissing cells by their logits must not lose a face whose score is sufficient.
    #[test]
    fn dismissal_by_logits_agrees_with_the_score(cls: i16, obj: i16, min_score in 0u16..=32_768) {
        let mut heads = silence();
        heads[2].0[1] = cls;
        heads[5].0[1] = obj;
        let sigmoid = |v: i16| 1.0 / (1.0 + (-f64::from(v) / 1024.0).exp());
        let score = (sigmoid(cls) * sigmoid(obj)).sqrt() * 32_768.0;
        prop_assume!((score - f64::from(min_score)).abs() > 3.0 && min_score > 10);
        prop_assume!(score > 300.0 || f64::from(min_score) > score + 300.0);
        let found = decoder(min_score).decode(&heads).iter().any(|face| face.bounds.x > 0);
        prop_assert_eq!(found, score > f64::from(min_score));
    }

    #[test]
    fn no_heads_make_the_decoder_panic(seed: u64, frac_bits in 0u8..=24) {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 48) as i16
        };
        let shapes = shapes().map(|shape| HeadShape { frac_bits, ..shape });
        let heads = shapes.map(|s| Values((0..s.cells * s.channels).map(|_| next()).collect()));
        let size = InputSize::new(SIZE, SIZE).unwrap();
        let decoder = Decoder::new(size, &shapes, 16_384).unwrap();
        let placement = vision::Placement::new(320, 240, size);
        for face in decoder.decode(&heads) {
            let face = placement.face_to_frame(&face);
            let _ = vision::SimilarityTransform::to_template(&face.landmarks);
            vision::Quality::measure(&face, &[3; vision::CROP_BYTES], 320, 240);
        }
    }
}
