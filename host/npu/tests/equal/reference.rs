//! Arm's reference model of TOSA on the networks that we give to Vela: a second opinion by others.
//!
//! It is a program of the package `tosa-tools`, which reads our file by Arm's own schema and holds it to a level of the
//! specification. Its bytes are those of the engine, and of the stream in our functional model.

use std::fs;
use std::path::Path;
use std::process::Command;

use compiler::image::Aligned;
use fixtures::{Need, need};
use npu::tosa::Block;
use npu_section::Section;

use crate::{LARGE, all_are_asked_for, engine, pictures};

/// An array of bytes in NumPy's form.
fn array(shape: &[i32], values: &[u8]) -> Vec<u8> {
    let sides: Vec<String> = shape.iter().map(i32::to_string).collect();
    let head = format!("{{'descr': '|i1', 'fortran_order': False, 'shape': ({}), }}", sides.join(", "));
    // What precedes the values has a multiple of 64 bytes.
    let length = (10 + head.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{head:<width$}\n", width = length - 1).bytes());
    bytes.extend(values);
    bytes
}

/// The values of an array of 16 bits in NumPy's form.
fn values(file: &[u8]) -> Vec<u8> {
    assert_eq!(&file[..8], b"\x93NUMPY\x01\x00");
    let length = usize::from(u16::from_le_bytes([file[8], file[9]]));
    let head = String::from_utf8_lossy(&file[10..10 + length]);
    assert!(head.contains("'<i2'") && head.contains("'fortran_order': False"), "{head}");
    file[10 + length..].to_vec()
}

/// The outputs of `network` as the reference model computes them, the bytes of each one.
fn reference(network: &Block, picture: &[u8]) -> Vec<Vec<u8>> {
    let tosa = fixtures::cache("tosa/bin");
    let folder = tempfile::tempdir().expect("a folder");
    let [input] = &network.inputs[..] else { panic!("one input") };
    let tensor = network.tensors.iter().find(|it| it.name == *input).expect("the input");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("written");
    write("network.tosa", &npu::tosa::write(network));
    write("input.npy", &array(&tensor.shape, picture));
    let files: Vec<String> = (0..network.outputs.len()).map(|number| format!("{number}.npy")).collect();
    let mut program = Command::new(tosa.join("tosa_reference_model"));
    program.args(["--tosa_file", "network.tosa", "--tosa_level", "EIGHTK", "--flatbuffer_dir", "."]);
    program.args(["--output_dir", ".", "--ifm_name", input, "--ifm_file", "input.npy"]);
    program.args(["--ofm_name", &network.outputs.join(","), "--ofm_file", &files.join(",")]);
    program.arg("--operator_fbs").arg(tosa.join("tosa.fbs")).current_dir(folder.path());
    let ran = program.output().expect("the reference model starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let read = |file: &String| values(&fs::read(folder.path().join(Path::new(file))).expect("an output"));
    files.iter().map(read).collect()
}

/// Reference model, engine, and the stream for `accelerator` in the functional model give the same bytes.
fn holds(name: &str, accelerator: &str) {
    let path = models::image(name).expect("an image");
    let file = Aligned::new(&fs::read(&path).expect("read"));
    let image = npu::Image::read(file.bytes()).expect("an image");
    let network = npu::lower::network(&image).expect("a network");
    let section = npu::compile(&image, accelerator, &fixtures::cache(npu::vela::FOLDER)).expect("compiled");
    let section = Aligned::new(&section);
    let section = Section::read(section.bytes(), npu::network(&image.model)).expect("a section");
    for picture in pictures(section.header().input.bytes as usize) {
        let arms = reference(&network, &picture);
        let ours = [engine(file.bytes(), &picture), npu_model::run(&section, &picture).expect("it runs")];
        for (who, ours) in ["the engine", "the functional model"].into_iter().zip(ours) {
            assert_eq!(arms.len(), ours.len());
            for (index, (arms, ours)) in arms.iter().zip(&ours).enumerate() {
                let apart = arms.iter().zip(ours).filter(|(a, b)| a != b).count();
                assert!(
                    arms.len() == ours.len() && apart == 0,
                    "{name}, output {index}: {apart} bytes of {who} are not those of the reference model"
                );
            }
        }
    }
}

#[test]
fn the_detector_is_what_arms_reference_model_computes() {
    need!(Need::Cached("vela"), Need::Cached("tosa"), Need::Cached("images/yunet.pstn"));
    holds("yunet", "ethos-u55-128");
}

#[test]
fn an_encoder_is_what_arms_reference_model_computes() {
    need!(Need::Cached("vela"), Need::Cached("tosa"));
    holds("slim-60", "ethos-u55-128");
}

#[test]
fn a_network_with_gates_is_what_arms_reference_model_computes() {
    need!(Need::Cached("vela"), Need::Cached("tosa"), Need::Cached("images/minifasnet.pstn"));
    holds("minifasnet", "ethos-u55-128");
}

#[test]
fn large_networks_are_what_arms_reference_model_computes_when_they_are_asked_for() {
    if !all_are_asked_for() {
        return;
    }
    need!(Need::Cached("vela"), Need::Cached("tosa"), Need::Cached("images/mobilefacenet.pstn"));
    need!(Need::Cached("images/sface.pstn"));
    for name in LARGE {
        holds(name, "ethos-u55-128");
    }
}

/// A test that cannot fail would be none: with one weight changed, the reference model computes other bytes.
#[test]
fn a_weight_that_was_changed_gives_other_bytes_in_arms_reference_model() {
    need!(Need::Cached("tosa"));
    let path = models::image("slim-60").expect("an image");
    let file = Aligned::new(&fs::read(&path).expect("read"));
    let image = npu::Image::read(file.bytes()).expect("an image");
    let mut network = npu::lower::network(&image).expect("a network");
    let [picture, _] = pictures(image.model.input().len());
    let kept = reference(&network, &picture);
    assert_eq!(kept, engine(file.bytes(), &picture));
    let weights = network.tensors.iter_mut().find(|it| it.data.len() > 100).expect("weights");
    weights.data[0] ^= 0x40;
    assert_ne!(reference(&network, &picture), kept);
}
