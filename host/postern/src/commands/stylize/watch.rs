//! What a person sees while a picture is made.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use style::{Costs, Progress};

use super::save;

/// How often the preview is renewed.
const PREVIEW: Duration = Duration::from_secs(3);

/// Steps of the bar.
const STEPS: u64 = 10_000;

/// Options about watching.
#[derive(clap::Args)]
pub struct WatchArgs {
    /// A picture file that is renewed every few seconds while the picture is made
    #[arg(long, value_name = "FILE", help_heading = "Watching")]
    preview: Option<PathBuf>,
}

/// Shows how far it is, and breaks off when the user asks for it.
pub struct Watch {
    bar: ProgressBar,
    start: Instant,
    preview: Option<PathBuf>,
    renewed: Instant,
    interrupted: Arc<AtomicBool>,
    best: Costs,
}

impl Watch {
    /// Begins to watch; the first Ctrl-C is taken as the wish to end with the best picture so far.
    pub fn new(args: &WatchArgs) -> anyhow::Result<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        })
        .context("cannot take over Ctrl-C")?;
        let style =
            ProgressStyle::with_template("  {bar:30} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let now = Instant::now();
        Ok(Self {
            bar: ProgressBar::new(STEPS).with_style(style),
            start: now,
            preview: args.preview.clone(),
            renewed: now,
            interrupted,
            best: Costs { total: f64::INFINITY, ..Costs::default() },
        })
    }

    /// Looks at an evaluation.
    pub fn see(&mut self, progress: &Progress) -> ControlFlow<()> {
        let Progress { done, of, share, costs, picture, .. } = progress;
        if costs.total < self.best.total || progress.first {
            self.best = *costs;
        }
        let left = self.start.elapsed().mul_f64((1.0 - share) / share.max(1e-9));
        self.bar.set_position((share * STEPS as f64) as u64);
        self.bar.set_message(format!(
            "{done}/{of} at {}x{}, cost {:.3e} (content {:.3e}, style {:.3e}), {} left",
            picture.width,
            picture.height,
            costs.total,
            costs.content,
            costs.style,
            HumanDuration(left)
        ));
        if let Some(path) = &self.preview
            && self.renewed.elapsed() > PREVIEW
        {
            // A preview that cannot be written is no reason to lose the picture.
            if let Err(error) = save(picture, path) {
                self.bar.suspend(|| eprintln!("no preview: {error:#}"));
                self.preview = None;
            }
            self.renewed = Instant::now();
        }
        if self.interrupted.load(Ordering::Relaxed) {
            self.bar.suspend(|| eprintln!("ending with the best picture so far; Ctrl-C again to give up"));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// Ends; the least costs at the last size.
    pub fn finish(self) -> Costs {
        self.bar.finish_and_clear();
        self.best
    }
}
