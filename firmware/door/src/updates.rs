//! The board's own firmware: what a boot loader has started, and an update that is on its way.
//!
//! | step | boot record | after a power cut |
//! |---|---|---|
//! | begin, while something is staged | settled | the firmware in force |
//! | chunks | as they were | the transfer goes on |
//! | commit | on trial, started 0 times | what is staged is tried |
//! | after a boot: runs on trial, and is healthy | settled, the other slot in force | it is tried again, or stays |
//! | after a boot: something was given up, and the log tells it | settled | the log tells it twice |
//!
//! Healthy is what read its settings and its people, had its front feed the watchdog, and got through two seconds. What
//! is never healthy is given up by the boot loader, after some starts.

use audit::Kind;
use boot::{Header, Record, Ring, State, digest};
use crypto::Key;
use embedded_storage::nor_flash::NorFlash;
use protocol::{Error, Firmware, Hash};

use crate::{
    journal::{Journal, Say},
    translate::text,
};

/// Reasons of entries about firmware.
const CONFIRMED: u8 = 1;
const CAME_BACK: u8 = 2;
const REFUSED: u8 = 3;

/// The boot record, and what was started.
pub(crate) struct Updates<T> {
    /// None without a boot loader.
    ring: Option<Ring<T>>,
    started: u8,
    /// The board's number.
    board: u32,
}

/// Why there is no update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    NoBootLoader,
    OnTrial,
    Unfit,
    Flash,
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::NoBootLoader => Error::NoBootLoader,
            Stopped::OnTrial => Error::OnTrial,
            Stopped::Flash => Error::Flash,
            Stopped::Unfit => Error::BadModel { reason: text("it is no such firmware for this board") },
        }
    }
}

impl<T: NorFlash> Updates<T> {
    /// Reads the boot record, if a boot loader has started this firmware.
    // Apart from the task of the back, in whose frame it would be longer; so with `tell_given_up`.
    #[inline(never)]
    pub(crate) fn open(record: T, started: Option<u8>, board: u32, unique: &Key) -> Self {
        let ring = started.and_then(|_| Ring::open(record, unique).ok());
        Self { ring, started: started.unwrap_or(0), board }
    }

    fn record(&mut self) -> Option<&mut Record> {
        self.ring.as_mut()?.edit()
    }

    fn save(&mut self) -> Result<(), Stopped> {
        let saved = self.ring.as_mut().map(Ring::save);
        if let Some(Ok(())) = saved { Ok(()) } else { Err(Stopped::Flash) }
    }

    /// Whether the firmware that runs is on trial.
    pub(crate) fn on_trial(&mut self) -> bool {
        let started = self.started;
        self.record().is_some_and(|record| record.slot() != started)
    }

    /// What runs, and what is under way.
    pub(crate) fn state(&mut self) -> Result<Firmware, Stopped> {
        let (slot, trial) = (self.started, self.on_trial());
        let record = self.record().ok_or(Stopped::NoBootLoader)?;
        let pending = matches!(record.state(), State::OnTrial { .. }).then(|| record.trial());
        Ok(Firmware { slot, newest: record.newest(), pending, trial })
    }

    /// Readies the idle slot to be written, and returns the newest release that was in force. While the firmware is on
    /// trial it has none: the other slot is the one in force.
    pub(crate) fn begin(&mut self) -> Result<u64, Stopped> {
        if self.on_trial() {
            return Err(Stopped::OnTrial);
        }
        let record = self.record().ok_or(Stopped::NoBootLoader)?;
        let newest = record.newest();
        self.settle()?;
        Ok(newest)
    }

    fn settle(&mut self) -> Result<(), Stopped> {
        match self.record() {
            Some(record) if record.state() != State::Settled => record.set_state(State::Settled),
            _ => return Ok(()),
        }
        self.save()
    }

    /// Lets the boot loader try the image that a slot begins with, of which all that was announced has come, if it is
    /// signed by `signer`.
    pub(crate) fn stage(&mut self, slot: &[u8], release: u64, signer: &Hash) -> Result<(), Stopped> {
        if Header::names(slot) != Some((self.board, release)) {
            return Err(Stopped::Unfit);
        }
        self.record().ok_or(Stopped::NoBootLoader)?.stage(release, &digest(slot), signer);
        self.save()
    }

    /// Puts the firmware that runs in force, as it is healthy, and tells the log.
    pub(crate) fn confirm<F: NorFlash>(&mut self, journal: &mut Journal<F>) {
        if let Some(record) = self.record() {
            record.confirm();
            let release = record.newest();
            // A cut in between leaves it untold.
            if self.save().is_ok() {
                tell(journal, CONFIRMED, release);
            }
        }
    }

    /// Tells the log of an update that was given up.
    #[inline(never)]
    pub(crate) fn tell_given_up<F: NorFlash>(&mut self, journal: &mut Journal<F>) {
        if let Some(record) = self.record()
            && let State::GivenUp { refused } = record.state()
        {
            tell(journal, if refused { REFUSED } else { CAME_BACK }, record.trial());
            let _ = self.settle();
        }
    }
}

fn tell<F: NorFlash>(journal: &mut Journal<F>, reason: u8, release: u64) {
    journal.write(Kind::Firmware, Say::reason(reason).by(None, release.to_le_bytes()));
}
