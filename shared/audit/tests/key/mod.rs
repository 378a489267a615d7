//! Keys and entries of the tests.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use audit::{ENTRY_BYTES, Entry, Kind, Seal, TAG_BYTES, Time};

/// The device's key: not secret, but it binds text and number as a real one does.
pub struct Key;
/// The key of another device.
pub struct Other;

impl Seal for Key {
    fn seal(&self, number: u32, text: &mut [u8]) -> [u8; TAG_BYTES] {
        let tag = tag(1, number, text);
        text.iter_mut().for_each(|byte| *byte ^= 0xa5);
        tag
    }

    fn open(&self, number: u32, text: &mut [u8], expected: &[u8; TAG_BYTES]) -> bool {
        text.iter_mut().for_each(|byte| *byte ^= 0xa5);
        tag(1, number, text) == *expected
    }
}

impl Seal for Other {
    fn seal(&self, number: u32, text: &mut [u8]) -> [u8; TAG_BYTES] {
        tag(2, number, text)
    }

    fn open(&self, number: u32, text: &mut [u8], expected: &[u8; TAG_BYTES]) -> bool {
        tag(2, number, text) == *expected
    }
}

/// A link of the chain serves as a tag: it is a hash.
fn tag(key: u8, number: u32, text: &[u8]) -> [u8; TAG_BYTES] {
    let chunks = text.chunks(ENTRY_BYTES);
    chunks
        .fold(audit::Chain([key; TAG_BYTES]), |chain, chunk| {
            let mut bytes = [0; ENTRY_BYTES];
            bytes[..chunk.len()].copy_from_slice(chunk);
            chain.next(number, &bytes)
        })
        .0
}

/// The entry of a step.
pub fn entry(step: u32) -> Entry {
    let time = Time { unix_ms: 1_700_000_000_000 + u64::from(step), exact: step.is_multiple_of(2) };
    Entry { person: Some(step), score: step as i16, ..Entry::new(Kind::Admitted, time) }
}
