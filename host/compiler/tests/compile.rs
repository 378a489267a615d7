//! Networks through the whole compiler, against tract and against the float graph.

mod networks;

use bytemuck::cast_slice_mut;
use compiler::image::Aligned;
use compiler::{Error, Kind, Method, Options, Preprocessing, image, plan};
use networks::{Builder, everything, samples};
use tract_onnx::prelude::*;

fn options(method: Method) -> Options {
    Options {
        name: "test".into(),
        kind: Kind::Encoder,
        preprocessing: Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
        input_size: None,
        method,
        calibration: Vec::new(),
    }
}

/// The outputs of the float graph, and those of tract for the same file and picture.
fn float_and_tract(onnx: &[u8], options: &Options, picture: &[u8]) -> (Vec<f32>, Vec<f32>) {
    let graph = compiler::read(onnx, options).expect("it is supported");
    let float = compiler::float::run(&graph, picture, |_, _, _| {}).concat();
    let shape = graph.input_shape();
    let model = tract_onnx::onnx().model_for_read(&mut &onnx[..]).expect("tract reads it");
    let model = model.into_optimized().and_then(|m| m.into_runnable()).expect("tract runs it");
    let input = tract_ndarray::Array4::from_shape_fn((1, 3, shape.height, shape.width), |(_, c, y, x)| {
        let channel = if options.preprocessing.bgr { 2 - c } else { c };
        f32::from(picture[(y * shape.width + x) * 3 + channel])
    });
    let outputs = model.run(tvec!(input.into_tensor().into())).expect("it runs");
    let tract = outputs[0].to_plain_array_view::<f32>().expect("floats").iter().copied().collect();
    (float, tract)
}

/// The output of a compiled image for a picture, as real numbers.
fn integer(image: &[u8], picture: &[u8]) -> Vec<f32> {
    let image = Aligned::new(image);
    let model = nn::Model::load(image.bytes()).expect("a fresh image");
    let mut blocks = vec![0u128; model.arena_len().div_ceil(16)];
    let arena: &mut [i8] = cast_slice_mut(&mut blocks);
    for (to, pixel) in model.input_mut(arena).iter_mut().zip(picture) {
        *to = (pixel ^ 0x80) as i8;
    }
    model.run(arena).expect("the arena has the size it asks for");
    let scale = (-f32::from(model.output(0).expect("one output").frac_bits)).exp2();
    model.read(arena, 0).iter().map(|value| f32::from(value) * scale).collect()
}

#[test]
fn the_float_graph_computes_what_tract_computes() {
    for picture in samples(3) {
        for bgr in [false, true] {
            let mut options = options(Method::default());
            options.preprocessing.bgr = bgr;
            let (float, tract) = float_and_tract(&everything(), &options, &picture);
            assert_eq!(float.len(), tract.len());
            for (ours, theirs) in float.iter().zip(&tract) {
                assert!((ours - theirs).abs() < 1e-3, "{float:?} is not {tract:?}");
            }
        }
    }
}

#[test]
fn integers_follow_the_floats() {
    let options = options(Method::default());
    let image = compiler::compile(&everything(), &options, &samples(24), &|_, _, _| {}).expect("it compiles");
    let (mut error, mut power) = (0.0, 0.0);
    for picture in samples(40).into_iter().skip(24) {
        let (float, _) = float_and_tract(&everything(), &options, &picture);
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
    let options = options(Method::default());
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
    let compile =
        || compiler::compile(&everything(), &options(Method::default()), &samples(8), &|_, _, _| {});
    assert_eq!(compile().expect("it compiles"), compile().expect("it compiles"));
}

#[test]
fn an_unknown_operator_is_named_with_its_shape() {
    let mut net = Builder::new([3, 16, 12]);
    net.conv("stem", "input", [8, 3, 3], 2, 1);
    net.node("HardSwish", "swish", &["stem"], &[]);
    let onnx = net.finish(&[("swish", &[1, 8, 8, 6])]);
    let error = compiler::read(&onnx, &options(Method::default())).expect_err("HardSwish is unknown");
    assert!(
        matches!(&error, Error::Unsupported { node, operator, shape, .. }
        if node == "swish" && operator == "HardSwish" && shape == "8x6x8"),
        "{error}"
    );
}

#[test]
fn what_is_not_onnx_is_refused() {
    assert!(matches!(compiler::read(b"not a network", &options(Method::default())), Err(Error::Parse(_))));
}

#[test]
fn without_samples_there_are_no_ranges() {
    let result = compiler::compile(&everything(), &options(Method::default()), &[], &|_, _, _| {});
    assert!(matches!(result, Err(Error::NoSamples)));
}
