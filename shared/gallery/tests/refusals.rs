//! Duplicates, strangers to the encoder, unknown names: each is refused for what it is.

mod nor;

use gallery::{Error, Memory, Name, Probe};
use nor::{Nor, face, open};
use template::{CosineScore, EncoderHash, Template};

const OLD: EncoderHash = EncoderHash([1; 32]);
const NEW: EncoderHash = EncoderHash([2; 32]);
const THRESHOLD: CosineScore = CosineScore(16_384);

fn name(name: &str) -> Name {
    Name::new(name).unwrap()
}

fn probe(template: &Template) -> Probe<'_> {
    Probe { template, encoder: OLD }
}

#[test]
fn a_name_and_a_face_are_enrolled_once() {
    let (ann, bob) = (face(1, 128), face(2, 128));
    let (mut nor, mut memory) = (Nor::new(12), Box::new(Memory::new()));
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    assert_eq!(gallery.identify(probe(&ann)), Ok(None));
    assert_eq!(gallery.enrol(&name("Ann"), probe(&ann), THRESHOLD), Ok(1));
    assert_eq!(gallery.enrol(&name("Ann"), probe(&bob), THRESHOLD), Err(Error::DuplicateName(name("Ann"))));
    let duplicate = gallery.enrol(&name("Bob"), probe(&ann), THRESHOLD).unwrap_err();
    assert_eq!(
        duplicate,
        Error::DuplicateFace { name: name("Ann"), similarity: ann.similarity(&ann).unwrap() }
    );
    assert!(duplicate.to_string().starts_with("this face is already enrolled as Ann"));
    assert_eq!(gallery.enrol(&name("Bob"), probe(&bob), THRESHOLD), Ok(2));
    // A second template of a person may resemble that person, but nobody else.
    assert_eq!(gallery.add_template("Ann", probe(&ann), THRESHOLD), Ok(2));
    assert!(matches!(gallery.add_template("Ann", probe(&bob), THRESHOLD), Err(Error::DuplicateFace { .. })));
}

#[test]
fn a_person_gets_another_name_that_nobody_has_and_stays_the_same() {
    let (ann, bob) = (face(1, 128), face(2, 128));
    let (mut nor, mut memory) = (Nor::new(12), Box::new(Memory::new()));
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    assert_eq!(gallery.enrol(&name("Ann"), probe(&ann), THRESHOLD), Ok(1));
    assert_eq!(gallery.enrol(&name("Bob"), probe(&bob), THRESHOLD), Ok(2));
    assert_eq!(gallery.rename("Ann", &name("Bob")), Err(Error::DuplicateName(name("Bob"))));
    assert_eq!(gallery.rename("Eve", &name("Ada")), Err(Error::NotFound));
    assert_eq!(gallery.rename("Ann", &name("Ann")).unwrap().id(), 1);
    assert_eq!(gallery.rename("Ann", &name("Ada")).unwrap().id(), 1);
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    assert!(gallery.find("Ann").is_none());
    assert!(gallery.verify("Ada", probe(&ann)).unwrap().similarity > THRESHOLD);
    // The old name is free again.
    assert_eq!(gallery.rename("Bob", &name("Ann")).unwrap().id(), 2);
}

#[test]
fn one_template_goes_and_the_others_stay_but_not_the_only_one() {
    let (first, second) = (face(1, 128), face(2, 128));
    let (mut nor, mut memory) = (Nor::new(12), Box::new(Memory::new()));
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    assert_eq!(gallery.enrol(&name("Ann"), probe(&first), THRESHOLD), Ok(1));
    assert_eq!(gallery.remove_template("Ann", 0), Err(Error::NoTemplate(1)));
    assert_eq!(gallery.add_template("Ann", probe(&second), THRESHOLD), Ok(2));
    assert_eq!(gallery.remove_template("Ann", 2), Err(Error::NoTemplate(2)));
    assert_eq!(gallery.remove_template("Bob", 0), Err(Error::NotFound));
    assert_eq!(gallery.remove_template("Ann", 0).unwrap().templates(), 1);
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    assert_eq!(gallery.templates(), 1);
    assert!(gallery.verify("Ann", probe(&second)).unwrap().similarity > THRESHOLD);
    assert!(gallery.verify("Ann", probe(&first)).unwrap().similarity < THRESHOLD);
    // The place of the template that went is free again.
    assert_eq!(gallery.add_template("Ann", probe(&first), THRESHOLD), Ok(2));
}

#[test]
fn a_removed_persons_number_is_not_given_again() {
    let (ann, bob) = (face(1, 128), face(2, 128));
    let (mut nor, mut memory) = (Nor::new(12), Box::new(Memory::new()));
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    assert_eq!(gallery.enrol(&name("Ann"), probe(&ann), THRESHOLD), Ok(1));
    assert_eq!(gallery.remove("Ann").unwrap().id(), 1);
    assert_eq!(gallery.remove("Ann"), Err(Error::NotFound));
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    assert_eq!(gallery.people().count(), 0);
    assert_eq!(gallery.enrol(&name("Bob"), probe(&bob), THRESHOLD), Ok(2));
    assert_eq!(gallery.next_person(0).unwrap().name().as_str(), "Bob");
    assert_eq!(gallery.next_person(3), None);
}

#[test]
fn a_gallery_of_another_encoder_is_listed_but_not_compared() {
    let (ann, bob) = (face(1, 128), face(2, 512));
    let (mut nor, mut memory) = (Nor::new(12), Box::new(Memory::new()));
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    gallery.enrol(&name("Ann"), probe(&ann), THRESHOLD).unwrap();
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    let other = Probe { template: &bob, encoder: NEW };
    let refusal = Error::OtherEncoder { stored: OLD, running: NEW };
    assert_eq!(gallery.identify(other), Err(refusal.clone()));
    assert_eq!(gallery.verify("Ann", other), Err(refusal.clone()));
    assert_eq!(gallery.verify("Bob", other), Err(Error::NotFound));
    assert_eq!(gallery.enrol(&name("Bob"), other, THRESHOLD), Err(refusal.clone()));
    assert_eq!(gallery.add_template("Ann", other, THRESHOLD), Err(refusal));
    assert_eq!((gallery.encoder(), gallery.foreign_templates(NEW)), (Some(OLD), 1));
    assert_eq!(gallery.encoder_of(gallery.find("Ann").unwrap()), Some(OLD));
    // Without its people the gallery belongs to nobody, and takes the new encoder.
    gallery.remove("Ann").unwrap();
    assert_eq!(gallery.encoder(), None);
    assert_eq!(gallery.enrol(&name("Bob"), other, THRESHOLD), Ok(2));
}

#[test]
fn one_person_has_at_most_eight_templates() {
    let (mut nor, mut memory) = (Nor::new(12), Box::new(Memory::new()));
    let mut gallery = open(&mut nor, &mut memory).unwrap();
    gallery.enrol(&name("Ann"), probe(&face(0, 128)), THRESHOLD).unwrap();
    for number in 1..8 {
        gallery.add_template("Ann", probe(&face(number, 128)), THRESHOLD).unwrap();
    }
    assert_eq!(
        gallery.add_template("Ann", probe(&face(8, 128)), THRESHOLD),
        Err(Error::PersonFull(name("Ann")))
    );
    let found = gallery.verify(" Ann ", probe(&face(5, 128))).map(|found| found.similarity);
    assert!(found.unwrap() > CosineScore(32_000));
}

#[test]
fn a_flash_that_failed_once_is_read_again_and_used_on() {
    let (ann, bob) = (face(1, 128), face(2, 128));
    for steps in 0..80 {
        let (mut nor, mut memory) = (Nor::new(12), Box::new(Memory::new()));
        // The first opening makes the ring of keys.
        open(&mut nor, &mut memory).map(|_| ()).unwrap();
        nor.flickers = true;
        nor.cut_after(steps);
        let mut gallery = open(&mut nor, &mut memory).unwrap();
        let mut enrol = |who, template| gallery.enrol(&name(who), probe(template), THRESHOLD);
        let first = enrol("Ann", &ann);
        let second = enrol("Bob", &bob).or_else(|_| enrol("Bob", &bob));
        // The change that failed may have reached the flash all the same.
        let known = matches!(second, Ok(_) | Err(Error::DuplicateName(_)));
        assert!(known, "{steps}: {first:?} {second:?}");
        assert!(gallery.find("Bob").is_some());
        if first.is_ok() {
            assert!(gallery.find("Ann").is_some());
        }
    }
}
