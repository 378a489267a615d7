//! The float executor agrees with tract, an independent ONNX runtime, on every published network.

use models::{Kind, Manifest, Purpose, Store};
use reference::{Network, Rgb};
use tract_onnx::prelude::*;

/// The largest difference, relative to the largest value of an output.
const TOLERANCE: f32 = 1e-4;

/// Pseudo-random pixels (xorshift64).
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}

/// The outputs by tract, for the preprocessing of `manifest`.
fn by_tract(manifest: &Manifest, width: usize, height: usize, pixels: &[u8]) -> Vec<Vec<f32>> {
    let input = &manifest.input;
    let bgr = input.channels == models::Channels::Bgr;
    let value = |channel: usize, at: usize| {
        let source = if bgr { 2 - channel } else { channel };
        (f32::from(pixels[at * 3 + source]) - input.mean[channel]) * input.scale
    };
    let planes: Vec<f32> = (0..3)
        .flat_map(|channel| (0..width * height).map(move |at| (channel, at)))
        .map(|(c, at)| value(c, at))
        .collect();
    let plan = tract_onnx::onnx()
        .with_ignore_output_shapes(true)
        .with_ignore_value_info(true)
        .model_for_path(manifest.onnx().unwrap())
        .and_then(|model| model.with_input_fact(0, f32::fact([1, 3, height, width]).into()))
        .and_then(|model| model.into_optimized())
        .and_then(|model| model.into_runnable())
        .unwrap();
    let input = Tensor::from_shape(&[1, 3, height, width], &planes).unwrap();
    let outputs = plan.run(tvec!(input.into())).unwrap();
    outputs
        .iter()
        .map(|output| output.to_plain_array_view::<f32>().unwrap().iter().copied().collect())
        .collect()
}

#[test]
fn every_network_gives_what_tract_gives() {
    let store = Store::find();
    for name in store.names() {
        let manifest = store.manifest(&name).unwrap();
        if manifest.kind.purpose() != Purpose::Door || manifest.source.is_none() {
            continue;
        }
        if manifest.onnx().is_err() {
            eprintln!("{name} is skipped: it is not fetched (`postern setup`)");
            continue;
        }
        let (width, height) = (manifest.input.width, manifest.input.height);
        let pixels = noise(width * height * 3);
        let ours = Network::open(&manifest).unwrap().run(Rgb { width, height, pixels: &pixels }).unwrap();
        let theirs = by_tract(&manifest, width, height, &pixels);
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert_eq!(ours.len(), theirs.len(), "{name}, output {number}");
            // The first six outputs of the detector end in a sigmoid, which the executor leaves out.
            let sigmoid = manifest.kind == Kind::Detector && number < 6;
            let ours = ours.iter().map(|&x| if sigmoid { 1.0 / (1.0 + (-x).exp()) } else { x });
            let largest = theirs.iter().fold(f32::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
            let difference = ours.zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            println!("{name}, output {number}: {:e} of {largest}", difference / largest);
            assert!(difference <= TOLERANCE * largest, "{name}, output {number}: {difference} of {largest}");
        }
    }
}
