//! Both boards compute the same bytes as the host: every kernel on random shapes, and every model on real pictures,
//! from the camera's pixels to the template.

use conformance::job::{Job, Status};
use e2e::{conformance, frame, image, with_section};
use emulator::{Machine, accelerator, measure};
use fixtures::{Need, need};
use npu_section::Accelerator;

/// Pictures for the smaller encoder; the larger one gets fewer.
const PICTURES: [&str; 7] = [
    "obama.jpg",
    "obama2.jpg",
    "obama3.jpg",
    "obama_partial_face.jpg",
    "obama_partial_face2.jpg",
    "biden.jpg",
    "astronaut.png",
];

#[test]
fn kernels_are_equal_on_a_cortex_m55() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    kernels(Machine::An547);
}

#[test]
fn kernels_are_equal_on_a_cortex_m7() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    kernels(Machine::An500);
}

#[test]
fn yunet_and_mobilefacenet_are_equal_on_a_cortex_m55() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    recognizer(Machine::An547, "mobilefacenet", &PICTURES);
}

#[test]
fn yunet_and_mobilefacenet_are_equal_on_a_cortex_m7() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    recognizer(Machine::An500, "mobilefacenet", &PICTURES);
}

#[test]
fn yunet_and_sface_are_equal_on_a_cortex_m55() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    recognizer(Machine::An547, "sface", &PICTURES[4..]);
}

#[test]
fn yunet_and_sface_are_equal_on_a_cortex_m7() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    recognizer(Machine::An500, "sface", &PICTURES[4..]);
}

#[test]
fn liveness_is_equal_on_a_cortex_m55() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    liveness(Machine::An547);
}

#[test]
fn liveness_is_equal_on_a_cortex_m7() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    liveness(Machine::An500);
}

/// The liveness network and what the door recognises, each network on the processor above and here on the NPU, give the
/// same bytes, down to the template.
#[test]
fn networks_are_equal_on_the_npu_of_a_cortex_m55() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"), Need::Cached("vela"));
    let accelerator = ["ethos-u55-128", "ethos-u55-256"].map(|name| accelerator(name).expect("an NPU"));
    for accelerator in accelerator {
        let [detector, encoder] = ["yunet", "slim-60"].map(|name| with_section(name, accelerator.name));
        on_npu(&detector, &encoder, &PICTURES[..1], accelerator);
    }
    // A person whose face is lost, and two others.
    let [detector, encoder] = ["yunet", "slim-60"].map(|name| with_section(name, accelerator[0].name));
    on_npu(&detector, &encoder, &PICTURES[4..], accelerator[0]);
    let image = with_section("liveness", accelerator[0].name);
    let input = measure::noise(&image).expect("an image");
    network_on_npu("liveness", &Job::Network { image: &image, input: &input }, accelerator[0]);
}

/// As above, for the large networks, and for both accelerators: `cargo xtask npu`.
#[test]
fn large_networks_are_equal_on_the_npu_of_a_cortex_m55_when_they_are_asked_for() {
    if std::env::var_os("POSTERN_NPU").is_none_or(|asked| asked != "all") {
        eprintln!("only in `cargo xtask npu`");
        return;
    }
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"), Need::Cached("vela"));
    for accelerator in ["ethos-u55-128", "ethos-u55-256"].map(|name| accelerator(name).expect("an NPU")) {
        let detector = with_section("yunet", accelerator.name);
        for name in ["postern-128", "mobilefacenet", "sface"] {
            on_npu(&detector, &with_section(name, accelerator.name), &PICTURES[..1], accelerator);
        }
        let image = with_section("minifasnet", accelerator.name);
        let input = measure::noise(&image).expect("an image");
        network_on_npu("minifasnet", &Job::Network { image: &image, input: &input }, accelerator);
    }
}

/// From the camera's pixels to the template: detector and encoder run on the NPU, and the host runs their operators.
fn on_npu(detector: &[u8], encoder: &[u8], pictures: &[&str], accelerator: &Accelerator) {
    for name in pictures {
        let frame = frame(name);
        let frame = frame.view().expect("a whole frame");
        let compared =
            network_on_npu(name, &Job::Recognizer { detector, encoder, frame: &frame }, accelerator);
        assert!(compared.output.contains("template ["), "no template of {name}: {}", compared.output);
        assert!(compared.on_npu >= 4, "both networks, as a whole and step by step: {compared:?}");
    }
}

fn network_on_npu(name: &str, job: &Job<'_>, accelerator: &Accelerator) -> measure::Compared {
    let machine = Machine::An547;
    let compared = measure::compare_job_on_npu(machine.map(), &conformance(machine), job, accelerator);
    let compared = compared.expect("the board runs");
    assert!(compared.equal, "NPU and host differ on {name}: {compared:?}");
    assert!(compared.on_npu > 0, "no network ran on the NPU: {compared:?}");
    compared
}

/// A section for another NPU, or none, is not run: the job says so, and no bytes are taken for those of the NPU.
#[test]
fn a_board_does_not_run_what_its_npu_is_not_for() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("vela"));
    let machine = Machine::An547;
    let other = accelerator("ethos-u55-256").expect("an NPU");
    for image in [with_section("slim-60", "ethos-u55-128"), image("yunet")] {
        let input = measure::noise(&image).expect("an image");
        let job = Job::Network { image: &image, input: &input };
        let compared = measure::compare_job_on_npu(machine.map(), &conformance(machine), &job, other);
        let compared = compared.expect("the board runs");
        assert_eq!((compared.status, compared.on_npu), (Status::Npu, 0));
    }
}

fn kernels(machine: Machine) {
    let equal = measure::compare_suite(machine.map(), &conformance(machine)).expect("the board runs");
    assert!(equal, "{} and host differ, see above", machine.name());
}

/// Crop and score of faces inside the frame, over its edge, and as large as the frame.
fn liveness(machine: Machine) {
    for name in ["liveness", "minifasnet"] {
        liveness_of(machine, &image(name));
    }
}

fn liveness_of(machine: Machine, image: &[u8]) {
    let boxes = [[79, 19, 51, 68], [-9, -20, 90, 110], [20, 10, 180, 220]];
    for (name, face) in PICTURES.iter().zip(boxes.iter().cycle()) {
        let frame = frame(name);
        let frame = frame.view().expect("a whole frame");
        let mut face_bytes = [0; 16];
        for (bytes, pixels) in face_bytes.chunks_exact_mut(4).zip(face) {
            bytes.copy_from_slice(&(pixels * 1024i32).to_le_bytes());
        }
        let job = Job::Liveness { image, frame: &frame, face: &face_bytes };
        let compared =
            measure::compare_job(machine.map(), &conformance(machine), &job).expect("the board runs");
        assert!(compared.equal, "{} and host differ on {name}: {compared:?}", machine.name());
        println!("{name}: {} {} instructions", compared.output.trim(), compared.instructions);
        assert!(compared.output.starts_with("score "), "no score of {name}: {}", compared.output);
    }
}

fn recognizer(machine: Machine, encoder: &str, pictures: &[&str]) {
    let (detector, encoder) = (image("yunet"), image(encoder));
    for name in pictures {
        let frame = frame(name);
        let frame = frame.view().expect("a whole frame");
        let job = Job::Recognizer { detector: &detector, encoder: &encoder, frame: &frame };
        let compared =
            measure::compare_job(machine.map(), &conformance(machine), &job).expect("the board runs");
        assert!(compared.equal, "{} and host differ on {name}: {compared:?}", machine.name());
        assert!(compared.output.contains("template ["), "no template of {name}: {}", compared.output);
    }
}
