//! The networks that setup fetches, read, run, written and compiled again.
#![forbid(unsafe_code)]

use std::path::Path;

use encoder::{
    Embeddings, Encoder, Error, Freeze, Head, Images, Optimizer, Preprocessing, Source, Spec, Trainable,
};
use fixtures::{Need, need};
use tract_onnx::prelude::*;

#[path = "../../compiler/tests/networks/mod.rs"]
mod networks;

/// How MobileFaceNet takes its pixels; SFace's file does it itself.
const MOBILEFACENET: Preprocessing = Preprocessing { mean: 127.0, scale: 1.0 / 128.0 };
const PLAIN: Preprocessing = Preprocessing { mean: 0.0, scale: 1.0 };

fn fetched(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../.cache/models/{name}.onnx"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask setup`", path.display()))
}

/// Pictures of waves and noise, each of its own colours.
fn pictures(count: usize, [height, width]: [usize; 2]) -> Images {
    let mut random = fastrand::Rng::with_seed(5);
    let mut pixels = Vec::new();
    for _ in 0..count {
        let waves: [[f32; 3]; 3] = std::array::from_fn(|_| std::array::from_fn(|_| random.f32() * 0.2));
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y as f32, x as f32))) {
            for [down, across, start] in waves {
                let value = 128.0 + 80.0 * (down * y + across * x + 20.0 * start).sin();
                pixels.push((value + 40.0 * (random.f32() - 0.5)) as u8);
            }
        }
    }
    Images { height, width, pixels }
}

/// What tract says to an ONNX file, its pixels prepared by `before`.
fn by_tract(onnx: &[u8], before: Preprocessing, images: &Images) -> Vec<f32> {
    let Images { height, width, .. } = *images;
    let shape = [1, 3, height, width];
    let model = tract_onnx::onnx().model_for_read(&mut &onnx[..]).expect("tract reads it");
    let model = model.with_input_fact(0, f32::fact(shape).into()).expect("it has this input");
    let model = model.into_optimized().and_then(|model| model.into_runnable()).expect("tract runs it");
    let mut all = Vec::new();
    for picture in images.pixels.chunks_exact(height * width * 3) {
        let plane = |c: usize| {
            picture.iter().skip(c).step_by(3).map(|p| (f32::from(*p) - before.mean) * before.scale)
        };
        let planes: Vec<f32> = (0..3).flat_map(plane).collect();
        let input = Tensor::from_shape(&shape, &planes).expect("its size is right");
        let outputs = model.run(tvec!(input.into())).expect("it runs");
        all.extend(outputs[0].to_plain_array_view::<f32>().expect("floats").iter());
    }
    all
}

/// Holds two lists of numbers to each other, relative to the largest.
fn same(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(0f32, |most, value| most.max(value.abs()));
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 1e-5 * largest, "{name} at {place}: {found}, not {expected}");
    }
}

fn read(onnx: &[u8], preprocessing: Preprocessing, head: Head) -> Result<Encoder, Error> {
    Encoder::read(&Source { onnx, preprocessing, head }, Optimizer::default())
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

#[test]
fn fetched_networks_compute_what_tract_computes_read_and_written() {
    need!(Need::Cached("models"));
    for (name, before, dimension) in [("mobilefacenet", MOBILEFACENET, 512), ("sface", PLAIN, 128)] {
        let onnx = fetched(name);
        let encoder = read(&onnx, before, Head::Keep).expect(name);
        assert_eq!((encoder.dimension(), encoder.input()), (dimension, (112, 112)));
        let images = pictures(3, [112, 112]);
        let embeddings = encoder.embed(&images);
        same(name, &embeddings.values, &by_tract(&onnx, before, &images));
        let written = encoder.to_onnx();
        same(name, &embeddings.values, &by_tract(&written, PLAIN, &images));
        let again = read(&written, PLAIN, Head::Keep).expect(name);
        same(name, &embeddings.values, &again.embed(&images).values);
    }
}

#[test]
fn every_operator_is_read_and_written_as_tract_computes_it() {
    let mut net = networks::Builder::new([3, 18, 14]);
    net.constant("mean", &[1], vec![127.5]);
    net.constant("scale", &[1], vec![1.0 / 128.0]);
    net.node("Sub", "centred", &["input", "mean"], &[]);
    net.node("Mul", "scaled", &["centred", "scale"], &[]);
    net.conv("stem", "scaled", [8, 3, 3], 1, 1);
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
    net.node("Dropout", "dropped", &["pooled"], &[]);
    net.node("Flatten", "flat", &["dropped"], &[]);
    let weights = net.random(10 * 8 * 8 * 6, 0.05);
    net.constant("head.w", &[10, 8 * 8 * 6], weights);
    let bias = net.random(10, 0.1);
    net.constant("head.b", &[10], bias);
    net.node("Gemm", "head", &["flat", "head.w", "head.b"], &[("transB", &[1])]);
    net.batch_norm("head_bn", "head", 10);
    let onnx = net.finish(&[("head_bn", &[1, 10])]);
    let mut encoder = read(&onnx, PLAIN, Head::Keep).expect("it is supported");
    let images = pictures(8, [18, 14]);
    same("as read", &encoder.embed(&images).values, &by_tract(&onnx, PLAIN, &images));
    train(&mut encoder, &images, 3);
    let trained = encoder.embed(&images).values;
    same("as trained", &trained, &by_tract(&encoder.to_onnx(), PLAIN, &images));
    assert_ne!(trained, by_tract(&onnx, PLAIN, &images));
}

#[test]
fn files_are_those_that_another_implementation_of_the_messages_writes() {
    use prost::Message;
    let written = Encoder::new(&Spec::default(), 1, Optimizer::default()).expect("it is sound").to_onnx();
    let message = tract_onnx::pb::ModelProto::decode(&written[..]).expect("tract reads it");
    assert!(message.encode_to_vec() == written);
}

#[test]
fn what_cannot_be_trained_is_named() {
    let mut net = networks::Builder::new([3, 16, 12]);
    net.conv("stem", "input", [8, 3, 3], 2, 1);
    net.node("HardSwish", "swish", &["stem"], &[]);
    net.node("GlobalAveragePool", "mean", &["swish"], &[]);
    let onnx = net.finish(&[("mean", &[1, 8, 1, 1])]);
    let Err(error @ Error::Untrainable { .. }) = read(&onnx, PLAIN, Head::Keep) else {
        panic!("there is no such operator");
    };
    assert!(error.to_string().contains("swish") && error.to_string().contains("HardSwish"), "{error}");
    assert!(matches!(read(b"no network", PLAIN, Head::Keep), Err(Error::Onnx(_))));
    let mut net = networks::Builder::new([3, 16, 12]);
    net.conv("stem", "input", [8, 3, 3], 2, 1);
    let onnx = net.finish(&[("stem", &[1, 8, 8, 6])]);
    assert!(matches!(read(&onnx, PLAIN, Head::Keep), Err(Error::NoEncoder(_))));
}

#[test]
fn a_new_head_has_its_own_dimension_and_leaves_the_rest() {
    need!(Need::Cached("models"));
    for (name, before) in [("mobilefacenet", MOBILEFACENET), ("sface", PLAIN)] {
        let onnx = fetched(name);
        let [old, new] = [Head::Keep, Head::New { dimension: 48, seed: 1 }]
            .map(|head| read(&onnx, before, head).expect(name));
        assert_eq!(new.dimension(), 48);
        let count = new.graph().nodes.len();
        assert_eq!(count, old.graph().nodes.len());
        let same = old.graph().parameters.iter().filter(|p| new.graph().parameters.contains(p)).count();
        let head = old.graph().parameters.len() - same;
        assert!((2..=6).contains(&head), "{name}: {head} parameters are new");
        let images = pictures(2, [112, 112]);
        assert!(new.embed(&images).values.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn a_projected_embedding_is_the_map_times_the_old_one() {
    need!(Need::Cached("models"));
    for (name, before) in [("mobilefacenet", MOBILEFACENET), ("sface", PLAIN)] {
        let onnx = fetched(name);
        let old = read(&onnx, before, Head::Keep).expect(name);
        let mut new = read(&onnx, before, Head::Keep).expect(name);
        let columns = old.dimension();
        let mut random = fastrand::Rng::with_seed(1);
        let map: Vec<f32> = (0..48 * columns).map(|_| random.f32() - 0.5).collect();
        new.project(&map).expect(name);
        assert_eq!(new.dimension(), 48);
        let images = pictures(2, [112, 112]);
        let (old, new) = (old.embed(&images).values, new.embed(&images).values);
        let length = new.iter().map(|value| value * value).sum::<f32>().sqrt();
        for (old, new) in old.chunks_exact(columns).zip(new.chunks_exact(48)) {
            for (row, found) in map.chunks_exact(columns).zip(new) {
                let expected: f32 = row.iter().zip(old).map(|(factor, value)| factor * value).sum();
                assert!((expected - found).abs() < 1e-4 * length, "{name}: {found} for {expected}");
            }
        }
        assert!(matches!(
            read(&onnx, before, Head::Keep).expect(name).project(&map[1..]),
            Err(Error::Specification(_))
        ));
    }
}

#[test]
fn the_loss_of_a_fetched_network_falls_and_frozen_layers_stay() {
    need!(Need::Cached("models"));
    let onnx = fetched("mobilefacenet");
    let mut encoder = read(&onnx, MOBILEFACENET, Head::Keep).expect("it is supported");
    let before = encoder.graph().clone();
    encoder.freeze(Freeze::First(40)).expect("there are more");
    encoder.freeze(Freeze::Named("Conv_94")).expect("there is one");
    assert!(matches!(encoder.freeze(Freeze::Named("Conv_95")), Err(Error::NoLayer { .. })));
    assert!(matches!(encoder.freeze(Freeze::First(50)), Err(Error::TooMany { .. })));
    let losses = train(&mut encoder, &pictures(8, [112, 112]), 4);
    assert!(losses[3] < losses[0], "{losses:?}");
    for (layer, node) in before.nodes.iter().enumerate() {
        for id in node.operator.parameters() {
            let (old, new) = (before.values(id), encoder.graph().values(id));
            let stays = node.name == "Conv_94" || layer < 70;
            if stays || layer > 85 {
                assert_eq!(old == new, stays, "{}", node.name);
            }
        }
    }
}

#[test]
fn the_published_network_has_its_published_size() {
    let graph = Spec::default().build(1).expect("it is sound");
    // Chen et al. 2018: 0.99 million parameters, 221 million multiply-adds.
    assert!((0.98e6..1.0e6).contains(&(graph.size() as f64)), "{}", graph.size());
    assert!((219e6..223e6).contains(&(graph.multiply_adds() as f64)), "{}", graph.multiply_adds());
    assert!(matches!(Spec { width: 0.0, ..Spec::default() }.build(1), Err(Error::Specification(_))));
    assert_ne!(graph.parameters[0], Spec::default().build(2).expect("it is sound").parameters[0]);
}

#[test]
fn a_network_from_scratch_goes_to_the_board() {
    let spec = Spec { input: [48, 40], width: 0.25, depth: [1, 1, 1], features: 256, dimension: 32 };
    let mut encoder = Encoder::new(&spec, 3, Optimizer::default()).expect("it is sound");
    let images = pictures(16, [48, 40]);
    // Far enough for the running statistics to be those of the pictures.
    train(&mut encoder, &images, 30);
    let embeddings = encoder.embed(&images);
    let onnx = encoder.to_onnx();
    same("tract", &embeddings.values, &by_tract(&onnx, PLAIN, &images));
    let options = compiler::Options {
        name: "scratch".into(),
        kind: compiler::Kind::Encoder,
        preprocessing: compiler::Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
        input_size: None,
        method: compiler::Method::default(),
        calibration: Vec::new(),
    };
    let samples: Vec<Vec<u8>> = images.pixels.chunks_exact(48 * 40 * 3).map(<[u8]>::to_vec).collect();
    let image = compiler::compile(&onnx, &options, &samples, &|_, _, _| {}).expect("it compiles");
    let image = compiler::image::Aligned::new(&image);
    let model = nn::Model::load(image.bytes()).expect("a fresh image");
    let mut blocks = vec![0u128; model.arena_len().div_ceil(16)];
    let arena: &mut [i8] = bytemuck::cast_slice_mut(&mut blocks);
    for (sample, float) in samples.iter().zip(embeddings.rows()) {
        for (to, pixel) in model.input_mut(arena).iter_mut().zip(sample) {
            *to = (pixel ^ 0x80) as i8;
        }
        model.run(arena).expect("the arena has the size it asks for");
        let whole: Vec<f32> = model.read(arena, 0).iter().map(f32::from).collect();
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let cosine = dot(&whole, float) / (dot(&whole, &whole) * dot(float, float)).sqrt();
        assert!(cosine > 0.98, "int8 and float have a cosine of {cosine}");
    }
}
