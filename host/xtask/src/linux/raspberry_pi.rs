//! A Raspberry Pi 3B, as far as QEMU has one: the lock hangs on GPIO17 of its own chip, whose register is read from outside.
//!
//! The button is one of the adapter, because nobody can press one of the chip in the emulator.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::guest::Line;
use super::machine::{Monitor, Parts};
use super::steps::Trial;

/// The levels of the first 32 lines (GPLEV0).
const LEVELS: u32 = 0x3f20_0034;

/// The number of the lock's line.
const LOCK: u32 = 17;

/// How long a line may take. The computer is emulated.
const PATIENCE: Duration = Duration::from_secs(120);

/// The door's configuration.
pub fn config() -> String {
    super::CONFIG.replace("lock = \"/dev/adapter:0\"", "lock = \"GPIO17\"")
}

/// Boots it, opens the lock with the button, and kills the door while it is open.
///
/// # Errors
/// It does not boot, or the line does not change.
pub fn run(parts: &Parts<'_>, state: &Path) -> anyhow::Result<()> {
    let mut trial = Trial::boot(parts.raspberry_pi()?, state)?;
    let mut monitor = trial.machine.monitor()?;
    let (code, said) = trial.guest.run("/usr/bin/postern-door --check")?;
    print!("{said}");
    ensure!(code == 0, "the check ended with {code}");
    trial.start()?;
    trial.postern(&["board", "status"])?;
    ensure!(!is_high(&mut monitor)?, "GPIO17 is high before anybody comes");
    trial.guest.set(Line::Exit, true)?;
    until(&mut monitor, true)?;
    trial.guest.set(Line::Exit, false)?;
    println!("  GPIO17 is high: the exit button opened the lock");
    trial.guest.ask("signal KILL", &[])?;
    until(&mut monitor, false)?;
    println!("  GPIO17 is low: the door was killed, and its keeper locked");
    Ok(())
}

fn is_high(monitor: &mut Monitor) -> anyhow::Result<bool> {
    Ok(monitor.word(LEVELS)? >> LOCK & 1 == 1)
}

fn until(monitor: &mut Monitor, high: bool) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    while is_high(monitor)? != high {
        ensure!(
            Instant::now() < until,
            "GPIO17 is not {} after {} s",
            if high { "high" } else { "low" },
            PATIENCE.as_secs()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
