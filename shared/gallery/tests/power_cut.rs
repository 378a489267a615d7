//! The power goes at every step of the flash while people come and go: nothing that was
//! acknowledged is lost, nothing half done appears, and the gallery always opens again.

mod nor;

use std::collections::BTreeMap;

use gallery::{Error, Gallery, Memory, Name, Probe};
use nor::{Nor, face, open};
use template::{CosineScore, EncoderHash};

const ENCODER: EncoderHash = EncoderHash([7; 32]);
const THRESHOLD: CosineScore = CosineScore(26_000);

/// A change to the gallery; the number is the person's.
#[derive(Debug, Clone, Copy)]
enum Change {
    Enrol(u32),
    AddTemplate(u32, u32),
    RemoveTemplate(u32, usize),
    Remove(u32),
}

/// Who is enrolled: id and the numbers of their faces, by person.
type Enrolled = BTreeMap<u32, (u32, Vec<u32>)>;

fn name(person: u32) -> Name {
    Name::new(&format!("person {person}")).unwrap()
}

/// People come and go often enough for every sector to be erased, some with two templates.
fn changes() -> Vec<Change> {
    let mut changes = Vec::new();
    for person in 0..50 {
        changes.push(Change::Enrol(person));
        if person % 3 == 0 {
            changes.push(Change::AddTemplate(person, 100 + person));
        }
        if person % 6 == 0 {
            changes.push(Change::RemoveTemplate(person, person as usize / 6 % 2));
        }
        if person >= 4 {
            changes.push(Change::Remove(person - 4));
        }
    }
    changes
}

fn apply(gallery: &mut Gallery<'_, &mut Nor>, change: Change, enrolled: &mut Enrolled) -> Result<(), Error> {
    let probe = |template| Probe { template, encoder: ENCODER };
    match change {
        Change::Enrol(person) => {
            let id = gallery.enrol(&name(person), probe(&face(person, 256)), THRESHOLD)?;
            enrolled.insert(person, (id, vec![person]));
        }
        Change::AddTemplate(person, number) => {
            let template = face(number, 256);
            gallery.add_template(&name(person), probe(&template), THRESHOLD)?;
            enrolled.get_mut(&person).unwrap().1.push(number);
        }
        Change::RemoveTemplate(person, index) => {
            gallery.remove_template(&name(person), index)?;
            enrolled.get_mut(&person).unwrap().1.remove(index);
        }
        Change::Remove(person) => {
            gallery.remove(&name(person))?;
            enrolled.remove(&person);
        }
    }
    Ok(())
}

/// What a change would have made of it, had it been acknowledged.
fn outcome(enrolled: &Enrolled, change: Change, next_id: u32) -> Enrolled {
    let mut after = enrolled.clone();
    match change {
        Change::Enrol(person) => {
            after.insert(person, (next_id, vec![person]));
        }
        Change::AddTemplate(person, number) => after.get_mut(&person).unwrap().1.push(number),
        Change::RemoveTemplate(person, index) => {
            after.get_mut(&person).unwrap().1.remove(index);
        }
        Change::Remove(person) => {
            after.remove(&person);
        }
    }
    after
}

/// Whether the gallery holds exactly these people and faces.
fn holds(gallery: &Gallery<'_, &mut Nor>, enrolled: &Enrolled) -> bool {
    let same_people = gallery.people().count() == enrolled.len();
    same_people
        && enrolled.iter().all(|(person, (id, faces))| {
            let Some(found) = gallery.find(&name(*person)) else { return false };
            let known = |number: &u32| {
                let probe = Probe { template: &face(*number, 256), encoder: ENCODER };
                let best = gallery.identify(probe).unwrap().unwrap();
                best.person.id() == *id && best.similarity > CosineScore(32_000)
            };
            found.id() == *id && found.templates() == faces.len() && faces.iter().all(known)
        })
}

/// Runs the changes with a cut after `steps`, and a second one during recovery.
fn survive(steps: u32, memory: &mut Memory) {
    let mut nor = Nor::new(8);
    nor.cut_after(steps);
    let mut enrolled = Enrolled::new();
    let mut interrupted = None;
    if let Ok(mut gallery) = open(&mut nor, memory) {
        for change in changes() {
            let before = enrolled.clone();
            match apply(&mut gallery, change, &mut enrolled) {
                Ok(()) => {}
                Err(Error::Flash) => {
                    interrupted = Some((before, change));
                    break;
                }
                Err(error) => panic!("{steps}: {change:?}: {error}"),
            }
        }
    }
    let Some((before, change)) = interrupted else {
        // The last change may be a removal whose tidying was cut, which is no failure.
        return;
    };
    // The power comes, but not for long, and then for good.
    nor.cut_after(steps % 61);
    let _ = open(&mut nor, memory).map(|_| ());
    nor.restore_power();
    let mut gallery =
        open(&mut nor, memory).unwrap_or_else(|error| panic!("{steps}: does not open: {error}"));
    let largest = before.values().map(|(id, _)| *id).max().unwrap_or(0);
    // Ids rise by one for each enrolment that was acknowledged.
    let after = outcome(&before, change, largest + 1);
    let mut now = if holds(&gallery, &after) {
        after
    } else {
        assert!(holds(&gallery, &before), "{steps}: {change:?} left a gallery of neither state");
        before
    };
    // And it works on.
    apply(&mut gallery, Change::Enrol(99), &mut now).unwrap();
    assert!(holds(&gallery, &now), "{steps}: lost after recovery");
}

#[test]
fn a_power_cut_at_any_step_loses_nothing_acknowledged() {
    let mut memory = Box::new(Memory::new());
    let mut uncut = Nor::new(8);
    let mut enrolled = Enrolled::new();
    let mut gallery = open(&mut uncut, &mut memory).unwrap();
    for change in changes() {
        apply(&mut gallery, change, &mut enrolled).unwrap();
    }
    assert!(holds(&gallery, &enrolled));
    // Enough to have gone round the flash more than once.
    let steps = uncut.steps;
    assert!(steps > 4096, "{steps}");
    for step in 0..steps {
        survive(step, &mut memory);
    }
}
