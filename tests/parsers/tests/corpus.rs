//! The seeds that the fuzzer found, and mutations of them, run through every parser's check.

use fastrand::Rng;
use parsers::seeds::{self, MOST};
use parsers::{TARGETS, Target};

/// Mutated inputs for each parser, the same in every run.
const CHANGES: usize = 10_000;

/// The inputs of a parser, in the order of the file, so that a random seed means the same everywhere.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let path = seeds::path(target.name);
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let inputs = seeds::unpack(&file).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    inputs.into_iter().map(<[u8]>::to_vec).collect()
}

/// An input with a few mutations: bits and bytes changed, pieces moved, cut, or taken from another input.
fn changed(random: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = corpus[random.usize(..corpus.len())].clone();
    for _ in 0..=random.u8(..4) {
        let at = random.usize(..=input.len());
        match random.u8(..6) {
            0 if at < input.len() => input[at] ^= 1 << random.u8(..8),
            1 if at < input.len() => input[at] = [0, 1, 0x7f, 0x80, 0xff, random.u8(..)][random.usize(..6)],
            2 => input.insert(at, random.u8(..)),
            3 if at < input.len() => drop(input.drain(at..input.len().min(at + random.usize(1..=16)))),
            4 => input.truncate(at),
            _ => {
                let other = &corpus[random.usize(..corpus.len())];
                let from = random.usize(..=other.len());
                let piece = &other[from..other.len().min(from + random.usize(1..=64))];
                input.splice(at..at, piece.iter().copied());
            }
        }
    }
    input.truncate(MOST);
    input
}

fn stands(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let corpus = corpus(target);
    assert!(corpus.len() >= 8, "{name} has {} inputs", corpus.len());
    corpus.iter().for_each(|input| (target.check)(input));
    (target.check)(&[]);
    let mut random = Rng::with_seed(0x5eed);
    for _ in 0..CHANGES {
        (target.check)(&changed(&mut random, &corpus));
    }
}

#[test]
fn bytes_on_the_line() {
    stands("deframe");
}

#[test]
fn messages() {
    stands("messages");
}

#[test]
fn steps_of_the_handshake() {
    stands("handshake");
}

#[test]
fn sealed_messages() {
    stands("session");
}

#[test]
fn model_images() {
    stands("image");
}

#[test]
fn npu_sections() {
    stands("npu");
}

#[test]
fn a_gallery_whose_flash_was_changed() {
    stands("gallery");
}

#[test]
fn records_of_a_gallery() {
    stands("records");
}

#[test]
fn bytes_on_a_controllers_bus() {
    stands("osdp");
}

#[test]
fn firmware_images() {
    stands("firmware");
}

#[test]
fn a_boot_record_whose_flash_was_changed() {
    stands("record");
}

#[test]
fn photographs() {
    stands("picture");
}

/// Seeds that belong to no parser would be kept for nothing.
#[test]
fn every_file_of_seeds_has_its_parser_and_is_small() {
    let mut bytes = 0;
    for file in std::fs::read_dir(seeds::path("").parent().unwrap()).unwrap() {
        let path = file.unwrap().path();
        assert!(TARGETS.iter().any(|target| path.file_stem().unwrap() == target.name), "{}", path.display());
        let file = std::fs::read(&path).unwrap();
        let inputs = seeds::unpack(&file).unwrap();
        assert_eq!(seeds::pack(inputs).unwrap(), file, "{}: pack it again", path.display());
        bytes += file.len();
    }
    assert!(bytes < 600_000, "{bytes} bytes: minimise the corpus with `cargo fuzz cmin`");
}
