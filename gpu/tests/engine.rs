//! The same network on burn's tensors and by our own operators: embeddings, and the weights after a step.
//!
//! `cargo test --release --manifest-path gpu/Cargo.toml --features flex`
#![forbid(unsafe_code)]

use encoder::{
    Embeddings, Encoder, Freeze, Head, Images, Optimizer, Preprocessing, Rule, Source, Spec, Trainable,
};
use gpu::{Device, Tensors};

#[path = "../../host/compiler/tests/networks/mod.rs"]
#[allow(dead_code)]
mod networks;

/// Plain descent, so that the weights after a step tell the gradients.
const DESCENT: Optimizer = Optimizer { rule: Rule::Momentum { keep: 0.0 }, decay: 0.0 };

fn noise(count: usize, (height, width): (usize, usize)) -> Images {
    let mut random = fastrand::Rng::with_seed(2);
    Images { height, width, pixels: (0..count * height * width * 3).map(|_| random.u8(..)).collect() }
}

/// Holds two lists of numbers to each other, relative to the largest.
fn same(name: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(1e-6f32, |most, value| most.max(value.abs()));
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let distance = (found - expected).abs();
        assert!(distance < tolerance * largest, "{name} at {place}: {found}, not {expected}");
    }
}

/// Makes the same encoder twice, one on tensors, and compares what they do.
fn check(make: &dyn Fn() -> Encoder) {
    let [mut ours, mut tensors] = [make(), make()];
    tensors.set_engine(Box::new(Tensors { device: Device::flex() }));
    let images = noise(8, ours.input());
    let before = ours.graph().clone();
    let chosen = ours.embed(&images);
    for encoder in [&mut ours, &mut tensors] {
        encoder.step(&images, 1e-2, &mut |embeddings| {
            let values = embeddings.values.iter().zip(&chosen.values).map(|(e, c)| (e - 0.9 * c).sin());
            Some(Embeddings { values: values.collect(), ..*embeddings })
        });
    }
    let moved = |encoder: &Encoder| -> Vec<Vec<f32>> {
        let pairs = encoder.graph().parameters.iter().zip(&before.parameters);
        pairs.map(|(a, b)| a.values.iter().zip(&b.values).map(|(a, b)| a - b).collect()).collect()
    };
    let greatest = |values: &[f32]| values.iter().fold(0f32, |most, value| most.max(value.abs()));
    let (ours_moved, tensors_moved) = (moved(&ours), moved(&tensors));
    let most = ours_moved.iter().map(|values| greatest(values)).fold(0f32, f32::max);
    assert!(most > 1e-3, "nothing moved by more than {most}: the test shows nothing");
    for ((ours, tensors), before) in ours_moved.iter().zip(&tensors_moved).zip(&before.parameters) {
        // What a normalisation undoes, or the mean of what has none, moves by rounding errors of sums of
        // numbers of order one: weights by 2e-6 of theirs, what begins at zero by a millionth.
        let tolerance = (2e-2 * greatest(ours)).max(2e-6 * greatest(&before.values)).max(1e-6);
        let close = ours.iter().zip(tensors).all(|(a, b)| (a - b).abs() < tolerance);
        assert!(close, "{}: {ours:?}\nis not {tensors:?}", before.name);
    }
    let again = noise(3, ours.input());
    same("after a step", &tensors.embed(&again).values, &ours.embed(&again).values, 1e-3);
}

#[test]
fn a_network_from_scratch() {
    let spec = Spec { input: [48, 40], width: 0.25, depth: [1, 1, 1], features: 128, dimension: 32 };
    check(&|| Encoder::new(&spec, 3, DESCENT).expect("it is sound"));
    check(&|| {
        let mut encoder = Encoder::new(&spec, 3, DESCENT).expect("it is sound");
        encoder.freeze(Freeze::First(9)).expect("there are more");
        encoder
    });
}

#[test]
fn every_operator() {
    let mut net = networks::Builder::new([3, 18, 14]);
    net.conv("stem", "input", [8, 3, 3], 1, 1);
    net.batch_norm("stem_bn", "stem", 8);
    net.prelu("stem_prelu", "stem_bn", 8);
    net.node("GlobalAveragePool", "squeezed", &["stem_prelu"], &[]);
    net.conv("excite", "squeezed", [8, 8, 1], 1, 1);
    net.node("Sigmoid", "gate", &["excite"], &[]);
    net.node("Mul", "gated", &["stem_prelu", "gate"], &[]);
    net.conv("depthwise", "gated", [8, 1, 3], 1, 8);
    net.node("Relu", "relu", &["depthwise"], &[]);
    net.node("Add", "sum", &["relu", "gated"], &[]);
    net.node("MaxPool", "pooled", &["sum"], &[("kernel_shape", &[3, 3]), ("strides", &[2, 2])]);
    net.node("Flatten", "flat", &["pooled"], &[]);
    let weights = net.random(10 * 8 * 8 * 6, 0.05);
    net.constant("head.w", &[10, 8 * 8 * 6], weights);
    net.node("Gemm", "head", &["flat", "head.w"], &[("transB", &[1])]);
    let onnx = net.finish(&[("head", &[1, 10])]);
    let preprocessing = Preprocessing { mean: 127.5, scale: 1.0 / 128.0 };
    check(&|| {
        Encoder::read(&Source { onnx: &onnx, preprocessing, head: Head::Keep }, DESCENT).expect("it is")
    });
}
