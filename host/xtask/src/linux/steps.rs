//! What is tried in the virtual computer, step by step. Each step says what it found, and the first that fails ends the task.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

use super::ENCODER;
use super::guest::{Guest, Line};
use super::machine::Machine;
use super::visitors::{self, Decision, Events};
use crate::images;

/// What docs/linux.md promises: the lock is locked within this time after the door dies or hangs.
pub const LOCKED_WITHIN: u128 = 1_500;

/// How often a fault is tried before a lock that stays open for longer counts.
pub const ATTEMPTS: u32 = 5;

/// How often somebody who is enrolled comes to the door until they are let in.
const VISITS: u32 = 3;

/// What the door writes before the code of a pairing.
const CODE: &str = "pairing: ";

/// A line may take this long to change; the computer is emulated.
const PATIENCE: Duration = Duration::from_secs(120);

/// The virtual computer and its door, from outside and from inside.
pub struct Trial {
    /// The computer.
    pub machine: Machine,
    /// Its first process.
    pub guest: Guest,
    /// Where the command line keeps what it knows of the door.
    pub state: PathBuf,
}

impl Trial {
    /// Boots a computer.
    ///
    /// # Errors
    /// As [`Guest::of`].
    pub fn boot(mut machine: Machine, state: &Path) -> anyhow::Result<Self> {
        let guest = Guest::of(&mut machine)?;
        Ok(Self { machine, guest, state: state.to_owned() })
    }

    /// Starts the door, and waits until it runs.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.guest.ask("start", &[])?;
        self.guest.wait_for("the door runs", 0)
    }

    /// A command of the command line to this door, printed.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        println!("$ postern {}", arguments.join(" "));
        let mut command = images::postern(arguments)?;
        command.arg("--device").arg(self.machine.door()).arg("--state").arg(&self.state);
        Ok(command)
    }

    /// Runs a command that must succeed.
    pub fn postern(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let status = self.command(arguments)?.status()?;
        ensure!(status.success(), "postern {} did not succeed", arguments[0]);
        Ok(())
    }

    /// Runs a command that must succeed, and returns what it says as JSON.
    pub fn answers(&self, arguments: &[&str]) -> anyhow::Result<Vec<serde_json::Value>> {
        let said = crate::process::captured(self.command(arguments)?.arg("--json"), None)?;
        said.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// The names of the people that the door knows.
    pub fn people(&self) -> anyhow::Result<Vec<String>> {
        let answers = self.answers(&["users"])?;
        let people = answers.iter().filter_map(|answer| answer["people"].as_array()).flatten();
        Ok(people.filter_map(|person| person["name"].as_str()).map(str::to_owned).collect())
    }

    /// The door's template of a photograph has the same bytes as that of this computer.
    pub fn same_template(&self, photo: &str) -> anyhow::Result<()> {
        let template = |answers: Vec<serde_json::Value>| {
            let template = answers.first().and_then(|answer| answer["template"].as_array().cloned());
            template.context("postern embed gives no template")
        };
        let of_door = template(self.answers(&["embed", photo])?)?;
        let here = template(self.answers(&["embed", photo, "--on", "host", "--encoder", ENCODER])?)?;
        ensure!(of_door == here, "the template is\n{of_door:?}\nand on this computer\n{here:?}");
        println!("  the same {} bytes as on this computer", here.len());
        Ok(())
    }

    /// Pairs: presses and holds the button when the command says so, and types the code that the door shows, as a person does.
    pub fn pair(&mut self) -> anyhow::Result<()> {
        let from = self.guest.said()?.len();
        let mut pair = self.command(&["pair"])?;
        let mut pair = pair.stdin(Stdio::piped()).stdout(Stdio::inherit()).stderr(Stdio::piped()).spawn()?;
        let mut typed = pair.stdin.take().context("postern pair reads nothing")?;
        let said = pair.stderr.take().context("postern pair says nothing")?;
        for line in BufReader::new(said).lines() {
            let line = line?;
            println!("  {line}");
            if line.contains("Type the code that the board shows") {
                self.guest.set(Line::Pairing, false)?;
                self.guest.wait_for(CODE, from)?;
                let said = self.guest.said()?;
                let code = said.get(from..).and_then(|said| said.split(CODE).nth(1)).unwrap_or_default();
                let digits = |c: &char| c.is_ascii_digit();
                writeln!(typed, "{}", code.chars().take_while(digits).collect::<String>())?;
            }
            if line.contains("Press the pairing button") || line.contains("Hold the pairing button") {
                self.guest.set(Line::Pairing, true)?;
            }
        }
        self.guest.set(Line::Pairing, false)?;
        ensure!(pair.wait()?.success(), "postern pair did not succeed");
        Ok(())
    }

    /// Shows the pictures at `path` to the door.
    pub fn visit(&mut self, path: &Path) -> anyhow::Result<Decision> {
        let frames = visitors::frames(path)?;
        let events = Events::of(self.command(&["watch", "--pictures"])?.arg("--json"))?;
        let decision = visitors::present(&mut self.guest, &events, &frames)?;
        drop(events);
        println!("  {}: {decision:?}", path.display());
        Ok(decision)
    }

    /// As [`Self::visit`], again until the door decides this, as somebody does who is refused. The computer is emulated, and on a
    /// busy one a head moves by leaps.
    pub fn visit_again(&mut self, path: &Path, until: &Decision) -> anyhow::Result<Decision> {
        let mut decision = self.visit(path)?;
        for _ in 1..VISITS {
            if decision == *until {
                break;
            }
            decision = self.visit(path)?;
        }
        Ok(decision)
    }

    /// Whoever stood at the door has gone from the picture.
    pub fn nobody(&mut self) -> anyhow::Result<()> {
        self.guest.show(&visitors::nobody()?)
    }

    /// The exit button opens, and the lock locks again by itself.
    pub fn exit_button(&mut self) -> anyhow::Result<()> {
        self.guest.press_until_high(Line::Exit, Line::Lock)?;
        self.relocks()
    }

    /// Waits until the lock is locked after somebody was let in.
    pub fn relocks(&mut self) -> anyhow::Result<()> {
        self.guest.wait(Line::Lock, false, PATIENCE)
    }

    /// The cover raises the alarm.
    pub fn tamper(&mut self) -> anyhow::Result<()> {
        self.guest.set(Line::Cover, true)?;
        self.guest.wait(Line::Alarm, true, PATIENCE)?;
        self.guest.set(Line::Cover, false)
    }

    /// Kills or stops the door while its lock is open. The keeper locks.
    pub fn fault(&mut self, signal: &str) -> anyhow::Result<()> {
        for attempt in 1.. {
            let from = self.guest.said()?.len();
            self.guest.press_until_high(Line::Exit, Line::Lock)?;
            let took: u128 = self.guest.ask(&format!("fault {signal} {}", Line::Lock as u8), &[])?.parse()?;
            println!("  locked {took} ms after SIG{signal}, by the clock of the virtual computer");
            if signal == "STOP" {
                self.guest.wait_for("the door is silent; locked", from)?;
                self.guest.ask("signal CONT", &[])?;
            } else {
                // It is started again.
                self.guest.wait_for("the door runs", from)?;
            }
            ensure!(!self.guest.is_high(Line::Lock)?, "the lock opened again");
            if took <= LOCKED_WITHIN {
                break;
            }
            // The clock of the virtual computer goes on while this computer does something else.
            ensure!(attempt < ATTEMPTS, "the lock was open for {took} ms after SIG{signal}");
        }
        Ok(())
    }

    /// All that the door has is in use. A second one is told so, and what to do.
    pub fn second_door(&mut self) -> anyhow::Result<()> {
        let (code, said) = self.guest.run("/usr/bin/postern-door --check")?;
        print!("{said}");
        ensure!(code == 2, "the check ended with {code}");
        for what in [
            "another door runs on /var/lib/postern-door/flash",
            "the line /dev/adapter:0 cannot be had",
            "the line /dev/adapter:5 cannot be had",
            "`gpioinfo` shows that",
            "the camera /dev/video0 cannot be used: another program uses it",
            "-event-kbd cannot be used: another program has it for itself",
            "cannot listen at tcp:0.0.0.0:7700",
        ] {
            ensure!(said.contains(what), "the check does not say `{what}`");
        }
        Ok(())
    }
}
