//! Ctrl-C in commands that have something to put in order before they end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, ensure};

/// Whether somebody has pressed Ctrl-C.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Hears the first Ctrl-C from now on; the second one ends the program at once, with exit code 130.
    ///
    /// # Errors
    /// The program hears it already, or the system does not let it.
    pub fn hear() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        let Self(flag) = interrupt.clone();
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        })
        .context("cannot take over Ctrl-C")?;
        Ok(interrupt)
    }

    /// # Errors
    /// There was a first Ctrl-C.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(!self.came(), "it was interrupted");
        Ok(())
    }

    /// Whether there was a first Ctrl-C.
    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
