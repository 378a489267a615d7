//! Doors and operators in memory, on a real broker: to measure a fleet of many doors, and to test one.
//!
//! A simulated door has no board and no disk: what an enrolment costs on a board is not in what is measured here. Its envelopes,
//! signatures, topics and connections are those of a real door.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bridge::Level;
use crypto::Key;

use crate::Error;
use crate::connection::{Hub, Route, Traffic};
use crate::door::{Again, Door, State, Trouble};
use crate::follow::{HOURLY, Options, Told, follow};
use crate::follower::Follower;
use crate::identity::{Identity, Public};
use crate::place::{Entry, Kept, Mark, Store};
use crate::record::{Ack, Encoder, Person, PersonId};

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
    fn number(&mut self, name: &str) -> Result<Option<u32>, Trouble> {
        self.answering().map(|mut board| board.number(name))
    }

    fn people(&mut self) -> Result<Vec<(u32, String)>, Trouble> {
        let mut board = self.answering()?;
        let names: Vec<String> = board.people.keys().cloned().collect();
        Ok(names.into_iter().filter_map(|name| Some((board.number(&name)?, name))).collect())
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

    fn suspend(&mut self, name: &str, _person: &Person) -> Result<(), Trouble> {
        self.ask(format!("suspend {name}"), |board| {
            if let Some(Some(rule)) = board.people.get_mut(name) {
                rule.suspended = true;
            }
            Ok(())
        })
    }

    fn rule(&mut self, person: &Person) -> Result<(), Trouble> {
        let Person { name, hours, pin, suspended, .. } = person.clone();
        self.ask(format!("rule {name}"), |board| match board.people.get_mut(&name) {
            Some(rule) => {
                *rule = Some(Rule { hours, pin, suspended });
                Ok(())
            }
            None => Err(Trouble { sentence: format!("{name} is not enrolled"), again: Again::Never }),
        })
    }

    fn refill(&self) -> Duration {
        self.lock().refill
    }

    fn state(&mut self) -> Result<State, Trouble> {
        let encoder = self.answering()?.encoder.clone();
        Ok(State { encoder, log: None })
    }
}

/// A place in memory. Copies are the same place: one that is opened again has what was kept.
#[derive(Clone, Default)]
pub struct Place(Arc<Mutex<InMemory>>);

/// What such a place keeps.
type InMemory = (BTreeMap<PersonId, Entry>, Vec<Mark>);

impl Place {
    fn kept(&self) -> MutexGuard<'_, InMemory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Place {
    fn load(&mut self) -> Result<Kept, Error> {
        let kept = self.kept();
        Ok((kept.0.clone().into_iter().collect(), kept.1.clone()))
    }

    fn save(&mut self, id: PersonId, entry: &Entry) -> Result<(), Error> {
        self.kept().0.insert(id, entry.clone());
        Ok(())
    }

    fn save_marks(&mut self, marks: &[Mark]) -> Result<(), Error> {
        self.kept().1 = marks.to_vec();
        Ok(())
    }
}

/// A door in memory, which runs in a thread while it is up.
pub struct Simulated {
    root: Key,
    /// Its board.
    pub board: Board,
    /// Its place.
    pub place: Place,
    /// How often it acknowledges when nothing is new.
    pub hourly: Duration,
    /// Its newest acknowledgement.
    acked: Arc<Mutex<Option<Ack>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Simulated {
    /// A door whose keys follow from a secret. It is down.
    #[must_use]
    pub fn new(root: Key) -> Self {
        let (board, place) = (Board::default(), Place::default());
        let (acked, stop) = (Arc::default(), Arc::default());
        Self { root, board, place, hourly: HOURLY, acked, stop, thread: None }
    }

    /// Its public keys.
    #[must_use]
    pub fn public(&self) -> Public {
        Identity::of(&self.root).public()
    }

    /// Begins to follow operators.
    ///
    /// # Errors
    /// There is no thread for it.
    pub fn up(
        &mut self,
        hub: &Arc<Hub>,
        route: &Route,
        prefix: &Level,
        (operators, traffic): (&[Public], &Arc<Traffic>),
    ) -> Result<(), Error> {
        self.stop = Arc::default();
        let identity = Identity::of(&self.root);
        let mut follower =
            Follower::new(identity, operators, Box::new(self.place.clone()), Box::new(self.board.clone()))?;
        let (hub, route, prefix, traffic) = (hub.clone(), route.clone(), prefix.clone(), traffic.clone());
        let (stop, acked, hourly) = (self.stop.clone(), self.acked.clone(), self.hourly);
        let run = move || {
            let options = Options { hub: &hub, route: &route, prefix: &prefix, once: false, hourly, traffic };
            let stop = || stop.load(Ordering::Relaxed);
            follow(&options, &mut follower, &stop, &mut |told| {
                if let Told::Acknowledged(_, ack) = told {
                    *acked.lock().unwrap_or_else(PoisonError::into_inner) = Some(ack.clone());
                }
            })
        };
        let thread = std::thread::Builder::new().name("simulated door".to_owned());
        self.thread = Some(thread.spawn(run).map_err(Error::Runtime)?);
        Ok(())
    }

    /// Stops following.
    ///
    /// # Errors
    /// Why it had ended before.
    pub fn down(&mut self) -> Result<(), Error> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Err(Error::Runtime(std::io::Error::other("a simulated door has panicked"))),
            None => Ok(()),
        }
    }

    /// Its newest acknowledgement.
    #[must_use]
    pub fn acked(&self) -> Option<Ack> {
        self.acked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has acknowledged that it has everything of a run.
    #[must_use]
    pub fn has(&self, run: u64) -> bool {
        let is_whole = |ack: Ack| ack.complete >= run && ack.waiting == 0 && ack.pictures == 0;
        self.acked().is_some_and(is_whole)
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.down();
    }
}
