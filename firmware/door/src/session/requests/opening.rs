//! Opening the door by a signed command.
//!
//! The board checks the command itself, so whoever carries it needs no trust: a broker, a bridge, a host of any role. An
//! installer says who may sign. By default nobody may.
//!
//! | the command | then |
//! |---|---|
//! | is of nobody who may open | refused |
//! | comes while nobody is let in: settings tampered with, cover open, door paused | refused |
//! | comes before the board knows the time; is over; counts for too long | refused |
//! | has a counter that is not above the last one of its signer | refused |
//! | is not signed by its signer for this board | refused |
//! | is none of these | its counter is in flash, then its entry is in the log, then the lock opens |
//!
//! The counter is in flash before the lock opens, so a power cut loses a command and repeats none.

use board_api::Board;
use crypto::{Opening, handshake::public_key};
use embassy_time::Instant;
use protocol::{Error, Hash, LONGEST_OPENING_MS, MAX_OPENERS, NotOpened, Response, Signature};

use crate::{pipeline::Engine, store::opened, worker::parts::Parts};

/// No opener.
const NOBODY: Hash = [0; 32];

/// A command, without who signed it.
pub(crate) struct Command<'a> {
    pub(crate) counter: u64,
    pub(crate) until: u64,
    pub(crate) signature: &'a Signature,
}

/// Takes a command that may open the door now: its counter is used after that.
pub(super) fn open<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    signer: Hash,
    command: &Command<'_>,
) -> Result<Response, Error> {
    let place = check(parts, signer, command)?;
    let mut used = last_counters(parts)?;
    if let Some(last) = used.get_mut(place) {
        *last = command.counter;
    }
    parts.opened = used;
    opened(&mut parts.storage)?.set_opened(&used)?;
    Ok(Response::Done)
}

/// Whether a command may open the door now, and the place of its signer. It costs nothing: neither a change of the host's account
/// nor a write, so that one that is sent again and again wears out neither.
pub(crate) fn check<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    signer: Hash,
    &Command { counter, until, signature }: &Command<'_>,
) -> Result<usize, Error> {
    let refuse = |why| Err(Error::NotOpened { why });
    let openers = opened(&mut parts.storage)?.openers()?;
    let Some(place) = openers.iter().position(|known| *known == signer && signer != NOBODY) else {
        return refuse(NotOpened::NotAllowed);
    };
    let time = parts.journal.now();
    if parts.rules.admits_nobody() {
        return refuse(NotOpened::Locked);
    }
    if parts.link.state.get().cover_open {
        return refuse(NotOpened::CoverOpen);
    }
    if parts.paused_until > Instant::now() {
        return refuse(NotOpened::Paused);
    }
    if !time.exact {
        return refuse(NotOpened::NoClock);
    }
    if until < time.unix_ms {
        return refuse(NotOpened::Expired);
    }
    if until - time.unix_ms > LONGEST_OPENING_MS {
        return refuse(NotOpened::TooLong);
    }
    let used = last_counters(parts)?;
    if used.get(place).is_none_or(|last| counter <= *last) {
        return refuse(NotOpened::Used);
    }
    let opening = Opening { board: public_key(&parts.access.identity), counter, until };
    if opening.verify(&signer, &signature.bytes()).is_err() {
        return refuse(NotOpened::Forged);
    }
    Ok(place)
}

/// The last counter of each place: that in flash, or that in memory, if somebody put an older record into the flash. Where there is
/// none, as when the record was damaged, counters begin now, once.
fn last_counters<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>) -> Result<[u64; MAX_OPENERS], Error> {
    let now = parts.journal.now().unix_ms;
    let storage = opened(&mut parts.storage)?;
    let openers = storage.openers()?;
    let mut used = storage.opened()?;
    for (last, kept) in used.iter_mut().zip(parts.opened) {
        *last = kept.max(*last);
    }
    let lost = |(last, opener): (&u64, &Hash)| *last == 0 && *opener != NOBODY;
    if used.iter().zip(&openers).any(lost) {
        used.iter_mut().for_each(|last| *last = now.max(*last));
        storage.set_opened(&used)?;
    }
    parts.opened = used;
    Ok(used)
}

/// Allows somebody to open, or no more. Counters of somebody new begin at the time of now: what they signed before counts for
/// nothing.
pub(super) fn set_opener<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    key: Hash,
    allowed: bool,
) -> Result<Response, Error> {
    let storage = opened(&mut parts.storage)?;
    let mut openers = storage.openers()?;
    let known = openers.iter_mut().position(|known| *known == key);
    if known.is_some() != allowed {
        let wanted = if allowed { NOBODY } else { key };
        let place = openers.iter().position(|known| *known == wanted);
        let place = place.ok_or(Error::OpenersFull { limit: MAX_OPENERS as u8 })?;
        if allowed {
            let mut used = storage.opened()?;
            let now = parts.journal.now().unix_ms;
            if let (Some(last), Some(kept)) = (used.get_mut(place), parts.opened.get_mut(place)) {
                // Whose clock was ahead of the board's has used counters that are still to come.
                *last = (*last).max(*kept).min(now.saturating_add(LONGEST_OPENING_MS)).max(now);
                *kept = *last;
            }
            storage.set_opened(&used)?;
        }
        if let Some(opener) = openers.get_mut(place) {
            *opener = if allowed { key } else { NOBODY };
        }
        storage.set_openers(&openers)?;
    }
    Ok(Response::Done)
}

/// Who may open.
pub(super) fn list<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>) -> Result<Response, Error> {
    let openers = opened(&mut parts.storage)?.openers()?;
    Ok(Response::Openers(openers.into_iter().filter(|key| *key != NOBODY).collect()))
}
