//! The corpus that the fuzzer left, and changes of it, by every parser's check.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use parsers::{TARGETS, Target};

/// Changed inputs a parser, in every run the same.
const CHANGES: usize = 10_000;
/// Most bytes of a changed input.
const MOST: usize = 4_096;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name)
}

/// The inputs of a parser, by name, so that a seed means the same everywhere.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = folder(target.name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// An input with a few things changed: bits, bytes, pieces moved, cut, or taken from another input.
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

/// A corpus that belongs to no parser would be kept for nothing.
#[test]
fn every_corpus_has_its_parser_and_is_small() {
    let mut bytes = 0;
    for folder in std::fs::read_dir(folder("")).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name();
        assert!(TARGETS.iter().any(|target| name == target.name), "{name:?}");
        let files = std::fs::read_dir(folder.path()).unwrap();
        bytes += files.map(|file| file.unwrap().metadata().unwrap().len()).sum::<u64>();
    }
    assert!(bytes < 600_000, "{bytes} bytes: minimise them by `cargo fuzz cmin`");
}
