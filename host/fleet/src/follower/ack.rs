//! What a door says that it has.

use std::collections::BTreeSet;

use super::{Follower, short};
use crate::Error;
use crate::door::State;
use crate::envelope::{Kind, Sealer};
use crate::place::Entry;
use crate::record::{Ack, NAMED, PersonId, Rank, Refused};

/// Refusals that an acknowledgement has room for.
const REFUSALS: usize = 20;

impl Follower {
    /// What the door has of an operator's records: an acknowledgement for it, sealed, and what it says.
    ///
    /// # Errors
    /// The marks cannot be kept.
    pub fn ack(&mut self, operator: usize, unix_ms: u64) -> Result<(Ack, Vec<u8>), Error> {
        // It is of this moment alone: nothing would clear it where nothing is to be done.
        let found = self.door.state().and_then(|state| Ok((state, self.door.people()?)));
        let (state, on_board, silent) = match found {
            Ok((state, people)) => (state, people, None),
            Err(trouble) => (State::default(), Vec::new(), Some(short(&trouble.sentence))),
        };
        let by_us: BTreeSet<u32> = self.entries.values().flat_map(numbers).collect();
        let others = on_board.iter().filter(|(number, _)| !by_us.contains(number)).count() as u32;
        self.silent |= silent.is_some();
        let us = self.operators.get(operator).ok_or(Error::Forged)?.public.signing;
        let foreign_people = self.foreign_people(&state.foreign);
        let set_up = self.setup_refusals(&us);
        let ids = self.work.iter().chain(&self.put_off).map(|(_, id)| id);
        let ids = ids.chain(self.held.keys()).chain(self.chunks_waiting.keys());
        let waiting = ids.filter(|id| self.concerns(**id, &us)).count();
        let pictures = self.waiting.keys().filter(|id| self.concerns(**id, &us)).count();
        let trouble = self.trouble.as_ref().filter(|(one, _)| one.is_none_or(|id| self.concerns(id, &us)));
        let trouble = trouble.map(|(_, sentence)| sentence.clone());
        let held = self.held.iter().find(|(id, _)| self.concerns(**id, &us)).map(|(_, why)| why.clone());
        let of = self.operators.get_mut(operator).ok_or(Error::Forged)?;
        let digests = of.directory.digests();
        if of.head.as_ref().is_some_and(|head| head.digest == digests.whole) {
            of.mark.complete = of.mark.newest;
        }
        of.mark.ack = unix_ms.max(of.mark.ack.saturating_add(1));
        let wanted = of.head.as_ref().map_or(0, |head| head.records);
        // A reason has names in it: an operator reads of people who they know.
        let is_refused = |(id, entry): (&PersonId, &Entry)| {
            let is_ours = entry.known.iter().any(|known| known.rank.operator == us);
            entry.refusal.clone().filter(|_| is_ours).map(|why| Refused { id: *id, why })
        };
        let people = self.entries.iter().filter_map(is_refused);
        let mut refused: Vec<Refused> = set_up.into_iter().chain(people).collect();
        let refusals = refused.len() as u32;
        refused.truncate(REFUSALS);
        let is_overruled = |entry: &&Entry| {
            let ours = entry.known.iter().find(|known| known.rank.operator == us);
            ours.is_some_and(|ours| ours.wanted != entry.wanted)
        };
        let is_orphan = |entry: &&Entry| entry.there.is_some() && entry.known.is_empty();
        let ack = Ack {
            number: of.mark.ack,
            unix_ms,
            newest: of.mark.newest,
            complete: of.mark.complete,
            digest: digests.whole,
            lacking: wanted.saturating_sub(digests.records),
            pictures: pictures as u32,
            waiting: waiting as u32,
            people: self.entries.values().filter(|entry| entry.there.is_some()).count() as u32,
            others,
            orphans: self.entries.values().filter(is_orphan).count() as u32,
            refused,
            refusals,
            overruled: self.entries.values().filter(is_overruled).count() as u32,
            trouble: trouble.or(silent).or(held),
            log: state.log,
            active: state.active,
            foreign: state.foreign.len() as u32,
            foreign_people,
        };
        let sealed = Sealer::new(&self.identity, of.public)?.seal(Kind::Ack, &ack)?;
        self.save_marks()?;
        Ok((ack, sealed))
    }

    /// Whether an operator is notified of something: they know it themselves, or no trusted one does. What another one's people wait for is
    /// none of theirs.
    fn concerns(&self, id: PersonId, us: &[u8; 32]) -> bool {
        let is_of = |ranks: &mut dyn Iterator<Item = &Rank>| {
            let mut ranks = ranks.peekable();
            ranks.peek().is_none() || ranks.any(|rank| rank.operator == *us)
        };
        match (self.entries.get(&id), self.setups.get(&id)) {
            (Some(entry), _) => is_of(&mut entry.known.iter().map(|known| &known.rank)),
            (None, Some(entry)) => is_of(&mut entry.known.iter().map(|known| &known.rank)),
            (None, None) => true,
        }
    }

    /// The people of the fleet with these numbers at the board, as many as have room.
    fn foreign_people(&self, numbers: &[u32]) -> Vec<PersonId> {
        let is_one =
            |entry: &Entry| entry.there.as_ref().is_some_and(|there| numbers.contains(&there.number));
        self.entries.iter().filter(|(_, entry)| is_one(entry)).map(|(id, _)| *id).take(NAMED).collect()
    }
}

/// The numbers on the board of somebody who the fleet enrolled, or is enrolling.
fn numbers(entry: &Entry) -> impl Iterator<Item = u32> {
    let begun = entry.begun.as_ref().and_then(|begun| begun.number);
    entry.there.as_ref().map(|there| there.number).into_iter().chain(begun)
}
