//! A pairing that the browser follows: it goes on in a thread of its own, and the pages read how far it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use client::protocol::Role;
use client::{Applicant, Error, Step};
use console::station::Pairing;
use emulator::Memory;

use super::job;
use crate::commands::pair::{PATIENCE, computer, connect};
use crate::device::DeviceArgs;
use crate::signing_key;

/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(100);

/// How far the pairing of one board is.
#[derive(Clone)]
pub struct Progress(Arc<Mutex<Pairing>>);

impl Progress {
    /// None was begun.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Pairing::None)))
    }

    /// How far it is, with the code that the display of an emulated board shows now.
    pub fn now(&self, memory: Option<&Memory>) -> Pairing {
        let mut now = self.lock().clone();
        if let (Pairing::Compare { board, .. }, Some(memory)) = (&mut now, memory) {
            *board = memory.code().ok().flatten();
        }
        now
    }

    /// Takes the code that somebody read on the board.
    pub fn compare(&self, code: &str) -> anyhow::Result<()> {
        let mut now = self.lock();
        let Pairing::Type { own } = *now else { bail!("no code is awaited: begin the pairing again") };
        ensure!(
            code.parse() == Ok(own),
            "this is not the code of this computer. Read it again on the board: if it is what you typed, somebody may \
             intercept the line. Then do not hold the button: nothing is paired"
        );
        *now = Pairing::Compare { own, board: Some(own), confirm: false };
        Ok(())
    }

    /// Whether one is going on.
    pub fn is_going_on(&self) -> bool {
        self.lock().goes_on()
    }

    /// Begins one, unless one is going on.
    pub fn begin(&self, args: DeviceArgs, memory: Option<Memory>, role: Role) {
        {
            let mut now = self.lock();
            if now.goes_on() {
                return;
            }
            *now = Pairing::Asking;
        }
        let (progress, ended) = (self.clone(), self.clone());
        job::begin(
            move || progress.pair(&args, memory.as_ref(), role),
            move |done| {
                *ended.lock() = match done {
                    Ok(role) => Pairing::Done(role),
                    Err(error) => Pairing::Failed(format!("{error:#}")),
                };
            },
        );
    }

    fn pair(&self, args: &DeviceArgs, memory: Option<&Memory>, role: Role) -> anyhow::Result<Role> {
        let folder = args.folder()?;
        let mut device = connect(args)?;
        if let Some(role) = device.role() {
            // By another program, or by a pairing whose end this computer had not heard.
            return Ok(role);
        }
        let signer = signing_key::public(&folder.signing_key())?;
        let (label, host_key) = (computer(), folder.host_key());
        let applicant = Applicant { role, label: &label, signer: Some(signer), host_key: Some(&host_key) };
        let paired = device.pair(&applicant, &mut |step| {
            match step {
                Step::Press => *self.lock() = Pairing::Press,
                Step::Compare(own) => match memory {
                    Some(memory) => {
                        is_shown(memory, own)?;
                        *self.lock() = Pairing::Compare { own, board: Some(own), confirm: false };
                    }
                    None => self.wait_for_code(own)?,
                },
                Step::Confirm => {
                    let mut now = self.lock();
                    if let Pairing::Compare { own, confirm, .. } = &mut *now {
                        memory.map(|memory| is_shown(memory, *own)).transpose()?;
                        *confirm = true;
                    }
                }
            }
            Ok(())
        })?;
        Ok(paired.role)
    }

    /// Waits until somebody has typed the code of this computer.
    fn wait_for_code(&self, own: u32) -> client::Result<()> {
        *self.lock() = Pairing::Type { own };
        let begun = Instant::now();
        while matches!(*self.lock(), Pairing::Type { .. }) {
            if begun.elapsed() >= PATIENCE {
                return Err(Error::NotCompared { seconds: PATIENCE.as_secs() });
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Pairing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks that an emulated board shows this code.
fn is_shown(memory: &Memory, own: u32) -> client::Result<()> {
    if memory.code()? == Some(own) { Ok(()) } else { Err(Error::CodesDiffer) }
}
