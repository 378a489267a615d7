//! What goes into the audit log, and what does not.
//!
//! An entry is written before what it tells of is acknowledged: before the lock is told to open for somebody, before
//! a host gets its reply. What happens at the pins, the button among it, is written as soon as the back gets to it. A log that cannot be written stops nothing. What it lost is counted, told in the board's
//! state, and told by an entry of its own as soon as one can be written again.
//!
//! Somebody who is refused stands there for many pictures. The first is an entry; the next of the same reason
//! comes after [`AGAIN`], or when nobody was refused for it during [`AWAY`], and counts those between. So the
//! log cannot be washed away by standing before the door: one entry a reason and person each ten seconds at most, but for people who take
//! turns.

use audit::{DETAIL_BYTES, Entry, Fault, Kind, Log, Read, Seal, TAG_BYTES};
use crypto::{Key, Siv};
use embassy_time::{Duration, Instant};
use embedded_storage::nor_flash::NorFlash;
use policy::{Alarm, Reason};
use protocol::{ENTRIES_PER_PAGE, Error, Hash, LogEntry, ResetReason, Response};

use crate::{
    clock::Clock,
    link::{Notice, Told},
    log::log,
};

/// After how long somebody who still stands there is told of again.
const AGAIN: Duration = Duration::from_secs(60);
/// How long nobody was refused for a reason before the next is somebody new.
const AWAY: Duration = Duration::from_secs(10);
/// Time for the last reply to leave before a restart.
pub(crate) const FAREWELL: Duration = Duration::from_millis(500);

/// What an entry says besides its kind and time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Say {
    pub(crate) reason: u8,
    pub(crate) score: i16,
    pub(crate) person: Option<u32>,
    pub(crate) detail: [u8; DETAIL_BYTES],
}

impl Say {
    /// A reason.
    pub(crate) fn reason(reason: u8) -> Self {
        Self { reason, ..Self::default() }
    }

    /// Which host did it, and eight bytes more.
    pub(crate) fn by(self, host: Option<Hash>, more: [u8; 8]) -> Self {
        let [a, b, c, d, ..] = host.unwrap_or_default();
        let [e, f, g, h, i, j, k, l] = more;
        Self { detail: [a, b, c, d, e, f, g, h, i, j, k, l], ..self }
    }

    /// A number.
    pub(crate) fn count(self, count: u32) -> Self {
        let [a, b, c, d] = count.to_le_bytes();
        Self { detail: [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0], ..self }
    }
}

/// The key under which entries are sealed: it follows from the board's secret alone, so that a board whose
/// settings are wiped still has its log.
struct Sealing(Siv);

impl Seal for Sealing {
    fn seal(&self, number: u32, text: &mut [u8]) -> [u8; TAG_BYTES] {
        self.0.seal(number, text)
    }

    fn open(&self, number: u32, text: &mut [u8], tag: &[u8; TAG_BYTES]) -> bool {
        self.0.open(number, text, tag)
    }
}

/// Pictures for which somebody was refused for one reason.
#[derive(Debug, Clone, Copy)]
struct Standing {
    seen: Instant,
    written: Instant,
    /// Pictures since the last entry.
    looks: u32,
    /// Who, if anybody known.
    person: Option<u32>,
}

/// The audit log, and the clock by which its entries are dated.
pub(crate) struct Journal<F> {
    /// None if the partition suits no log.
    log: Option<Log<F, Sealing>>,
    pub(crate) clock: Clock,
    /// Entries that could not be written, and that no entry tells of.
    lost: u32,
    standing: [Option<Standing>; Reason::ALL.len() + 1],
}

impl<F: NorFlash> Journal<F> {
    /// Opens the log and sets the clock by it.
    pub(crate) fn open(flash: F, unique: &Key, reset: ResetReason) -> Self {
        let sealing = Sealing(Siv::new(&unique.derive(b"", b"postern log")));
        let log = Log::open(flash, sealing).ok();
        let newest = log.as_ref().and_then(Log::newest);
        Self {
            log,
            clock: Clock::after(newest, reset, FAREWELL),
            lost: 0,
            standing: [None; Reason::ALL.len() + 1],
        }
    }

    /// Entries that could not be written, and that no entry tells of.
    pub(crate) fn lost(&self) -> u32 {
        self.lost
    }

    /// Writes an entry of now.
    pub(crate) fn write(&mut self, kind: Kind, say: Say) {
        self.write_at(Instant::now(), kind, say);
    }

    /// Writes an entry of an earlier instant, which those before must not be later than.
    pub(crate) fn write_at(&mut self, at: Instant, kind: Kind, say: Say) {
        if self.lost > 0 {
            let lost = Say::reason(Fault::LogLost as u8).count(self.lost);
            if self.append(at, Kind::Fault, lost) {
                self.lost = 0;
            }
        }
        if !self.append(at, kind, say) {
            self.lost = self.lost.saturating_add(1);
            log!(error, "the audit log cannot be written");
        }
    }

    fn append(&mut self, at: Instant, kind: Kind, say: Say) -> bool {
        let Some(log) = &mut self.log else { return false };
        let Say { reason, score, person, detail } = say;
        let entry = Entry { kind, reason, score, person, time: self.clock.at(at), detail };
        log.append(&entry).is_ok()
    }

    /// Somebody was refused, as a picture showed.
    pub(crate) fn refused(&mut self, why: Reason, score: i16, person: Option<u32>) {
        let now = Instant::now();
        let Some(standing) = self.standing.get_mut(usize::from(why as u8)) else { return };
        let fresh = Standing { seen: now, written: now, looks: 0, person };
        let looks = match standing {
            Some(before)
                if now - before.seen < AWAY && now - before.written < AGAIN && before.person == person =>
            {
                before.seen = now;
                before.looks = before.looks.saturating_add(1);
                return;
            }
            Some(before) => before.looks,
            None => 0,
        };
        *standing = Some(fresh);
        let say = Say { score, person, ..Say::reason(why as u8) };
        self.write_at(now, Kind::Refused, say.count(looks));
    }

    /// Something happened at the pins; `missed` more did before, of which there is nothing to tell.
    pub(crate) fn take_notice(&mut self, Told { what, at }: Told, missed: u32) {
        if missed > 0 {
            self.write_at(at, Kind::Fault, Say::reason(Fault::Missed as u8).count(missed));
        }
        let mut over = 0;
        let (kind, reason) = match what {
            Notice::Button => (Kind::Button, 0),
            Notice::LockFailed => (Kind::Fault, Fault::Lock as u8),
            Notice::Alarm(alarm) => (Kind::Alarm, alarm as u8),
            Notice::Covered => {
                over = 1;
                (Kind::Alarm, Alarm::Cover as u8)
            }
            Notice::Pin(_) => return,
        };
        self.write_at(at, kind, Say::reason(reason).count(over));
    }

    /// Sets the clock, as a host asks.
    ///
    /// # Errors
    /// [`Error::ClockBackwards`].
    pub(crate) fn set_clock(&mut self, unix_ms: u64, host: Option<Hash>) -> Result<(), Error> {
        let before = self.clock.set(unix_ms)?;
        self.write(Kind::Clock, Say::default().by(host, before.unix_ms.to_le_bytes()));
        Ok(())
    }

    /// A page of the log.
    ///
    /// # Errors
    /// [`Error::NoLog`].
    pub(crate) fn page(&mut self, from: u32) -> Result<Response, Error> {
        let log = self.log.as_mut().ok_or(Error::NoLog)?;
        let numbers = log.numbers();
        let (mut number, end) = (from.max(numbers.start), numbers.end);
        let mut entries = heapless::Vec::new();
        // As many numbers as entries, so that a page takes no longer where nothing opens.
        for _ in 0..ENTRIES_PER_PAGE {
            if number >= end {
                break;
            }
            if let Some(Read { number, bytes, chain }) = log.read(number).map_err(|_| Error::NoLog)? {
                // There is room: no more are read than it has places.
                let _ = entries.push(LogEntry { number, entry: bytes, chain: chain.0 });
            }
            number += 1;
        }
        Ok(Response::Log { entries, next: (number < end).then_some(number), end })
    }
}
