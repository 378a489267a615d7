//! What `postern compile` checks before and after it compiles, on small networks written here.

use std::fs;
use std::path::Path;

use fixtures::{Need, need};
use onnx::{Attribute, Dimension, Writer, proto};
use prost::Message;
use serde_json::Value;

use crate::bench::{Ran, run};

/// An encoder for pictures of `side` with `outputs` values: a convolution, a function, the mean, a fully connected layer.
///
/// With `offset`, the function's values are far from zero and differ little, so that 256 steps do not tell them apart.
fn network(side: usize, outputs: usize, offset: f32) -> Vec<u8> {
    with_unread(side, outputs, offset, [16, 0])
}

/// The same with this number of filters, of which so many are not read by the fully connected layer.
fn with_unread(side: usize, outputs: usize, offset: f32, [filters, unread]: [usize; 2]) -> Vec<u8> {
    let mut file = Writer::new("small", 8, 14);
    file.input("input", &[1, 3, side, side].map(Dimension::Fixed));
    let mut random = fastrand::Rng::with_seed(1);
    let mut numbers = |count: usize| (0..count).map(|_| random.f32() - 0.5).collect::<Vec<f32>>();
    let (stem, mut head) = (numbers(filters * 3 * 9), numbers(filters * outputs));
    head[..unread * outputs].fill(0.0);
    file.constant("stem.w", &[filters, 3, 3, 3], &stem);
    file.constant("stem.b", &[filters], &vec![offset; filters]);
    file.constant("minus", &[1], &[-offset]);
    file.constant("head.w", &[filters, outputs], &head);
    file.node("Conv", "stem", &["input", "stem.w", "stem.b"], &[Attribute::Ints("strides", &[4, 4])]);
    file.node("HardSwish", "swish", &["stem"], &[]);
    file.node("GlobalAveragePool", "pooled", &["swish"], &[]);
    file.node("Add", "less", &["pooled", "minus"], &[]);
    file.node("Flatten", "flat", &["less"], &[]);
    file.node("MatMul", "row", &["flat", "head.w"], &[]);
    file.output("row", &[1, outputs].map(Dimension::Fixed));
    file.finish()
}

/// Compiles the network in `folder`, like MobileFaceNet.
fn compile(folder: &Path, onnx: &[u8], more: &[&str]) -> (Ran, String) {
    let (from, to) = (folder.join("small.onnx"), folder.join("small.pstn"));
    fs::write(&from, onnx).expect("written");
    let [from, to] = [from, to].map(|path| path.display().to_string());
    (run(&[&["compile", &from, "--like", "mobilefacenet", "-o", &to], more].concat()), to)
}

#[test]
fn a_file_for_pictures_of_another_size_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ran, _) = compile(folder.path(), &network(160, 128, 0.0), &[]);
    assert_eq!(ran.code, 2, "{}", ran.said);
    assert!(ran.said.contains("pictures of 160x160") && ran.said.contains("--size"), "{}", ran.said);
}

#[test]
fn sizes_that_no_door_takes_are_refused_before_any_work() {
    let folder = tempfile::tempdir().expect("a folder");
    for size in ["99999999999x1", "1000000x1000000", "33x112", "112x96", "0x0", "128x128"] {
        let (ran, image) = compile(folder.path(), &network(112, 128, 0.0), &["--size", size]);
        assert_eq!(ran.code, 2, "{size}: {}", ran.said);
        assert!(ran.said.contains(size) && ran.said.contains("80x80"), "{size}: {}", ran.said);
        assert!(!Path::new(&image).exists());
    }
    for (like, wanted) in [("yunet", "multiples of 32"), ("liveness", "128x128")] {
        let onnx = folder.path().join("small.onnx").display().to_string();
        for size in ["99999999999x64", "2048x64", "100x100"] {
            let ran = run(&["compile", &onnx, "--like", like, "--size", size]);
            assert!(ran.code == 2 && ran.said.contains(wanted), "{like} {size}: {}", ran.said);
        }
    }
    let ran = run(&["compile", "none.onnx", "--like", "yunet", "--size", "64x64"]);
    assert!(ran.said.contains("faces that fill the picture"), "{}", ran.said);
}

#[test]
fn output_dimensions_that_no_board_takes_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for outputs in [7, 100, 2000] {
        let (ran, image) = compile(folder.path(), &network(112, outputs, 0.0), &[]);
        assert_eq!(ran.code, 2, "{}", ran.said);
        assert!(
            ran.said.contains("64, 128, 256 or 512") && ran.said.contains(&outputs.to_string()),
            "{}",
            ran.said
        );
        assert!(!Path::new(&image).exists());
    }
}

#[test]
fn an_image_far_from_its_network_is_written_with_force_alone_and_says_its_fidelity() {
    need!(Need::Cached("models/yunet.onnx"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    let cosine = |image: &str| {
        let inspected = run(&["inspect", image]);
        let fidelity: &Value = &inspected.first()["fidelity"];
        assert_eq!(fidelity["figure"], "cosine");
        assert!(fidelity["samples"].as_u64() > Some(0));
        (fidelity["mean"].as_f64().expect("a mean"), fidelity["worst"].as_f64().expect("a least"))
    };
    let (ran, image) = compile(folder.path(), &network(112, 128, 0.0), &[]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let (mean, worst) = cosine(&image);
    assert!(mean > 0.97 && worst > 0.9 && worst <= mean, "{mean} {worst}");
    let said = ran.first()["fidelity"]["cosine"]["mean"].as_f64().expect("a mean");
    assert!((said - mean).abs() < 1e-6, "inspect says what compile said");

    fs::remove_file(&image).expect("it was written");
    let far = network(112, 128, 1e6);
    let (ran, image) = compile(folder.path(), &far, &[]);
    assert_eq!(ran.code, 2, "{}", ran.said);
    assert!(ran.said.contains("far from its network") && ran.said.contains("--force"), "{}", ran.said);
    assert!(!Path::new(&image).exists());
    let (ran, image) = compile(folder.path(), &far, &["--force"]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(cosine(&image).0 < 0.97);
}

/// The sums agree with the image that kept its dead channels.
#[test]
fn an_image_without_its_dead_channels_says_what_was_removed() {
    need!(Need::Cached("models/yunet.onnx"), Need::Cached("pictures"));
    let inspected = |filters: [usize; 2], more: &[&str]| {
        let folder = tempfile::tempdir().expect("a folder");
        let (ran, image) = compile(folder.path(), &with_unread(112, 128, 0.0, filters), more);
        assert_eq!(ran.code, 0, "{}", ran.said);
        run(&["inspect", &image]).first().clone()
    };
    let (all, less) = (inspected([32, 16], &["--no-pruning"]), inspected([32, 16], &[]));
    for field in ["multiply_adds", "weight_bytes"] {
        let of = |value: &Value| value[field].as_u64().expect("a number");
        assert!(of(&less["removed"]) > 0 && of(&all["removed"]) == 0, "{less} {all}");
        assert_eq!(of(&all), of(&less) + of(&less["removed"]), "{field}");
        let rows = less["operators"].as_array().expect("operators");
        assert_eq!(rows.iter().map(|row| of(&row["removed"])).sum::<u64>(), of(&less["removed"]), "{field}");
    }
    let stem = &less["operators"][0];
    assert_eq!((&stem["output"][2], &stem["removed"]["filters"]), (&Value::from(16), &Value::from(16)));
    assert_eq!(inspected([16, 0], &[])["removed"], all["removed"], "nothing was dead");
}

#[test]
fn weights_in_a_file_beside_the_network_are_compiled() {
    need!(Need::Cached("models/yunet.onnx"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    let whole = network(112, 64, 0.0);
    let mut file = proto::Model::decode(&whole[..]).expect("it was just written");
    let tensor = &mut file.graph.as_mut().expect("a graph").initializer[0];
    fs::write(folder.path().join("weights.bin"), &tensor.raw_data).expect("written");
    tensor.raw_data.clear();
    tensor.data_location = 1;
    tensor.external_data = vec![proto::Entry { key: "location".into(), value: "weights.bin".into() }];
    let (ran, image) = compile(folder.path(), &file.encode_to_vec(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let beside = fs::read(&image).expect("it was written");
    fs::remove_file(&image).expect("it was written");
    let (ran, image) = compile(folder.path(), &whole, &[]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert_eq!(beside, fs::read(&image).expect("it was written"), "it is the same network");
    fs::remove_file(&image).expect("it was written");
    fs::remove_file(folder.path().join("weights.bin")).expect("it was written");
    let (ran, _) = compile(folder.path(), &file.encode_to_vec(), &[]);
    assert!(ran.code == 2 && ran.said.contains("weights.bin"), "{}", ran.said);
}

#[test]
fn an_npu_section_is_added_to_an_image_and_inspected() {
    need!(Need::Cached("vela"));
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("with.pstn").display().to_string();
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/slim-60/slim-60.pstn");
    let ran = run(&["compile", from, "--npu", "ethos-u55-128", "-o", &to]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let [before, after] = [from, &to].map(|image| run(&["inspect", image]).first().clone());
    assert_eq!((&before["npu"], &before["identity"]), (&Value::Null, &after["identity"]));
    assert_eq!(after["npu"]["accelerator"], "ethos-u55-128");
    assert!(after["npu"]["cycles"].as_u64() > Some(1_000_000), "{}", after["npu"]);
    assert!(after["operators"][0]["npu_cycles"].as_u64() > Some(0), "{}", after["operators"][0]);
    for option in
        [&["--no-pruning"][..], &["--ranges", "min-max"], &["--no-equalization"], &["--size", "96x96"]]
    {
        let refused = run(&[&["compile", from, "--npu", "ethos-u55-128", "-o", &to][..], option].concat());
        assert!(refused.code == 2 && refused.said.contains(option[0]), "{}", refused.said);
    }
    let refused = run(&["compile", from, "--npu", "ethos-u55-128"]);
    assert!(refused.code == 2 && refused.said.contains("--output"), "{}", refused.said);
}
