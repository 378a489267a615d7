//! A pairing that the browser follows: it goes on in a thread of its own, and the pages read how far it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use client::protocol::Role;
use client::{Applicant, Error, Step};
use console::station::Pairing;
use emulator::Memory;

use super::job;
use crate::commands::pair::{computer, connect};
use crate::device::DeviceArgs;
use crate::signing_key;

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
        if let Pairing::Compare { board, .. } = &mut now {
            *board = memory.and_then(|memory| memory.code().ok().flatten());
        }
        now
    }

    /// Whether one is going on.
    pub fn is_going_on(&self) -> bool {
        matches!(*self.lock(), Pairing::Asking | Pairing::Press | Pairing::Compare { .. })
    }

    /// Begins one, unless one is going on.
    pub fn begin(&self, args: DeviceArgs, memory: Option<Memory>, role: Role) {
        {
            let mut now = self.lock();
            if matches!(*now, Pairing::Asking | Pairing::Press | Pairing::Compare { .. }) {
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
                Step::Compare(own) => {
                    *self.lock() = Pairing::Compare { own, board: None, confirm: false };
                }
                Step::Confirm => {
                    let mut now = self.lock();
                    if let Pairing::Compare { own, confirm, .. } = &mut *now {
                        if let Some(memory) = memory
                            && memory.code()? != Some(*own)
                        {
                            return Err(Error::CodesDiffer);
                        }
                        *confirm = true;
                    }
                }
            }
            Ok(())
        })?;
        Ok(paired.role)
    }

    fn lock(&self) -> MutexGuard<'_, Pairing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
