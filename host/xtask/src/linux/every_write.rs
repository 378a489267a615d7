//! The power is cut at every write to the disk, while a door starts for the first time, pairs, enrols and forgets.
//!
//! The door in the virtual computer does all of it once, and its disk is logged. Then each disk that a cut can leave is made
//! again on this computer, and opened: a door must start with it, know all people that it acknowledged, recognise them, open
//! for as long as it was told, and have a log of which nothing is missing.

use std::fmt::Debug;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::disk_log::{Cut, Disk, DiskLog};
use super::left_disk::{self, Found, Opener};
use super::machine::Parts;
use super::steps::Trial;
use super::{heading, install, machine, picture};

/// Who is enrolled, and who is forgotten in between.
const STAYS: [&str; 2] = ["Barack", "obama.jpg"];
const GOES: [&str; 2] = ["Joe", "biden.jpg"];

/// For how long the door opens, in milliseconds: without settings, and then.
const OPEN_MS: [u64; 3] = [3_000, 10_000, 4_000];

/// Networks are large, and a store of their own. Of the cuts while they come, one in so many is tried.
const ONE_IN: usize = 50;

/// A change of something, and between which entries of the log it was made: it was begun after so many, and acknowledged
/// after so many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Change<T> {
    made: Range<usize>,
    to: T,
}

/// What may be found after a cut: what was acknowledged by then, or what was begun since.
fn possible<T: Clone + PartialEq>(before: T, changes: &[Change<T>], moment: &Range<usize>) -> Vec<T> {
    let mut possible = vec![before];
    for change in changes {
        if change.made.end <= moment.start {
            possible = vec![change.to.clone()];
        } else if change.made.start < moment.end {
            possible.push(change.to.clone());
        }
    }
    possible
}

/// All that the script changes, at which address the door was, and what a host knew when it had paired. It is kept beside the
/// log of the disk, so that the cuts can be tried again.
#[derive(Default, Serialize, Deserialize)]
struct Story {
    address: String,
    host: PathBuf,
    paired: Vec<Change<bool>>,
    people: Vec<Change<Vec<String>>>,
    open_ms: Vec<Change<u64>>,
    networks: Range<usize>,
}

impl Story {
    fn check(&self, cut: Cut, log: &DiskLog, found: &Found) -> anyhow::Result<()> {
        let moment = cut.moment(log);
        let is_one = |what: &str, is: bool, of: &dyn Debug| {
            ensure!(is, "after the cut {cut:?} the door has {found:?}, and {what} may be {of:?}");
            Ok(())
        };
        let paired = possible(false, &self.paired, &moment);
        is_one("that a host is known", paired.contains(&(*found != Found::NoHost)), &paired)?;
        if let Found::Has { people, open_ms } = found {
            let may_be = possible(Vec::new(), &self.people, &moment);
            is_one("people", may_be.contains(people), &may_be)?;
            let may_be = possible(OPEN_MS[0], &self.open_ms, &moment);
            is_one("the time for which it opens", may_be.contains(open_ms), &may_be)?;
        }
        Ok(())
    }
}

/// How many cuts held, in their order, and with which door. It is kept after each cut, so that a try that was ended goes on.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// The SHA-256 of the door's program.
    door: String,
    held: usize,
}

impl Progress {
    /// How many cuts held with this door before, as kept at `path`.
    fn read(path: &Path, door: &str) -> Self {
        let kept = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        let of_this_door = kept.filter(|kept| kept.door == door);
        of_this_door.unwrap_or_else(|| Self { door: door.to_owned(), held: 0 })
    }

    fn keep(&self, path: &Path) -> anyhow::Result<()> {
        let new = path.with_extension("new");
        std::fs::write(&new, serde_json::to_vec(self)?)?;
        std::fs::rename(&new, path).with_context(|| path.display().to_string())
    }
}

/// Where it is kept how far the cuts were tried.
const PROGRESS: &str = "progress.json";

/// Runs the script, and tries all cuts.
///
/// # Errors
/// A cut leaves something else than it may.
pub fn run(parts: &Parts<'_>, door: &Path, state: &Path) -> anyhow::Result<()> {
    let [disk, before, path, kept, progress] =
        ["disk", "before", "log", "story.json", PROGRESS].map(|name| parts.folder.join(name));
    if progress.exists() {
        std::fs::remove_file(&progress)?;
    }
    machine::make_disk(&disk)?;
    std::fs::copy(&disk, &before)?;
    heading("a door starts, pairs, enrols and forgets, and all that it writes is logged");
    let story = script(parts, &disk, &path, state)?;
    std::fs::write(&kept, serde_json::to_vec(&story)?)?;
    again(parts.folder, door)
}

/// Tries all cuts of the script that ran last, or those that were not tried yet with this door. After the last one, the next try
/// begins with the first. The disk with which the recording ends comes before all.
///
/// # Errors
/// As [`run`].
pub fn again(folder: &Path, door: &Path) -> anyhow::Result<()> {
    let [before, path, kept, at] = ["before", "log", "story.json", PROGRESS].map(|name| folder.join(name));
    let story = std::fs::read(&kept).with_context(|| kept.display().to_string())?;
    let story: Story = serde_json::from_slice(&story)?;
    let log = DiskLog::open(&path)?;
    let photos = [STAYS, GOES].map(|[name, photo]| (name, picture(photo)));
    let mut opener = Opener::new(door, &story.address, &story.host, &photos)?;
    let ranges = [0..story.networks.start, story.networks.end..log.len()];
    let cuts = ranges.map(|range| log.cuts(range));
    let between = story.networks.clone().step_by(ONE_IN).map(Cut::Before).collect();
    let [first, last] = cuts;
    let cuts = [first, between, last].concat();
    heading(&format!("{} cuts at {} writes and flushes", cuts.len(), log.len()));
    let program = std::fs::read(door).with_context(|| door.display().to_string())?;
    let program: String = Sha256::digest(program).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut progress = Progress::read(&at, &program);
    if progress.held > 0 {
        println!("  {} of them held with this door before", progress.held);
    }
    // A door that does not know what the recorded one did would fail at some cut, as if that were at fault.
    let whole = Cut::Before(log.len());
    let found = opener.open(&mut Disk::new(&log, &before)?, whole).and_then(|found| {
        story.check(whole, &log, &found)?;
        Ok(found)
    });
    let found =
        found.context("the door does not work on the disk that the recording ends with: record again")?;
    println!("  the recording ends with {found:?}");
    let mut disk = Disk::new(&log, &before)?;
    for (number, cut) in cuts.iter().enumerate().skip(progress.held) {
        let found = opener.open(&mut disk, *cut).with_context(|| format!("after the cut {cut:?}"))?;
        story.check(*cut, &log, &found)?;
        progress.held = number + 1;
        progress.keep(&at)?;
        if (number + 1) % 50 == 0 || number + 1 == cuts.len() {
            println!(
                "  {} cuts, {} different disks opened; {cut:?}: {found:?}",
                number + 1,
                opener.different()
            );
        }
    }
    std::fs::remove_file(&at).with_context(|| at.display().to_string())
}

/// What is done in the virtual computer.
fn script(parts: &Parts<'_>, disk: &Path, path: &Path, state: &Path) -> anyhow::Result<Story> {
    let mut story = Story::default();
    let mut trial = Trial::boot(parts.virt_logged(disk, path)?, state)?;
    let entries = || DiskLog::open(path).map(|log| log.len());
    trial.start()?;
    let asked = entries()?;
    trial.pair()?;
    story.paired.push(Change { made: asked..entries()?, to: true });
    // What the command line learns of the door from now on, it does not know after a cut.
    story.host = parts.folder.join("host-when-paired");
    if story.host.exists() {
        std::fs::remove_dir_all(&story.host)?;
    }
    left_disk::copy(state, &story.host)?;
    let open_for = |trial: &Trial, story: &mut Story, ms: u64| -> anyhow::Result<()> {
        let asked = entries()?;
        trial.postern(&["settings", "--open-ms", &ms.to_string()])?;
        story.open_ms.push(Change { made: asked..entries()?, to: ms });
        Ok(())
    };
    open_for(&trial, &mut story, OPEN_MS[1])?;
    let asked = entries()?;
    install(&trial)?;
    story.networks = asked..entries()?;
    trial.same_template(&picture("obama3.jpg"))?;
    let [[stays, photo], [goes, other]] = [STAYS, GOES];
    let steps: [(&[&str], &[&str]); 4] = [
        (&["enroll", stays, &picture(photo)], &[stays]),
        (&["enroll", goes, &picture(other)], &[stays, goes]),
        (&["remove", goes], &[stays]),
        (&["enroll", goes, &picture(other)], &[stays, goes]),
    ];
    for (command, people) in steps {
        let asked = entries()?;
        trial.postern(command)?;
        let to = people.iter().map(|name| (*name).to_owned()).collect();
        story.people.push(Change { made: asked..entries()?, to });
    }
    open_for(&trial, &mut story, OPEN_MS[2])?;
    trial.postern(&["log", "verify"])?;
    story.address = trial.machine.door();
    trial.machine.kill()?;
    Ok(story)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_goes_on_after_the_cuts_that_held_with_this_door() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(PROGRESS);
        assert_eq!(Progress::read(&path, "a").held, 0);
        let mut progress = Progress::read(&path, "a");
        progress.held = 17;
        progress.keep(&path).expect("kept");
        assert_eq!(Progress::read(&path, "a").held, 17);
        // What an older door held says nothing of this one.
        assert_eq!(Progress::read(&path, "b").held, 0);
        std::fs::write(&path, "{").expect("written");
        assert_eq!(Progress::read(&path, "a").held, 0);
    }

    #[test]
    fn after_a_cut_there_is_what_was_acknowledged_or_what_was_begun() {
        let changes = [Change { made: 2..5, to: 'b' }, Change { made: 7..9, to: 'c' }];
        let possible = |moment| possible('a', &changes, &moment);
        assert_eq!(possible(0..2), ['a']);
        assert_eq!(possible(2..3), ['a', 'b']);
        assert_eq!(possible(4..4), ['a', 'b']);
        assert_eq!(possible(5..7), ['b']);
        assert_eq!(possible(5..8), ['b', 'c']);
        // Nothing lasts that was acknowledged after the last flush.
        assert_eq!(possible(4..9), ['a', 'b', 'c']);
        assert_eq!(possible(9..9), ['c']);
    }
}
