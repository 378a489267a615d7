//! Both boards compute the same bytes as the host: every kernel on random shapes, and every model on real pictures,
//! from the camera's pixels to the template.

use conformance::job::Job;
use e2e::{conformance, frame, image};
use emulator::{Machine, measure};
use fixtures::{Need, need};

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

fn kernels(machine: Machine) {
    let equal = measure::compare_suite(machine.map(), &conformance(machine)).expect("the board runs");
    assert!(equal, "{} and host differ, see above", machine.name());
}

/// Crop and score of faces inside the frame, over its edge, and as large as the frame.
fn liveness(machine: Machine) {
    let image = image("liveness");
    let boxes = [[79, 19, 51, 68], [-9, -20, 90, 110], [20, 10, 180, 220]];
    for (name, face) in PICTURES.iter().zip(boxes.iter().cycle()) {
        let frame = frame(name);
        let frame = frame.view().expect("a whole frame");
        let mut face_bytes = [0; 16];
        for (bytes, pixels) in face_bytes.chunks_exact_mut(4).zip(face) {
            bytes.copy_from_slice(&(pixels * 1024i32).to_le_bytes());
        }
        let job = Job::Liveness { image: &image, frame: &frame, face: &face_bytes };
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
