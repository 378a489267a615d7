//! What a person sees of a training.

use std::ops::ControlFlow;
use std::time::Instant;

use indicatif::HumanDuration;
use train::run::{StepReport, ValidationRow, Watch};

use crate::interrupt::Interrupt;
use crate::output::note;
use crate::progress::Bar;

/// Steps of the bar.
const STEPS: u64 = 10_000;

/// Share of a new figure in what is shown.
const SMOOTHING: f64 = 0.1;

/// A progress bar that hears Ctrl-C.
pub struct Progress {
    bar: Bar,
    began: Instant,
    /// Share that was done when this process began.
    share: Option<f64>,
    loss: Option<f64>,
    active: Option<f64>,
    speed: Option<f64>,
    interrupted: Interrupt,
}

impl Progress {
    /// Begins to watch; the first Ctrl-C leaves a checkpoint, the second one leaves at once.
    pub fn new() -> anyhow::Result<Self> {
        let interrupted = Interrupt::hear()?;
        Ok(Self {
            bar: Bar::new(STEPS, "  {bar:24} {msg}", ""),
            began: Instant::now(),
            share: None,
            loss: None,
            active: None,
            speed: None,
            interrupted,
        })
    }

    /// Another part of the training begins.
    pub fn begin(&mut self, what: &str) {
        self.bar.line(what);
        (self.began, self.share) = (Instant::now(), None);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn smooth(old: &mut Option<f64>, new: f64) -> f64 {
    let mixed = old.map_or(new, |old| old + SMOOTHING * (new - old));
    *old = Some(mixed);
    mixed
}

impl Watch for Progress {
    fn step(&mut self, report: &StepReport) -> ControlFlow<()> {
        let row = &report.row;
        let before = *self.share.get_or_insert(report.share);
        let done = (report.share - before).max(1e-9);
        let left = self.began.elapsed().mul_f64(((1.0 - report.share) / done).min(1e6));
        let loss = smooth(&mut self.loss, row.loss);
        let speed = smooth(&mut self.speed, row.images_per_second);
        let active = row.triplets.map_or(String::new(), |triplets| {
            format!(", {:.0} % active", 100.0 * smooth(&mut self.active, triplets.active))
        });
        self.bar.set_position((report.share * STEPS as f64) as u64);
        self.bar.say(&format!(
            "epoch {}/{}, step {}/{}, loss {loss:.4}{active}, {speed:.0} images/s, {} left",
            row.epoch,
            report.epochs,
            row.step,
            report.steps,
            HumanDuration(left)
        ));
        if self.interrupted.came() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn validated(&mut self, row: &ValidationRow) {
        let tar = row.tar[0].map_or(String::new(), |tar| format!(", TAR {tar:.3} at FMR 1 in 100"));
        let loss = self.loss.map_or(String::new(), |loss| format!(", loss {loss:.4}"));
        let line = format!(
            "epoch {}: unseen people, equal error rate {:.2} %{tar}{loss}",
            row.epoch,
            100.0 * row.equal_error_rate
        );
        // Also where there is no terminal, as in a log.
        if self.bar.is_hidden() {
            note!("{line}");
        } else {
            self.bar.line(&line);
        }
    }
}
