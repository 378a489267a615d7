//! The audit log of the door, and the clock that dates its entries.
//!
//! An entry is written before its event is acknowledged: before the lock opens for somebody, before a host gets its
//! reply. Events at the pins, also those of the exit button, are written as soon as the worker receives them. A log that
//! cannot be written stops nothing. Lost entries are counted and reported in the status, and an entry of its own reports
//! them as soon as one can be written again.
//!
//! Somebody who is refused stands at the door for many frames. The first frame makes an entry. The next entry for the same
//! reason and person comes after [`AGAIN`], or when nobody was refused for that reason during [`AWAY`]; it has the number
//! of frames between. A wrong PIN is a guess: each has an entry of its own, and lockouts limit them.
//!
//! Refusals, and events of the exit button, the lock, and the contact and the cover, are each rationed ([`Account`]): [`BURST`]
//! entries at once, and then two a minute, one of which has the number of events between. Neither a reset nor a power cut
//! gives any of them back. So it takes days to wash the log away from outside the door, also with two pictures in turn.

mod clock;
mod entry_fields;
mod ration;

pub(crate) use clock::ClockRefusal;
pub(crate) use entry_fields::EntryFields;
pub(crate) use ration::Account;
#[cfg(test)]
pub(crate) use ration::STEP;

use audit::{Entry, Fault, Head, Kind, Log, Seal, TAG_BYTES, Time};
use board_api::ResetReason;
use crypto::{Key, Siv};
use embassy_time::{Duration, Instant};
use embedded_storage::nor_flash::NorFlash;
use policy::{Alarm, Reason};

use crate::{
    link::{Cause, IoEvent, Stamped},
    log::log,
    store::Intent,
};

use self::clock::Clock;

/// When somebody who still stands there gets another entry.
const AGAIN: Duration = Duration::from_secs(60);
/// After this time without a refusal, the next one is of somebody new.
const AWAY: Duration = Duration::from_secs(10);
/// Entries at once of each ration.
const BURST: u16 = 60;
/// Rations: refusals, exit button, faults of the lock, alarms. The order is that of the record in flash.
pub(crate) const RATIONS: usize = 4;
/// The step of scores in the log, Q15: one sixteenth, as in replies to whoever is not the installer.
const SCORE_STEP: i16 = 2048;
/// Time for the last reply to leave before a restart.
pub(crate) const FAREWELL: Duration = Duration::from_millis(500);

/// The key that seals entries. It is derived from the device secret alone, so that the log survives a wipe of the
/// settings.
pub(crate) struct Sealing(Siv);

impl Seal for Sealing {
    fn seal(&self, number: u32, text: &mut [u8]) -> [u8; TAG_BYTES] {
        self.0.seal(number, text)
    }

    fn open(&self, number: u32, text: &mut [u8], tag: &[u8; TAG_BYTES]) -> bool {
        self.0.open(number, text, tag)
    }
}

/// Frames that were refused for one reason.
#[derive(Debug, Clone, Copy)]
struct Standing {
    seen: Instant,
    written: Instant,
    /// Frames since the last entry.
    frames: u32,
    /// The person, if known.
    person: Option<u32>,
}

/// The head of the log, and the board's signature over it.
pub(crate) struct SignedHead {
    pub(crate) head: Head,
    /// The public key.
    pub(crate) signer: [u8; 32],
    pub(crate) signature: [u8; 64],
}

/// A clock that was set, and is not in the log yet.
#[must_use]
pub(crate) struct ClockChange {
    was: Clock,
    before: Time,
    /// To an earlier time.
    pub(crate) is_back: bool,
}

/// The audit log, and the clock by which its entries are dated.
pub(crate) struct Journal<F> {
    /// `None` if the partition does not suit a log.
    log: Option<Log<F, Sealing>>,
    clock: Clock,
    /// Entries that could not be written, and that no entry reports yet.
    lost: u32,
    standing: [Option<Standing>; Reason::ALL.len() + 1],
    /// What was used of each ration.
    pub(crate) rations: [Account; RATIONS],
    /// Events at the pins since the last entry that told of them.
    untold: u32,
    /// Signs the head of the log. It is derived from the device secret alone, so that the board signs with the same key
    /// after a wipe of the settings.
    signing: Key,
}

impl<F: NorFlash> Journal<F> {
    /// Opens the log and sets the clock by it.
    pub(crate) fn open(flash: F, secret: &Key, reset: ResetReason) -> Self {
        let sealing = Sealing(Siv::new(&secret.derive(b"", b"postern log")));
        let log = Log::open(flash, sealing).ok();
        let newest = log.as_ref().and_then(Log::newest);
        Self {
            log,
            clock: Clock::after(newest, reset, FAREWELL),
            lost: 0,
            standing: [None; Reason::ALL.len() + 1],
            rations: [Account::default(); RATIONS],
            untold: 0,
            signing: secret.derive(b"", b"postern log head"),
        }
    }

    /// The number of the newest entry.
    pub(crate) fn newest_number(&self) -> Option<u32> {
        Some(self.log.as_ref()?.newest_link()?.0)
    }

    /// The newest entry, if that has all but the log erased. So a power cut in between leaves it to the next boot. Its reason is
    /// the number of boots that could not do it.
    pub(crate) fn erasing(&self) -> Option<Entry> {
        self.log.as_ref().and_then(Log::newest).filter(|newest| newest.kind == Kind::Erased)
    }

    /// Writes the order again, with one more boot that could not do it.
    pub(crate) fn erasing_failed(&mut self, Entry { reason, detail, .. }: Entry) {
        self.record(Kind::Erased, EntryFields { detail, ..EntryFields::reason(reason.saturating_add(1)) });
    }

    /// Writes nothing more, so that the newest entry stays the newest.
    pub(crate) fn close(&mut self) {
        self.log = None;
    }

    /// Entries that could not be written, and that no entry reports yet.
    pub(crate) fn lost(&self) -> u32 {
        self.lost
    }

    /// Writes an entry of now. Returns whether it is in flash. If not, an entry of the lost one follows where it can: an entry
    /// that is in flash all the same must not stay the newest, since that can be an order to erase the board.
    pub(crate) fn record_surely(&mut self, kind: Kind, fields: EntryFields) -> bool {
        self.record(kind, fields);
        let sure = self.lost == 0;
        self.tell_lost(Instant::now());
        sure
    }

    /// Writes an entry of now.
    pub(crate) fn record(&mut self, kind: Kind, fields: EntryFields) {
        self.record_at(Instant::now(), kind, fields);
    }

    /// Writes an entry of an earlier instant. The entries before it must not be later.
    pub(crate) fn record_at(&mut self, at: Instant, kind: Kind, fields: EntryFields) {
        self.tell_lost(at);
        if !self.append(at, kind, fields) {
            self.lost = self.lost.saturating_add(1);
            log!(error, "the audit log cannot be written");
        }
    }

    /// Writes how many entries were lost, if any were.
    fn tell_lost(&mut self, at: Instant) {
        let lost = EntryFields::reason(Fault::LogLost as u8).count(self.lost);
        if self.lost > 0 && self.append(at, Kind::Fault, lost) {
            self.lost = 0;
        }
    }

    fn append(&mut self, at: Instant, kind: Kind, fields: EntryFields) -> bool {
        let Some(log) = &mut self.log else { return false };
        let EntryFields { reason, score, person, detail } = fields;
        // Everybody who is paired may read the log.
        let score = score.saturating_sub(score.rem_euclid(SCORE_STEP));
        let entry = Entry { kind, reason, score, person, time: self.clock.at(at), detail };
        log.append(&entry).is_ok()
    }

    /// Writes that a change of a host was begun, and may be done, half done, or not.
    pub(crate) fn interrupted(&mut self, host: Option<[u8; 32]>, Intent { kind, detail }: Intent) {
        self.record(Kind::Interrupted, EntryFields::reason(kind).by(host, detail));
    }

    /// Somebody was refused.
    pub(crate) fn refused(&mut self, why: Reason, score: i16, person: Option<u32>) {
        let now = Instant::now();
        let Some(standing) = self.standing.get_mut(usize::from(why as u8)) else { return };
        let [refusals, ..] = &mut self.rations;
        let fresh = Standing { seen: now, written: now, frames: 0, person };
        let frames = standing.map_or(0, |before| before.frames);
        if why != Reason::WrongPin {
            let goes_on = standing.as_ref().is_some_and(|before| {
                now - before.seen < AWAY && now - before.written < AGAIN && before.person == person
            });
            if goes_on || refusals.take(BURST, now).is_err() {
                let before = standing.get_or_insert(fresh);
                (before.seen, before.frames) = (now, before.frames.saturating_add(1));
                return;
            }
        }
        *standing = Some(fresh);
        let fields = EntryFields { score, person, ..EntryFields::reason(why as u8) };
        self.record_at(now, Kind::Refused, fields.count(frames));
    }

    /// Writes an event at the pins; `lost` events before it found no room in the channel.
    pub(crate) fn record_event(&mut self, Stamped { event, at }: &Stamped, lost: u32) {
        self.untold = self.untold.saturating_add(lost);
        let told = match event {
            IoEvent::Opened { cause: Cause::Button, .. } => Some((Kind::Button, 0, 0)),
            IoEvent::LockFailed => Some((Kind::Fault, Fault::Lock as u8, 0)),
            IoEvent::Alarm(alarm) => Some((Kind::Alarm, *alarm as u8, 0)),
            IoEvent::CoverClosed => Some((Kind::Alarm, Alarm::Cover as u8, 1)),
            // The decision about a person or a PIN has an entry of its own.
            IoEvent::Opened { .. } | IoEvent::Locked | IoEvent::Pin(_) => None,
        };
        if told.is_none() && self.untold == 0 {
            return;
        }
        // A ration each: whoever presses the exit button all day hides no alarm.
        let [_, buttons, faults, alarms] = &mut self.rations;
        let ration = match told {
            Some((Kind::Button, ..)) => buttons,
            Some((Kind::Fault, ..)) => faults,
            _ => alarms,
        };
        if ration.take(BURST, *at).is_err() {
            self.untold = self.untold.saturating_add(told.is_some().into());
            return;
        }
        let untold = core::mem::take(&mut self.untold);
        if untold > 0 {
            self.record_at(*at, Kind::Fault, EntryFields::reason(Fault::Missed as u8).count(untold));
        }
        if let Some((kind, reason, over)) = told {
            self.record_at(*at, kind, EntryFields::reason(reason).count(over));
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Sets the clock, for a host; with `back`, also to an earlier time. [`record_clock`](Self::record_clock) then takes it down: the
    /// next boot goes on from that entry.
    ///
    /// # Errors
    /// [`ClockRefusal`].
    pub(crate) fn set_clock(&mut self, unix_ms: u64, back: bool) -> Result<ClockChange, ClockRefusal> {
        let was = self.clock;
        let before = self.clock.set(unix_ms, back)?;
        // A host that shows the same time but for its way is none that sets the clock back.
        Ok(ClockChange { was, before, is_back: self.clock.now().unix_ms < before.unix_ms })
    }

    /// Sets the clock by one of the board's own, which is right, if it was to be set. Then as [`set_clock`](Self::set_clock).
    pub(crate) fn follow_clock(&mut self, unix_ms: u64) -> Option<ClockChange> {
        let was = self.clock;
        let before = self.clock.follow(unix_ms)?;
        Some(ClockChange { was, before, is_back: false })
    }

    /// Takes a change of the clock back, which nothing has taken down. The board's own clock is followed again at its time.
    pub(crate) fn restore_clock(&mut self, change: &ClockChange) {
        self.clock = self.clock.back_to(&change.was);
    }

    /// Takes down that the clock was set, by this host or by the board's own clock.
    pub(crate) fn record_clock(&mut self, change: &ClockChange, host: Option<[u8; 32]>) {
        let fields = EntryFields::reason(change.is_back.into());
        self.record(Kind::Clock, fields.by(host, change.before.unix_ms.to_le_bytes()));
    }

    /// Signs the log from the first entry with the number `from` or a higher one; `None` if there is no such entry.
    pub(crate) fn sign(&mut self, from: u32) -> Option<SignedHead> {
        let time = self.clock.now();
        let log = self.log.as_mut()?;
        let (last, chain) = log.newest_link()?;
        let mut numbers = from.max(log.numbers().start)..=last;
        let first = numbers.find_map(|number| log.read(number).ok().flatten())?;
        let head = Head { first: first.number, entry: first.bytes, last, chain, time };
        let (signer, signature) = crypto::sign(&self.signing, &head.signed());
        Some(SignedHead { head, signer, signature })
    }

    /// The log, to read it; `None` if there is none.
    pub(crate) fn log(&mut self) -> Option<&mut Log<F, Sealing>> {
        self.log.as_mut()
    }
}
