//! A door in memory that takes records without a broker.

use std::collections::BTreeMap;

use crypto::Key;
use fleet::envelope::{Kind, Sealer};
use fleet::follower::{Follower, Step};
use fleet::identity::{Identity, Public};
use fleet::record::{Holds, Person, PersonId, Record};
use fleet::simulated::{Board, Place};

use crate::bench::person;

/// A board and a place that survive their program.
pub struct Local {
    pub board: Board,
    pub place: Place,
    pub pictures: BTreeMap<[u8; 32], Vec<u8>>,
}

pub fn operator(byte: u8) -> Identity {
    Identity::of(&Key::new([byte; 32]))
}

fn door() -> Identity {
    Identity::of(&Key::new([200; 32]))
}

/// A record by which somebody is enrolled.
pub fn enrolled(id: u8, counter: u64, person: &Person) -> Record {
    Record { id: PersonId([id; 16]), counter, holds: Holds::Enrolled(person.clone()) }
}

pub fn removed(id: u8, counter: u64) -> Record {
    Record { id: PersonId([id; 16]), counter, holds: Holds::Removed }
}

impl Local {
    pub fn new() -> Self {
        Self { board: Board::default(), place: Place::default(), pictures: BTreeMap::new() }
    }

    /// A person whose pictures the door can fetch.
    pub fn person(&mut self, name: &str) -> Person {
        let (person, sealed) = person(name);
        self.pictures.insert(person.pictures.digest, sealed);
        person
    }

    /// The program starts.
    pub fn start(&self, operators: &[Public]) -> Follower {
        let (place, board) = (Box::new(self.place.clone()), Box::new(self.board.clone()));
        Follower::new(door(), operators, place, board).expect("a place")
    }

    /// Does what is to be done. Returns whether the board answered.
    pub fn work(&self, follower: &mut Follower) -> bool {
        self.work_on(follower) == Step::Idle
    }

    /// Does what is to be done, until nothing is, or the board wants a pause.
    pub fn work_on(&self, follower: &mut Follower) -> Step {
        loop {
            match follower.step().expect("a place") {
                Step::Done => {}
                Step::Wants(_, digest) => {
                    follower.pictures(&digest, &self.pictures[&digest]).expect("its pictures");
                }
                end @ (Step::Idle | Step::Later(_) | Step::WantsChunk(..)) => return end,
            }
        }
    }

    /// People on the board, with the hours of those who have a rule.
    pub fn people(&self) -> Vec<(String, Option<String>)> {
        let board = self.board.lock();
        let hours = |(name, rule): (&String, &Option<fleet::simulated::Rule>)| {
            (name.clone(), rule.as_ref().map(|rule| rule.hours.clone()))
        };
        board.people.iter().map(hours).collect()
    }
}

/// Gives a door a record of an operator.
pub fn give(follower: &mut Follower, number: usize, from: &Identity, record: &Record) -> bool {
    let sealer = Sealer::new(from, follower.public()).expect("a key");
    let envelope = sealer.seal(Kind::Record, record).expect("short");
    follower.record(number, record.id, &envelope).expect("authentic")
}
