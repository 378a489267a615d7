//! A door that takes records and applies them to its board. It knows no broker.
//!
//! An enrolment on the board:
//!
//! | step | kept in the place | after a power cut before the next step |
//! |---|---|---|
//! | 1. nobody on the board has the name; nobody passes for a minute | | nothing was done |
//! | 2. the enrolment begins | `begun`: who, and the highest number on the board | whoever has the name and a higher number is removed, then step 1 |
//! | 3. the board removes the person with the old pictures | `there`: nobody | the same |
//! | 4. the board enrols | `begun`: the number | step 5 |
//! | 5. the board gets the rule | `there`: what the board has; no `begun` | done |
//!
//! Everything else is one request after another: which name a number has says how far it came. A removal, a suspension, a rule and
//! a name are done again without harm.
//!
//! What the board refuses for good is kept as a refusal. Everything else is tried again, with pauses, and so is each revocation.
//!
//! # Invariants
//! - A record whose version is not later than the one known changes nothing.
//! - Removals and suspensions come before everything else that waits, but for a rule that somebody who was enrolled lacks.
//! - A removal or a suspension is never given up, and waits for neither pictures nor a name.
//! - Only a person with the number that the board gave at their enrolment is removed or changed.
//! - Nothing happens for who no trusted operator knows: they stay on the board as they are, or off it.

mod ack;
mod settle;
mod setups;
mod steps;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crate::Error;
use crate::directory::Directory;
use crate::door::Door;
use crate::envelope::{Kind, Opener};
use crate::identity::{Identity, Public};
use crate::pictures;
use crate::place::{Entry, Known, Mark, Store};
use crate::presence::Said;
use crate::record::{Head, Holds, PersonId, REASON, Rank, Record};
use crate::setup::{self, SetupEntry};

/// How far a counter may be above the last one that is known: nobody changes a person that often, and a greater one would hold for ever.
const FAR: u64 = 1_000_000;

/// A door that applies records.
pub struct Follower {
    identity: Identity,
    operators: Vec<Operator>,
    entries: BTreeMap<PersonId, Entry>,
    store: Box<dyn Store>,
    door: Box<dyn Door>,
    /// Who has to be changed on the board, the urgent first.
    work: BTreeSet<(Urgency, PersonId)>,
    /// What the board did not do, and is tried again when nothing else is to be done.
    put_off: BTreeSet<(Urgency, PersonId)>,
    /// How often it was tried again without success.
    rounds: u32,
    /// Until when the board's account of changes is left to fill. Only what is urgent is done meanwhile.
    saving: Option<Instant>,
    /// Whether nobody passes at the moment.
    paused: bool,
    /// Who waits for pictures.
    waiting: BTreeMap<PersonId, [u8; 32]>,
    /// Settings, models and firmware.
    setups: BTreeMap<PersonId, SetupEntry>,
    /// Models and firmware that wait for a chunk.
    chunks_waiting: BTreeMap<PersonId, [u8; 32]>,
    /// Chunks that came.
    chunks: HashMap<[u8; 32], Vec<u8>>,
    /// Pictures that came.
    came: HashMap<[u8; 32], Vec<Vec<u8>>>,
    /// Who waits until the door has the encoder that an operator wants, and why.
    held: BTreeMap<PersonId, String>,
    /// Why nothing is changed at the moment, or why this one thing is not.
    trouble: Option<(Option<PersonId>, String)>,
    /// The marks of operators who the door does not trust at the moment: once trusted again, they have said nothing older.
    others: Vec<Mark>,
    /// Whether an acknowledgement says that the board does not answer, and it was not found to answer again.
    silent: bool,
}

/// An operator of the door.
struct Operator {
    public: Public,
    /// Whether the door trusts them with settings, models and firmware.
    installs: bool,
    directory: Directory,
    opener: Opener,
    mark: Mark,
    head: Option<Head>,
}

/// What is done first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    /// Somebody was enrolled, and has no rule.
    Unfinished,
    /// Somebody loses a right.
    Revokes,
    /// Settings, models and firmware: an encoder comes before those who are enrolled with it.
    SetsUp,
    /// Anything else.
    Changes,
}

impl Urgency {
    const ALL: [Self; 4] = [Self::Unfinished, Self::Revokes, Self::SetsUp, Self::Changes];
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A person was changed, refused, or put off.
    Done,
    /// These pictures are needed first, of the operator with this number.
    Wants(usize, [u8; 32]),
    /// This chunk of an image is needed first, of the operator with this number.
    WantsChunk(usize, [u8; 32]),
    /// Nothing is to be done.
    Idle,
    /// The board does nothing at the moment: after a pause, of this length if the board names one.
    Later(Option<Duration>),
}

impl Follower {
    /// A door with these keys, for these operators.
    ///
    /// # Errors
    /// The place cannot be read.
    pub fn new(
        identity: Identity,
        operators: &[Public],
        mut store: Box<dyn Store>,
        door: Box<dyn Door>,
    ) -> Result<Self, Error> {
        let (entries, marks) = store.load()?;
        let setups = store.setups()?;
        let is_trusted = |key: &[u8; 32]| operators.iter().any(|of| of.signing == *key);
        let operator = |public: &Public| {
            let none = Mark { operator: public.signing, newest: 0, complete: 0, ack: 0 };
            let mark = marks.iter().find(|mark| mark.operator == public.signing).copied().unwrap_or(none);
            Operator {
                public: *public,
                installs: false,
                directory: Directory::default(),
                opener: Opener::new(),
                mark,
                head: None,
            }
        };
        let mut follower = Self {
            identity,
            operators: operators.iter().map(operator).collect(),
            entries: BTreeMap::new(),
            store,
            door,
            work: BTreeSet::new(),
            put_off: BTreeSet::new(),
            rounds: 0,
            saving: None,
            paused: false,
            waiting: BTreeMap::new(),
            setups: BTreeMap::new(),
            chunks_waiting: BTreeMap::new(),
            chunks: HashMap::new(),
            came: HashMap::new(),
            held: BTreeMap::new(),
            trouble: None,
            others: marks.into_iter().filter(|mark| !is_trusted(&mark.operator)).collect(),
            silent: false,
        };
        for (id, mut entry) in entries {
            // An operator who the door trusts no longer decides nothing more: what the others want holds again. Who nobody else
            // knows stays as they are on the board, and nothing that was wanted of them is done any more.
            entry.known.retain(|known| is_trusted(&known.rank.operator));
            let on_board = || entry.there.as_ref().map(|there| there.person.clone());
            let holds = greatest(&entry).map_or_else(on_board, |greatest| greatest.wanted.clone());
            if holds != entry.wanted || entry.known.is_empty() {
                (entry.wanted, entry.refusal) = (holds, None);
            }
            for Known { rank, hash, .. } in &entry.known {
                let of = follower.operators.iter_mut().find(|of| of.public.signing == rank.operator);
                if let Some(of) = of {
                    of.directory.take(id, rank.version, *hash);
                }
            }
            follower.entries.insert(id, entry);
            // Who was refused is tried again: what was wrong may be put right.
            follower.queue(id);
        }
        for (id, mut entry) in setups {
            entry.known.retain(|known| is_trusted(&known.rank.operator));
            for known in &entry.known {
                let of = follower.operators.iter_mut().find(|of| of.public.signing == known.rank.operator);
                if let Some(of) = of {
                    of.directory.take(id, known.rank.version, known.hash);
                }
            }
            follower.setups.insert(id, entry);
        }
        Ok(follower)
    }

    /// The door's public keys.
    #[must_use]
    pub const fn public(&self) -> Public {
        self.identity.public()
    }

    /// The number of the next connection: higher than that of each before, also after a restart with a clock that was set back, once
    /// something was acknowledged.
    #[must_use]
    pub fn connection(&self, unix_ms: u64) -> u64 {
        let acknowledged = self.operators.iter().map(|of| of.mark.ack).max().unwrap_or(0);
        unix_ms.max(acknowledged.saturating_add(1))
    }

    /// What the door says of its own presence, signed.
    #[must_use]
    pub fn says(&self, said: Said) -> Vec<u8> {
        said.sign(&self.identity)
    }

    /// The operators of the door.
    #[must_use]
    pub fn operators(&self) -> Vec<Public> {
        self.operators.iter().map(|operator| operator.public).collect()
    }

    /// Takes a record of an operator. Returns whether it is news.
    ///
    /// # Errors
    /// [`Error::Forged`], also if it is another person's than the topic's; or the place cannot be written.
    pub fn record(&mut self, operator: usize, id: PersonId, envelope: &[u8]) -> Result<bool, Error> {
        let of = self.operators.get_mut(operator).ok_or(Error::Forged)?;
        let to = &self.identity;
        let record: Record = of.opener.open(to, &of.public, Kind::Record, envelope)?;
        if record.id != id {
            return Err(Error::Forged);
        }
        if setup::is_setup(id) {
            return self.setup_record(operator, record);
        }
        let (version, hash) = (record.version(), record.hash());
        let wanted = match record.holds {
            Holds::Removed => None,
            Holds::Enrolled(person) => Some(person),
            Holds::Door { .. } | Holds::Setup(_) => return Err(Error::Forged),
        };
        let rank = Rank { version, operator: of.public.signing };
        let mut entry = self.entries.get(&id).cloned().unwrap_or_default();
        let before = greatest(&entry).map(|known| known.rank);
        if before.map_or(0, |before| before.version.counter).saturating_add(FAR) < version.counter {
            return Err(Error::Far);
        }
        let known = Known { rank, hash, wanted: wanted.clone() };
        match entry.known.iter_mut().find(|known| known.rank.operator == rank.operator) {
            Some(known) if known.rank.version >= version => return Ok(false),
            Some(there) => *there = known,
            None => entry.known.push(known),
        }
        if before.is_none_or(|before| before < rank) {
            entry.wanted = wanted;
            entry.refusal = None;
        }
        self.store.save(id, &entry)?;
        of.directory.take(id, version, hash);
        self.entries.insert(id, entry);
        self.queue(id);
        Ok(true)
    }

    /// Takes the head of an operator. Returns the parts of which the door does not have all records.
    ///
    /// # Errors
    /// [`Error::Forged`], also if the door has seen a newer one.
    pub fn head(&mut self, operator: usize, envelope: &[u8]) -> Result<Vec<usize>, Error> {
        let of = self.operators.get_mut(operator).ok_or(Error::Forged)?;
        let head: Head = of.opener.open(&self.identity, &of.public, Kind::Head, envelope)?;
        if head.run < of.mark.newest {
            return Err(Error::Forged);
        }
        let is_newer = head.run > of.mark.newest;
        of.mark.newest = head.run;
        of.head = Some(head);
        if is_newer {
            // Before anything follows from it: an older one is not taken after a restart either.
            self.save_marks()?;
        }
        Ok(self.differing(operator))
    }

    /// The parts of which the door does not have all records by the newest head.
    #[must_use]
    pub fn differing(&self, operator: usize) -> Vec<usize> {
        let of = self.operators.get(operator);
        let head = of.and_then(|of| of.head.as_ref().map(|head| of.directory.digests().differing(head)));
        head.unwrap_or_default()
    }

    /// Takes pictures.
    ///
    /// # Errors
    /// [`Error::Forged`] if nobody waits for them, or they are not those that a record names.
    pub fn pictures(&mut self, digest: &[u8; 32], sealed: &[u8]) -> Result<(), Error> {
        let ids: Vec<PersonId> =
            self.waiting.iter().filter(|(_, wanted)| *wanted == digest).map(|(id, _)| *id).collect();
        let which = ids.iter().find_map(|id| self.entries.get(id)?.wanted.as_ref()).map(|it| it.pictures);
        let which = which.filter(|which| which.digest == *digest).ok_or(Error::Forged)?;
        self.came.insert(*digest, pictures::open(&which, sealed)?);
        for id in ids {
            self.waiting.remove(&id);
            self.work.insert((Urgency::Changes, id));
        }
        Ok(())
    }

    /// Who still has to be changed: on the board, or after their pictures have come.
    #[must_use]
    pub fn open(&self) -> usize {
        self.work.len()
            + self.put_off.len()
            + self.waiting.len()
            + self.held.len()
            + self.chunks_waiting.len()
    }

    /// Whether the board does not answer.
    #[must_use]
    pub const fn has_trouble(&self) -> bool {
        self.trouble.is_some()
    }

    /// Whether the board did not answer an acknowledgement, and does now: what was acknowledged is no longer so.
    pub fn answers_again(&mut self) -> bool {
        let answers = self.silent && self.door.state().is_ok();
        self.silent &= !answers;
        answers
    }

    /// Has those who wait for pictures ask for them again, as on a new connection.
    pub fn ask_again(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.work.extend(waiting.into_keys().map(|id| (Urgency::Changes, id)));
        let chunks = std::mem::take(&mut self.chunks_waiting);
        self.work.extend(chunks.into_keys().map(|id| (Urgency::SetsUp, id)));
    }

    fn save_marks(&mut self) -> Result<(), Error> {
        let ours = self.operators.iter().map(|of| of.mark);
        let marks: Vec<Mark> = ours.chain(self.others.iter().copied()).collect();
        self.store.save_marks(&marks)
    }

    /// Lets another program use the board's line.
    pub fn rest(&mut self) {
        self.door.rest();
    }

    /// How long to wait for a message between two of these.
    #[must_use]
    pub fn turn(&self) -> Duration {
        self.door.turn()
    }

    /// The number of the operator whose record of a person holds; `None` if no trusted one knows the person.
    fn holder(&self, id: PersonId) -> Option<usize> {
        let rank = greatest(self.entries.get(&id)?)?.rank;
        self.operators.iter().position(|of| of.public.signing == rank.operator)
    }

    fn keep(&mut self, id: PersonId, entry: Entry) -> Result<(), Error> {
        self.store.save(id, &entry)?;
        self.entries.insert(id, entry);
        Ok(())
    }
}

/// The record that holds.
fn greatest(entry: &Entry) -> Option<&Known> {
    entry.known.iter().max_by_key(|known| known.rank)
}

/// A reason that has room in an acknowledgement.
fn short(text: &str) -> String {
    let mut end = text.len().min(REASON);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}
