//! Any model image: it is refused, or it runs without a panic.
//!
//! Magic, version, length and digest are made valid first, so that the checks behind them are reached.

use std::cell::RefCell;
use std::mem::offset_of;

use nn::format::{DIGEST, Header, MAGIC, VERSION};
use nn::{Arena, Model};
use sha2::{Digest, Sha256};

/// Most bytes of an image here.
const MOST: usize = 4096;
/// Bytes of the arena. An image that needs more is checked but not run: it would take too long.
const ARENA: usize = 8192;

#[repr(align(16))]
struct Image([u8; MOST]);

thread_local! {
    static ROOM: RefCell<(Box<Image>, Box<Arena<ARENA>>)> =
        RefCell::new((Box::new(Image([0; MOST])), Box::new(Arena::ZERO)));
}

/// Takes the bytes as an image without its digest.
pub fn check(input: &[u8]) {
    if input.len() < size_of::<Header>() {
        return;
    }
    let content = input.len().min(MOST - DIGEST);
    let length = content + DIGEST;
    ROOM.with_borrow_mut(|(image, arena)| {
        let mut put = |at: usize, bytes: &[u8]| image.0[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &input[..content]);
        put(offset_of!(Header, magic), &MAGIC);
        put(offset_of!(Header, version), &VERSION.to_le_bytes());
        put(offset_of!(Header, length), &(length as u32).to_le_bytes());
        let digest = Sha256::digest(&image.0[..content]);
        image.0[content..length].copy_from_slice(&digest);
        let Ok(model) = Model::load(&image.0[..length]) else { return };
        let _ = (model.name(), model.kind(), model.calibration().count());
        if model.arena_len() > ARENA || work(&model) > 1 << 16 {
            return;
        }
        model.run(&mut arena.0).expect("a loaded model runs");
        for index in 0..model.output_count() {
            let _ = model.read(&arena.0, index).iter().count();
        }
    });
}

/// A measure of how long a model runs: the multiplications and outputs of its operators, and a constant for each.
fn work(model: &Model<'_>) -> usize {
    let operators = (0..model.operator_count()).filter_map(|index| model.operator(index));
    operators.map(|operator| 64 + operator.output_shape().len() + operator.multiply_adds()).sum()
}
