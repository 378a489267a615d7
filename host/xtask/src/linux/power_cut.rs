//! The computer is killed in the middle of an enrolment, at several moments. Then the door boots, and has lost nothing that
//! it acknowledged.
//!
//! A moment is a number of writes to the disk since the enrolment began: a time would hit another place on each computer. The
//! emulator counts them, refuses the next one, and stops the computer there; so it does not matter how fast this computer is
//! and what else it does. Then the stopped computer is killed. What it had not yet written is lost with its memory. What it
//! had written is not, because the emulator's own computer goes on; [`every_write`](super::every_write) tries what a disk can
//! lose besides.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::machine::{Clock, Parts};
use super::picture;
use super::steps::Trial;
use super::{KNOWN, heading};

/// Who is being enrolled when the power is cut.
const NEW: &str = "Joe";

/// How often the power is cut.
const CUTS: u64 = 8;

/// So many of them at least must come before the acknowledgement. Otherwise they were none in the middle.
const IN_THE_MIDDLE: usize = 4;

/// How long the enrolment may take, and how long its command may take to see that the computer is gone.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// How often it is looked whether the computer stands still.
const LOOK: Duration = Duration::from_millis(50);

/// Cuts the power at several moments.
///
/// # Errors
/// The door does not boot, or has lost something.
pub fn run(parts: &Parts<'_>, disk: &Path, mut trial: Trial) -> anyhow::Result<()> {
    let photo = picture("biden.jpg");
    let mut monitor = trial.machine.monitor()?;
    let mut all = 0;
    // The first one may erase sectors that the next one finds erased.
    for _ in 0..2 {
        let before = monitor.writes()?;
        trial.postern(&["enroll", NEW, &photo])?;
        all = monitor.writes()? - before;
        trial.postern(&["remove", NEW])?;
    }
    ensure!(all > 0, "an enrolment writes nothing to the disk");
    drop(monitor);
    let mut in_the_middle = 0;
    for number in 0..CUTS {
        let writes = (all * number / (CUTS - 1)).max(1);
        heading(&format!("power cut {} of {CUTS}: after {writes} of some {all} writes", number + 1));
        let mut monitor = trial.machine.monitor()?;
        monitor.cut_after(writes)?;
        let mut enrol = trial.command(&["enroll", NEW, &photo])?;
        let mut enrol = enrol.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let until = Instant::now() + PATIENCE;
        let is_cut = loop {
            let ended = enrol.try_wait()?;
            // Looked at after the command, so that a cut before its end is seen.
            if monitor.is_cut()? || ended.is_some() {
                break ended.is_none();
            }
            ensure!(Instant::now() < until, "the enrolment does not end");
            std::thread::sleep(LOOK);
        };
        // One that is refused is not in the middle of anything.
        if !is_cut && !enrol.wait()?.success() {
            let mut said = String::new();
            enrol.stderr.take().context("it says nothing")?.read_to_string(&mut said)?;
            bail!("the enrolment is refused: {said}");
        }
        let Trial { machine, state, .. } = trial;
        machine.kill()?;
        // A command that is still waiting has no acknowledgement.
        let until = Instant::now() + PATIENCE;
        while enrol.try_wait()?.is_none() && Instant::now() < until {
            std::thread::sleep(LOOK);
        }
        let _ = enrol.kill();
        let acknowledged = enrol.wait()?.success();
        in_the_middle += usize::from(!acknowledged);
        // In between, a computer whose clock stands at 1970.
        let clock = if number == 2 { Clock::Unset } else { Clock::Set };
        trial = Trial::boot(parts.virt(disk, clock)?, &state)?;
        trial.start()?;
        let people = trial.people()?;
        println!("  acknowledged: {acknowledged}; the door knows {}", people.join(", "));
        ensure!(people.iter().any(|name| name == KNOWN), "{KNOWN} is lost");
        let is_there = people.iter().any(|name| name == NEW);
        ensure!(is_there || !acknowledged, "{NEW} was acknowledged and is lost");
        trial.postern(&["verify", KNOWN, &picture("obama3.jpg")]).context("the template is damaged")?;
        if is_there {
            trial.postern(&["verify", NEW, &photo]).context("the template is damaged")?;
        } else {
            // Half of somebody would be in the way.
            trial.postern(&["enroll", NEW, &photo]).context("half of an enrolment is left")?;
        }
        trial.postern(&["remove", NEW])?;
        trial.postern(&["log", "verify"])?;
    }
    ensure!(
        in_the_middle >= IN_THE_MIDDLE,
        "only {in_the_middle} of the cuts came before the acknowledgement"
    );
    Ok(())
}
