//! The first process of the virtual computer, `tests/guest`, as seen from this computer. Its `control` lists the requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::machine::Machine;

/// How long the computer may take to boot, and for any answer. It is emulated, and this computer may be busy.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// The lines of the adapter, as the door's configuration has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The lock's relay.
    Lock = 0,
    /// The alarm.
    Alarm = 3,
    /// The pairing button.
    Pairing = 4,
    /// The exit button.
    Exit = 5,
    /// The switch of the cover.
    Cover = 7,
}

/// The first process.
pub struct Guest(BufReader<TcpStream>);

impl Guest {
    /// Waits until the computer has booted.
    ///
    /// # Errors
    /// It ends, or does not boot.
    pub fn of(machine: &mut Machine) -> anyhow::Result<Self> {
        let until = Instant::now() + PATIENCE;
        loop {
            machine.check()?;
            // The emulator listens from its start, and hangs up as long as nobody listens inside.
            if let Ok(mut guest) = Self::connect(machine.control())
                && guest.ask("said", &[]).is_ok()
            {
                return Ok(guest);
            }
            if Instant::now() > until {
                bail!("the virtual computer does not boot; its console says\n{}", machine.said());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn connect(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request, and returns the answer.
    ///
    /// # Errors
    /// The answer is an error.
    pub fn ask(&mut self, request: &str, bytes: &[u8]) -> anyhow::Result<String> {
        writeln!(self.0.get_mut(), "{request}")?;
        self.0.get_mut().write_all(bytes)?;
        let mut head = String::new();
        let read = self.0.read_line(&mut head).with_context(|| format!("no answer to `{request}`"))?;
        ensure!(read > 0, "the first process hung up");
        let (word, length) = head.trim_end().split_once(' ').context("the first process does not answer")?;
        let mut text = vec![0; length.parse()?];
        self.0.read_exact(&mut text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        ensure!(word == "ok", "{request}: {text}");
        Ok(text)
    }

    /// Drives an input.
    pub fn set(&mut self, line: Line, high: bool) -> anyhow::Result<()> {
        self.ask(&format!("set {} {}", line as u8, u8::from(high)), &[]).map(|_| ())
    }

    /// Whether a line is high.
    pub fn is_high(&mut self, line: Line) -> anyhow::Result<bool> {
        Ok(self.ask(&format!("level {}", line as u8), &[])? == "1")
    }

    /// Waits until a line has this level.
    ///
    /// # Errors
    /// It does not come.
    pub fn wait(&mut self, line: Line, high: bool, patience: Duration) -> anyhow::Result<()> {
        let request = format!("wait {} {} {}", line as u8, u8::from(high), patience.as_millis());
        let level = if high { "high" } else { "low" };
        ensure!(
            self.ask(&request, &[])? == "1",
            "the line of {line:?} is not {level} after {} s",
            patience.as_secs()
        );
        Ok(())
    }

    /// Presses a button until `line` is high.
    ///
    /// # Errors
    /// It does not come.
    pub fn press_until_high(&mut self, button: Line, line: Line) -> anyhow::Result<()> {
        self.set(button, true)?;
        let came = self.wait(line, true, PATIENCE / 2);
        self.set(button, false)?;
        came
    }

    /// Shows the first of these frames.
    pub fn show(&mut self, frames: &[Vec<u8>]) -> anyhow::Result<()> {
        self.ask(&format!("show {}", frames.len()), &frames.concat()).map(|_| ())
    }

    /// All that the door said.
    pub fn said(&mut self) -> anyhow::Result<String> {
        self.ask("said", &[])
    }

    /// Waits until the door has said this, after the first `from` bytes of what it said.
    ///
    /// # Errors
    /// It does not.
    pub fn wait_for(&mut self, what: &str, from: usize) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let said = self.said()?;
            if said.get(from..).is_some_and(|said| said.contains(what)) {
                return Ok(());
            }
            ensure!(Instant::now() < until, "the door does not say `{what}`, but\n{said}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a program: its exit code, and what it says.
    pub fn run(&mut self, command: &str) -> anyhow::Result<(i32, String)> {
        let answer = self.ask(&format!("run {command}"), &[])?;
        let (code, said) = answer.split_once('\n').context("no exit code")?;
        Ok((code.parse()?, said.to_owned()))
    }
}
