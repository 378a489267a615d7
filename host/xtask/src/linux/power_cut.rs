//! The computer is killed in the middle of an enrolment, at several moments. Then the door boots, and has lost nothing that
//! it acknowledged.
//!
//! A moment is a number of writes to the disk since the enrolment began, as the emulator counts them: a time would hit
//! another place on each computer. The disk is made slow, so that the moment is hit and the enrolment not yet over. What
//! the computer had not yet written is lost with its memory. What it had written is not, because the emulator's own computer
//! goes on; [`every_write`](super::every_write) tries what a disk can lose besides.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::machine::{Clock, Parts};
use super::picture;
use super::steps::Trial;
use super::{KNOWN, heading};

/// Who is being enrolled when the power is cut.
const NEW: &str = "Joe";

/// How many writes a second the disk makes.
const WRITES: u32 = 200;

/// How often the power is cut.
const CUTS: u64 = 8;

/// So many of them at least must come before the acknowledgement. Otherwise they were none in the middle.
const IN_THE_MIDDLE: usize = 4;

/// How often an enrolment may be refused before its cut, on a busy computer.
const TRIES: u32 = 20;

/// How long the enrolment may take, and how long its command may take to see that the computer is gone.
const PATIENCE: Duration = Duration::from_secs(300);

/// Cuts the power at several moments.
///
/// # Errors
/// The door does not boot, or has lost something.
pub fn run(parts: &Parts<'_>, disk: &Path, mut trial: Trial) -> anyhow::Result<()> {
    let photo = picture("biden.jpg");
    let mut monitor = trial.machine.monitor()?;
    monitor.slow_disk(WRITES)?;
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
    let (mut number, mut refused) = (0, 0);
    while number < CUTS {
        let writes = (all * number / (CUTS - 1)).max(1);
        heading(&format!("power cut {} of {CUTS}: after {writes} of some {all} writes", number + 1));
        let mut monitor = trial.machine.monitor()?;
        monitor.slow_disk(WRITES)?;
        let cut_at = monitor.writes()? + writes;
        let mut enrol = trial.command(&["enroll", NEW, &photo])?;
        let mut enrol = enrol.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let until = Instant::now() + PATIENCE;
        while monitor.writes()? < cut_at && enrol.try_wait()?.is_none() {
            ensure!(Instant::now() < until, "the enrolment does not end");
        }
        // One that was refused before the cut is not in the middle of anything: the virtual computer stood still, say.
        if enrol.try_wait()?.is_some_and(|ended| !ended.success()) {
            refused += 1;
            ensure!(refused < TRIES, "the enrolment is refused");
            println!("  the enrolment was refused before: once more");
            continue;
        }
        let Trial { machine, state, .. } = trial;
        machine.kill()?;
        // A command that is still waiting has no acknowledgement.
        let until = Instant::now() + PATIENCE;
        while enrol.try_wait()?.is_none() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
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
        number += 1;
    }
    ensure!(
        in_the_middle >= IN_THE_MIDDLE,
        "only {in_the_middle} of the cuts came before the acknowledgement"
    );
    Ok(())
}
