//! What is done next, and what becomes of what the board did not do.

use std::time::{Duration, Instant};

use super::settle::Failed;
use super::{Follower, Step, Urgency, short};
use crate::Error;
use crate::door::{Again, Trouble};
use crate::place::Entry;
use crate::record::PersonId;
use crate::setup;

/// The first pause before what the board did not do is tried again, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60)];
/// Changes that an enrolment takes besides two for each picture: a pause, its end, the rule, and one that was taken in vain.
const BESIDES: u32 = 4;

impl Follower {
    /// Does the next thing that is to be done.
    ///
    /// # Errors
    /// The place cannot be written.
    pub fn step(&mut self) -> Result<Step, Error> {
        self.saving = self.saving.filter(|until| Instant::now() < *until);
        let Some((urgency, id)) = self.work.first().copied() else {
            if self.put_off.is_empty() {
                self.go_on();
                // Nothing waits for the board any more, also where somebody took a change back.
                return Ok(if self.trouble.take().is_some() { Step::Done } else { Step::Idle });
            }
            self.work.append(&mut self.put_off);
            let pause = PAUSES[0].saturating_mul(1 << self.rounds.min(8)).min(PAUSES[1]);
            self.rounds = self.rounds.saturating_add(1);
            return Ok(Step::Later(Some(pause)));
        };
        if urgency == Urgency::Changes && self.saving.is_some() {
            return Ok(Step::Later(None));
        }
        self.work.pop_first();
        if setup::is_setup(id) {
            return self.step_up(id);
        }
        match self.settle(id) {
            Ok(None) => {
                self.rounds = 0;
                if self.put_off.is_empty() && self.saving.is_none() {
                    self.trouble = None;
                }
                Ok(Step::Done)
            }
            Ok(Some(digest)) => {
                // Nobody's word is no reason to fetch anything.
                let Some(holder) = self.holder(id) else { return Ok(Step::Done) };
                self.waiting.insert(id, digest);
                Ok(Step::Wants(holder, digest))
            }
            Err(Failed::Kept(error)) => Err(error),
            Err(Failed::Held(sentence)) => {
                self.held.insert(id, short(&sentence));
                Ok(Step::Done)
            }
            Err(Failed::Board(trouble)) if trouble.again == Again::Never && !self.revokes(id) => {
                if let Err(again) = self.undo(id)? {
                    return Ok(self.put_back(id, &again));
                }
                let mut entry = self.entries.get(&id).cloned().unwrap_or_default();
                entry.refusal = Some(short(&trouble.sentence));
                self.keep(id, entry)?;
                Ok(Step::Done)
            }
            Err(Failed::Board(trouble)) => {
                // An enrolment that the board stops begins from the start, when there are changes enough for all of it. Begun, it would
                // come before removals, and before the model that the board lacks.
                let begun = self.entries.get(&id).and_then(|entry| entry.begun.as_ref());
                let is_open = begun.is_some_and(|begun| begun.number.is_none());
                if is_open
                    && matches!(trouble.again, Again::All(_))
                    && let Err(again) = self.undo(id)?
                {
                    return Ok(self.put_back(id, &again));
                }
                Ok(self.put_back(id, &trouble))
            }
        }
    }

    /// Sets the board up with something.
    fn step_up(&mut self, id: PersonId) -> Result<Step, Error> {
        match self.set_up(id) {
            Ok(None) => {
                self.rounds = 0;
                if self.put_off.is_empty() {
                    self.trouble = None;
                }
                Ok(Step::Done)
            }
            Ok(Some(chunk)) => {
                let Some(holder) = self.setup_holder(id) else { return Ok(Step::Done) };
                self.chunks_waiting.insert(id, chunk);
                Ok(Step::WantsChunk(holder, chunk))
            }
            Err(Failed::Kept(error)) => Err(error),
            Err(Failed::Board(Trouble { again: Again::Never, sentence }) | Failed::Held(sentence)) => {
                self.refuse_setup(id, &sentence)?;
                Ok(Step::Done)
            }
            Err(Failed::Board(Trouble { again: Again::NotRun, sentence })) => {
                self.is_not_run(id, &sentence)?;
                Ok(Step::Done)
            }
            Err(Failed::Board(trouble)) => Ok(self.put_back(id, &trouble)),
        }
    }

    /// Has what the board did not do tried again.
    fn put_back(&mut self, id: PersonId, trouble: &Trouble) -> Step {
        let one = (trouble.again == Again::Alone).then_some(id);
        self.trouble = Some((one, short(&trouble.sentence)));
        let urgency = match setup::is_setup(id) {
            true => Urgency::SetsUp,
            false => self.entries.get(&id).map_or(Urgency::Changes, urgency),
        };
        let Again::All(pause) = trouble.again else {
            self.put_off.insert((urgency, id));
            return Step::Done;
        };
        self.work.insert((urgency, id));
        match pause {
            // A change of several requests that begins with one alone would stop at the same place each time.
            Some(pause) if urgency == Urgency::Changes => {
                let wanted = self.entries.get(&id).and_then(|entry| entry.wanted.as_ref());
                let pictures =
                    wanted.and_then(|wanted| self.came.get(&wanted.pictures.digest)).map_or(0, Vec::len);
                let changes = u32::try_from(2 * pictures).unwrap_or(u32::MAX).saturating_add(BESIDES);
                self.saving = Some(Instant::now() + pause + self.door.refill().saturating_mul(changes));
                Step::Later(None)
            }
            pause => Step::Later(pause),
        }
    }

    /// Lets people pass again, unless somebody else is enrolled in a moment.
    fn go_on(&mut self) {
        if self.waiting.is_empty() && std::mem::take(&mut self.paused) {
            // A pause that is not ended ends by itself.
            let _ = self.door.end_pause();
        }
    }

    /// Whether a person loses a right that they still have at the board.
    fn revokes(&self, id: PersonId) -> bool {
        self.entries.get(&id).is_some_and(|entry| match (&entry.wanted, &entry.there) {
            (None, there) => there.is_some() || entry.begun.is_some(),
            (Some(wanted), Some(there)) => wanted.suspended && !there.person.suspended,
            (Some(_), None) => false,
        })
    }

    /// Has a person changed if the board has something else than what holds.
    pub(super) fn queue(&mut self, id: PersonId) {
        let Some(entry) = self.entries.get(&id) else { return };
        self.waiting.remove(&id);
        self.held.remove(&id);
        for urgency in Urgency::ALL {
            self.work.remove(&(urgency, id));
            self.put_off.remove(&(urgency, id));
        }
        let is_settled = entry.begun.is_none() && entry.unsure.is_none() && entry.refusal.is_none();
        if is_settled && entry.wanted.as_ref() == entry.there.as_ref().map(|there| &there.person) {
            return;
        }
        self.work.insert((urgency(entry), id));
    }
}

/// When a person is changed.
const fn urgency(entry: &Entry) -> Urgency {
    match (&entry.wanted, &entry.there) {
        _ if entry.begun.is_some() => Urgency::Unfinished,
        (None, _) => Urgency::Revokes,
        (Some(wanted), Some(there)) if wanted.suspended && !there.person.suspended => Urgency::Revokes,
        _ => Urgency::Changes,
    }
}
