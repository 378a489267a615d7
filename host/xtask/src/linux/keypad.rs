//! A PIN that is typed on a USB keypad, which the emulator has: the door opens, and it has the keypad for itself.
//!
//! The keys go the way of a real keypad: USB, the kernel's drivers, evdev. It is unplugged and plugged in again, too.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::guest::Line;
use super::steps::Trial;
use super::visitors::Decision;
use super::{KNOWN, heading, moving};

/// The PIN, and another one.
const PIN: &str = "2468";
const WRONG: &str = "1357";

/// Where the digits are, as the emulator names the keys.
#[derive(Clone, Copy)]
enum Digits {
    /// The upper row of a keyboard, and its enter key.
    Row,
    /// The block of digits, and its enter key.
    Block,
}

/// How long the log may take to tell of a PIN.
const PATIENCE: Duration = Duration::from_secs(300);

/// A known person types a wrong PIN, and then theirs, also after the keypad was unplugged.
///
/// # Errors
/// The door opens without the PIN, or does not open by it.
pub fn run(trial: &mut Trial) -> anyhow::Result<()> {
    // Pictures of somebody who stands still would lock them out.
    trial.postern(&["settings", "--pin-time", "120", "--failures", "100"])?;
    let mut rule = trial.command(&["rule", KNOWN, "--pin"])?;
    let mut rule = rule.stdin(Stdio::piped()).stdout(Stdio::inherit()).spawn()?;
    let mut input = rule.stdin.take().context("postern rule reads no PIN")?;
    writeln!(input, "{PIN}")?;
    drop(input);
    ensure!(rule.wait()?.success(), "postern rule did not succeed");

    asked_for_the_pin(trial)?;
    types(trial, WRONG, Digits::Row)?;
    refused(trial)?;
    ensure!(!trial.guest.is_high(Line::Lock)?, "the lock is open after a wrong PIN");
    // The PIN is still asked for.
    types(trial, PIN, Digits::Block)?;
    opened(trial)?;

    heading("the keypad is unplugged, and plugged in again");
    let from = trial.guest.said()?.len();
    let mut monitor = trial.machine.monitor()?;
    monitor.unplug_keypad()?;
    trial.guest.wait_for("is gone", from)?;
    monitor.plug_in_keypad()?;
    trial.guest.wait_for("is back", from)?;
    drop(monitor);
    asked_for_the_pin(trial)?;
    types(trial, PIN, Digits::Row)?;
    opened(trial)?;
    trial.postern(&["rule", KNOWN, "--no-pin"])
}

/// A face is not enough: the door waits for the PIN.
fn asked_for_the_pin(trial: &mut Trial) -> anyhow::Result<()> {
    let requested = Decision::PinRequested(KNOWN.to_owned());
    let decision = trial.visit_again(&moving("obama2.jpg")?.join("bona-fide/1"), &requested)?;
    ensure!(decision == requested, "no PIN is asked for: {decision:?}");
    ensure!(!trial.guest.is_high(Line::Lock)?, "the lock is open before the PIN");
    // They turn to the keypad. A face that stands still would be refused again and again, until it is locked out.
    trial.nobody()
}

/// Waits for the log to tell of a wrong PIN.
fn refused(trial: &Trial) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    while !trial.answers(&["log"])?.iter().any(|entry| entry["reason"] == "wrong-pin") {
        ensure!(Instant::now() < until, "the log does not tell of a wrong PIN");
        std::thread::sleep(Duration::from_secs(1));
    }
    println!("  {WRONG} is refused");
    Ok(())
}

fn opened(trial: &mut Trial) -> anyhow::Result<()> {
    trial.guest.wait(Line::Lock, true, PATIENCE).context("the PIN does not open")?;
    println!("  {PIN} opens");
    trial.relocks()
}

/// Types a PIN, and the key that ends it.
fn types(trial: &Trial, pin: &str, digits: Digits) -> anyhow::Result<()> {
    let mut monitor = trial.machine.monitor()?;
    let end = match digits {
        Digits::Row => "ret",
        Digits::Block => "kp_enter",
    };
    for digit in pin.chars() {
        match digits {
            Digits::Row => monitor.press(&digit.to_string())?,
            Digits::Block => monitor.press(&format!("kp_{digit}"))?,
        }
    }
    monitor.press(end)
}
