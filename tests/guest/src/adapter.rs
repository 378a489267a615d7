//! A USB adapter with eight GPIO lines, which is a program: the CP2112 of Silicon Labs, over `/dev/uhid`.
//!
//! Debian's kernels have no `gpio-sim`. They have the driver of this adapter, `hid-cp2112`, and that makes a real
//! `/dev/gpiochipN` of what answers here (Silicon Labs, AN495):
//!
//! ```text
//! report 2   feature   directions (1 is an output), push-pull, special function, clock
//! report 3   feature   read: the levels of all lines
//! report 4   feature   written: levels, mask
//! report 5   feature   read: part number, version
//! report 6   feature   the adapter's I2C side, which nobody uses
//! ```
//! Each line whose level the driver changes is noted with its time.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::setup::about;

/// The path under which the door's configuration names the chip, whatever its number is.
pub const CHIP: &str = "/dev/adapter";

/// How long the driver may take to find the adapter.
const PATIENCE: Duration = Duration::from_secs(60);

/// Kinds of a `struct uhid_event`, by the kernel's `uhid.h`.
const GET_REPORT: u32 = 9;
const GET_REPORT_REPLY: u32 = 10;
const CREATE2: u32 = 11;
const SET_REPORT: u32 = 13;
const SET_REPORT_REPLY: u32 = 14;

/// Bytes of the largest event: a kind, and the descriptor of a device.
const EVENT: usize = 4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + 4096;

/// The lines.
#[derive(Debug, Default)]
struct Lines {
    directions: u8,
    drive: u8,
    levels: u8,
    changes: Vec<Change>,
}

/// A line that the driver drove to another level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub line: u32,
    /// Its level since then.
    pub high: bool,
    /// When.
    pub at: Instant,
}

/// The adapter. Clones are the same one.
#[derive(Clone)]
pub struct Adapter(Arc<(Mutex<Lines>, Condvar)>);

impl Adapter {
    /// Plugs it in, and waits for the chip that the driver makes of it.
    ///
    /// # Errors
    /// There is no `/dev/uhid`, or no chip comes.
    pub fn plug_in() -> io::Result<Self> {
        let before = chips()?;
        let path = "/dev/uhid";
        let mut device =
            File::options().read(true).write(true).open(path).map_err(|error| about(path, error))?;
        device.write_all(&create())?;
        let adapter = Self(Arc::default());
        let answering = adapter.clone();
        std::thread::spawn(move || {
            let error = answering.answer(&mut device);
            eprintln!("guest: the adapter is gone: {error:?}");
        });
        let until = Instant::now() + PATIENCE;
        let chip = loop {
            if let Some(chip) = chips()?.into_iter().find(|chip| !before.contains(chip)) {
                break chip;
            }
            if Instant::now() > until {
                return Err(io::Error::other("hid-cp2112 made no chip of the adapter"));
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        std::os::unix::fs::symlink(chip, CHIP)?;
        Ok(adapter)
    }

    /// Answers the driver, until the device fails.
    fn answer(&self, device: &mut File) -> io::Result<()> {
        let mut event = vec![0; EVENT];
        loop {
            let length = device.read(&mut event)?;
            let reply = self.lines(|lines| lines.reply(&event[..length], Instant::now()));
            self.0.1.notify_all();
            if let Some(reply) = reply {
                device.write_all(&reply)?;
            }
        }
    }

    fn lines<T>(&self, with: impl FnOnce(&mut Lines) -> T) -> T {
        with(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Drives an input, as a button does.
    pub fn set(&self, line: u32, high: bool) {
        self.lines(|lines| lines.levels = lines.levels & !(1 << line) | u8::from(high) << line);
    }

    /// Whether a line is high.
    pub fn is_high(&self, line: u32) -> bool {
        self.lines(|lines| lines.levels >> line & 1 == 1)
    }

    /// What the driver changed.
    pub fn changes(&self) -> Vec<Change> {
        self.lines(|lines| lines.changes.clone())
    }

    /// Waits until a line has this level. `false` if it does not come so far.
    pub fn wait(&self, line: u32, high: bool, patience: Duration) -> bool {
        let (lines, changed) = &*self.0;
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        let other = |lines: &mut Lines| (lines.levels >> line & 1 == 1) != high;
        let waited = changed.wait_timeout_while(lines, patience, other);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Lines {
    /// The reply to an event of the driver; `None` if it wants none.
    fn reply(&mut self, event: &[u8], now: Instant) -> Option<Vec<u8>> {
        let word = |at: usize| Some(u32::from_ne_bytes(event.get(at..at + 4)?.try_into().ok()?));
        let number = word(4)?;
        match word(0)? {
            GET_REPORT => Some(event_of(GET_REPORT_REPLY, number, self.report(*event.get(8)?))),
            SET_REPORT => {
                // After the number: the report's number, its kind, its size, its bytes.
                self.set_report(event.get(12..)?, now);
                Some(event_of(SET_REPORT_REPLY, number, Vec::new()))
            }
            _ => None,
        }
    }

    /// The bytes of a report.
    fn report(&self, number: u8) -> Vec<u8> {
        match number {
            2 => vec![2, self.directions, self.drive, 0, 0],
            3 => vec![3, self.levels],
            5 => vec![5, 0x0c, 1],
            6 => [&[6][..], &[0; 13]].concat(),
            _ => vec![number, 0],
        }
    }

    fn set_report(&mut self, bytes: &[u8], now: Instant) {
        match *bytes {
            [2, directions, drive, ..] => (self.directions, self.drive) = (directions, drive),
            [4, levels, mask, ..] => {
                let mask = mask & self.directions;
                let driven = self.levels & !mask | levels & mask;
                for line in (0..8).filter(|line| (driven ^ self.levels) >> line & 1 == 1) {
                    self.changes.push(Change { line, high: driven >> line & 1 == 1, at: now });
                }
                self.levels = driven;
            }
            _ => {}
        }
    }
}

/// An event to the kernel: its kind, the number of what it answers, no error, and the bytes of a report.
fn event_of(kind: u32, number: u32, report: Vec<u8>) -> Vec<u8> {
    let mut event = [kind.to_ne_bytes(), number.to_ne_bytes()].concat();
    event.extend([0, 0]);
    if kind == GET_REPORT_REPLY {
        event.extend((report.len() as u16).to_ne_bytes());
        event.extend(report);
    }
    event
}

/// The event that makes the device: its names, its numbers, and the descriptor of its reports.
fn create() -> Vec<u8> {
    let descriptor = descriptor();
    let mut event = CREATE2.to_ne_bytes().to_vec();
    let mut name = [0; 128 + 64 + 64];
    name[..7].copy_from_slice(b"adapter");
    event.extend(name);
    event.extend((descriptor.len() as u16).to_ne_bytes());
    const USB: u16 = 3;
    event.extend(USB.to_ne_bytes());
    // Vendor, product, version, country.
    for word in [0x10c4u32, 0xea90, 0, 0] {
        event.extend(word.to_ne_bytes());
    }
    event.extend(descriptor);
    event
}

/// The descriptor: a vendor's page, with the feature reports and their bytes.
fn descriptor() -> Vec<u8> {
    let mut bytes = vec![0x06, 0, 0xff, 0x09, 1, 0xa1, 1];
    for (report, length) in [(2, 4), (3, 1), (4, 2), (5, 2), (6, 13), (0x20, 1)] {
        bytes.extend([0x85, report, 0x95, length, 0x75, 8, 0x26, 0xff, 0, 0x15, 0, 0x09, report, 0xb1, 2]);
    }
    bytes.push(0xc0);
    bytes
}

/// The GPIO chips that there are.
fn chips() -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(Path::new("/dev"))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.to_string_lossy().starts_with("/dev/gpiochip")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the driver sends: kind, number, the report's number and kind, and on a write the size and the bytes.
    fn event(kind: u32, report: &[u8]) -> Vec<u8> {
        let mut event = [kind.to_ne_bytes(), 77u32.to_ne_bytes()].concat();
        event.extend([report[0], 0]);
        event.extend((report.len() as u16).to_ne_bytes());
        event.extend(report);
        event
    }

    #[test]
    fn outputs_are_driven_by_the_driver_alone_and_inputs_by_the_test_alone() {
        let (mut lines, now) = (Lines::default(), Instant::now());
        // Line 0 is an output. Lines 0 and 5 are written, and only line 0 obeys.
        lines.reply(&event(SET_REPORT, &[2, 1, 1, 0, 0]), now).expect("a reply");
        let reply = lines.reply(&event(SET_REPORT, &[4, 0b10_0001, 0b10_0001]), now).expect("a reply");
        assert_eq!(reply, [14, 0, 0, 0, 77, 0, 0, 0, 0, 0]);
        assert_eq!(lines.changes, [Change { line: 0, high: true, at: now }]);
        lines.levels |= 1 << 5;
        let reply = lines.reply(&event(GET_REPORT, &[3]), now).expect("a reply");
        assert_eq!(reply, [10, 0, 0, 0, 77, 0, 0, 0, 0, 0, 2, 0, 3, 0b10_0001]);
        // What is written again is no change.
        lines.reply(&event(SET_REPORT, &[4, 1, 1]), now).expect("a reply");
        assert_eq!(lines.changes.len(), 1);
    }

    #[test]
    fn an_event_that_is_cut_is_not_answered() {
        let mut lines = Lines::default();
        for length in 0..9 {
            assert_eq!(lines.reply(&event(GET_REPORT, &[3])[..length], Instant::now()), None, "{length}");
        }
    }
}
