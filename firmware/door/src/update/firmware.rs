//! The board's own firmware: the slot that runs, and an update.
//!
//! The boot loader alone writes the boot record. The firmware has a copy, which the boot loader verified, and makes requests.
//!
//! | step | request | after a power cut |
//! |---|---|---|
//! | begin, or another signer, while something is staged | settle | the active firmware |
//! | chunks | | the transfer goes on |
//! | commit | try | the staged firmware is tried |
//! | after a boot: runs on trial, is healthy, and the log has an entry | confirm, and restart | it is tried again, or stays |
//! | after a boot: an update was rolled back, or the boot loader fell back, and the log has an entry | settle | the log has two entries |
//!
//! Firmware is healthy when it has read settings and people, io has fed the watchdog, and two seconds have passed. The boot
//! loader gives up firmware that is not healthy after some starts.
//!
//! Until the boot loader has recorded a confirmation, its record says that the other slot is the active one. So the board
//! restarts at once, and nothing is written to that slot before.

use audit::Kind;
use board_api::Started;
use boot::{Ask, Header, Record, Requests, Signed, State, digest};
use crypto::Key;
use embedded_storage::nor_flash::NorFlash;
use protocol::{Error, Firmware, Hash, ModelKind};

use crate::{
    journal::{EntryFields, Journal},
    store::{Image, Intent, Storage},
    text::text,
};

/// Reasons of entries about firmware.
const CONFIRMED: u8 = 1;
const CAME_BACK: u8 = 2;
const REFUSED: u8 = 3;
const FELL_BACK: u8 = 4;

const _: () = assert!(board_api::RECORD_BYTES == boot::TEXT_BYTES);

/// The boot record with what was requested, and the slot that runs.
pub(crate) struct FirmwareUpdate<F> {
    /// `None` without a boot loader.
    record: Option<Record>,
    /// `None` after an error of their flash. The record stays known: by it older firmware is found.
    requests: Option<Requests<F>>,
    started: u8,
    /// Whether the boot loader has yet to record that the firmware that runs is the active one.
    unrecorded: bool,
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
    /// Takes over the boot record, if a boot loader has started this firmware.
    // Not inlined, since it would be longer inside the task of the worker. The same holds for `report_rolled_back`.
    #[inline(never)]
    pub(crate) fn open(requests: F, started: Option<&Started>, board: u32, secret: &Key) -> Self {
        let record = started.and_then(|started| Record::from_bytes(&started.record));
        let requests = Requests::open(requests, secret).ok();
        let started = started.map_or(0, |started| started.slot);
        Self { record, requests, started, unrecorded: false, board }
    }

    fn ask(&mut self, ask: Ask) -> Result<(), Stopped> {
        let record = self.record.as_mut().ok_or(Stopped::NoBootLoader)?;
        let requests = self.requests.as_mut().ok_or(Stopped::Flash)?;
        let asked = requests.ask(record, ask);
        if asked.is_err() {
            // Flash that fails is not written again and again. What it holds, the boot loader reads at the next boot.
            self.requests = None;
        }
        asked.map_err(|_| Stopped::Flash)
    }

    /// The newest release that was active, as the boot record says; `None` without a boot loader.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.record.as_ref().map(Record::newest)
    }

    /// Whether the boot record is an older one than the settings remember; if it is newer, they learn it. So firmware cannot be
    /// replaced by an older release together with the record that permits it. Where both records of the newest release are lost, no
    /// boot record is known to be new enough, until the board is erased.
    pub(crate) fn is_older(&self, storage: &mut Storage<F>) -> bool {
        let Some(newest) = self.newest() else { return false };
        match storage.newest(ModelKind::Firmware) {
            Ok(known) if newest > known => {
                // If it cannot be written now, it is at the next boot.
                let _ = storage.set_active(ModelKind::Firmware, &Image::default(), newest);
                false
            }
            Ok(known) => newest < known,
            Err(_) => true,
        }
    }

    /// Whether the firmware that runs is on trial.
    pub(crate) fn on_trial(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.slot() != self.started)
    }

    /// The state for a host.
    pub(crate) fn state(&self) -> Result<Firmware, Stopped> {
        let record = self.record.as_ref().ok_or(Stopped::NoBootLoader)?;
        let pending = match record.state() {
            State::OnTrial { .. } => Some(record.idle().release),
            _ => self.unrecorded.then(|| record.active().release),
        };
        let trial = self.on_trial();
        let running = if trial { record.idle() } else { record.active() }.release;
        Ok(Firmware { slot: self.started, running, newest: record.newest(), pending, trial })
    }

    /// The newest release that was active, where an update may begin. Firmware on trial has no idle slot: the other slot is the active
    /// one, until the boot loader has recorded the confirmation.
    pub(crate) fn newest_before_update(&self) -> Result<u64, Stopped> {
        if self.on_trial() || self.unrecorded {
            return Err(Stopped::OnTrial);
        }
        let newest = self.newest().ok_or(Stopped::NoBootLoader)?;
        if self.requests.is_none() {
            return Err(Stopped::Flash);
        }
        Ok(newest)
    }

    /// Takes back what was staged for the boot loader. Firmware that runs on trial stays on trial.
    pub(crate) fn withdraw(&mut self) -> Result<(), Stopped> {
        if self.on_trial() || self.unrecorded { Ok(()) } else { self.settle() }
    }

    fn settle(&mut self) -> Result<(), Stopped> {
        match &self.record {
            // What was asked last may be in flash all the same.
            Some(_) if self.requests.is_none() => Err(Stopped::Flash),
            Some(record) if record.state() != State::Settled => self.ask(Ask::Settle),
            _ => Ok(()),
        }
    }

    /// Stages the image in a slot for the boot loader, which tries it if it is signed by `signer`.
    pub(crate) fn stage(&mut self, slot: &[u8], release: u64, signer: &Hash) -> Result<(), Stopped> {
        if Header::names(slot) != Some((self.board, release)) {
            return Err(Stopped::Unfit);
        }
        self.ask(Ask::Try(Signed { release, digest: digest(slot), signer: *signer }))
    }

    /// Asks that the running firmware becomes the active one, and logs it. Returns whether the board must restart, so that
    /// the boot loader records it.
    pub(crate) fn confirm(&mut self, journal: &mut Journal<F>) -> bool {
        let (Some(record), Some(_)) = (&self.record, &self.requests) else { return false };
        let release = record.idle().release;
        write(journal, CONFIRMED, release);
        if self.ask(Ask::Confirm).is_err() {
            journal.interrupted(None, Intent { kind: Kind::Firmware as u8, detail: release.to_le_bytes() });
            return false;
        }
        self.unrecorded = true;
        true
    }

    /// Records an update that was rolled back, or firmware that the boot loader did not start because it was changed.
    #[inline(never)]
    pub(crate) fn report_rolled_back(&mut self, journal: &mut Journal<F>) {
        let Some(record) = &self.record else { return };
        let reason = match record.state() {
            State::RolledBack { refused: true } => REFUSED,
            State::RolledBack { refused: false } => CAME_BACK,
            State::FellBack => FELL_BACK,
            State::Settled | State::OnTrial { .. } => return,
        };
        write(journal, reason, record.idle().release);
        let _ = self.settle();
    }
}

fn write<F: NorFlash>(journal: &mut Journal<F>, reason: u8, release: u64) {
    journal.record(Kind::Firmware, EntryFields::reason(reason).by(None, release.to_le_bytes()));
}
