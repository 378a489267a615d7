//! The line of a board, which the requests of all pages use in turns.
//!
//! A session is kept between two requests, because a handshake takes a board a while. Meanwhile another program that waits
//! for the line has it: a thread looks every [`TURN`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use client::Device;
use console::station::{Refusal, Said};

use crate::commands::watch::is_interruption;
use crate::device::DeviceArgs;

/// How often another program that waits for the line is looked for.
const TURN: Duration = Duration::from_millis(20);

/// The line of one board.
pub struct Line {
    args: DeviceArgs,
    kept: Mutex<Option<Device>>,
}

impl Line {
    /// The line of the device that `args` chooses. It is opened by the first request.
    pub fn new(args: DeviceArgs) -> Arc<Self> {
        let line = Arc::new(Self { args, kept: Mutex::new(None) });
        let weak = Arc::downgrade(&line);
        std::thread::spawn(move || give_way(&weak));
        line
    }

    /// Asks the board. After an error that is no refusal the line is opened again for the next request.
    pub fn ask<T>(&self, ask: impl FnOnce(&mut Device) -> anyhow::Result<T>) -> Said<T> {
        let mut kept = self.lock();
        let asked = match kept.take() {
            Some(device) => Ok(device),
            None => self.args.connect(),
        };
        let mut device = asked.map_err(|error| refusal(&error))?;
        let answer = ask(&mut device);
        // A board that lost the pairing, or gained it, is greeted again by the next request.
        let stays =
            device.role().is_some() && answer.as_ref().err().is_none_or(|error| refused(error).is_some());
        if stays {
            *kept = Some(device);
        }
        answer.map_err(|error| refusal(&error))
    }

    /// Closes the line.
    pub fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Device>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets other programs use the line between two requests, until the line is dropped.
fn give_way(line: &Weak<Line>) {
    while let Some(line) = line.upgrade() {
        if let Ok(mut kept) = line.kept.try_lock()
            && let Some(device) = kept.as_mut()
        {
            device.give_way();
        }
        drop(line);
        std::thread::sleep(TURN);
    }
}

/// What the board refused a request with, also where a picture was shown to it; `None` for another error.
pub fn refused(error: &anyhow::Error) -> Option<&client::protocol::Error> {
    error.chain().find_map(|cause| {
        let client = match cause.downcast_ref() {
            // It has the sentence of the error in it, and is in the chain in its place.
            Some(emulator::Error::Client(error)) => Some(error),
            _ => cause.downcast_ref(),
        };
        match client {
            Some(client::Error::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    })
}

/// An error as a page shows it.
pub fn refusal(error: &anyhow::Error) -> Refusal {
    let silent = matches!(error.downcast_ref(), Some(client::Error::Silent { .. }))
        || matches!(error.downcast_ref(), Some(emulator::Error::Client(client::Error::Silent { .. })));
    Refusal { sentence: format!("{error:#}"), lost: is_interruption(error) || silent }
}
