//! The board's own firmware: the slot that runs, and an update.
//!
//! | step | boot record | after a power cut |
//! |---|---|---|
//! | begin, while something is staged | settled | the active firmware |
//! | chunks | the same | the transfer goes on |
//! | commit | on trial, started 0 times | the staged firmware is tried |
//! | after a boot: runs on trial, and is healthy | settled, the other slot active | it is tried again, or stays |
//! | after a boot: an update was rolled back, and the log has an entry | settled | the log has two entries |
//!
//! Firmware is healthy when it has read settings and people, io has fed the watchdog, and two seconds have passed. The boot
//! loader gives up firmware that is not healthy after some starts.

use audit::Kind;
use boot::{Header, Record, Ring, State, digest};
use crypto::Key;
use embedded_storage::nor_flash::NorFlash;
use protocol::{Error, Firmware, Hash};

use crate::{
    journal::{EntryFields, Journal},
    text::text,
};

/// Reasons of entries about firmware.
const CONFIRMED: u8 = 1;
const CAME_BACK: u8 = 2;
const REFUSED: u8 = 3;

/// The boot record, and the slot that runs.
pub(crate) struct FirmwareUpdate<F> {
    /// `None` without a boot loader.
    ring: Option<Ring<F>>,
    started: u8,
    /// The board's number.
    board: u32,
}

/// Why the update is refused.
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

impl<F: NorFlash> FirmwareUpdate<F> {
    /// Reads the boot record, if a boot loader has started this firmware.
    // Not inlined, since it would be longer inside the task of the worker. The same holds for `report_rolled_back`.
    #[inline(never)]
    pub(crate) fn open(record: F, started: Option<u8>, board: u32, secret: &Key) -> Self {
        let ring = started.and_then(|_| Ring::open(record, secret).ok());
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

    /// The state for a host.
    pub(crate) fn state(&mut self) -> Result<Firmware, Stopped> {
        let (slot, trial) = (self.started, self.on_trial());
        let record = self.record().ok_or(Stopped::NoBootLoader)?;
        let pending = matches!(record.state(), State::OnTrial { .. }).then(|| record.trial());
        Ok(Firmware { slot, newest: record.newest(), pending, trial })
    }

    /// Prepares the idle slot to be written. Returns the newest release that was active. Firmware on trial has no idle
    /// slot: the other slot is the active one.
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

    /// Stages the image in a slot for the boot loader, which tries it if it is signed by `signer`.
    pub(crate) fn stage(&mut self, slot: &[u8], release: u64, signer: &Hash) -> Result<(), Stopped> {
        if Header::names(slot) != Some((self.board, release)) {
            return Err(Stopped::Unfit);
        }
        self.record().ok_or(Stopped::NoBootLoader)?.stage(release, &digest(slot), signer);
        self.save()
    }

    /// Makes the running firmware the active one, and records it.
    pub(crate) fn confirm(&mut self, journal: &mut Journal<F>) {
        if let Some(record) = self.record() {
            record.confirm();
            let release = record.newest();
            // A power cut here leaves no entry.
            if self.save().is_ok() {
                write(journal, CONFIRMED, release);
            }
        }
    }

    /// Records an update that was rolled back.
    #[inline(never)]
    pub(crate) fn report_rolled_back(&mut self, journal: &mut Journal<F>) {
        if let Some(record) = self.record()
            && let State::RolledBack { refused } = record.state()
        {
            write(journal, if refused { REFUSED } else { CAME_BACK }, record.trial());
            let _ = self.settle();
        }
    }
}

fn write<F: NorFlash>(journal: &mut Journal<F>, reason: u8, release: u64) {
    journal.record(Kind::Firmware, EntryFields::reason(reason).by(None, release.to_le_bytes()));
}
