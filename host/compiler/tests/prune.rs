//! Dead channels: what is removed, and that every output keeps its bytes.

mod networks;

use std::ops::Add;

use bytemuck::cast_slice_mut;
use compiler::image::Aligned;
use compiler::prune::{Removed, prune};
use compiler::quantize::Network;
use compiler::removed::{self, Removal};
use compiler::{Kind, Method, Options, Preprocessing, image, plan};
use networks::{Builder, everything, samples};
use nn::Model;

fn options() -> Options {
    Options {
        name: "test".into(),
        kind: Kind::Encoder,
        preprocessing: Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
        input_size: None,
        method: Method { prune: false, ..Method::default() },
        calibration: Vec::new(),
    }
}

fn integers(onnx: &[u8]) -> Network {
    compiler::integers(onnx, &options(), &samples(8), &|_, _, _| {}).expect("it is supported")
}

fn written(network: &Network) -> Aligned {
    let bytes = image::write(network, &plan::plan(network), &options(), b"").expect("the engine takes it");
    Aligned::new(&bytes)
}

/// What the image of `network` gives for pictures of noise.
fn outputs(network: &Network) -> Vec<Vec<i16>> {
    let bytes = written(network);
    let model = Model::load(bytes.bytes()).expect("a fresh image");
    let mut blocks = vec![0u128; model.arena_len().div_ceil(16)];
    let arena: &mut [i8] = cast_slice_mut(&mut blocks);
    let mut random = fastrand::Rng::with_seed(7);
    let mut run = || {
        model.input_mut(arena).fill_with(|| random.i8(..));
        model.run(arena).expect("the arena has the size it asks for");
        (0..model.output_count()).flat_map(|n| model.read(arena, n).iter().collect::<Vec<_>>()).collect()
    };
    (0..5).map(|_| run()).collect()
}

/// A bottleneck of `channels` whose depthwise filters are zero where `is_dead`, beside a residual sum.
fn bottleneck(channels: i64, is_dead: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut net = Builder::new([3, 16, 12]);
    net.conv("stem", "input", [16, 3, 3], 2, 1);
    net.prelu("stem_prelu", "stem", 16);
    net.conv("expand", "stem_prelu", [channels, 16, 1], 1, 1);
    net.prelu("expand_prelu", "expand", channels);
    let mut weights = net.random(channels as usize * 9, 0.4);
    for (channel, filter) in weights.chunks_exact_mut(9).enumerate() {
        if is_dead(channel) {
            filter.fill(0.0);
        }
    }
    let bias = net.random(channels as usize, 0.5);
    net.constant("depthwise.w", &[channels, 1, 3, 3], weights);
    net.constant("depthwise.b", &[channels], bias);
    let attributes: [(&str, &[i64]); 4] =
        [("kernel_shape", &[3, 3]), ("strides", &[1, 1]), ("pads", &[1, 1, 1, 1]), ("group", &[channels])];
    net.node("Conv", "depthwise", &["expand_prelu", "depthwise.w", "depthwise.b"], &attributes);
    net.prelu("depthwise_prelu", "depthwise", channels);
    net.conv("project", "depthwise_prelu", [16, channels, 1], 1, 1);
    net.node("Add", "residual", &["stem_prelu", "project"], &[]);
    net.conv("head", "residual", [4, 16, 3], 1, 1);
    net.node("Transpose", "pixels", &["head"], &[("perm", &[0, 2, 3, 1])]);
    net.finish(&[("pixels", &[1, 8, 6, 4])])
}

#[test]
fn a_network_without_dead_channels_stays_as_it_is() {
    let mut network = integers(&everything());
    assert_eq!(prune(&mut network), Removed::default());
}

#[test]
fn dead_depthwise_filters_go_with_what_feeds_them() {
    for (channels, left) in [(32, 16), (64, 32), (20, 10)] {
        let whole = integers(&bottleneck(channels, |channel| channel % 2 == 0));
        let mut pruned = whole.clone();
        let removed = prune(&mut pruned);
        let gone = channels as usize - left;
        assert_eq!(removed.channels, gone, "{channels} channels");
        assert_eq!(removed.multiply_adds, gone * 48 * (16 + 9 + 16));
        assert_eq!(outputs(&pruned), outputs(&whole), "{channels} channels");
    }
}

#[test]
fn the_image_says_what_was_removed_of_each_operator() {
    let whole = integers(&bottleneck(32, |channel| channel % 2 == 0));
    let mut pruned = whole.clone();
    let gone = prune(&mut pruned);
    let images = [&whole, &pruned].map(written);
    let [before, after] = [&images[0], &images[1]].map(|image| Model::load(image.bytes()).expect("an image"));
    let removed = removed::of(&after).expect("it is recorded");
    let figures = |model: &Model, index: usize| {
        let operator = model.operator(index).expect("it has as many");
        [operator.multiply_adds(), operator.weight_bytes()]
    };
    for (index, of) in removed.iter().enumerate() {
        let ([products, bytes], left) = (figures(&before, index), figures(&after, index));
        assert_eq!([of.multiply_adds, of.weight_bytes], [products - left[0], bytes - left[1]], "{index}");
    }
    // Stem, expansion, depthwise, projection.
    let sides: Vec<[usize; 3]> = removed.iter().map(|it| [it.filters, it.channels, it.folded]).collect();
    assert_eq!(sides[..4], [[0; 3], [16, 0, 0], [16, 16, 0], [0, 16, 16]]);
    assert_eq!(removed.into_iter().fold(Removal::default(), Add::add).multiply_adds, gone.multiply_adds);
    assert!(removed::of(&before).expect("it is recorded").iter().all(|it| *it == Removal::default()));
}

#[test]
fn the_record_changes_no_identity() {
    let mut network = integers(&bottleneck(32, |channel| channel % 2 == 0));
    prune(&mut network);
    let with = written(&network);
    network.removed.clear();
    let without = written(&network);
    let [with, without] = [&with, &without].map(|image| Model::load(image.bytes()).expect("an image"));
    assert!(with.removed().map(<[_]>::len) > without.removed().map(<[_]>::len));
    assert_eq!(with.identity(), without.identity());
}

#[test]
fn whole_pieces_stay_whole_pieces() {
    let whole = integers(&bottleneck(48, |channel| channel % 3 == 0));
    let mut pruned = whole.clone();
    assert_eq!(prune(&mut pruned).channels, 16);
    assert_eq!(outputs(&pruned), outputs(&whole));
    let mut few = integers(&bottleneck(32, |channel| channel < 3));
    assert_eq!(prune(&mut few).channels, 0, "29 channels take two pieces, as 32 do");
}

#[test]
fn a_network_of_dead_channels_keeps_one() {
    let whole = integers(&bottleneck(8, |_| true));
    let mut pruned = whole.clone();
    assert_eq!(prune(&mut pruned).channels, 7);
    assert_eq!(outputs(&pruned), outputs(&whole));
}

#[test]
fn random_patterns_of_dead_channels_change_no_output() {
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let channels = random.i64(1..70);
        let dead: Vec<bool> = (0..channels).map(|_| random.u8(..3) == 0).collect();
        let whole = integers(&bottleneck(channels, |channel| dead[channel]));
        let mut pruned = whole.clone();
        prune(&mut pruned);
        assert_eq!(outputs(&pruned), outputs(&whole), "{channels} channels, seed {seed}");
    }
}
