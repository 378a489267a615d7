//! Turns: one program at a time uses the line of a board, and one its camera.
//!
//! A turn is a lock on a file that says who has it. Whoever waits holds a shared lock on a second file meanwhile, so that
//! the owner sees it and can pass the turn on between two requests ([`Turn::pass_on`]). A program that ends in any way gives
//! its locks back.
//!
//! Order: whoever needs both takes the camera first, or gives way on the line while it waits for the camera. So nobody who
//! waits for the camera keeps its owner from the line.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// How long to wait for another program.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long somebody waits before it is said.
const SILENT: Duration = Duration::from_secs(1);

/// How long whoever passes a turn on waits until it is taken.
const PASSING: Duration = Duration::from_secs(1);

/// How often a wait checks its condition.
const POLL: Duration = Duration::from_millis(5);

/// What is used in turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shared {
    /// The line.
    Line,
    /// The camera.
    Camera,
}

impl Shared {
    fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Camera => "camera",
        }
    }
}

/// The right to use something until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    wanted: PathBuf,
    _lock: File,
}

impl Turn {
    /// Waits for the turn. `tell` hears once who has it, if that takes longer than a second. `meanwhile` runs between two
    /// tries.
    ///
    /// # Errors
    /// [`Error::LineBusy`], [`Error::File`], and those of `meanwhile`.
    pub(crate) fn take(
        folder: &Path,
        shared: Shared,
        tell: fn(&str),
        mut meanwhile: impl FnMut() -> Result<()>,
    ) -> Result<Self> {
        let name = shared.name();
        let path = folder.join(format!("{name}.lock"));
        let wanted = folder.join(format!("{name}.wanted"));
        let mut lock = open(&path)?;
        let begun = Instant::now();
        let (mut waiting, mut told) = (None, false);
        while lock.try_lock().is_err() {
            if waiting.is_none() {
                let file = open(&wanted)?;
                file.lock_shared().map_err(Error::file(&wanted))?;
                waiting = Some(file);
            }
            if !told && begun.elapsed() >= SILENT {
                tell(&format!("Waiting for {}, which uses the board's {name}.", owner(&mut lock)));
                told = true;
            }
            if begun.elapsed() >= PATIENCE {
                return Err(Error::LineBusy { owner: owner(&mut lock), seconds: PATIENCE.as_secs() });
            }
            meanwhile()?;
            std::thread::sleep(POLL);
        }
        // Who has it is a help for people, and no reason to fail.
        let _ = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(this().as_bytes()));
        Ok(Self { wanted, _lock: lock })
    }

    /// Whether another program waits for the turn.
    pub(crate) fn is_wanted(&self) -> bool {
        is_locked(&self.wanted)
    }

    /// Ends the turn. If another program waits, it has the turn next.
    pub(crate) fn pass_on(self) {
        let Self { wanted, _lock: lock } = self;
        drop(lock);
        let until = Instant::now() + PASSING;
        while is_locked(&wanted) && Instant::now() < until {
            std::thread::sleep(POLL);
        }
    }
}

/// Whether somebody has locked a file.
fn is_locked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_err())
}

/// Opens a file of a turn; its content stays.
fn open(path: &Path) -> Result<File> {
    let options = File::options().read(true).write(true).create(true).truncate(false).open(path);
    options.map_err(Error::file(path))
}

/// This program, as people know it.
fn this() -> String {
    let mut arguments = std::env::args();
    let program = arguments.next().unwrap_or_default();
    let program = Path::new(&program).file_name().map(|name| name.to_string_lossy().into_owned());
    let command = arguments.find(|argument| !argument.starts_with('-'));
    let words: Vec<String> = program.into_iter().chain(command).collect();
    format!("`{}` (process {})", words.join(" "), std::process::id())
}

/// Who has the turn.
fn owner(lock: &mut File) -> String {
    let mut text = String::new();
    match lock.rewind().and_then(|()| lock.read_to_string(&mut text)) {
        Ok(_) if !text.is_empty() => text,
        _ => "another program".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn silent(_: &str) {}

    fn nothing() -> Result<()> {
        Ok(())
    }

    #[test]
    fn who_waits_is_seen_and_has_the_turn_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let take = || Turn::take(folder.path(), Shared::Line, silent, nothing).expect("a turn");
        let first = take();
        assert!(!first.is_wanted());
        let has = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _second = take();
                has.store(true, Ordering::SeqCst);
            });
            while !first.is_wanted() {
                std::thread::sleep(POLL);
            }
            assert!(!has.load(Ordering::SeqCst));
            first.pass_on();
            let _third = take();
            assert!(has.load(Ordering::SeqCst), "who waited came first");
        });
    }

    #[test]
    fn line_and_camera_have_turns_of_their_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let line = Turn::take(folder.path(), Shared::Line, silent, nothing).expect("a turn");
        let camera = Turn::take(folder.path(), Shared::Camera, silent, nothing).expect("a turn");
        assert!(!line.is_wanted() && !camera.is_wanted());
    }

    #[test]
    fn who_has_the_turn_is_known_to_who_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let _turn = Turn::take(folder.path(), Shared::Line, silent, nothing).expect("a turn");
        let mut lock = open(&folder.path().join("line.lock")).expect("a file");
        let owner = owner(&mut lock);
        assert!(owner.contains(&format!("process {}", std::process::id())), "{owner}");
    }
}
