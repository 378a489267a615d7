//! Brings a person on the board to what holds: the steps of the table in `follower`.

use super::Follower;
use crate::Error;
use crate::door::Trouble;
use crate::place::Entry;
use crate::record::{Encoder, PersonId};

impl Follower {
    /// Brings a person on the board to what holds. Returns the pictures that are needed first.
    pub(super) fn settle(&mut self, id: PersonId) -> Result<Option<[u8; 32]>, Failed> {
        let Some(mut entry) = self.entries.get(&id).cloned() else { return Ok(None) };
        if entry.begun.is_some() {
            // It is not known how far it came.
            self.undo(id)??;
            entry = self.entries.get(&id).cloned().unwrap_or_default();
        }
        let Some(wanted) = entry.wanted.clone() else {
            if let Some(there) = entry.there.take() {
                self.door.remove(&there.name)?;
                self.release();
            }
            entry.refusal = None;
            self.keep(id, entry)?;
            return Ok(None);
        };
        match &entry.there {
            Some(there) if *there == wanted => return Ok(None),
            Some(there) if there.pictures == wanted.pictures && there.name == wanted.name => {}
            Some(there) if there.pictures == wanted.pictures => {
                self.is_free(&wanted.name)?;
                let old = there.name.clone();
                self.keep(id, Entry { begun: Some(wanted.clone()), ..entry.clone() })?;
                let renamed = self.door.rename(&old, &wanted.name);
                if matches!(renamed, Err(Trouble { lost: false, .. })) {
                    self.keep(id, entry.clone())?;
                }
                renamed?;
                self.release();
            }
            there => {
                let Some(pictures) = self.came.get(&wanted.pictures.digest).cloned() else {
                    return Ok(Some(wanted.pictures.digest));
                };
                self.has_encoder()?;
                let old = there.as_ref().map(|there| there.name.clone());
                if old.as_ref() != Some(&wanted.name) {
                    self.is_free(&wanted.name)?;
                }
                self.keep(id, Entry { begun: Some(wanted.clone()), ..entry.clone() })?;
                if let Some(old) = old {
                    self.door.remove(&old)?;
                    entry.there = None;
                    self.keep(id, Entry { begun: Some(wanted.clone()), ..entry.clone() })?;
                }
                let enrolled = self.door.enrol(&wanted.name, &pictures);
                if !matches!(enrolled, Err(Trouble { lost: true, .. })) {
                    self.came.remove(&wanted.pictures.digest);
                }
                enrolled?;
            }
        }
        self.door.rule(&wanted)?;
        (entry.there, entry.refusal, entry.begun) = (Some(wanted), None, None);
        self.keep(id, entry)?;
        Ok(None)
    }

    /// Takes a change back that was begun: nobody of the old or the new name stays on the board, rather than somebody without
    /// their rule. The outer error is that of the place.
    pub(super) fn undo(&mut self, id: PersonId) -> Result<Result<(), Trouble>, Error> {
        let mut entry = self.entries.get(&id).cloned().unwrap_or_default();
        let Some(begun) = entry.begun.take() else { return Ok(Ok(())) };
        let old = entry.there.take().map(|there| there.name);
        for name in [Some(begun.name), old].into_iter().flatten() {
            if let Err(trouble) = self.door.remove(&name) {
                return Ok(Err(trouble));
            }
        }
        self.keep(id, entry)?;
        Ok(Ok(()))
    }

    /// A name has become free: who was refused may have waited for it.
    pub(super) fn release(&mut self) {
        let refused = self.entries.iter().filter(|(_, entry)| entry.refusal.is_some());
        let refused: Vec<PersonId> = refused.map(|(id, _)| *id).collect();
        refused.into_iter().for_each(|id| self.queue(id));
    }

    /// Refuses a name that somebody on the board has.
    fn is_free(&mut self, name: &str) -> Result<(), Trouble> {
        let is_taken = self.door.names()?.iter().any(|taken| taken == name);
        let by_us = |entry: &Entry| entry.there.as_ref().is_some_and(|there| there.name == name);
        let who = match self.entries.values().any(by_us) {
            true => "somebody else of the fleet has this name at the door until their own change is done",
            false => {
                "somebody who was not enrolled by the fleet has this name at the door: remove or rename them there with \
                 `postern remove` or `postern rename`, then start `postern fleet apply` again"
            }
        };
        if is_taken { Err(Trouble { sentence: who.to_owned(), lost: false }) } else { Ok(()) }
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
