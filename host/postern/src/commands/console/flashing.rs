//! Flashing that the browser follows: it goes on in a thread of its own, and the pages read how far it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use client::Fallback;
use client::protocol::ModelKind;
use console::station::{Ended, Flash, FlashLine, FlashProgress, Flashing};

use super::job;
use super::line::Line;
use crate::commands::flash::{firmware, models};
use crate::device::DeviceArgs;
use crate::signing_key;

/// How far the last flashing of one board is.
#[derive(Clone)]
pub struct Progress(Arc<Mutex<Option<Flashing>>>);

impl Progress {
    /// None was begun.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    /// How far it is.
    pub fn now(&self) -> Option<Flashing> {
        self.lock().clone()
    }

    /// Whether one is going on.
    pub fn is_going_on(&self) -> bool {
        self.lock().as_ref().is_some_and(|flashing| flashing.end.is_none())
    }

    /// Begins one, and returns whether it did: not if one is going on.
    pub fn begin(&self, args: DeviceArgs, line: Arc<Line>, what: Flash) -> bool {
        {
            let mut now = self.lock();
            if now.as_ref().is_some_and(|flashing| flashing.end.is_none()) {
                return false;
            }
            *now = Some(Flashing { lines: lines(&what), end: None });
        }
        let (progress, ended) = (self.clone(), self.clone());
        let job = move || {
            // The line of the pages is free for the transfer.
            line.close();
            match what {
                Flash::Models(chosen) => progress.models(&args, &chosen),
                Flash::Firmware { fallback } => progress.firmware(&args, fallback),
            }
        };
        job::begin(job, move |done| {
            let end = done.map_or_else(|error| Ended::Failed(format!("{error:#}")), Ended::Done);
            if let Some(flashing) = ended.lock().as_mut() {
                flashing.end = Some(end);
            }
        });
        true
    }

    fn models(&self, args: &DeviceArgs, chosen: &[(ModelKind, String)]) -> anyhow::Result<Option<String>> {
        let wanted = models::find(chosen.iter().map(|(kind, name)| (*kind, name.as_str())).collect())?;
        let signer = Box::new(signing_key::unattended(&args.folder()?.signing_key())?);
        let seal = models::Seal::Signer(signer);
        let mut device = args.connect()?;
        models::install(&mut device, args, wanted, &seal, &mut |kind, step| {
            self.tell(
                kind,
                match step {
                    models::Step::Sent { done, all } => FlashProgress::Sending { done, all },
                    models::Step::Active { unchanged: true, .. } => FlashProgress::Skipped,
                    models::Step::Active { .. } => FlashProgress::Active,
                },
            );
            Ok(())
        })
    }

    fn firmware(&self, args: &DeviceArgs, fallback: bool) -> anyhow::Result<Option<String>> {
        let seal = firmware::Seal::Signer {
            signer: signing_key::unattended(&args.folder()?.signing_key())?,
            release: None,
            fallback: if fallback { Fallback::Permitted } else { Fallback::Refused },
        };
        let mut device = args.connect()?;
        let kind = ModelKind::Firmware;
        let flashed = firmware::install(&mut device, args, None, &seal, &mut |step| {
            self.tell(
                kind,
                match step {
                    firmware::Step::Sent { done, all } => FlashProgress::Sending { done, all },
                    firmware::Step::Trying(release) => FlashProgress::Trying(release),
                },
            );
        })?;
        self.tell(kind, FlashProgress::Active);
        Ok(Some(format!("release {} is active, {} was active before", flashed.release, flashed.before)))
    }

    fn tell(&self, kind: ModelKind, progress: FlashProgress) {
        if let Some(flashing) = self.lock().as_mut()
            && let Some(line) = flashing.lines.iter_mut().find(|line| line.kind == kind)
        {
            line.progress = progress;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Flashing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of a flashing that begins.
fn lines(what: &Flash) -> Vec<FlashLine> {
    let line = |kind, name: &str| FlashLine { kind, name: name.to_owned(), progress: FlashProgress::Waiting };
    match what {
        Flash::Models(chosen) => chosen.iter().map(|(kind, name)| line(*kind, name)).collect(),
        Flash::Firmware { .. } => vec![line(ModelKind::Firmware, "")],
    }
}
