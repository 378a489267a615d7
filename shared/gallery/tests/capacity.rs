//! The gallery holds what it promises: 200 people with five templates of 512 values in 1 MiB.

mod nor;

use gallery::{Error, Memory, Name, Probe};
use nor::{Nor, SECTOR, face, open};
use template::{CosineScore, EncoderHash};

const ENCODER: EncoderHash = EncoderHash([7; 32]);
const THRESHOLD: CosineScore = CosineScore(16_384);

fn name(person: u32) -> Name {
    // As long as a name may be.
    Name::new(&format!("{person:0>64}")).unwrap()
}

#[test]
fn two_hundred_people_with_five_templates_fit_a_megabyte() {
    let mut nor = Nor::new(1024 * 1024 / SECTOR);
    let mut memory = Box::new(Memory::new());
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    for person in 0..200 {
        for template in 0..5 {
            let face = face(person * 5 + template, 512);
            let probe = Probe { template: &face, encoder: ENCODER };
            if template == 0 {
                gallery.enrol(&name(person), probe, THRESHOLD).unwrap();
            } else {
                gallery.add_template(&name(person), probe, THRESHOLD).unwrap();
            }
        }
    }
    assert_eq!(gallery.templates(), 1000);
    // Everybody leaves and comes back, so that every sector is erased and used again.
    for person in 0..200 {
        assert_eq!(gallery.remove(&name(person)).unwrap().templates(), 5);
        for template in 0..5 {
            let face = face(person * 5 + template, 512);
            let probe = Probe { template: &face, encoder: ENCODER };
            if template == 0 {
                gallery.enrol(&name(person), probe, THRESHOLD).unwrap();
            } else {
                gallery.add_template(&name(person), probe, THRESHOLD).unwrap();
            }
        }
    }
    let gallery = open(&mut nor, &mut memory).unwrap();
    assert_eq!((gallery.people().count(), gallery.templates()), (200, 1000));
    for number in 0..1000 {
        let face = face(number, 512);
        let probe = Probe { template: &face, encoder: ENCODER };
        let found = gallery.identify(probe).unwrap().unwrap();
        assert_eq!(found.person.name(), &name(number / 5));
        assert_eq!(found.person.id(), 201 + number / 5);
        assert!(found.similarity > CosineScore(32_000));
    }
}

#[test]
fn a_full_flash_says_so_loses_nothing_and_has_room_to_remove() {
    let mut nor = Nor::new(8);
    let mut memory = Box::new(Memory::new());
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    let mut enrolled = 0;
    let refusal = loop {
        let face = face(enrolled, 512);
        let probe = Probe { template: &face, encoder: ENCODER };
        match gallery.enrol(&name(enrolled), probe, THRESHOLD) {
            Ok(_) => enrolled += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refusal, Error::Full);
    assert!(enrolled >= 8, "{enrolled}");
    // Full for good, however often somebody is exchanged.
    for round in 0..100 {
        let (old, new) = (round % enrolled, face(1000 + round, 512));
        let probe = Probe { template: &new, encoder: ENCODER };
        assert_eq!(gallery.enrol(&name(9999), probe, THRESHOLD), Err(Error::Full));
        gallery.remove(&name(old)).unwrap();
        gallery.enrol(&name(old), probe, THRESHOLD).unwrap();
    }
    let gallery = open(&mut nor, &mut memory).unwrap();
    assert_eq!(gallery.people().count() as u32, enrolled);
}

#[test]
fn the_memory_is_the_limit_of_a_large_flash() {
    let mut nor = Nor::new(260);
    let mut memory = Box::new(Memory::new());
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    for person in 0..256 {
        let face = face(person, 64);
        let probe = Probe { template: &face, encoder: ENCODER };
        // Random faces of 64 values are at times alike; here nobody is too much so.
        gallery.enrol(&name(person), probe, CosineScore(31_000)).unwrap();
    }
    let face = face(256, 64);
    let probe = Probe { template: &face, encoder: ENCODER };
    let threshold = CosineScore(31_000);
    assert_eq!(gallery.enrol(&name(256), probe, threshold), Err(Error::Full));
    assert_eq!(gallery.add_template(&name(7), probe, threshold), Ok(2));
}

#[test]
fn partitions_that_cannot_hold_a_gallery_are_refused() {
    let mut memory = Box::new(Memory::new());
    for sectors in [0, 7, 261] {
        let mut nor = Nor::new(sectors);
        let opened = open(&mut nor, &mut memory).map(|_| ());
        assert_eq!(opened, Err(Error::Partition));
    }
}
