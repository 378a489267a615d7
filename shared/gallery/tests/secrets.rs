//! What the flash itself gives away: read raw, copied to another board, changed, and after a removal.

mod nor;

use crypto::Key;
use gallery::{Error, Gallery, Memory, Name, Probe};
use nor::{Nor, SECTOR, face, open, open_as};
use template::{CosineScore, EncoderHash, Template};

const ENCODER: EncoderHash = EncoderHash([0xE7; 32]);
const THRESHOLD: CosineScore = CosineScore(26_000);
/// Bytes of the key journal: two banks of two sectors.
const RING: usize = 4 * SECTOR;

fn name(name: &str) -> Name {
    Name::new(name).unwrap()
}

fn enrol(gallery: &mut Gallery<'_, &mut Nor>, who: &str, template: &Template) {
    let probe = Probe { template, encoder: ENCODER };
    gallery.enrol(&name(who), probe, THRESHOLD).unwrap();
}

/// Ann with two templates, and Bob.
fn flash() -> Nor {
    let (mut nor, mut memory) = (Nor::new(12), Box::new(Memory::new()));
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    enrol(&mut gallery, "Annabelle", &face(1, 128));
    let probe = Probe { template: &face(2, 128), encoder: ENCODER };
    gallery.add_template("Annabelle", probe, THRESHOLD).unwrap();
    enrol(&mut gallery, "Bartholomew", &face(3, 128));
    nor
}

fn contains(bytes: &[u8], sought: &[u8]) -> bool {
    bytes.windows(sought.len()).any(|window| window == sought)
}

/// The cells of the ring that are in flash, with a salt each.
fn cells(bytes: &[u8]) -> Vec<Vec<u8>> {
    let halves = bytes[..RING].chunks(RING / 2);
    let cells = halves.flat_map(|half| half[16..].chunks_exact(24));
    cells
        .filter(|cell| ![[0; 24], [0xff; 24]].contains(&(*cell).try_into().unwrap()))
        .map(<[u8]>::to_vec)
        .collect()
}

#[test]
fn neither_names_nor_templates_nor_the_encoder_can_be_read() {
    let nor = flash();
    for sought in [&b"Annabelle"[..], b"Bartholomew", &[0xE7; 8]] {
        assert!(!contains(&nor.bytes, sought));
    }
    for number in 1..=3 {
        let values: Vec<u8> = face(number, 128).values().iter().map(|value| *value as u8).collect();
        for part in values.chunks(8) {
            assert!(!contains(&nor.bytes, part), "a part of face {number}");
        }
    }
}

#[test]
fn a_copy_is_of_no_use_on_another_board() {
    let (nor, mut memory) = (flash(), Box::new(Memory::new()));
    let mut copy = nor.clone();
    assert_eq!(open(&mut copy, &mut memory).unwrap().people().count(), 2);
    let other = open_as(&mut copy, &mut memory, &Key::new([8; 32])).map(|_| ());
    assert_eq!(other, Err(Error::Tampered));
    assert_eq!(copy.bytes, nor.bytes, "and it is not damaged by the attempt");
}

#[test]
fn who_is_removed_is_erased_with_the_key() {
    let (mut nor, mut memory) = (flash(), Box::new(Memory::new()));
    let before = nor.clone();
    let [ann, bob] = &cells(&before.bytes)[..] else { panic!("two people have two keys") };
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    gallery.remove("Annabelle").unwrap();
    assert_eq!(gallery.people().count(), 1);
    // Her records lie in flash as before, but no key that would open them.
    let records: Vec<&[u8]> = before.bytes[RING..].chunks(64).filter(|part| part[0] != 0xff).collect();
    let still_there = records.iter().filter(|part| contains(&nor.bytes[RING..], part)).count();
    assert!(still_there > 4, "the map was not rewritten, so this test says something");
    let parts = ann[2..20].windows(4);
    assert_eq!(parts.filter(|part| contains(&nor.bytes[..RING], part)).count(), 0, "parts of her key's salt");
    assert_eq!(cells(&nor.bytes).len(), 1);
    assert!(contains(&nor.bytes, &bob[2..20]), "the salt of his");
    // Even who has the board's key, and puts back every record that there was, does not get her back.
    let mut restored = nor.clone();
    restored.bytes[RING..].copy_from_slice(&before.bytes[RING..]);
    let gallery = open(&mut restored, &mut memory).unwrap();
    assert!(gallery.find("Annabelle").is_none());
    assert!(gallery.find("Bartholomew").is_some());
    assert_eq!(gallery.templates(), 1);
}

#[test]
fn a_removal_that_was_cut_short_is_completed_at_the_next_boot() {
    let whole = flash();
    let ann = cells(&whole.bytes)[0].clone();
    let mut memory = Box::new(Memory::new());
    let mut seen = [0; 2];
    for steps in 1..400 {
        let mut nor = whole.clone();
        nor.cut_after(steps);
        let Ok(mut gallery) = open(&mut nor, &mut memory) else { panic!("opening writes nothing") };
        let removed = gallery.remove("Annabelle");
        nor.restore_power();
        let known = open(&mut nor, &mut memory).unwrap().find("Annabelle").is_some();
        seen[usize::from(known)] += 1;
        // All of the salt of her key, or no part of it.
        let parts = ann[2..20].windows(4).filter(|part| contains(&nor.bytes[..RING], part)).count();
        assert_eq!(parts, if known { 15 } else { 0 }, "{steps}");
        assert!(!(removed.is_ok() && known), "{steps}");
    }
    assert!(seen.iter().all(|count| *count > 10), "{seen:?}");
}

/// The CRC of the map is no secret: who changes a record can mend it. The seal cannot be mended.
#[test]
fn a_record_that_was_changed_with_its_checksum_is_refused() {
    let (mut nor, mut memory) = (flash(), Box::new(Memory::new()));
    // The gallery itself writes the record of another gallery's person into the same place.
    let mut other = Nor::new(12);
    let mut gallery = open_as(&mut other, &mut memory, &Key::new([8; 32])).unwrap();
    enrol(&mut gallery, "Mallory", &face(9, 128));
    let ring = nor.bytes[..RING].to_vec();
    nor.bytes[RING..].copy_from_slice(&other.bytes[RING..]);
    nor.bytes[..RING].copy_from_slice(&ring);
    assert_eq!(open(&mut nor, &mut memory).map(|_| ()), Err(Error::Tampered));
}

#[test]
fn no_nonce_comes_twice_though_the_random_numbers_do() {
    let mut nor = Nor::new(12);
    let mut memory = Box::new(Memory::new());
    // Every boot draws the same numbers again.
    for number in 0..30 {
        let mut gallery = open(&mut nor, &mut memory).unwrap();
        enrol(&mut gallery, &format!("person {number}"), &face(number, 128));
    }
    // A record begins with the version and the owner, after the map's key; then comes the nonce.
    let map = &nor.bytes[RING..];
    let heads = (0..map.len() - 40).filter(|at| {
        let (key, record) = (u16::from_le_bytes([map[*at], map[at + 1]]), &map[at + 2..]);
        let owner = u16::from_le_bytes([record[1], record[2]]);
        record[0] == 2 && owner < 30 && (key == 0x8000 | owner || key < 30)
    });
    let mut nonces: Vec<&[u8]> = heads.map(|at| &map[at + 5..at + 29]).collect();
    assert!(nonces.len() >= 60, "{}", nonces.len());
    let all = nonces.len();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), all);
}
