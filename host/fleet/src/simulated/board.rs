//! A board in memory, which refuses, loses its power or runs out of changes when it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::door::{Again, Door, State, Trouble};
use crate::record::{Encoder, Person};
use crate::setup::{Active, Release};

/// A board in memory. Copies are the same board.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<OnBoard>>);

/// What a board in memory has.
#[derive(Clone, Debug, Default)]
pub struct OnBoard {
    /// The people, by name: hours, PIN, whether suspended. `None` until their rule is set.
    pub people: BTreeMap<String, Option<Rule>>,
    /// Their numbers, of those who were asked for.
    numbers: BTreeMap<String, u32>,
    /// The highest number that it gave.
    last: u32,
    /// What was asked of it and changes something, in order.
    pub asked: Vec<String>,
    /// Why it does not answer.
    pub lost: Option<String>,
    /// Names that it refuses to enrol.
    pub refuses: Vec<String>,
    /// Requests that it refuses: their first word, how often, and whether it is tried again.
    pub refusals: Vec<(&'static str, u32, Again)>,
    /// How many changes it allows; `None` for all.
    pub account: Option<u32>,
    /// How long it takes until it allows one more.
    pub refill: Duration,
    /// After how many more requests it loses its power: it has done the last one, and says nothing.
    pub power: Option<u32>,
    /// Whether nobody passes at the moment.
    pub paused: bool,
    /// Who was enrolled and had no rule while people could pass.
    pub exposed: Vec<String>,
    /// Its encoder.
    pub encoder: Option<Encoder>,
    /// The encoder that each person was enrolled with, if it had one.
    pub enrolled_with: BTreeMap<String, Encoder>,
    /// Its settings.
    pub settings: BTreeMap<String, String>,
    /// The models and the firmware that were installed.
    pub active: Vec<Active>,
    /// The kind of board.
    pub kind: String,
}

impl OnBoard {
    /// The number of a person.
    fn number(&mut self, name: &str) -> Option<u32> {
        self.people.get(name)?;
        let last = &mut self.last;
        let number = self.numbers.entry(name.to_owned()).or_insert_with(|| {
            *last += 1;
            *last
        });
        Some(*number)
    }

    /// The numbers of those who are there with another encoder than it runs.
    fn foreign(&mut self) -> Vec<u32> {
        let (with, runs) = (&self.enrolled_with, &self.encoder);
        let is_foreign = |name: &&String| with.get(*name).is_some_and(|with| Some(with) != runs.as_ref());
        let names: Vec<String> = self.people.keys().filter(is_foreign).cloned().collect();
        names.iter().filter_map(|name| self.number(name)).collect()
    }

    /// Gives a person another name, as somebody at the door can, too.
    pub fn rename(&mut self, name: &str, new: &str) {
        let number = self.number(name);
        self.numbers.remove(name);
        self.numbers.extend(number.map(|number| (new.to_owned(), number)));
        let rule = self.people.remove(name).flatten();
        self.people.insert(new.to_owned(), rule);
    }

    /// Removes a person, as somebody at the door can, too.
    pub fn remove(&mut self, name: &str) {
        self.people.remove(name);
        self.numbers.remove(name);
    }
}

/// The rule of a person on a board in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// When they may pass.
    pub hours: String,
    /// Their PIN.
    pub pin: Option<String>,
    /// Whether they are suspended.
    pub suspended: bool,
}

impl Board {
    /// What it has.
    pub fn lock(&self) -> MutexGuard<'_, OnBoard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names of its people, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock().people.keys().cloned().collect()
    }

    /// Whether it has somebody of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.lock().people.contains_key(name)
    }

    /// What it has, unless it does not answer.
    fn answering(&self) -> Result<MutexGuard<'_, OnBoard>, Trouble> {
        let board = self.lock();
        match board.lost.clone() {
            Some(sentence) => Err(Trouble { sentence, again: Again::All(None) }),
            None => Ok(board),
        }
    }

    fn ask<T>(
        &self,
        what: String,
        change: impl FnOnce(&mut OnBoard) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut board = self.answering()?;
        let refusal = board.refusals.iter_mut().find(|(word, times, _)| what.starts_with(word) && *times > 0);
        if let Some((word, times, again)) = refusal {
            *times -= 1;
            return Err(Trouble { sentence: format!("the board refuses to {word}"), again: *again });
        }
        match board.account.as_mut() {
            Some(0) => {
                let again = Again::All(Some(Duration::ZERO));
                return Err(Trouble { sentence: "too many changes".to_owned(), again });
            }
            Some(left) => *left -= 1,
            None => {}
        }
        let done = change(&mut board);
        board.asked.push(what);
        match board.power.as_mut() {
            Some(0) => {
                board.lost = Some("the power is cut".to_owned());
                Err(Trouble { sentence: "the power is cut".to_owned(), again: Again::All(None) })
            }
            Some(left) => {
                *left -= 1;
                done
            }
            None => done,
        }
    }
}

impl Door for Board {
    /// There is no line to share. Two hundred doors of one program that wake fifty times a second would cost more than a removal does.
    fn turn(&self) -> Duration {
        Duration::from_millis(250)
    }

    fn number(&mut self, name: &str) -> Result<Option<u32>, Trouble> {
        self.answering().map(|mut board| board.number(name))
    }

    fn people(&mut self) -> Result<Vec<(u32, String)>, Trouble> {
        let mut board = self.answering()?;
        let names: Vec<String> = board.people.keys().cloned().collect();
        Ok(names.into_iter().filter_map(|name| Some((board.number(&name)?, name))).collect())
    }

    fn newest_number(&mut self) -> Result<u32, Trouble> {
        let mut board = self.answering()?;
        // Somebody who was enrolled at the door itself has none yet.
        if board.numbers.len() < board.people.len() {
            let names: Vec<String> = board.people.keys().cloned().collect();
            for name in names {
                board.number(&name);
            }
        }
        Ok(board.last)
    }

    fn pause(&mut self) -> Result<(), Trouble> {
        self.ask("pause".to_owned(), |board| {
            board.paused = true;
            Ok(())
        })
    }

    fn end_pause(&mut self) -> Result<(), Trouble> {
        self.ask("end the pause".to_owned(), |board| {
            board.paused = false;
            Ok(())
        })
    }

    fn enrol(&mut self, name: &str, pictures: &[Vec<u8>]) -> Result<u32, Trouble> {
        self.ask(format!("enrol {name} from {}", pictures.len()), |board| {
            let refuse = |sentence: String| Err(Trouble { sentence, again: Again::Never });
            if board.refuses.iter().any(|refused| refused == name) {
                return refuse(format!("there is no face in the picture of {name}"));
            }
            if board.people.contains_key(name) {
                return refuse(format!("{name} is enrolled already"));
            }
            board.people.insert(name.to_owned(), None);
            board.enrolled_with.remove(name);
            board.enrolled_with.extend(board.encoder.clone().map(|encoder| (name.to_owned(), encoder)));
            if !board.paused {
                board.exposed.push(name.to_owned());
            }
            Ok(board.number(name).unwrap_or(0))
        })
    }

    fn remove(&mut self, name: &str) -> Result<(), Trouble> {
        self.ask(format!("remove {name}"), |board| {
            board.remove(name);
            Ok(())
        })
    }

    fn rename(&mut self, name: &str, new: &str) -> Result<(), Trouble> {
        self.ask(format!("rename {name} to {new}"), |board| {
            board.rename(name, new);
            Ok(())
        })
    }

    fn is_suspended(&mut self, name: &str) -> Result<bool, Trouble> {
        let board = self.answering()?;
        Ok(board.people.get(name).and_then(Option::as_ref).is_some_and(|rule| rule.suspended))
    }

    fn suspend(&mut self, name: &str, _person: &Person) -> Result<(), Trouble> {
        self.ask(format!("suspend {name}"), |board| {
            if let Some(rule) = board.people.get_mut(name) {
                // Who was enrolled just now has none.
                let none = Rule { hours: "always".to_owned(), pin: None, suspended: true };
                rule.get_or_insert(none).suspended = true;
            }
            Ok(())
        })
    }

    fn rule(&mut self, person: &Person, resumes: bool) -> Result<bool, Trouble> {
        let Person { name, hours, pin, suspended, .. } = person.clone();
        self.ask(format!("rule {name}"), |board| match board.people.get_mut(&name) {
            Some(rule) => {
                let was_suspended = rule.as_ref().is_some_and(|rule| rule.suspended);
                let suspended = suspended || was_suspended && !resumes;
                *rule = Some(Rule { hours, pin, suspended });
                Ok(suspended)
            }
            None => Err(Trouble { sentence: format!("{name} is not enrolled"), again: Again::Never }),
        })
    }

    fn refill(&self) -> Duration {
        self.lock().refill
    }

    fn set(&mut self, settings: &BTreeMap<String, String>) -> Result<(), Trouble> {
        let board = self.answering()?;
        if settings.iter().all(|(name, value)| board.settings.get(name) == Some(value)) {
            return Ok(());
        }
        drop(board);
        self.ask(format!("set {}", settings.keys().cloned().collect::<Vec<_>>().join(" ")), |board| {
            board.settings.extend(settings.clone());
            Ok(())
        })
    }

    fn wants(&mut self, release: &Release) -> Result<bool, Trouble> {
        let board = self.answering()?;
        let is_active = |active: &Active| active.kind == release.kind && active.sha256 == release.sha256;
        let fits = release.board.is_empty() || release.board == board.kind;
        Ok(fits && !board.active.iter().any(is_active))
    }

    fn install(&mut self, release: &Release, image: &[u8]) -> Result<(), Trouble> {
        let (kind, name, sha256) = (release.kind, release.name.clone(), crate::pictures::digest(image));
        self.ask(format!("install {} {}", kind.word(), release.name), |board| {
            board.active.retain(|active| active.kind != kind);
            board.active.push(Active { kind, name, sha256, newest: None });
            Ok(())
        })
    }

    fn state(&mut self) -> Result<State, Trouble> {
        let mut board = self.answering()?;
        let foreign = board.foreign();
        Ok(State { encoder: board.encoder.clone(), log: None, active: board.active.clone(), foreign })
    }
}
