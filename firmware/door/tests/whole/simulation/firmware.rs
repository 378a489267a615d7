//! The firmware of the simulated board: images that never run, and the boot loader's choice among them.

use board_api::Started;
use boot::{Header, Record, Requests, Ring, Signed, SliceMemory, Target, application_secret, decide, digest};
use crypto::Key;
use ed25519_dalek::{Signer, SigningKey};
use nor_model::{Nor, SECTOR_SIZE};
use sha2::{Digest, Sha256};

use super::parts::Chip;

/// The board's number.
pub const BOARD: u32 = 1;
/// Bytes of a slot.
const SLOT: usize = 8 * SECTOR_SIZE;
/// The release that the factory put into slot A.
pub const FIRST: u64 = 1;

/// An image of a release for a board, by `key`.
pub fn image(board: u32, release: u64, key: &SigningKey) -> Vec<u8> {
    let code = vec![release as u8; 7 * SECTOR_SIZE - 60];
    let (length, sha256) = (code.len() as u32, Sha256::digest(&code).into());
    let mut header = Header { board, release, load: 0, length, oldest: 0, sha256, signature: [0; 64] };
    header.signature = key.sign(&header.signed()).to_bytes();
    [&header.to_bytes()[..], &code].concat()
}

/// The key with which the factory signs.
fn factory_key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

/// The image of the factory.
fn first() -> Vec<u8> {
    image(BOARD, FIRST, &factory_key())
}

/// The slots as the factory leaves them.
pub fn programmed_slots() -> [Vec<u8>; 2] {
    let mut a = first();
    a.resize(SLOT, 0xff);
    [a, vec![0xff; SLOT]]
}

/// The record as the factory leaves it on the board of a unique secret.
pub fn programmed_record(unique: u8) -> Vec<u8> {
    let mut cells = vec![0xff; 2 * SECTOR_SIZE];
    let mut ring = Ring::open(Nor::new(cells.as_mut_slice()), &Key::new([unique; 32])).unwrap();
    let signer = factory_key().verifying_key().to_bytes();
    ring.save(&Record::programmed(Signed { release: FIRST, digest: digest(&first()), signer })).unwrap();
    drop(ring);
    cells
}

/// Does what the boot loader does, and returns what it hands to the firmware. If the power fails it starts nothing: the
/// firmware under test then finds failing flash, and does no harm.
pub fn load(record: Chip<'_>, requests: Chip<'_>, slots: &[Vec<u8>; 2], unique: u8) -> Option<Started> {
    let unique = Key::new([unique; 32]);
    let mut ring = Ring::open(record, &unique).ok()?;
    let requests = Requests::open(requests, &application_secret(&unique)).ok();
    let before = ring.record()?;
    let mut code = vec![0; SLOT];
    let mut memory = SliceMemory { slots: slots.each_ref().map(Vec::as_slice), code: &mut code };
    let target = Target { board: BOARD, code: 0..SLOT as u32 };
    let newest = requests.and_then(|requests| requests.newest());
    let decision = decide(&before, newest.as_ref(), &mut memory, &target);
    if decision.record != before {
        ring.save(&decision.record).ok()?;
    }
    let start = decision.start.expect("there is always something to start");
    Some(Started { slot: start.image.slot, record: *decision.record.bytes() })
}
