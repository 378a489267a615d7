//! The gallery does as a simple model of it, whatever is asked of it and however often it reopens.

mod nor;

use std::collections::BTreeMap;

use gallery::{Error, Memory, Name, Probe};
use nor::{Nor, face, open};
use proptest::prelude::*;
use template::{CosineScore, EncoderHash};

const ENCODER: EncoderHash = EncoderHash([7; 32]);
const THRESHOLD: CosineScore = CosineScore(24_000);

/// What is asked: names and faces are numbers.
#[derive(Debug, Clone, Copy)]
enum Step {
    Enrol { name: u32, face: u32 },
    Add { name: u32, face: u32 },
    Remove { name: u32 },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0u32..8, 0u32..24).prop_map(|(name, face)| Step::Enrol { name, face }),
        4 => (0u32..8, 0u32..24).prop_map(|(name, face)| Step::Add { name, face }),
        2 => (0u32..8).prop_map(|name| Step::Remove { name }),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..120)
}

/// People by name: id and faces.
type Model = BTreeMap<u32, (u32, Vec<u32>)>;

fn owner(model: &Model, face: u32) -> Option<u32> {
    model.iter().find(|(_, (_, faces))| faces.contains(&face)).map(|(name, _)| *name)
}

fn name(number: u32) -> Name {
    Name::new(&format!("person {number}")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn the_gallery_does_as_the_model(steps in steps()) {
        // Room for all that the model may hold: eight people with eight templates each.
        let (mut nor, mut memory) = (Nor::new(16), Box::new(Memory::new()));
        let (mut model, mut last_id) = (Model::new(), 0);
        let mut gallery = open(&mut nor, &mut memory).unwrap();
        for step in steps {
            match step {
                Step::Enrol { name: person, face: number } => {
                    let template = face(number, 128);
                    let probe = Probe { template: &template, encoder: ENCODER };
                    let done = gallery.enrol(&name(person), probe, THRESHOLD);
                    if model.contains_key(&person) {
                        prop_assert_eq!(done, Err(Error::DuplicateName(name(person))));
                    } else if let Some(other) = owner(&model, number) {
                        let duplicate = matches!(&done, Err(Error::DuplicateFace { name: who, .. }) if *who == name(other));
                        prop_assert!(duplicate, "{done:?}");
                    } else {
                        last_id += 1;
                        prop_assert_eq!(done, Ok(last_id));
                        model.insert(person, (last_id, vec![number]));
                    }
                }
                Step::Add { name: person, face: number } => {
                    let template = face(number, 128);
                    let probe = Probe { template: &template, encoder: ENCODER };
                    let done = gallery.add_template(&name(person), probe, THRESHOLD);
                    let other = owner(&model, number).filter(|other| *other != person);
                    match (model.get_mut(&person), other) {
                        (None, _) => prop_assert_eq!(done, Err(Error::NotFound)),
                        (Some((_, faces)), _) if faces.len() == 8 => {
                            prop_assert_eq!(done, Err(Error::PersonFull(name(person))));
                        }
                        (Some(_), Some(other)) => {
                            let duplicate = matches!(&done, Err(Error::DuplicateFace { name: who, .. }) if *who == name(other));
                            prop_assert!(duplicate, "{done:?}");
                        }
                        (Some((_, faces)), None) => {
                            faces.push(number);
                            prop_assert_eq!(done, Ok(faces.len()));
                        }
                    }
                }
                Step::Remove { name: person } => {
                    let done = gallery.remove(&name(person)).map(|person| person.id());
                    let expected = model.remove(&person).map(|(id, _)| id).ok_or(Error::NotFound);
                    prop_assert_eq!(done, expected);
                }
                Step::Reopen => {
                    gallery = open(&mut nor, &mut memory).unwrap();
                }
            }
            let mut listed: Vec<(u32, Name, usize)> = Vec::new();
            while let Some(person) = gallery.next_person(listed.last().map_or(0, |(id, ..)| id + 1)) {
                listed.push((person.id(), person.name().clone(), person.templates()));
            }
            let mut expected: Vec<_> =
                model.iter().map(|(person, (id, faces))| (*id, name(*person), faces.len())).collect();
            expected.sort_by_key(|(id, ..)| *id);
            prop_assert_eq!(listed, expected);
        }
        for (person, (id, faces)) in &model {
            for number in faces {
                let template = face(*number, 128);
                let probe = Probe { template: &template, encoder: ENCODER };
                let best = gallery.identify(probe).unwrap().unwrap();
                prop_assert_eq!((best.person.id(), best.person.name()), (*id, &name(*person)));
            }
        }
    }
}
