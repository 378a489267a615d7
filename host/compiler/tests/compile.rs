//! Networks through the whole compiler, against tract and against the float graph.

mod networks;

mod oracle;

use compiler::{Error, Kind, image, plan};
use networks::{Builder, everything, samples};
use oracle::{float, integer, options, tract};

#[test]
fn the_float_graph_computes_what_tract_computes() {
    for picture in samples(3) {
        for bgr in [false, true] {
            let mut options = options(Kind::Encoder);
            options.preprocessing.bgr = bgr;
            let float = float(&everything(), &options, &picture).expect("it is supported").concat();
            let unfolded = compiler::read_unfolded(&everything(), &options).expect("it is supported");
            let unfolded = compiler::float::run(&unfolded, &picture, |_, _, _| {}).concat();
            assert!(oracle::difference(&unfolded, &float) < 1e-3, "{float:?} is not {unfolded:?}");
            let tract = tract(&everything(), &picture, bgr).expect("tract runs it").concat();
            assert_eq!(float.len(), tract.len());
            for (ours, theirs) in float.iter().zip(&tract) {
                assert!((ours - theirs).abs() < 1e-3, "{float:?} is not {tract:?}");
            }
        }
    }
}

#[test]
fn integers_follow_the_floats() {
    let options = options(Kind::Encoder);
    let image = compiler::compile(&everything(), &options, &samples(24), &|_, _, _| {}).expect("it compiles");
    let (mut error, mut power) = (0.0, 0.0);
    for picture in samples(40).into_iter().skip(24) {
        let float = float(&everything(), &options, &picture).expect("it is supported").concat();
        for (q, f) in integer(&image, &picture).into_iter().zip(float) {
            error += (q - f) * (q - f);
            power += f * f;
        }
    }
    let snr = 10.0 * (power / error).log10();
    assert!(snr > 25.0, "signal to quantization noise: {snr} dB");
}

/// What MobileFaceNet begins with, large enough that bands are worth it.
#[test]
fn bands_compute_what_whole_tensors_do_in_less_room() {
    let mut net = Builder::new([3, 121, 43]);
    net.conv("stem", "input", [16, 3, 3], 2, 1);
    net.conv("first", "stem", [16, 1, 3], 1, 16);
    net.conv("wide", "first", [48, 16, 1], 1, 1);
    net.prelu("prelu", "wide", 48);
    net.conv("second", "prelu", [48, 1, 3], 2, 48);
    net.conv("narrow", "second", [20, 48, 1], 1, 1);
    net.conv("small", "narrow", [3, 20, 3], 2, 1);
    net.node("GlobalAveragePool", "mean", &["small"], &[]);
    let onnx = net.finish(&[("mean", &[1, 3, 1, 1])]);
    let options = options(Kind::Encoder);
    let mut noise = Builder::new([3, 121, 43]);
    let mut picture = || noise.random(121 * 43 * 3, 120.0).iter().map(|x| (x + 128.0) as u8).collect();
    let samples: Vec<Vec<u8>> = (0..4).map(|_| picture()).collect();
    let network = compiler::integers(&onnx, &options, &samples, &|_, _, _| {}).expect("it is supported");
    let (whole, plan) = (plan::whole(&network), plan::plan(&network));
    assert!(!plan.chains.is_empty() && 3 * plan.arena < 2 * whole.arena, "{plan:?}");
    let [whole, banded] =
        [whole, plan].map(|plan| image::write(&network, &plan, &options, &onnx).expect("it is sound"));
    for picture in &samples {
        assert_eq!(integer(&banded, picture), integer(&whole, picture));
    }
}

#[test]
fn compiling_twice_gives_the_same_bytes() {
    let compile = || compiler::compile(&everything(), &options(Kind::Encoder), &samples(8), &|_, _, _| {});
    assert_eq!(compile().expect("it compiles"), compile().expect("it compiles"));
}

#[test]
fn an_unknown_operator_is_named_with_its_shape() {
    let mut net = Builder::new([3, 16, 12]);
    net.conv("stem", "input", [8, 3, 3], 2, 1);
    net.node("Erf", "swish", &["stem"], &[]);
    let onnx = net.finish(&[("swish", &[1, 8, 8, 6])]);
    let error = compiler::read(&onnx, &options(Kind::Encoder)).expect_err("Erf is unknown");
    assert!(
        matches!(&error, Error::Unsupported { node, operator, shape, .. }
        if node == "swish" && operator == "Erf" && shape == "8x6x8"),
        "{error}"
    );
}

#[test]
fn what_is_not_onnx_is_refused() {
    assert!(matches!(compiler::read(b"not a network", &options(Kind::Encoder)), Err(Error::Parse(_))));
}

#[test]
fn a_name_that_two_values_have_is_refused() {
    let named = |add: &dyn Fn(&mut Builder)| {
        let mut net = oracle::forms::start(13);
        add(&mut net);
        oracle::forms::finish(net, "stem", 8)
    };
    let refused = oracle::forms::is_refused;
    let constant = named(&|net| net.constant("mean", &[], vec![3.0]));
    refused("two constants", &constant, &["\"mean\"", "a constant", "another constant"]);
    let shadowed = named(&|net| net.say("Relu", "scale", &["stem"], &[]));
    refused("a constant and an output", &shadowed, &["\"scale\"", "a constant", "the output of a node"]);
    let twice = named(&|net| net.say("Relu", "stem", &["scaled"], &[]));
    refused("two outputs", &twice, &["\"stem\"", "the output of a node", "that of another"]);
    let input = named(&|net| net.say("Relu", "input", &["stem"], &[]));
    refused("an input", &input, &["\"input\"", "an input", "the output of a node"]);
    assert!(compiler::read(&named(&|_| ()), &options(Kind::Encoder)).is_ok());
    // Older files list their constants as inputs.
    let listed = named(&|net| net.file().input("mean", &[onnx::Dimension::Fixed(1)]));
    assert!(compiler::read(&listed, &options(Kind::Encoder)).is_ok());
}

#[test]
fn an_opset_that_is_not_known_is_refused() {
    for (opset, known) in [(9, true), (18, true), (25, true), (26, false), (99, false)] {
        let mut net = oracle::forms::start(opset);
        net.say("Relu", "node", &["stem"], &[]);
        let result = compiler::read(&oracle::forms::finish(net, "node", 8), &options(Kind::Encoder));
        assert_eq!(result.is_ok(), known, "{opset}");
        if let Err(error) = result {
            let words = ["opset 25", &format!("opset {opset}")];
            assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
        }
    }
}

#[test]
fn without_samples_there_are_no_ranges() {
    let result = compiler::compile(&everything(), &options(Kind::Encoder), &[], &|_, _, _| {});
    assert!(matches!(result, Err(Error::NoSamples)));
}
