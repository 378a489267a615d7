//! Removing dead channels changes no byte of the output of any published network.

use bytemuck::cast_slice_mut;
use compiler::image::Aligned;
use compiler::quantize::Network;
use compiler::{Method, image, plan};
use fixtures::{Need, need};
use models::{Purpose, Store};

/// The outputs of `network` for pictures of noise.
fn outputs(network: &Network, options: &compiler::Options) -> Vec<Vec<i16>> {
    let bytes = image::write(network, &plan::plan(network), options, b"").expect("the engine takes it");
    let bytes = Aligned::new(&bytes);
    let model = nn::Model::load(bytes.bytes()).expect("a fresh image");
    let mut blocks = vec![0u128; model.arena_len().div_ceil(16)];
    let arena: &mut [i8] = cast_slice_mut(&mut blocks);
    let mut random = fastrand::Rng::with_seed(11);
    let mut run = || {
        model.input_mut(arena).fill_with(|| random.i8(..));
        model.run(arena).expect("the arena has the size it asks for");
        (0..model.output_count()).flat_map(|n| model.read(arena, n).iter().collect::<Vec<_>>()).collect()
    };
    (0..3).map(|_| run()).collect()
}

#[test]
fn no_output_of_a_published_network_changes() {
    need!(Need::Cached("models"), Need::Cached("pictures"));
    let store = Store::find();
    for name in store.names() {
        let manifest = store.manifest(&name).expect("it is listed");
        if manifest.kind.purpose() != Purpose::Door || manifest.source.is_none() {
            continue;
        }
        let onnx = std::fs::read(manifest.onnx().expect("it is fetched")).expect("a file");
        let method = Method { prune: false, correct_bias: false, ..Method::default() };
        let options = reference::options(&manifest, method).expect("published networks have such pixels");
        let samples = reference::samples::collect(&manifest, &models::data("pictures"), &|_, _| ())
            .expect("photographs that setup fetched");
        let whole = compiler::integers(&onnx, &options, &samples, &|_, _, _| {}).expect("it is supported");
        let mut pruned = whole.clone();
        let removed = compiler::prune::prune(&mut pruned);
        println!("{name}: {} channels, {} multiply-adds removed", removed.channels, removed.multiply_adds);
        // Half of the channels of the depthwise convolutions of these two are dead.
        let has_dead = ["minifasnet", "mobilefacenet"].contains(&name.as_str());
        assert!(!has_dead || removed.multiply_adds > 40_000_000, "{name}");
        let expected = outputs(&whole, &options);
        assert_eq!(outputs(&pruned, &options), expected, "{name}");
    }
}
