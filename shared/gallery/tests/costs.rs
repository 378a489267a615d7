//! What a change costs in a gallery that is full of people: bytes that are programmed, sectors that are erased, and bytes
//! that a boot reads.

mod nor;

use gallery::{Gallery, Memory, Name, Probe};
use nor::{Nor, SECTOR, face, open};
use template::{CosineScore, EncoderHash};

const ENCODER: EncoderHash = EncoderHash([7; 32]);
const THRESHOLD: CosineScore = CosineScore(26_000);
const PEOPLE: u32 = 256;

fn name(person: u32) -> Name {
    Name::new(&format!("person {person}")).unwrap()
}

fn enrol(gallery: &mut Gallery<'_, &mut Nor>, person: u32) {
    let (first, second) = (face(2 * person, 128), face(2 * person + 1, 128));
    gallery.enrol(&name(person), Probe { template: &first, encoder: ENCODER }, THRESHOLD).unwrap();
    let second = Probe { template: &second, encoder: ENCODER };
    gallery.add_template(name(person).as_str(), second, THRESHOLD).unwrap();
}

/// Bytes programmed and sectors erased by each change of one kind.
#[derive(Default)]
struct Costs(Vec<(usize, usize)>);

impl Costs {
    /// The cost of a change.
    fn of(&mut self, gallery: &mut Gallery<'_, &mut Nor>, change: impl FnOnce(&mut Gallery<'_, &mut Nor>)) {
        let count = |gallery: &mut Gallery<'_, &mut Nor>| {
            gallery.volumes().fold((0, 0), |(programmed, erased), volume| {
                (programmed + volume.flash().programmed, erased + volume.flash().erased)
            })
        };
        let before = count(gallery);
        change(gallery);
        let after = count(gallery);
        self.0.push((after.0 - before.0, after.1 - before.1));
    }

    /// The change in the middle, and the most.
    fn middle_and_most(&mut self) -> ((usize, usize), (usize, usize)) {
        self.0.sort_by_key(|(programmed, erased)| (*erased, *programmed));
        (self.0[self.0.len() / 2], *self.0.last().unwrap())
    }
}

#[test]
fn a_removal_programs_some_bytes_and_erases_nothing() {
    let (mut nor, mut memory) = (Nor::new(1024 * 1024 / SECTOR), Box::new(Memory::new()));
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    for person in 0..PEOPLE {
        enrol(&mut gallery, person);
    }
    // Everybody is replaced, twice: the journal of keys fills and is rewritten, and the map begins again.
    let (mut removals, mut enrolments) = (Costs::default(), Costs::default());
    for person in 0..2 * PEOPLE {
        removals.of(&mut gallery, |gallery| {
            gallery.remove(name(person).as_str()).unwrap();
        });
        enrolments.of(&mut gallery, |gallery| enrol(gallery, person + PEOPLE));
    }
    let (removal, worst) = removals.middle_and_most();
    println!("removal: {removal:?} bytes programmed and sectors erased, {worst:?} at most");
    let (enrolment, worst_enrolment) = enrolments.middle_and_most();
    println!("enrolment, two templates: {enrolment:?}, {worst_enrolment:?} at most");
    assert_eq!(removal.1, 0, "sectors erased");
    // The person as removed, zeros over the key, two free slots.
    assert!(removal.0 < 300, "{} bytes", removal.0);
    assert!(worst.1 <= 1 && worst.0 <= 2 * SECTOR, "{worst:?}");
    assert_eq!(enrolment.1, 0);
    // A full bank of keys is written into the other one, of two sectors.
    assert!(worst_enrolment.1 <= 4, "{worst_enrolment:?}");
}
