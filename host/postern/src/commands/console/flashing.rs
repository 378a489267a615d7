//! Flashing that the browser follows: it goes on in a thread of its own, and the pages read how far it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
pub struct Progress(Arc<Mutex<Last>>);

/// The last flashing.
#[derive(Default)]
struct Last {
    flashing: Option<Flashing>,
    ended: Option<Instant>,
}

/// How long its end is shown: later it is no news, and what a board has may be another thing.
const SHOWN: Duration = Duration::from_secs(120);

impl Progress {
    /// None was begun.
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// How far it is, or how it ended not long ago.
    pub fn now(&self) -> Option<Flashing> {
        self.lock().at(Instant::now())
    }

    /// Whether one is going on.
    pub fn is_going_on(&self) -> bool {
        self.lock().flashing.as_ref().is_some_and(|flashing| flashing.end.is_none())
    }

    /// Begins one, and returns whether it did: not if one is going on.
    pub fn begin(&self, args: DeviceArgs, line: Arc<Line>, what: Flash) -> bool {
        {
            let mut now = self.lock();
            if now.flashing.as_ref().is_some_and(|flashing| flashing.end.is_none()) {
                return false;
            }
            *now = Last { flashing: Some(Flashing { lines: lines(&what), end: None }), ended: None };
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
            let mut last = ended.lock();
            last.ended = Some(Instant::now());
            if let Some(flashing) = last.flashing.as_mut() {
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
        if let Some(flashing) = self.lock().flashing.as_mut()
            && let Some(line) = flashing.lines.iter_mut().find(|line| line.kind == kind)
        {
            line.progress = progress;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Last {
    /// What is shown at a time.
    fn at(&self, now: Instant) -> Option<Flashing> {
        let is_old = self.ended.is_some_and(|ended| now.saturating_duration_since(ended) > SHOWN);
        self.flashing.clone().filter(|_| !is_old)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_flashing_is_not_shown_for_ever() {
        let now = Instant::now();
        let flashing = Some(Flashing { lines: Vec::new(), end: Some(Ended::Done(None)) });
        let last = Last { flashing: flashing.clone(), ended: Some(now) };
        assert!(last.at(now + SHOWN).is_some());
        assert!(last.at(now + SHOWN + Duration::from_secs(1)).is_none());
        let goes_on = Last { flashing, ended: None };
        assert!(goes_on.at(now + 10 * SHOWN).is_some());
    }
}
