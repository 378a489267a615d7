//! Networks that were quantized before: their scales are taken, and what is not exact is refused.

mod networks;
mod oracle;

use compiler::Kind;
use networks::{Builder, samples};
use onnx::Attribute::Int;
use onnx::proto::DataType;
use oracle::forms::{finish, is_refused, start};
use oracle::{cosine, float, integer, options, tract};

/// A network with a value in 8 bits after its stem and after what follows, all by the same `scale` and `zero`.
fn quantized(kind: DataType, zero: i8, [there, back]: [f32; 2], after: &str) -> Vec<u8> {
    let mut net = start(13);
    net.constant("there", &[], vec![there]);
    net.constant("back", &[], vec![back]);
    net.file().tensor("zero_point", &[], kind, vec![zero as u8]);
    pair(&mut net, "stem");
    net.say(after, "after", &["stem_back"], &[]);
    pair(&mut net, "after");
    finish(net, "after_back", 8)
}

/// `QuantizeLinear` and `DequantizeLinear` of `value`.
fn pair(net: &mut Builder, value: &str) {
    let (there, back) = (format!("{value}_there"), format!("{value}_back"));
    net.say("QuantizeLinear", &there, &[value, "there", "zero_point"], &[]);
    net.say("DequantizeLinear", &back, &[&there, "back", "zero_point"], &[]);
}

#[test]
fn the_scales_of_a_quantized_network_are_taken() {
    let options = options(Kind::Encoder);
    let samples = samples(12);
    for (kind, zero, after) in
        [(DataType::Uint8, 100, "Relu"), (DataType::Int8, -20, "Relu"), (DataType::Int8, 0, "HardSwish")]
    {
        let onnx = quantized(kind, zero, [0.02; 2], after);
        let image = compiler::compile(&onnx, &options, &samples, &|_, _, _| {}).expect("it is supported");
        for picture in &samples[..3] {
            let theirs = tract(&onnx, picture, false).expect("tract runs it").concat();
            let ours = float(&onnx, &options, picture).expect("it was compiled").concat();
            let (ours, image) = (cosine(&ours, &theirs), cosine(&integer(&image, picture), &theirs));
            assert!(ours > 0.999 && image > 0.99, "{kind:?} {zero} {after}: {ours} {image}");
        }
        let graph = compiler::read(&onnx, &options).expect("it was compiled");
        let [low, high] = graph.ranges.values().next().copied().expect("a range of the file");
        assert!(((high - low) / 255.0 - 0.02).abs() < 1e-5, "{low} to {high}");
    }
}

#[test]
fn weights_that_were_quantized_are_read_in_both_forms() {
    let mut net = start(13);
    let weights = net.random(8 * 8, 0.5);
    net.constant("float.w", &[8, 8, 1, 1], weights);
    net.constant("steps", &[], vec![0.01]);
    net.file().tensor("zero_point", &[], DataType::Int8, vec![0]);
    net.say("QuantizeLinear", "stored", &["float.w", "steps", "zero_point"], &[]);
    net.say("DequantizeLinear", "w", &["stored", "steps", "zero_point"], &[]);
    net.say("Conv", "node", &["stem", "w"], &[]);
    oracle::forms::is_computed("rounded weights", &finish(net, "node", 8));
}

#[test]
fn a_coarse_quantization_is_not_left_out() {
    let (options, samples) = (options(Kind::Encoder), samples(12));
    let coarse = |net: &mut Builder, step: f32| {
        net.constant("there", &[], vec![step]);
        net.constant("back", &[], vec![step]);
        net.file().tensor("zero_point", &[], DataType::Uint8, vec![0]);
    };
    // Sigmoids by steps of a quarter, as a gate and by themselves; pixels by steps of 20.
    let gate = |step: f32| {
        let mut net = start(13);
        coarse(&mut net, step);
        net.say("GlobalAveragePool", "squeezed", &["stem"], &[]);
        net.conv("excite", "squeezed", [8, 8, 1], 1, 1);
        net.say("Sigmoid", "gate", &["excite"], &[]);
        pair(&mut net, "gate");
        net.say("Mul", "gated", &["stem", "gate_back"], &[]);
        finish(net, "gated", 8)
    };
    let table = |step: f32| {
        let mut net = start(13);
        coarse(&mut net, step);
        net.say("Sigmoid", "gate", &["stem"], &[]);
        pair(&mut net, "gate");
        finish(net, "gate_back", 8)
    };
    for (what, onnx) in [
        ("a gate", gate(0.25)),
        ("a gate by 8 bits", gate(1.0 / 255.0)),
        ("a table", table(0.25)),
        ("a table by 8 bits", table(1.0 / 255.0)),
    ] {
        let image = compiler::compile(&onnx, &options, &samples, &|_, _, _| {});
        let image = image.unwrap_or_else(|error| panic!("{what}: {error}"));
        for picture in &samples[..3] {
            let theirs = tract(&onnx, picture, false).expect("tract runs it").concat();
            let close = cosine(&integer(&image, picture), &theirs);
            assert!(close > 0.99, "{what}: {close}");
        }
        let graph = compiler::read(&onnx, &options).expect("it was compiled");
        assert_eq!(graph.ranges.is_empty(), what.ends_with("bits"), "{what}");
    }
    let mut net = Builder::with_input(&[1, 3, 16, 12], 13);
    coarse(&mut net, 20.0);
    pair(&mut net, "input");
    oracle::forms::scaled_stem(&mut net, "input_back");
    let graph = compiler::read(&finish(net, "stem", 8), &options).expect("it is supported");
    assert_eq!(graph.ranges.values().next(), Some(&[0.0, 5100.0]), "pixels are rounded");
    // An embedding of unit length by steps of a tenth.
    for step in [0.1, 1.0 / 127.0] {
        let mut net = start(13);
        coarse(&mut net, step);
        net.conv("head", "stem", [64, 8, 3], 2, 1);
        net.say("GlobalAveragePool", "pooled", &["head"], &[]);
        net.say("Flatten", "flat", &["pooled"], &[]);
        net.say("LpNormalization", "unit", &["flat"], &[Int("axis", 1)]);
        pair(&mut net, "unit");
        let onnx = net.finish(&[("unit_back", &[1, 64])]);
        is_refused("a unit vector", &onnx, &["\"unit_back\"", "DequantizeLinear", "rounds"]);
    }
}

#[test]
fn a_quantization_that_is_not_exact_here_is_refused_by_name() {
    let other = quantized(DataType::Int8, 0, [0.02, 0.03], "Relu");
    is_refused("two scales", &other, &["\"stem_back\"", "DequantizeLinear", "another scale"]);
    let mut net = start(13);
    net.constant("scales", &[8], vec![0.02; 8]);
    net.file().tensor("zeros", &[8], DataType::Int8, vec![0; 8]);
    net.say("QuantizeLinear", "node", &["stem", "scales", "zeros"], &[]);
    is_refused("a scale a channel", &finish(net, "node", 8), &["\"node\"", "one constant number"]);
    let mut net = start(13);
    net.constant("steps", &[], vec![0.02]);
    net.say("QuantizeLinear", "node", &["stem", "steps"], &[]);
    is_refused("read in 8 bits", &finish(net, "node", 8), &["\"last\"", "only DequantizeLinear"]);
}

#[test]
fn a_last_quantization_is_computed() {
    let (options, samples) = (options(Kind::Encoder), samples(12));
    for (kind, zero, step, after) in [
        (DataType::Uint8, 128u8, 0.5, ""),
        (DataType::Int8, 0, 0.25, ""),
        (DataType::Int8, 0, 0.5, "LpNormalization"),
        (DataType::Uint8, 0, 0.3, ""),
    ] {
        let mut net = start(13);
        net.constant("there", &[], vec![step]);
        net.constant("back", &[], vec![step]);
        net.file().tensor("zero_point", &[], kind, vec![zero]);
        net.conv("head", "stem", [64, 8, 3], 2, 1);
        net.say("GlobalAveragePool", "pooled", &["head"], &[]);
        net.say("Flatten", "flat", &["pooled"], &[]);
        pair(&mut net, "flat");
        let last = if after.is_empty() { "flat_back" } else { "unit" };
        if !after.is_empty() {
            net.say(after, last, &["flat_back"], &[Int("axis", 1)]);
        }
        let onnx = net.finish(&[(last, &[1, 64])]);
        let image = compiler::compile(&onnx, &options, &samples, &|_, _, _| {}).expect("it is supported");
        for picture in &samples {
            let theirs = tract(&onnx, picture, false).expect("tract runs it").concat();
            let ours = float(&onnx, &options, picture).expect("it was compiled").concat();
            let unfolded = compiler::read_unfolded(&onnx, &options).expect("it was compiled");
            let unfolded = compiler::float::run(&unfolded, picture, |_, _, _| {}).concat();
            let found = integer(&image, picture);
            for (what, found, least) in
                [("float", &ours, 0.999), ("unfolded", &unfolded, 0.999), ("image", &found, 0.95)]
            {
                let close = cosine(found, &theirs);
                assert!(close > least, "{kind:?} {step} {after}, {what}: {close}");
            }
            // The correction of biases may add a part of a step.
            let is_whole = |value: &f32| (value / step - (value / step).round()).abs() < 0.2;
            assert!(found.iter().all(is_whole), "{kind:?} {step}: {found:?}");
        }
    }
    let mut net = start(13);
    net.constant("steps", &[], vec![0.5]);
    net.conv("head", "stem", [64, 8, 3], 2, 1);
    net.say("GlobalAveragePool", "pooled", &["head"], &[]);
    net.say("Flatten", "flat", &["pooled"], &[]);
    net.say("QuantizeLinear", "node", &["flat", "steps"], &[]);
    let onnx = net.finish(&[("node", &[1, 64])]);
    is_refused("an output in 8 bits", &onnx, &["\"node\"", "8 bits", "DequantizeLinear"]);
}

#[test]
fn biases_are_corrected_towards_rounded_values() {
    let (options, samples) = (options(Kind::Encoder), samples(12));
    let onnx = quantized(DataType::Int8, 0, [0.7; 2], "Relu");
    let image = compiler::compile(&onnx, &options, &samples, &|_, _, _| {}).expect("it is supported");
    for picture in &samples {
        let theirs = tract(&onnx, picture, false).expect("tract runs it").concat();
        let ours = float(&onnx, &options, picture).expect("it was compiled").concat();
        let (ours, image) = (cosine(&ours, &theirs), cosine(&integer(&image, picture), &theirs));
        assert!(ours > 0.9999 && image > 0.999, "{ours} {image}");
    }
}
