//! Networks around one node, and what is checked of them.

use compiler::Kind;
use onnx::Attribute;

use super::{cosine, difference, float, integer, options, tract};
use crate::networks::{Builder, samples};

/// Height and width of the pictures of [`samples`].
pub const SIDES: [i64; 2] = [16, 12];

/// A network that starts with a convolution "stem" to 8 x 16 x 12.
pub fn start(opset: i64) -> Builder {
    let mut net = Builder::with_input(&[1, 3, SIDES[0], SIDES[1]], opset);
    scaled_stem(&mut net, "input");
    net
}

/// Makes pixels small numbers, and the convolution of them.
pub fn scaled_stem(net: &mut Builder, input: &str) {
    net.constant("mean", &[1], vec![127.5]);
    net.constant("scale", &[1], vec![1.0 / 64.0]);
    net.node("Sub", "centred", &[input, "mean"], &[]);
    net.node("Mul", "scaled", &["centred", "scale"], &[]);
    net.conv("stem", "scaled", [8, 3, 3], 1, 1);
}

/// Ends a network with a convolution of `input`, the mean over all pixels, and a fully connected layer "end".
pub fn finish(mut net: Builder, input: &str, channels: i64) -> Vec<u8> {
    net.conv("last", input, [16, channels, 3], 2, 1);
    net.node("GlobalAveragePool", "mean_of_last", &["last"], &[]);
    net.node("Flatten", "row", &["mean_of_last"], &[("axis", &[1])]);
    let weights = net.random(32 * 16, 0.5);
    net.constant("end.w", &[32, 16], weights);
    net.node("Gemm", "end", &["row", "end.w"], &[("transB", &[1])]);
    net.finish(&[("end", &[1, 32])])
}

/// Checks that the float graph is tract's, and that the image follows it.
pub fn is_computed(what: &str, onnx: &[u8]) {
    let options = options(Kind::Encoder);
    let samples = samples(12);
    let image = compiler::compile(onnx, &options, &samples, &|_, _, _| {});
    let image = image.unwrap_or_else(|error| panic!("{what}: {error}"));
    for picture in &samples[..3] {
        let ours = float(onnx, &options, picture).expect("it was compiled").concat();
        let theirs =
            tract(onnx, picture, false).unwrap_or_else(|error| panic!("{what}: tract: {error:#}")).concat();
        let theirs = &theirs[..ours.len()];
        assert!(difference(&ours, theirs) < 1e-3, "{what}: {ours:?} is not {theirs:?}");
        let close = cosine(&integer(&image, picture), theirs);
        assert!(close > 0.98, "{what}: the image has a cosine of {close}");
    }
}

/// Checks that the file is refused, with these words.
pub fn is_refused(what: &str, onnx: &[u8], words: &[&str]) {
    let error = compiler::read(onnx, &options(Kind::Encoder)).expect_err(what).to_string();
    for word in words {
        assert!(error.contains(word), "{what}: {error}");
    }
}

/// A network with one node after the stem, which keeps the channels.
pub fn with_node(
    operator: &str,
    inputs: &[&str],
    attributes: &[Attribute],
    add: impl Fn(&mut Builder),
) -> Vec<u8> {
    let mut net = start(13);
    add(&mut net);
    let inputs: Vec<&str> = ["stem"].iter().chain(inputs).copied().collect();
    net.say(operator, "node", &inputs, attributes);
    finish(net, "node", 8)
}
