//! Any model image: it is refused, or runs without a panic.
//!
//! What every image begins and ends with is put right, so that what lies behind is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nn::format::{Header, MAGIC, VERSION};
use nn::{Arena, Model};
use sha2::{Digest, Sha256};

const LARGEST: usize = 64 * 1024;
const DIGEST: usize = 32;

#[repr(align(16))]
struct Image([u8; LARGEST]);

fuzz_target!(|input: &[u8]| {
    let least = size_of::<Header>();
    let content = input.len().min(LARGEST - DIGEST);
    if content < least {
        return;
    }
    let mut image = Box::new(Image([0; LARGEST]));
    image.0[..content].copy_from_slice(&input[..content]);
    let length = content + DIGEST;
    image.0[..4].copy_from_slice(&MAGIC);
    let put = |image: &mut Image, at: usize, bytes: &[u8]| {
        image.0[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(&mut image, std::mem::offset_of!(Header, version), &VERSION.to_le_bytes());
    put(&mut image, std::mem::offset_of!(Header, length), &(length as u32).to_le_bytes());
    let digest = Sha256::digest(&image.0[..content]);
    image.0[content..length].copy_from_slice(&digest);
    let Ok(model) = Model::load(&image.0[..length]) else {
        return;
    };
    let _ = (model.name(), model.kind(), model.calibration());
    // Larger ones would take too long to run, not to check.
    if length > 4096 || model.arena_len() > LARGEST {
        return;
    }
    let mut arena = Box::new(Arena::<LARGEST>::ZERO);
    model.run(&mut arena.0).expect("what was loaded runs");
    for index in 0..model.output_count() {
        let _ = model.read(&arena.0, index).iter().count();
    }
});
