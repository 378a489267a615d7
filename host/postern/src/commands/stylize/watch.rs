//! What a person sees while a picture is made.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use imaging::Photo;
use indicatif::HumanDuration;
use style::{Costs, Progress};

use super::save;
use crate::interrupt::Interrupt;
use crate::output::note;
use crate::progress::Bar;

/// How often the preview is renewed.
const PREVIEW: Duration = Duration::from_secs(3);

/// Frames of an animation, their longer side, and how long each is shown.
const FRAMES: usize = 40;
const FRAME_SIDE: usize = 320;
const FRAME_MILLISECONDS: u32 = 100;

/// Steps of the bar.
const STEPS: u64 = 10_000;

/// Options about watching.
#[derive(Clone, Default, clap::Args)]
#[command(next_help_heading = "Watching")]
pub struct WatchArgs {
    /// A picture file that is renewed every few seconds while the picture is made
    #[arg(long, value_name = "FILE")]
    preview: Option<PathBuf>,

    /// A GIF of how the picture came to be
    #[arg(long, value_name = "FILE.gif")]
    animation: Option<PathBuf>,
}

impl WatchArgs {
    /// The files that are written.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.preview.iter().chain(&self.animation).map(PathBuf::as_path)
    }
}

/// Shows how far it is, and breaks off when the user asks for it.
pub struct Watch {
    bar: Bar,
    start: Instant,
    preview: Option<PathBuf>,
    renewed: Instant,
    animation: Option<PathBuf>,
    frames: Vec<Photo>,
    interrupted: Interrupt,
    best: Option<Costs>,
}

impl Watch {
    /// Begins to watch; the first Ctrl-C is taken as the wish to end with the best picture so far.
    pub fn new(args: &WatchArgs) -> anyhow::Result<Self> {
        let interrupted = Interrupt::hear()?;
        let now = Instant::now();
        Ok(Self {
            bar: Bar::new(STEPS, "  {bar:30} {msg}", ""),
            start: now,
            preview: args.preview.clone(),
            renewed: now,
            animation: args.animation.clone(),
            frames: Vec::new(),
            interrupted,
            best: None,
        })
    }

    /// Looks at an evaluation.
    pub fn see(&mut self, progress: &Progress) -> ControlFlow<()> {
        let Progress { done, of, share, costs, picture, .. } = progress;
        if progress.first || self.best.is_none_or(|best| costs.total < best.total) {
            self.best = Some(*costs);
        }
        let left = self.start.elapsed().mul_f64((1.0 - share) / share.max(1e-9));
        self.bar.set_position((share * STEPS as f64) as u64);
        self.bar.say(&format!(
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
                self.bar.suspend(|| note!("no preview: {error:#}"));
                self.preview = None;
            }
            self.renewed = Instant::now();
        }
        // Much happens early and little late: a frame comes at 0, 1, 4, 9, … of the evaluations.
        let due = of * self.frames.len() * self.frames.len() / (FRAMES * FRAMES);
        if self.animation.is_some() && *done > due {
            self.frames.extend(picture.resized(picture.fitted(FRAME_SIDE)).to_photo());
        }
        if self.interrupted.came() {
            self.bar.suspend(|| note!("ending with the best picture so far; Ctrl-C again to give up"));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// Whether the user asked to end.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.came()
    }

    /// Ends, and writes the animation; the least costs at the last size, if any were computed.
    pub fn finish(self) -> anyhow::Result<Option<Costs>> {
        self.bar.finish_and_clear();
        if let Some(path) = self.animation.filter(|_| !self.frames.is_empty()) {
            imaging::save_gif(path, &self.frames, FRAME_MILLISECONDS)?;
        }
        Ok(self.best)
    }
}
