//! The networks that setup fetches, read and run here, against tract.
#![forbid(unsafe_code)]

use std::path::Path;

use autodiff::{Error, Network, Pass};
use fixtures::{Need, need};
use tract_onnx::prelude::*;

const SIDE: usize = 112;

fn onnx(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../.cache/models/{name}.onnx"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask setup`", path.display()))
}

/// The values of a node's output, channels first.
fn expected(bytes: &[u8], node: &str, planes: &[f32]) -> TractResult<Vec<f32>> {
    let mut model = tract_onnx::onnx().with_ignore_output_shapes(true).model_for_read(&mut &bytes[..])?;
    model.select_outputs_by_name([node])?;
    let input = Tensor::from_shape(&[1, 3, SIDE, SIDE], planes)?;
    let outputs = model.into_optimized()?.into_runnable()?.run(tvec!(input.into()))?;
    Ok(outputs[0].to_plain_array_view::<f32>()?.iter().copied().collect())
}

fn check(name: &str, node: &str, scale: f32) {
    let bytes = onnx(name);
    let mut random = fastrand::Rng::with_seed(9);
    let picture: Vec<f32> = (0..SIDE * SIDE * 3).map(|_| random.f32() * scale).collect();
    let planes: Vec<f32> = (0..3).flat_map(|c| picture.iter().skip(c).step_by(3).copied()).collect();
    let network = Network::read(&bytes, &[node]).expect(name);
    let mut pass = Pass::default();
    pass.forward(&network, &picture, [SIDE; 2]).expect(name);
    let (values, shape) = pass.layer(network.layers[0]);
    let expected = expected(&bytes, node, &planes).expect(name);
    assert_eq!(values.len(), expected.len(), "{name}: {shape:?}");
    let largest = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    for (place, value) in values.iter().enumerate() {
        let (pixel, channel) = (place / shape.channels, place % shape.channels);
        let expected = expected[channel * shape.pixels() + pixel];
        assert!((value - expected).abs() < 1e-4 * largest, "{name} at {place}: {value}, expected {expected}");
    }
}

#[test]
fn sface_is_read_as_tract_reads_it() {
    need!(Need::Cached("models"));
    // Batch normalization, PReLU, depthwise and strided convolutions, arithmetic with constants.
    check("sface", "conv_14_relu", 255.0);
}

#[test]
fn mobilefacenet_is_read_as_tract_reads_it() {
    need!(Need::Cached("models"));
    // Sums of branches.
    check("mobilefacenet", "Conv_91", 2.0);
}

#[test]
fn a_layer_that_is_missing_is_told_with_those_that_are_there() {
    need!(Need::Cached("models"));
    let Err(error @ Error::NoLayer { .. }) = Network::read(&onnx("mobilefacenet"), &["conv9_9"]) else {
        panic!("there is no such layer");
    };
    assert!(error.to_string().contains("PRelu_1"), "{error}");
}

#[test]
fn what_has_no_derivative_is_told_only_where_it_is_needed() {
    need!(Need::Cached("models"));
    assert!(Network::read(&onnx("sface"), &["conv_1_relu"]).is_ok());
    let Err(Error::Unsupported { node, .. }) = Network::read(&onnx("sface"), &["pre_fc1"]) else {
        panic!("Flatten and Gemm are not there");
    };
    assert!(node.contains("flatten"), "{node}");
}
