//! What the host asks for, over TCP: a line for a request, `ok LENGTH` or `error LENGTH` and so many bytes for an answer.
//!
//! | request | what is done, and answered |
//! |---|---|
//! | `set LINE 0` or `1` | drives an input of the adapter |
//! | `level LINE` | `0` or `1` |
//! | `wait LINE LEVEL MILLISECONDS` | waits for the level; `1` if it came |
//! | `show COUNT`, and the pictures | what stands before the camera: the first of them |
//! | `next` | the next of them; after the last the first |
//! | `start` | starts the door, or its service |
//! | `signal NAME` | to the door: KILL, STOP, CONT, TERM |
//! | `fault NAME LINE` | the same while the line is high; the milliseconds until it is low |
//! | `said` | all that the door said so far |
//! | `run PROGRAM ARGUMENTS` | the exit code, and all that the program says |

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use crate::adapter::Adapter;
use crate::door::Door;
use crate::scene::{PICTURE, Scene};

/// The port.
const PORT: u16 = 7701;

/// How long the lock may take to lock after a fault before that counts as never. What is promised is far less.
const PATIENCE: Duration = Duration::from_secs(60);

/// Most pictures of a sequence.
const MOST_PICTURES: usize = 1_000;

/// What is around the door.
pub struct Surroundings {
    /// The lines.
    pub adapter: Adapter,
    /// What stands before the camera.
    pub scene: Scene,
    /// The door's process.
    pub door: Door,
}

/// A request.
#[derive(Debug, PartialEq, Eq)]
enum Request<'a> {
    Set(u32, bool),
    Level(u32),
    Wait(u32, bool, Duration),
    Show(usize),
    Next,
    Start,
    Signal(Signal),
    Fault(Signal, u32),
    Said,
    Run(Vec<&'a str>),
}

/// Answers hosts for ever.
///
/// # Errors
/// The port cannot be had.
pub fn serve(surroundings: &Arc<Surroundings>) -> io::Result<std::convert::Infallible> {
    let listener = TcpListener::bind(("0.0.0.0", PORT))?;
    loop {
        let (stream, _) = listener.accept()?;
        let surroundings = surroundings.clone();
        std::thread::spawn(move || {
            if let Err(error) = converse(&surroundings, stream) {
                eprintln!("guest: a host: {error}");
            }
        });
    }
}

fn converse(surroundings: &Surroundings, stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut writer, mut line) = (stream, String::new());
    while reader.read_line(&mut line)? > 0 {
        let answer = match Request::of(line.trim_end()) {
            Some(request) => surroundings.answer(request, &mut reader),
            None => Err(io::Error::other(format!("no such request: {line}"))),
        };
        let (word, text) = match answer {
            Ok(text) => ("ok", text),
            Err(error) => ("error", error.to_string()),
        };
        write!(writer, "{word} {}\n{text}", text.len())?;
        line.clear();
    }
    Ok(())
}

impl<'a> Request<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let level = |word: &str| match word {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        let line = |word: &str| word.parse().ok().filter(|line| *line < 8);
        Some(match words[..] {
            ["set", number, to] => Self::Set(line(number)?, level(to)?),
            ["level", number] => Self::Level(line(number)?),
            ["wait", number, to, patience] => {
                Self::Wait(line(number)?, level(to)?, Duration::from_millis(patience.parse().ok()?))
            }
            ["show", count] => Self::Show(count.parse().ok().filter(|count| *count <= MOST_PICTURES)?),
            ["next"] => Self::Next,
            ["start"] => Self::Start,
            ["signal", name] => Self::Signal(signal(name)?),
            ["fault", name, number] => Self::Fault(signal(name)?, line(number)?),
            ["said"] => Self::Said,
            ["run", ref program @ ..] if !program.is_empty() => Self::Run(program.to_vec()),
            _ => return None,
        })
    }
}

fn signal(name: &str) -> Option<Signal> {
    Some(match name {
        "KILL" => Signal::KILL,
        "STOP" => Signal::STOP,
        "CONT" => Signal::CONT,
        "TERM" => Signal::TERM,
        _ => return None,
    })
}

impl Surroundings {
    fn answer(&self, request: Request<'_>, reader: &mut impl Read) -> io::Result<String> {
        let digit = |is_high: bool| u8::from(is_high).to_string();
        Ok(match request {
            Request::Set(line, high) => {
                self.adapter.set(line, high);
                String::new()
            }
            Request::Level(line) => digit(self.adapter.is_high(line)),
            Request::Wait(line, high, patience) => digit(self.adapter.wait(line, high, patience)),
            Request::Show(count) => {
                let mut pictures = vec![0; count * PICTURE];
                reader.read_exact(&mut pictures)?;
                self.scene.show(&pictures);
                String::new()
            }
            Request::Next => {
                self.scene.next();
                String::new()
            }
            Request::Start => {
                self.door.start()?;
                String::new()
            }
            Request::Signal(signal) => {
                kill_process(self.door.pid()?, signal)?;
                String::new()
            }
            Request::Fault(signal, line) => self.fault(signal, line)?.as_millis().to_string(),
            Request::Said => self.door.said()?,
            Request::Run(words) => {
                let ran = Command::new(words[0]).args(&words[1..]).output()?;
                let [out, error] =
                    [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                format!("{}\n{out}{error}", ran.status.code().unwrap_or(-1))
            }
        })
    }

    /// Sends the door a signal while a line is high, and says how long the line stays so.
    fn fault(&self, signal: Signal, line: u32) -> io::Result<Duration> {
        let (door, changes) = (self.door.pid()?, self.adapter.changes().len());
        let start = Instant::now();
        kill_process(door, signal)?;
        // A line that fell before the signal came says nothing.
        if !self.adapter.is_high(line) && self.adapter.changes().len() == changes {
            return Err(io::Error::other("the line is low"));
        }
        if !self.adapter.wait(line, false, PATIENCE) {
            return Err(io::Error::other(format!("the line stays high for {} s", PATIENCE.as_secs())));
        }
        let fell = self.adapter.changes()[changes..]
            .iter()
            .find(|change| change.line == line && !change.high)
            .copied();
        let fell = fell.ok_or_else(|| io::Error::other("the line was low before"))?;
        Ok(fell.at.saturating_duration_since(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_and_others_are_none() {
        assert_eq!(Request::of("set 5 1"), Some(Request::Set(5, true)));
        assert_eq!(Request::of("wait 0 0 1500"), Some(Request::Wait(0, false, Duration::from_millis(1500))));
        assert_eq!(Request::of("fault KILL 0"), Some(Request::Fault(Signal::KILL, 0)));
        assert_eq!(Request::of("run a -b"), Some(Request::Run(vec!["a", "-b"])));
        for line in ["", "set 8 1", "set 5 2", "show 1001", "signal HUP", "run", "level"] {
            assert_eq!(Request::of(line), None, "{line}");
        }
    }
}
