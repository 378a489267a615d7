//! A recognizer with hand-made networks: a detector that detects white squares, and an encoder that projects
//! the crop.

mod image;

use image::{Image, Layer, arena, build};
use nn::Model;
use nn::format::Kind;
use recognizer::{Error, Network, Recognizer};
use vision::{Frame, PixelFormat, STRIDES, rgb_to_rgb565};

const SIDE: u16 = 64;
const FRAC_BITS: i8 = 8;

/// Heads over 64x64 pixels. The scores of stride 16 follow the brightness of one pixel per cell; the other
/// strides detect nothing. Boxes are 32 pixels wide, landmarks are placed as in the template.
fn detector() -> Vec<Layer> {
    let template: Vec<i32> = vision::TEMPLATE
        .as_flattened()
        .iter()
        .map(|v| (v - 560_000) * 32 / 112 / 16 * 256 / 10_000)
        .collect();
    (0..12)
        .map(|head| {
            let stride = STRIDES[head % 3] as u16;
            let channels = [1, 1, 4, 10][head / 3];
            let is_score = head < 6;
            let bias = match head / 3 {
                0 | 1 => vec![if stride == 16 { 0 } else { -2_560 }],
                2 => vec![128, 128, 177, 177], // half a cell; ln 2
                _ => template.iter().map(|v| v + 128).collect(),
            };
            let weight = if is_score && stride == 16 { 8 } else { 0 };
            Layer {
                kernel: 1,
                stride: stride as u8,
                shape: [SIDE / stride, SIDE / stride, channels],
                frac_bits: FRAC_BITS,
                weights: vec![weight; 3 * usize::from(channels)],
                bias,
                halvings: 0,
            }
        })
        .collect()
}

fn encoder(dimension: u16) -> Vec<Layer> {
    encoder_of(112, dimension)
}

/// An encoder that reads the first pixels of a crop with this side.
fn encoder_of(side: u8, dimension: u16) -> Vec<Layer> {
    let count = 8 * 8 * 3 * usize::from(dimension);
    vec![Layer {
        kernel: 8,
        stride: side,
        shape: [1, 1, dimension],
        frac_bits: 4,
        weights: (0..count).map(|i| ((i as u32).wrapping_mul(2_654_435_761) >> 24) as i8).collect(),
        bias: vec![0; dimension.into()],
        halvings: 8,
    }]
}

fn detector_image() -> Image {
    build(Kind::Detector, [SIDE, SIDE, 3], &detector())
}

fn encoder_image() -> Image {
    build(Kind::Encoder, [112, 112, 3], &encoder(128))
}

fn error(detector: &Image, encoder: &Image) -> Error {
    let [detector, encoder] = [detector, encoder].map(|i| Model::load(i.bytes()).unwrap());
    Recognizer::new(detector, encoder, 16_384).unwrap_err()
}

/// Grey noise, with a white square in the place of a face.
fn frame_bytes(square: Option<(usize, usize)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for y in 0..64 {
        for x in 0..64 {
            let white = square.is_some_and(|(left, top)| x / 16 == left && y / 16 == top);
            let level = if white { 255 } else { (x * 31 + y * 17) % 64 };
            bytes.extend(rgb_to_rgb565([level as u8; 3]).to_le_bytes());
        }
    }
    bytes
}

#[test]
fn a_white_square_is_detected_and_encoded() {
    let (detector, encoder) = (detector_image(), encoder_image());
    let [detector, encoder] = [&detector, &encoder].map(|i| Model::load(i.bytes()).unwrap());
    let recognizer = Recognizer::new(detector, encoder, 16_384).unwrap();
    let mut memory = arena(recognizer.arena_len());
    let arena: &mut [i8] = bytemuck::cast_slice_mut(&mut memory);

    let empty = frame_bytes(None);
    let empty = Frame::new(PixelFormat::Rgb565, 64, 64, &empty).unwrap();
    assert_eq!(recognizer.detect(&empty, arena).unwrap().len(), 0);

    let bytes = frame_bytes(Some((2, 1)));
    let frame = Frame::new(PixelFormat::Rgb565, 64, 64, &bytes).unwrap();
    let faces = recognizer.detect(&frame, arena).unwrap();
    assert_eq!(faces.len(), 1);
    let bounds = faces[0].bounds;
    let pixels = [bounds.x, bounds.y, bounds.width, bounds.height].map(|v| (v + 512) >> 10);
    assert_eq!(pixels, [24, 8, 32, 32]);

    let mut aligned = recognizer.align(&frame, &faces[0], arena).unwrap();
    let quality = aligned.quality();
    assert!(quality.eye_distance >= 8 && quality.yaw.abs() <= 5, "{quality:?}");

    let template = aligned.encode().unwrap();
    assert_eq!((template.dimension(), recognizer.dimension()), (128, 128));
    // The arena holds no state: its previous content does not matter.
    arena.fill(77);
    assert_eq!(recognizer.align(&frame, &faces[0], arena).unwrap().encode().unwrap(), template);

    let alignment = vision::SimilarityTransform::to_template(&faces[0].landmarks).unwrap();
    let mut crop = [0; vision::CROP_BYTES];
    vision::crop_face(&frame, &alignment, &mut crop);
    assert_eq!(recognizer.encode_aligned(&crop, arena).unwrap(), template);

    let zeros = [0; vision::CROP_BYTES];
    assert_eq!(recognizer.encode_aligned(&zeros, arena), Err(Error::Embedding));
    assert_eq!(recognizer.encode_aligned(&zeros[1..], arena), Err(Error::Crop));
}

#[test]
fn smaller_crops_are_encoded_and_assessed() {
    let detector = detector_image();
    let bytes = frame_bytes(Some((2, 1)));
    let frame = Frame::new(PixelFormat::Rgb565, 64, 64, &bytes).unwrap();
    for side in [64, 80, 96] {
        let encoder = build(Kind::Encoder, [side, side, 3], &encoder_of(side as u8, 64));
        let [detector, encoder] = [&detector, &encoder].map(|i| Model::load(i.bytes()).unwrap());
        let recognizer = Recognizer::new(detector, encoder, 16_384).unwrap();
        assert_eq!((recognizer.crop_size(), recognizer.dimension()), (side.into(), 64));
        let mut memory = arena(recognizer.arena_len());
        let arena: &mut [i8] = bytemuck::cast_slice_mut(&mut memory);
        let faces = recognizer.detect(&frame, arena).unwrap();
        let mut aligned = recognizer.align(&frame, &faces[0], arena).unwrap();
        let quality = aligned.quality();
        // The face is a white square that every crop shows completely.
        assert!(quality.brightness > 100 && quality.contrast > 20, "{quality:?}");
        let template = aligned.encode().unwrap();

        let alignment = vision::SimilarityTransform::to_template(&faces[0].landmarks).unwrap();
        let mut crop = vec![0; recognizer.crop_size().pow(2) * 3];
        vision::crop_face(&frame, &alignment, &mut crop);
        assert_eq!(recognizer.encode_aligned(&crop, arena).unwrap(), template);
    }
}

#[test]
fn a_short_arena_is_an_error() {
    let (detector, encoder) = (detector_image(), encoder_image());
    let [detector, encoder] = [&detector, &encoder].map(|i| Model::load(i.bytes()).unwrap());
    let recognizer = Recognizer::new(detector, encoder, 16_384).unwrap();
    let bytes = frame_bytes(None);
    let frame = Frame::new(PixelFormat::Rgb565, 64, 64, &bytes).unwrap();
    let face = vision::Face::default();
    for len in [0, 16, recognizer.arena_len() - 16] {
        let mut memory = arena(len);
        let arena: &mut [i8] = bytemuck::cast_slice_mut(&mut memory);
        let encoded = recognizer.encode_aligned(&[1; vision::CROP_BYTES], arena);
        assert!(recognizer.detect(&frame, arena) == Err(Error::Arena) || encoded == Err(Error::Arena));
        assert_eq!(recognizer.align(&frame, &face, arena).unwrap_err(), Error::Landmarks);
    }
}

#[test]
fn networks_of_the_wrong_kind_are_rejected() {
    let (detector, encoder) = (detector_image(), encoder_image());
    assert_eq!(error(&encoder, &encoder), Error::Kind(Network::Detector));
    assert_eq!(error(&detector, &detector), Error::Kind(Network::Encoder));
}

#[test]
fn networks_of_the_wrong_shape_are_rejected() {
    let (good_detector, good_encoder) = (detector_image(), encoder_image());
    let mut layers = detector();
    layers.pop();
    let few = build(Kind::Detector, [SIDE, SIDE, 3], &layers);
    assert_eq!(error(&few, &good_encoder), Error::Outputs(Network::Detector));

    let mut layers = detector();
    layers.swap(0, 1);
    let swapped = build(Kind::Detector, [SIDE, SIDE, 3], &layers);
    assert_eq!(error(&swapped, &good_encoder), Error::Outputs(Network::Detector));

    let mut layers = detector();
    layers[4].frac_bits = -1;
    let coarse = build(Kind::Detector, [SIDE, SIDE, 3], &layers);
    assert_eq!(error(&coarse, &good_encoder), Error::Outputs(Network::Detector));

    let odd = build(Kind::Detector, [SIDE, 80, 3], &detector());
    assert_eq!(error(&odd, &good_encoder), Error::Input(Network::Detector));

    for input in [[96, 112, 3], [112, 96, 3], [72, 72, 3], [48, 48, 3]] {
        let odd = build(Kind::Encoder, input, &encoder_of(input[0] as u8, 128));
        assert_eq!(error(&good_detector, &odd), Error::Input(Network::Encoder));
    }

    for dimension in [32, 100] {
        let wrong = build(Kind::Encoder, [112, 112, 3], &encoder(dimension));
        assert_eq!(error(&good_detector, &wrong), Error::Outputs(Network::Encoder));
    }
}
