//! Settings, models and firmware on the board, of operators who the door trusts as installers.
//!
//! What holds is the record of the greatest rank among those of installers. An operator who is none has their record noted, so
//! that nothing counts as missing, and is told that it is refused.
//!
//! An image is asked for chunk by chunk, after the board was found to want it. Nothing of it is kept in files: after a restart it
//! is fetched again. A board goes on with a transfer that was interrupted. Firmware that a board does not run after it was sent three
//! times in a row is sent no more: each time is a restart, and wears the slot.

use super::settle::{Failed, never};
use super::{Follower, Urgency, short};
use crate::Error;
use crate::door::{Again, Trouble};
use crate::pictures::digest;
use crate::place::Entry;
use crate::record::{Holds, PersonId, Rank, Record, Refused};
use crate::setup::{self, Kind, KnownSetup, Release, Sent, Setup, SetupEntry};

/// How often firmware is sent that the board does not run.
const TIMES: u8 = 3;

const UNTRUSTED: &str = "the door trusts this operator with people alone. There, end `postern fleet apply`, then `postern fleet join \
                         CODE --installer` trusts them with settings, models and firmware, too; then start `apply` again";
const NOT_RUN: &str = "the board was sent this firmware three times and does not run it: it is sent no more. Release firmware of a higher \
                       number, or look at the door's log";
const ANOTHERS: &str = "another operator's record is the later one, and holds at the door";

impl Follower {
    /// Trusts these of the operators as installers.
    #[must_use]
    pub fn with_installers(mut self, installers: &[[u8; 32]]) -> Self {
        for of in &mut self.operators {
            of.installs = installers.contains(&of.public.signing);
        }
        self.check_setups();
        self
    }

    /// Has the board compared with what holds: somebody may have changed it there, and may have removed who was in the way.
    pub fn check_again(&mut self) {
        let in_the_way = |(_, entry): &(&PersonId, &Entry)| entry.unsure.is_some() && entry.refusal.is_some();
        let unsure: Vec<PersonId> = self.entries.iter().filter(in_the_way).map(|(id, _)| *id).collect();
        unsure.into_iter().for_each(|id| self.queue(id));
        self.check_setups();
    }

    fn check_setups(&mut self) {
        let ids: Vec<PersonId> = self.setups.keys().copied().collect();
        ids.into_iter().for_each(|id| self.queue_setup(id));
    }

    /// Takes a record of settings or of an image. Returns whether it is news.
    pub(super) fn setup_record(&mut self, operator: usize, record: Record) -> Result<bool, Error> {
        let (id, version, hash) = (record.id, record.version(), record.hash());
        let wanted = match record.holds {
            // An operator's key could fill the door's folder with ids of anything else.
            Holds::Removed if setup::is_possible(id) => None,
            Holds::Setup(setup) if setup.id() == id && setup.is_sound() => Some(setup),
            _ => return Err(Error::Forged),
        };
        let of = self.operators.get_mut(operator).ok_or(Error::Forged)?;
        let rank = Rank { version, operator: of.public.signing };
        let mut entry = self.setups.get(&id).cloned().unwrap_or_default();
        let newest = entry.known.iter().map(|known| known.rank.version.counter).max().unwrap_or(0);
        if newest.saturating_add(super::FAR) < version.counter {
            return Err(Error::Far);
        }
        let known = KnownSetup { rank, hash, wanted };
        match entry.known.iter_mut().find(|known| known.rank.operator == rank.operator) {
            Some(there) if there.rank.version >= version => return Ok(false),
            Some(there) => *there = known,
            None => entry.known.push(known),
        }
        entry.refusal = None;
        self.store.save_setup(id, &entry)?;
        of.directory.take(id, version, hash);
        self.setups.insert(id, entry);
        self.queue_setup(id);
        Ok(true)
    }

    fn queue_setup(&mut self, id: PersonId) {
        self.chunks_waiting.remove(&id);
        self.work.insert((Urgency::SetsUp, id));
    }

    /// The record that holds, of those of installers.
    fn installers_record<'e>(&self, entry: &'e SetupEntry) -> Option<&'e KnownSetup> {
        let installs =
            |key: &[u8; 32]| self.operators.iter().any(|of| of.installs && of.public.signing == *key);
        entry.known.iter().filter(|known| installs(&known.rank.operator)).max_by_key(|known| known.rank)
    }

    /// The number of the operator whose record holds.
    pub(super) fn setup_holder(&self, id: PersonId) -> Option<usize> {
        let known = self.installers_record(self.setups.get(&id)?)?;
        self.operators.iter().position(|of| of.public.signing == known.rank.operator)
    }

    /// Sets the board up with what holds. Returns the chunk that is needed first.
    pub(super) fn set_up(&mut self, id: PersonId) -> Result<Option<[u8; 32]>, Failed> {
        let Some(mut entry) = self.setups.get(&id).cloned() else { return Ok(None) };
        let Some(wanted) = self.installers_record(&entry).and_then(|known| known.wanted.clone()) else {
            return Ok(None);
        };
        match &wanted {
            Setup::Settings(settings) => self.door.set(settings)?,
            Setup::Image(release) => {
                if !self.door.wants(release)? {
                    entry.sent = None;
                } else if entry.times(release) >= TIMES {
                    return Err(Failed::Board(never(entry.refusal.as_deref().unwrap_or(NOT_RUN))));
                } else {
                    let missing = release.chunks.iter().find(|chunk| !self.chunks.contains_key(*chunk));
                    if let Some(missing) = missing {
                        return Ok(Some(*missing));
                    }
                    let image = self.image(release)?;
                    let installed = self.door.install(release, &image);
                    let is_sent = matches!(installed, Ok(()) | Err(Trouble { again: Again::NotRun, .. }));
                    if is_sent && release.kind == Kind::Firmware {
                        let times = entry.times(release).saturating_add(1);
                        entry.sent = Some(Sent { sha256: release.sha256, times });
                        self.keep_setup(id, entry.clone())?;
                    }
                    installed?;
                }
                release.chunks.iter().for_each(|chunk| drop(self.chunks.remove(chunk)));
            }
        }
        self.keep_setup(id, SetupEntry { there: Some(wanted), refusal: None, ..entry })?;
        Ok(None)
    }

    /// The image of which all chunks have come.
    fn image(&self, release: &Release) -> Result<Vec<u8>, Failed> {
        let chunks = release.chunks.iter().filter_map(|chunk| self.chunks.get(chunk));
        let image: Vec<u8> = chunks.flatten().copied().collect();
        match image.len() == release.length as usize && digest(&image) == release.sha256 {
            true => Ok(image),
            false => Err(Failed::Board(never("the chunks are not those of the image that the record names"))),
        }
    }

    /// Takes a chunk of an image.
    ///
    /// # Errors
    /// [`Error::Forged`] if nothing waits for it, or it is another one.
    pub fn chunk(&mut self, of: &[u8; 32], bytes: &[u8]) -> Result<(), Error> {
        let ids: Vec<PersonId> =
            self.chunks_waiting.iter().filter(|(_, wanted)| *wanted == of).map(|(id, _)| *id).collect();
        if ids.is_empty() || digest(bytes) != *of {
            return Err(Error::Forged);
        }
        self.chunks.insert(*of, bytes.to_vec());
        ids.into_iter().for_each(|id| self.queue_setup(id));
        Ok(())
    }

    /// Keeps why the board does not run firmware that it was sent.
    pub(super) fn is_not_run(&mut self, id: PersonId, why: &str) -> Result<(), Error> {
        let times = self.setups.get(&id).and_then(|entry| entry.sent).map_or(0, |sent| sent.times);
        let why = match times {
            TIMES.. => format!("{NOT_RUN}. {why}"),
            _ => why.to_owned(),
        };
        self.refuse_setup(id, &why)
    }

    /// Keeps why the board does not get what holds.
    pub(super) fn refuse_setup(&mut self, id: PersonId, why: &str) -> Result<(), Error> {
        let why = short(why);
        let entry = self.setups.get(&id).cloned().unwrap_or_default();
        for chunk in self
            .installers_record(&entry)
            .and_then(|known| known.wanted.as_ref())
            .iter()
            .flat_map(|it| it.chunks())
        {
            self.chunks.remove(chunk);
        }
        self.keep_setup(id, SetupEntry { refusal: Some(why), ..entry })
    }

    fn keep_setup(&mut self, id: PersonId, entry: SetupEntry) -> Result<(), Error> {
        if self.setups.get(&id) != Some(&entry) {
            self.store.save_setup(id, &entry)?;
            self.setups.insert(id, entry);
        }
        Ok(())
    }

    /// What of an operator's settings and images the door does not have, and why.
    pub(super) fn setup_refusals(&self, us: &[u8; 32]) -> Vec<Refused> {
        let why = |entry: &SetupEntry| {
            let ours = entry.known.iter().find(|known| known.rank.operator == *us)?;
            ours.wanted.as_ref()?;
            match self.installers_record(entry) {
                _ if !self.operators.iter().any(|of| of.installs && of.public.signing == *us) => {
                    Some(UNTRUSTED.to_owned())
                }
                Some(holds) if holds.wanted != ours.wanted => Some(ANOTHERS.to_owned()),
                _ => entry.refusal.clone(),
            }
        };
        self.setups.iter().filter_map(|(id, entry)| Some(Refused { id: *id, why: why(entry)? })).collect()
    }
}

impl SetupEntry {
    /// How often the board was sent this firmware in a row.
    fn times(&self, release: &Release) -> u8 {
        self.sent.filter(|sent| sent.sha256 == release.sha256).map_or(0, |sent| sent.times)
    }
}
