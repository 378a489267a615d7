//! Encoders in float, which a door on Linux runs by tract: what is refused, and the main job with one.

use std::path::Path;

use fixtures::{Need, need};
use onnx::{Attribute, Dimension, Writer};

use crate::bench::{BARACK, Bench, JOE, Ran, STRANGER, picture, run};

/// What a small encoder is like.
struct Small<'a> {
    side: usize,
    outputs: usize,
    /// The function after the convolution.
    function: &'a str,
    /// By which the weights of the last layer are multiplied.
    scale: f32,
}

const SOUND: Small = Small { side: 112, outputs: 128, function: "Relu", scale: 1.0 };

/// A convolution, a function, the mean, a fully connected layer.
fn network(small: &Small) -> Vec<u8> {
    let Small { side, outputs, function, scale } = *small;
    let mut file = Writer::new("small", 8, 14);
    file.input("input", &[1, 3, side, side].map(Dimension::Fixed));
    let mut random = fastrand::Rng::with_seed(1);
    let mut numbers = |count: usize| (0..count).map(|_| random.f32() - 0.5).collect::<Vec<f32>>();
    let (stem, head) =
        (numbers(16 * 3 * 9), numbers(16 * outputs).iter().map(|value| value * scale).collect::<Vec<_>>());
    file.constant("stem.w", &[16, 3, 3, 3], &stem);
    file.constant("stem.b", &[16], &[0.0; 16]);
    file.constant("head.w", &[16, outputs], &head);
    file.node("Conv", "stem", &["input", "stem.w", "stem.b"], &[Attribute::Ints("strides", &[4, 4])]);
    file.node(function, "function", &["stem"], &[]);
    file.node("GlobalAveragePool", "pooled", &["function"], &[]);
    file.node("Flatten", "flat", &["pooled"], &[]);
    file.node("MatMul", "row", &["flat", "head.w"], &[]);
    file.output("row", &[1, outputs].map(Dimension::Fixed));
    file.finish()
}

/// Makes the image of a network in `folder`, with the preprocessing of MobileFaceNet.
fn compile(folder: &Path, onnx: &[u8], more: &[&str]) -> (Ran, String) {
    let (from, to) = (folder.join("small.onnx"), folder.join("small.pstn"));
    std::fs::write(&from, onnx).expect("written");
    let [from, to] = [from, to].map(|path| path.display().to_string());
    let arguments = ["compile", &from, "--like", "mobilefacenet", "--engine", "tract", "-o", &to];
    (run(&[&arguments[..], more].concat()), to)
}

#[test]
fn what_no_door_would_run_in_float_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |onnx: &[u8], more: &[&str], why: &str| {
        let (ran, image) = compile(folder.path(), onnx, more);
        assert_eq!(ran.code, 2, "{why}: {}", ran.said);
        assert!(ran.said.contains(why), "{:?} does not tell {why:?}", ran.said);
        assert!(!Path::new(&image).exists(), "{why}: nothing is written");
    };
    refused(&network(&Small { side: 128, ..SOUND }), &[], "its input is 1x3x128x128, not 1x3x112x112");
    refused(&network(&Small { outputs: 100, ..SOUND }), &[], "it gives 100 values, not 64, 128, 256, 512");
    refused(&network(&Small { function: "Nonesuch", ..SOUND }), &[], "tract lacks the operator Nonesuch");
    refused(&network(&Small { scale: f32::NAN, ..SOUND }), &[], "NaN or infinite");
    refused(&network(&Small { scale: 0.0, ..SOUND }), &[], "all zeros");
    refused(b"no network", &[], "not an ONNX model");
    refused(&network(&SOUND), &["--ranges", "percentile"], "--ranges is for int8 images");
    refused(&network(&SOUND), &["--npu", "ethos-u55-128"], "--npu is for int8 images");
    let liveness = run(&["compile", "minifasnet", "--engine", "tract", "-o", "x.pstn"]);
    assert!(liveness.said.contains("only an encoder runs in float"), "{}", liveness.said);
}

/// A float encoder has thresholds of its own: without any no board takes it, and those of the int8 image are no promise.
#[test]
fn an_own_encoder_needs_thresholds_and_is_inspected_as_every_image() {
    let folder = tempfile::tempdir().expect("a folder");
    let (made, image) = compile(folder.path(), &network(&SOUND), &[]);
    assert_eq!((made.code, made.first()["dimension"].as_u64()), (0, Some(128)), "{}", made.said);
    assert!(made.said.contains("no thresholds"), "{}", made.said);
    let inspected = run(&["inspect", &image]);
    let told = inspected.first();
    assert_eq!((told["kind"].as_str(), told["name"].as_str()), (Some("float encoder"), Some("small")));
    assert_eq!(told["input"], serde_json::json!([112, 112, 3]));
    assert_eq!(told["calibration"], serde_json::json!([]));
}

/// The main job with somebody's own encoder, here MobileFaceNet as it was published.
#[test]
fn a_door_on_linux_opens_by_an_encoder_in_float() {
    need!(
        Need::Door,
        Need::Cached("images"),
        Need::Cached("models/mobilefacenet.onnx"),
        Need::Cached("pictures")
    );
    let bench = Bench::new("linux");
    let image = bench.state().join("mine.pstn").display().to_string();
    let made = run(&["compile", "mobilefacenet", "--engine", "tract", "-o", &image]);
    assert_eq!(made.code, 0, "{}", made.said);
    assert!(made.first()["thresholds"].as_u64() > Some(0) && made.said.contains("unproven"), "{}", made.said);

    bench.install();
    let (bare, of_like) = compile(bench.state(), &network(&SOUND), &[]);
    assert_eq!(bare.code, 0, "{}", bare.said);
    bench.refused(&["flash", "models", "--encoder", &of_like], "has no thresholds");
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    let flashed = bench.run(&["flash", "models", "--encoder", &image]);
    assert_eq!(flashed.code, 0, "{}", flashed.said);
    assert!(flashed.said.contains("1 templates were made by another encoder"), "{}", flashed.said);
    bench.refused(&["identify", &picture(BARACK[0])], "enrolled with another encoder");
    bench.done(&["remove", "Barack"]);

    // The thresholds in it were measured on the int8 image.
    bench.refused(&["enroll", "Barack", &picture(BARACK[0])], "unproven");
    bench.done(&["settings", "--accept-unproven-rate", "true"]);
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    bench.refused(&["enroll", "Barry", &picture(BARACK[1])], "already enrolled as Barack");
    templates_equal_those_of_the_host(&bench, &image);
    admits_barack_alone(&bench);

    bench.done(&["board", "down"]);
    bench.done(&["board", "up"]);
    admits_barack_alone(&bench);
}

fn templates_equal_those_of_the_host(bench: &Bench, image: &str) {
    let pictures = [BARACK[1], JOE, STRANGER].map(picture);
    let embed = |more: &[&str]| {
        let mut arguments = vec!["embed"];
        arguments.extend(pictures.iter().map(String::as_str));
        bench.done(&[&arguments, more].concat())
    };
    let board = embed(&[]);
    let host = embed(&["--on", "host", "--encoder", image]);
    let int8 = embed(&["--on", "host", "--encoder", "mobilefacenet"]);
    for ((board, host), int8) in board.iter().zip(&host).zip(&int8) {
        assert_eq!((&board["template"], &board["encoder"]), (&host["template"], &host["encoder"]));
        assert_ne!(board["encoder"], int8["encoder"], "it has an identity of its own");
        assert_ne!(board["template"], int8["template"], "it is not quantized");
    }
}

fn admits_barack_alone(bench: &Bench) {
    let shown = bench.done(&["show", &picture(BARACK[1]), &picture(JOE), &picture(STRANGER)]);
    let doors: Vec<_> = shown.iter().map(|told| told["door"].as_str().unwrap_or_default()).collect();
    assert_eq!(doors, ["open", "locked", "locked"], "{shown:?}");
    assert_eq!(shown[0]["name"], "Barack");
}
