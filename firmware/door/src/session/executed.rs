//! The last request of each host that was executed, so that none is executed twice.
//!
//! A host repeats a request in a new session when it hears that the old one is gone. Anybody on the cable can say that,
//! and keep the reply back. So a host gives each request an idempotency key, and keeps it in a repeat. A host has one
//! request open at a time, so the last one of each host is enough, and no other host can push it out.
//!
//! | the key of the request | then |
//! |---|---|
//! | is new | [`Executed::begin`]; it is executed; [`Executed::finish`] with the reply, before it is sent |
//! | is that of the last request, which has a reply | the same reply; nothing is executed |
//! | is that of the last request, without a reply | [`Error::Interrupted`]: a reset came in between, or the reply is long |
//!
//! What is in flash until the reply is there also tells what the request changes, and which entry of the audit log was the
//! newest. If a reset comes in between, the next boot writes that to the log before anything else ([`Executed::interrupted`]):
//! so no change is without an entry. An intent that somebody puts back later names an entry that is no longer the newest, and
//! is passed over.
//!
//! This counts for requests that make an entry in the audit log: all others can be repeated, see `protocol`. What was begun
//! and what was replied is in flash, so that a reset changes nothing. A request that only compares faces changes nothing
//! either: without a reply that was kept it is executed again, and is charged and logged again. For it need not be the
//! same request, nor the same picture.

use embedded_storage::nor_flash::NorFlash;
use protocol::{Error, Hash, IdempotencyKey, MAX_HOSTS};

use crate::store::{Begun, Intent, Progress, Reply, Storage};

/// The last request of each host, at the host's place.
#[derive(Default)]
pub(crate) struct Executed([Option<Begun>; MAX_HOSTS]);

impl Executed {
    /// The requests from before a reset.
    pub(crate) fn open<F: NorFlash>(storage: Option<&mut Storage<F>>) -> Self {
        let mut executed = Self::default();
        if let Some(storage) = storage {
            for (place, begun) in (0..).zip(&mut executed.0) {
                *begun = storage.begun(place);
            }
        }
        executed
    }

    /// The reply to the host's request with this key; `None` if the key is new.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the request was begun, and there is no reply.
    pub(crate) fn reply(&self, host: &Hash, key: &IdempotencyKey) -> Result<Option<&Reply>, Error> {
        match self.0.iter().flatten().find(|begun| begun.host == *host && begun.key == *key) {
            Some(Begun { progress: Progress::Replied(reply), .. }) => Ok(Some(reply)),
            Some(_) => Err(Error::Interrupted),
            None => Ok(None),
        }
    }

    /// Takes down that a request is executed now; in flash, if it changes something.
    pub(crate) fn begin<F: NorFlash>(
        &mut self,
        place: Option<usize>,
        (host, key): (Hash, IdempotencyKey),
        changing: Option<Progress>,
        storage: Option<&mut Storage<F>>,
    ) {
        let storage = storage.filter(|_| changing.is_some());
        let progress = changing.unwrap_or(Progress::Unknown);
        self.keep(place, Begun { host, key, progress }, storage);
    }

    /// The requests that a reset interrupted, and their hosts. `newest` is the number of the newest entry of the audit log, from
    /// before this boot.
    pub(crate) fn interrupted(&self, newest: Option<u32>) -> impl Iterator<Item = (Hash, Intent)> {
        self.0.iter().flatten().filter_map(move |begun| match begun.progress {
            Progress::Changing(intent, after) if after == newest => Some((begun.host, intent)),
            _ => None,
        })
    }

    /// Takes down that the log has an entry of a part of the request that was begun, and that the rest is executed now. `newest` is the
    /// number of that entry.
    pub(crate) fn go_on<F: NorFlash>(
        &mut self,
        place: Option<usize>,
        newest: Option<u32>,
        storage: Option<&mut Storage<F>>,
    ) {
        let Some(place) = place else { return };
        let Some(Some(begun)) = self.0.get_mut(place) else { return };
        let Progress::Changing(_, after) = &mut begun.progress else { return };
        *after = newest;
        // As below.
        let _ = storage.map(|storage| storage.set_begun(place as u8, begun));
    }

    /// Takes down the reply to the request that was begun.
    pub(crate) fn finish<F: NorFlash>(
        &mut self,
        place: Option<usize>,
        packed: &[u8],
        storage: Option<&mut Storage<F>>,
    ) {
        let begun = place.and_then(|place| self.0.get_mut(place)?.take());
        if let Some(begun) = begun {
            let progress = Reply::from_slice(packed).map_or(Progress::Unknown, Progress::Replied);
            self.keep(place, Begun { progress, ..begun }, storage);
        }
    }

    fn keep<F: NorFlash>(&mut self, place: Option<usize>, begun: Begun, storage: Option<&mut Storage<F>>) {
        let Some(place) = place else { return };
        if let Some(storage) = storage {
            // A flash that cannot be written stops no request: then this is known until a reset only.
            let _ = storage.set_begun(place as u8, &begun);
        }
        if let Some(last) = self.0.get_mut(place) {
            *last = Some(begun);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nor_model::Nor;

    #[test]
    fn a_key_counts_for_its_host_and_until_its_next_request() {
        let none = || None::<&mut Storage<Nor<&mut [u8]>>>;
        let mut executed = Executed::default();
        let (host, other) = ([1; 32], [2; 32]);
        executed.begin(Some(0), (host, [7; 8]), None, none());
        assert_eq!(executed.reply(&host, &[7; 8]), Err(Error::Interrupted));
        executed.finish(Some(0), &[1, 2], none());
        assert_eq!(executed.reply(&host, &[7; 8]), Ok(Some(&Reply::from_slice(&[1, 2]).unwrap())));
        assert_eq!(executed.reply(&other, &[7; 8]), Ok(None));
        executed.begin(Some(1), (other, [8; 8]), None, none());
        executed.finish(Some(1), &[0; 129], none());
        assert_eq!(executed.reply(&other, &[8; 8]), Err(Error::Interrupted), "too long to keep");
        assert!(executed.reply(&host, &[7; 8]).is_ok_and(|reply| reply.is_some()), "each host has its own");
        executed.begin(Some(0), (host, [9; 8]), None, none());
        assert_eq!(executed.reply(&host, &[7; 8]), Ok(None));
    }
}
