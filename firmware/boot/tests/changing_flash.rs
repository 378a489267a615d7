//! Flash that changes while the boot loader reads it: what is started is what was verified, or nothing is.

use std::collections::BTreeMap;

use boot::{BootMemory, HEADER_BYTES, Header, Record, Signed, SliceMemory, Target, decide, digest};
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

const BOARD: u32 = 547;
const CODE: usize = 64;
const FETCHES: usize = (HEADER_BYTES + CODE) / 4;
/// Three kinds of change, at each fetch of two images, of which one is three times as long.
const BOOTS: usize = 3 * (2 * FETCHES + 2 * CODE / 4 + 1);

/// How the flash of a test changes at a fetch, counted from 0.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// From then on it holds the other image.
    ForGood(usize),
    /// Only then.
    Once(usize),
    /// Up to then, and from then on it is the genuine one.
    Before(usize),
}

impl Change {
    fn is_on(self, fetch: usize) -> bool {
        match self {
            Self::ForGood(from) => fetch >= from,
            Self::Once(at) => fetch == at,
            Self::Before(end) => fetch < end,
        }
    }
}

/// Genuine flash, and what somebody puts in its place.
struct Changing<'a> {
    genuine: SliceMemory<'a>,
    other: [&'a [u8]; 2],
    change: Change,
    fetches: usize,
    /// How often each word was fetched.
    counts: BTreeMap<(u8, u32), usize>,
}

impl BootMemory for Changing<'_> {
    fn slot_len(&self) -> u32 {
        self.genuine.slot_len()
    }

    fn fetch(&mut self, slot: u8, offset: u32) -> u32 {
        *self.counts.entry((slot, offset)).or_default() += 1;
        let changed = self.change.is_on(self.fetches);
        self.fetches += 1;
        let mut nowhere = [];
        let slots = if changed { self.other } else { self.genuine.slots };
        SliceMemory { slots, code: &mut nowhere }.fetch(slot, offset)
    }

    fn store(&mut self, address: u32, word: u32) {
        self.genuine.store(address, word);
    }

    fn load(&self, address: u32) -> u32 {
        self.genuine.load(address)
    }
}

fn key(secret: u8) -> SigningKey {
    SigningKey::from_bytes(&[secret; 32])
}

/// An image whose code is all of one byte, signed by the key of a secret.
fn image(release: u64, code: u8, secret: u8) -> Vec<u8> {
    image_of(CODE, release, code, secret)
}

/// The same with code of `length` bytes.
fn image_of(length: usize, release: u64, code: u8, secret: u8) -> Vec<u8> {
    let code = vec![code; length];
    let sha256 = Sha256::digest(&code).into();
    let length = length as u32;
    let mut header = Header { board: BOARD, release, load: 0, length, oldest: 0, sha256, signature: [0; 64] };
    header.signature = key(secret).sign(&header.signed()).to_bytes();
    [&header.to_bytes()[..], &code].concat()
}

fn signed(release: u64, image: &[u8]) -> Signed {
    Signed { release, digest: digest(image), signer: key(5).verifying_key().to_bytes() }
}

/// Boots at each change of the flash. What is started has one of the `known` codes throughout, and nothing lies behind it.
/// Returns how often something was started.
fn started_code_is_known(record: &Record, genuine: [&[u8]; 2], other: [&[u8]; 2], known: &[u8]) -> usize {
    let target = Target { board: BOARD, code: 0..0x1000 };
    let fetches = 0..BOOTS / 3;
    let changes = fetches.flat_map(|at| [Change::ForGood(at), Change::Once(at), Change::Before(at)]);
    let (mut started, mut refused) = (0, 0);
    for change in changes {
        let mut code = [0; 0x1000];
        let genuine = SliceMemory { slots: genuine, code: &mut code };
        let mut memory = Changing { genuine, other, change, fetches: 0, counts: BTreeMap::new() };
        let decision = decide(record, None, &mut memory, &target);
        assert!(memory.counts.values().all(|count| *count == 1), "{change:?}: a word is fetched twice");
        let Ok(start) = decision.start else {
            refused += 1;
            continue;
        };
        started += 1;
        let (runs, behind) = code.split_at(start.image.header.length as usize);
        let is_all = |known: &u8| runs.iter().all(|byte| byte == known);
        assert!(known.iter().any(is_all), "{change:?}: other code runs");
        assert!(behind.iter().all(|&byte| byte == 0), "{change:?}: other code lies behind");
        assert_eq!(start.vectors, [u32::from_le_bytes([code[0]; 4]); 2]);
    }
    assert!(started > 0, "{started} started, {refused} refused");
    started
}

#[test]
fn an_active_image_that_changes_while_it_is_read_never_runs() {
    let active = image(10, 1, 5);
    let evil = image(10, 0x66, 6);
    // The same header over other code, too, since only the code is started.
    let same_header = [&active[..HEADER_BYTES], &[0x66; CODE]].concat();
    let record = Record::programmed(signed(10, &active));
    for other in [&evil, &same_header] {
        assert!(started_code_is_known(&record, [&active, &[]], [other, &[]], &[1]) < BOOTS);
    }
}

#[test]
fn an_image_on_trial_that_changes_while_it_is_read_never_runs() {
    let (active, update) = (image(10, 1, 5), image(11, 2, 5));
    let same_header = [&update[..HEADER_BYTES], &[0x66; CODE]].concat();
    let mut record = Record::programmed(signed(10, &active));
    record.stage(signed(11, &update));
    let started = started_code_is_known(&record, [&active, &update], [&same_header, &same_header], &[1, 2]);
    assert!(started < BOOTS, "some change leaves neither image whole");
}

#[test]
fn nothing_of_a_longer_image_that_was_refused_stays_in_memory() {
    let (active, update) = (image(10, 1, 5), image_of(3 * CODE, 11, 2, 5));
    let same_header = [&update[..HEADER_BYTES], &[0x66; 3 * CODE]].concat();
    let mut record = Record::programmed(signed(10, &active));
    record.stage(signed(11, &update));
    let started = started_code_is_known(&record, [&active, &update], [&active, &same_header], &[1, 2]);
    assert_eq!(started, BOOTS, "the active image is whole at each change");
}
