//! Training with the board's rounding: what is simulated is what the engine computes.
#![forbid(unsafe_code)]

use compiler::quantize::RangeRule;
use compiler::{Kind, Method, Options};
use encoder::{Embeddings, Encoder, Error, Freeze, Images, Optimizer, Spec, Trainable};

const SPEC: Spec = Spec { input: [48, 40], width: 0.25, depth: [1, 1, 1], features: 256, dimension: 32 };

/// Pictures of waves, each of its own colours.
fn pictures(count: usize, seed: u64) -> Images {
    let mut random = fastrand::Rng::with_seed(seed);
    let [height, width] = SPEC.input;
    let mut pixels = Vec::new();
    for _ in 0..count {
        let waves: [[f32; 3]; 3] = std::array::from_fn(|_| std::array::from_fn(|_| random.f32() * 0.3));
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y as f32, x as f32))) {
            let value = |[down, across, start]: [f32; 3]| (down * y + across * x + 20.0 * start).sin();
            pixels.extend(waves.map(|wave| (128.0 + 110.0 * value(wave)) as u8));
        }
    }
    Images { height, width, pixels }
}

/// Steps towards embeddings that were drawn, one a picture; gives the squared distances.
fn train(encoder: &mut Encoder, images: &Images, steps: usize) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(6);
    let count = images.count() * encoder.dimension();
    let targets: Vec<f32> = (0..count).map(|_| random.f32() * 2.0 - 1.0).collect();
    let mut losses = Vec::new();
    for _ in 0..steps {
        encoder.step(images, 1e-3, &mut |embeddings| {
            let values: Vec<f32> = embeddings.values.iter().zip(&targets).map(|(e, t)| e - t).collect();
            losses.push(values.iter().map(|value| value * value).sum::<f32>());
            Some(Embeddings { values, ..*embeddings })
        });
    }
    losses
}

/// What the engine says to the pictures when `samples` gave the ranges.
fn engine(encoder: &Encoder, samples: &Images, images: &Images) -> Vec<f32> {
    let options = Options {
        name: "simulated".into(),
        kind: Kind::Encoder,
        preprocessing: compiler::Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
        input_size: None,
        method: Method { range: RangeRule::MinMax, equalize: false, correct_bias: false, prune: false },
        calibration: Vec::new(),
    };
    let size = SPEC.input[0] * SPEC.input[1] * 3;
    let samples: Vec<Vec<u8>> = samples.pixels.chunks_exact(size).map(<[u8]>::to_vec).collect();
    let image =
        compiler::compile(&encoder.to_onnx(), &options, &samples, &|_, _, _| {}).expect("it compiles");
    let image = compiler::image::Aligned::new(&image);
    let model = nn::Model::load(image.bytes()).expect("a fresh image");
    let scale = (-f32::from(model.output(0).expect("one output").frac_bits)).exp2();
    let mut blocks = vec![0u128; model.arena_len().div_ceil(16)];
    let arena: &mut [i8] = bytemuck::cast_slice_mut(&mut blocks);
    let mut all = Vec::new();
    for picture in images.pixels.chunks_exact(size) {
        for (to, pixel) in model.input_mut(arena).iter_mut().zip(picture) {
            *to = (pixel ^ 0x80) as i8;
        }
        model.run(arena).expect("the arena has the size it asks for");
        all.extend(model.read(arena, 0).iter().map(|value| f32::from(value) * scale));
    }
    all
}

/// How large the difference is, against the numbers.
fn error(found: &[f32], expected: &[f32]) -> f32 {
    let square = |values: &mut dyn Iterator<Item = f32>| values.map(|value| value * value).sum::<f32>();
    let difference = square(&mut found.iter().zip(expected).map(|(a, b)| a - b));
    (difference / square(&mut expected.iter().copied())).sqrt()
}

#[test]
fn the_simulation_computes_what_the_engine_computes() {
    let mut encoder = Encoder::new(&SPEC, 3, Optimizer::default()).expect("it is sound");
    let (samples, others) = (pictures(24, 1), pictures(6, 2));
    train(&mut encoder, &samples, 30);
    let float = encoder.embed(&others).values;
    encoder.quantize(&samples).expect("once");
    let simulated = encoder.embed(&others).values;
    let integers = engine(&encoder, &samples, &others);
    let (rounding, simulation) = (error(&integers, &float), error(&integers, &simulated));
    // A step here and there goes the other way, where a sum lies between two of them.
    assert!(rounding > 0.01, "int8 and float differ by {rounding} only: the test shows nothing");
    assert!(simulation < rounding / 10.0, "the simulation is off by {simulation}, rounding alone {rounding}");
}

#[test]
fn training_goes_on_with_rounding() {
    let mut encoder = Encoder::new(&SPEC, 3, Optimizer::default()).expect("it is sound");
    let samples = pictures(16, 1);
    train(&mut encoder, &samples, 20);
    encoder.freeze(Freeze::First(2)).expect("there are more");
    encoder.quantize(&samples).expect("once");
    let losses = train(&mut encoder, &samples, 30);
    assert!(losses[29] < 0.8 * losses[0], "{losses:?}");
    assert!(matches!(encoder.quantize(&samples), Err(Error::Specification(_))));
    let mut bytes = Vec::new();
    encoder.save(&mut bytes).expect("memory takes it");
    let mut again = Encoder::new(&SPEC, 4, Optimizer::default()).expect("it is sound");
    assert!(again.load(&mut &bytes[..]).is_err(), "it is not quantized yet");
    again.freeze(Freeze::First(2)).expect("there are more");
    again.quantize(&samples).expect("once");
    again.load(&mut &bytes[..]).expect("now it is");
    assert_eq!(train(&mut again, &samples, 2), train(&mut encoder, &samples, 2));
    assert_eq!(again.embed(&samples), encoder.embed(&samples));
}
