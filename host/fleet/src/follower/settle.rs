//! Brings a person on the board to what holds: the steps of the table in `follower`.

use super::Follower;
use crate::Error;
use crate::door::{Again, Trouble};
use crate::place::{Begun, Entry, There};
use crate::record::{Encoder, PersonId};

impl Follower {
    /// Brings a person on the board to what holds. Returns the pictures that are needed first.
    pub(super) fn settle(&mut self, id: PersonId) -> Result<Option<[u8; 32]>, Failed> {
        let Some(mut entry) = self.entries.get(&id).cloned() else { return Ok(None) };
        if let Some(Begun { person, number, .. }) = &entry.begun {
            if let Some(number) = number.filter(|_| entry.wanted.as_ref() == Some(person))
                && let Some(name) = self.name_of(number, &person.name)?
            {
                return self.finish(id, entry, (number, name));
            }
            // It is not known how far it came, or something else holds now.
            self.undo(id)??;
            entry = self.entries.get(&id).cloned().unwrap_or_default();
        }
        let Some(wanted) = entry.wanted.clone() else {
            if let Some(there) = entry.there.take() {
                self.take_off(&there)?;
                self.release();
            }
            self.is_gone(&entry)?;
            (entry.unsure, entry.unsure_above, entry.refusal, entry.held) = (None, None, None, false);
            self.keep(id, entry)?;
            return Ok(None);
        };
        if let Some(there) = entry.there.as_mut().filter(|there| wanted.suspended && !there.person.suspended)
        {
            // A suspension waits for nothing else of the record.
            if let Some(name) = self.name_of(there.number, &there.person.name)? {
                self.door.suspend(&name, &there.person)?;
            }
            there.person.suspended = true;
            self.keep(id, entry.clone())?;
        }
        match entry.there.clone() {
            Some(there) if there.person == wanted && entry.refusal.is_none() => Ok(None),
            Some(there) if there.person.pictures == wanted.pictures => {
                entry.held = false;
                match self.name_of(there.number, &there.person.name)? {
                    Some(name) => self.finish(id, entry, (there.number, name)),
                    None => Err(Failed::Board(never(
                        "they were removed at the door itself: `postern fleet enroll --replace` enrols them again",
                    ))),
                }
            }
            there => {
                self.has_encoder()?;
                let Some(pictures) = self.came.get(&wanted.pictures.digest).cloned() else {
                    return Ok(Some(wanted.pictures.digest));
                };
                self.is_free(&wanted.name, there.as_ref().map(|there| there.number))?;
                self.is_gone(&entry)?;
                if let Some(there) = there.as_ref().filter(|there| !there.person.suspended)
                    && let Some(name) = self.name_of(there.number, &there.person.name)?
                {
                    // Whoever suspended them at the door did not mean these pictures alone.
                    entry.held = self.door.is_suspended(&name)?;
                }
                self.door.pause()?;
                self.paused = true;
                let after = self.door.newest_number()?;
                entry.begun = Some(Begun { person: wanted.clone(), after, number: None });
                self.keep(id, entry.clone())?;
                if let Some(there) = entry.there.take() {
                    self.take_off(&there)?;
                    self.keep(id, entry.clone())?;
                }
                let enrolled = self.door.enrol(&wanted.name, &pictures);
                if !matches!(&enrolled, Err(Trouble { again: Again::Alone | Again::All(_), .. })) {
                    self.came.remove(&wanted.pictures.digest);
                }
                let number = enrolled?;
                entry.begun = Some(Begun { person: wanted.clone(), after, number: Some(number) });
                self.keep(id, entry.clone())?;
                self.finish(id, entry, (number, wanted.name))
            }
        }
    }

    /// Gives somebody on the board, who has this number and name, the name and the rule that hold.
    fn finish(
        &mut self,
        id: PersonId,
        entry: Entry,
        (number, name): (u32, String),
    ) -> Result<Option<[u8; 32]>, Failed> {
        let Some(person) = entry.wanted.clone() else { return Ok(None) };
        if name != person.name {
            self.is_free(&person.name, Some(number))?;
            self.door.rename(&name, &person.name)?;
            self.release();
        }
        // What the fleet did not suspend it does not resume, but for somebody who was enrolled just now.
        let resumes = !entry.held && entry.there.as_ref().is_none_or(|there| there.person.suspended);
        if entry.held {
            self.door.suspend(&person.name, &person)?;
        }
        let is_suspended = self.door.rule(&person, resumes)?;
        let refusal = (is_suspended && !person.suspended).then(|| AT_THE_DOOR.to_owned());
        let there = Some(There { person, number });
        let done =
            Entry { there, begun: None, refusal, unsure: None, unsure_above: None, held: false, ..entry };
        self.keep(id, done)?;
        Ok(None)
    }

    /// Refuses to go on while somebody is on the board who may be the one that was there before the door's keys were replaced: with
    /// their number or their name, and not on the board by the fleet since then. Where no number is known, whoever came later may be
    /// them.
    fn is_gone(&mut self, entry: &Entry) -> Result<(), Trouble> {
        let Some(There { person, number }) = &entry.unsure else { return Ok(()) };
        let is_later = |of: u32| entry.unsure_above.is_some_and(|above| of > above);
        let entries = &self.entries;
        let by_us = |of: u32| {
            entries.values().filter_map(|entry| entry.there.as_ref()).any(|there| there.number == of)
        };
        let people = self.door.people()?;
        let found = people
            .iter()
            .find(|(of, name)| (of == number || *name == person.name || is_later(*of)) && !by_us(*of));
        found.map_or(Ok(()), |(_, name)| {
            Err(never(&format!(
                "{name} is on the board, and may be who the fleet enrolled as {} before the door was paired again. Remove them there \
                 with `postern remove`, or, if the board was erased, say so with `postern fleet join CODE --erased`; then it is done, \
                 by itself within the hour",
                person.name
            )))
        })
    }

    /// Removes somebody who the fleet enrolled from the board, whatever their name is now.
    fn take_off(&mut self, there: &There) -> Result<(), Trouble> {
        match self.name_of(there.number, &there.person.name)? {
            Some(name) => self.door.remove(&name),
            None => Ok(()),
        }
    }

    /// The name that the person of a number has at the board, probably this one; `None` if the board has them no more.
    fn name_of(&mut self, number: u32, probably: &str) -> Result<Option<String>, Trouble> {
        if self.door.number(probably)? == Some(number) {
            return Ok(Some(probably.to_owned()));
        }
        Ok(self.door.people()?.into_iter().find(|(of, _)| *of == number).map(|(_, name)| name))
    }

    /// Takes an enrolment back that was begun: nobody stays on the board, rather than somebody without their rule. The outer error
    /// is that of the place.
    pub(super) fn undo(&mut self, id: PersonId) -> Result<Result<(), Trouble>, Error> {
        let mut entry = self.entries.get(&id).cloned().unwrap_or_default();
        let Some(Begun { person, after, number }) = entry.begun.take() else { return Ok(Ok(())) };
        let name = match number {
            Some(number) => self.name_of(number, &person.name),
            None => self.door.number(&person.name).map(|found| {
                // Whoever had the name before is not the one who was enrolled.
                found.filter(|number| *number > after).map(|_| person.name)
            }),
        };
        let removed = name.and_then(|name| name.map_or(Ok(()), |name| self.door.remove(&name)));
        if removed.is_ok() {
            self.keep(id, entry)?;
        }
        Ok(removed)
    }

    /// A name has become free: who was refused may have waited for it.
    pub(super) fn release(&mut self) {
        let refused = self.entries.iter().filter(|(_, entry)| entry.refusal.is_some());
        let refused: Vec<PersonId> = refused.map(|(id, _)| *id).collect();
        refused.into_iter().for_each(|id| self.queue(id));
    }

    /// Refuses a name that somebody else on the board has than the person of a number.
    fn is_free(&mut self, name: &str, but: Option<u32>) -> Result<(), Trouble> {
        let Some(number) = self.door.number(name)?.filter(|number| Some(*number) != but) else {
            return Ok(());
        };
        let by_us = |entry: &Entry| entry.there.as_ref().is_some_and(|there| there.number == number);
        Err(never(match self.entries.values().any(by_us) {
            true => {
                "somebody else of the fleet has this name at the door until their own change is done: it is tried again then"
            }
            false => {
                "somebody who was not enrolled by the fleet has this name at the door: remove or rename them there with \
                 `postern remove` or `postern rename`, then start `postern fleet apply` again"
            }
        }))
    }

    /// Refuses to enrol with another encoder than an operator wants.
    fn has_encoder(&mut self) -> Result<(), Failed> {
        let Some(wanted) = self.encoder() else { return Ok(()) };
        let found = self.door.state()?.encoder;
        if found.as_ref().is_some_and(|found| found.sha256 == wanted.sha256) {
            return Ok(());
        }
        let has =
            found.map_or_else(|| "no encoder".to_owned(), |found| format!("the encoder {}", found.name));
        Err(Failed::Held(format!(
            "the door has {has}, and the fleet wants {} ({}…): `postern flash models` brings it",
            wanted.name,
            hex::encode(wanted.sha256.get(..6).unwrap_or_default())
        )))
    }

    /// The encoder that an operator wants.
    fn encoder(&self) -> Option<Encoder> {
        self.operators.iter().filter_map(|of| of.head.as_ref()).find_map(|head| head.encoder.clone())
    }

    /// Has those who wait for an encoder enrolled, if the board has it now.
    ///
    /// # Errors
    /// The place cannot be written.
    pub fn retry_held(&mut self) -> Result<(), Error> {
        if self.held.is_empty() {
            return Ok(());
        }
        match self.has_encoder() {
            Ok(()) => {
                let held = std::mem::take(&mut self.held);
                held.into_keys().for_each(|id| self.queue(id));
                Ok(())
            }
            Err(Failed::Kept(error)) => Err(error),
            Err(_) => Ok(()),
        }
    }
}

/// Why somebody does not pass who the fleet did not suspend.
const AT_THE_DOOR: &str = "they were suspended at the door itself, or its board lost their rule: the fleet does not end that. `postern resume` \
                           at the door does, or `postern fleet suspend` and `postern fleet resume`";

/// A refusal for good.
pub(super) fn never(why: &str) -> Trouble {
    Trouble { sentence: why.to_owned(), again: Again::Never }
}

/// Why a person was not changed.
pub(super) enum Failed {
    /// The place cannot be written.
    Kept(Error),
    /// The board refuses or does not answer.
    Board(Trouble),
    /// The door has another encoder than an operator wants: until it has that one.
    Held(String),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Kept(error)
    }
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self::Board(trouble)
    }
}
