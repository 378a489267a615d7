//! A USB keypad through evdev: `struct input_event` to keys.
//!
//! ```text
//! a word      seconds
//! a word      microseconds
//! 2 bytes     type: 0 the end of a report, or (code 3) some were lost; 1 a key
//! 2 bytes     code of the key
//! 4 bytes     0 released, 1 pressed, 2 repeated by the kernel
//! ```
//! A word has the size of a pointer, also in a program of 32 bits whose times have 64.
//!
//! The door has the keypad for itself, so that digits go to no console. Only a press counts: a key that sticks is repeated
//! by the kernel, and types nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::ioctl::{Getter, IntegerSetter, Opcode, ioctl, opcode};

/// Bytes of an event.
pub const EVENT: usize = 2 * size_of::<usize>() + 8;

/// Bits for all keys that the kernel knows.
const KEYS: usize = 96;

/// `EVIOCGRAB`, and `EVIOCGBIT` for keys.
const GRAB: Opcode = opcode::write::<i32>(b'E', 0x90);
const HAS_KEYS: Opcode = opcode::read::<[u8; KEYS]>(b'E', 0x21);

const REPORT: u16 = 0;
const LOST: u16 = 3;
const KEY: u16 = 1;

const PRESSED: i32 = 1;
const RELEASED: i32 = 0;

const LEFT_SHIFT: u16 = 42;
const RIGHT_SHIFT: u16 = 54;

/// The codes of a digit: on the upper row, on the block of digits, and on a telephone.
fn codes(digit: u8) -> [u16; 3] {
    const BLOCK: [u16; 10] = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73];
    let upper = if digit == 0 { 11 } else { u16::from(digit) + 1 };
    [upper, BLOCK[usize::from(digit % 10)], 0x200 + u16::from(digit)]
}

/// What a key means to the door: digits; `#` for both enter keys, a telephone's pound and shift with 3; `*` for escape,
/// backspace, delete, the block's asterisk, a telephone's star and shift with 8.
fn meaning(code: u16, shift: bool) -> Option<u8> {
    match (code, shift) {
        (4, true) | (28 | 96 | 0x20b, _) => Some(b'#'),
        (9, true) | (1 | 14 | 111 | 55 | 0x20a, _) => Some(b'*'),
        (2..=11, true) => None,
        _ => (0..10).find(|digit| codes(*digit).contains(&code)).map(|digit| b'0' + digit),
    }
}

/// Makes keys of events.
#[derive(Debug, Default)]
pub struct Decoder {
    shift: [bool; 2],
    /// Events were lost, and this report is not whole.
    lost: bool,
}

impl Decoder {
    /// The key of an event, if it is one.
    pub fn key(&mut self, event: &[u8; EVENT]) -> Option<u8> {
        let at = EVENT - 8;
        let half = |at: usize| u16::from_ne_bytes([event[at], event[at + 1]]);
        let (kind, code) = (half(at), half(at + 2));
        let value = i32::from_ne_bytes([event[at + 4], event[at + 5], event[at + 6], event[at + 7]]);
        match (kind, code) {
            (REPORT, LOST) => {
                // What was typed is not known any more: it is cleared, and not compared.
                *self = Self { lost: true, ..Self::default() };
                return Some(b'*');
            }
            (REPORT, _) => self.lost = false,
            (KEY, LEFT_SHIFT) => self.shift[0] = value != RELEASED,
            (KEY, RIGHT_SHIFT) => self.shift[1] = value != RELEASED,
            (KEY, code) if value == PRESSED && !self.lost => {
                return meaning(code, self.shift.contains(&true));
            }
            _ => {}
        }
        None
    }
}

/// A keypad that is open.
#[derive(Debug)]
pub struct Events {
    file: File,
    decoder: Decoder,
    bytes: Vec<u8>,
}

impl Events {
    /// Opens the keypad at `path`, for this process alone. `file:PATH` is a pipe with events: a trial without a keypad.
    ///
    /// # Errors
    /// As opening a file; `Unsupported` if it has no key for each digit; `ResourceBusy` if another program has it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let pipe = path.to_str().and_then(|path| path.strip_prefix("file:"));
        let place = pipe.map_or_else(|| path.to_owned(), PathBuf::from);
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(place)?;
        // A file would type what is in it, again and again.
        if pipe.is_some() && !file.metadata()?.file_type().is_fifo() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if pipe.is_none() {
            // SAFETY: the call writes at most as many bytes as its number says, which is made of the array.
            let keys = unsafe { ioctl(&file, Getter::<HAS_KEYS, [u8; KEYS]>::new()) }?;
            if !has_digits(&keys) {
                return Err(io::ErrorKind::Unsupported.into());
            }
            // SAFETY: the call takes a number, and 1 is one that it knows.
            unsafe { ioctl(&file, IntegerSetter::<GRAB>::new_usize(1)) }?;
        }
        Ok(Self { file, decoder: Decoder::default(), bytes: Vec::new() })
    }

    /// Waits for the next key.
    ///
    /// # Errors
    /// The keypad is gone.
    pub fn next(&mut self) -> io::Result<u8> {
        loop {
            while let Some((event, rest)) = self.bytes.split_first_chunk::<EVENT>() {
                let key = self.decoder.key(event);
                self.bytes = rest.to_vec();
                if let Some(key) = key {
                    return Ok(key);
                }
            }
            poll(&mut [PollFd::from_borrowed_fd(self.file.as_fd(), PollFlags::IN)], None)?;
            let mut bytes = [0; 16 * EVENT];
            match self.file.read(&mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.bytes.extend_from_slice(&bytes[..count]),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether there is a key for each digit.
fn has_digits(keys: &[u8; KEYS]) -> bool {
    let has = |code: u16| keys[usize::from(code / 8)] >> (code % 8) & 1 == 1;
    (0..10).all(|digit| codes(digit).into_iter().any(has))
}

/// What to do about an error of [`Events::open`].
pub fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "is it plugged in? `ls /dev/input/by-id` lists keypads: take the name with `event-kbd`"
        }
        io::ErrorKind::PermissionDenied => "the user of the door must be in the group `input`",
        io::ErrorKind::ResourceBusy => {
            "another program has it for itself: end that one; `fuser -v /dev/input/event*` names it"
        }
        io::ErrorKind::Unsupported => {
            "it has no key for each digit: `ls /dev/input/by-id` lists others, and a keypad may have two names there"
        }
        _ => "it is no keypad of the kernel: name one of /dev/input/by-id",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event as the kernel writes it.
    fn event(kind: u16, code: u16, value: i32) -> [u8; EVENT] {
        let mut bytes = [0x77; EVENT];
        bytes[EVENT - 8..EVENT - 6].copy_from_slice(&kind.to_ne_bytes());
        bytes[EVENT - 6..EVENT - 4].copy_from_slice(&code.to_ne_bytes());
        bytes[EVENT - 4..].copy_from_slice(&value.to_ne_bytes());
        bytes
    }

    fn keys(events: &[(u16, u16, i32)]) -> String {
        let mut decoder = Decoder::default();
        let keys = events.iter().filter_map(|(kind, code, value)| decoder.key(&event(*kind, *code, *value)));
        keys.map(char::from).collect()
    }

    /// The numbers that a C compiler makes of `linux/input.h`.
    #[test]
    fn calls_and_events_are_those_of_the_kernel() {
        assert_eq!((GRAB, HAS_KEYS), (0x4004_4590, 0x8060_4521));
        assert_eq!(EVENT, if size_of::<usize>() == 8 { 24 } else { 16 });
    }

    #[test]
    fn each_row_of_digits_is_read_and_enter_ends_a_pin() {
        let upper = [11, 2, 3, 4, 5, 6, 7, 8, 9, 10, 28].map(|code| (1, code, 1));
        assert_eq!(keys(&upper), "0123456789#");
        let block = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73, 96].map(|code| (1, code, 1));
        assert_eq!(keys(&block), "0123456789#");
        let telephone = [0x200, 0x201, 0x209, 0x20a, 0x20b].map(|code| (1, code, 1));
        assert_eq!(keys(&telephone), "019*#");
        assert_eq!(keys(&[1, 14, 111, 55].map(|code| (1, code, 1))), "****");
        // A letter, num lock, and an axis whose code is that of a digit.
        assert_eq!(keys(&[(1, 30, 1), (1, 69, 1), (2, 2, 1), (4, 2, 1)]), "");
    }

    #[test]
    fn only_a_press_counts_so_a_key_that_sticks_types_once() {
        assert_eq!(keys(&[(1, 3, 1), (0, 0, 0), (1, 3, 2), (1, 3, 2), (1, 3, 0), (0, 0, 0)]), "2");
    }

    #[test]
    fn shift_makes_a_pound_and_a_star_and_no_digits() {
        let both =
            [(1, 42, 1), (1, 4, 1), (1, 9, 1), (1, 2, 1), (1, 42, 2), (1, 4, 1), (1, 42, 0), (1, 4, 1)];
        assert_eq!(keys(&both), "#*#3");
        assert_eq!(keys(&[(1, 54, 1), (1, 42, 1), (1, 42, 0), (1, 4, 1), (1, 54, 0), (1, 9, 1)]), "#8");
    }

    #[test]
    fn what_was_typed_is_cleared_when_events_were_lost() {
        let lost = [(1, 2, 1), (0, 3, 0), (1, 3, 1), (0, 0, 0), (1, 4, 1)];
        assert_eq!(keys(&lost), "1*3");
    }

    #[test]
    fn a_keypad_has_a_key_for_each_digit() {
        let mut of = [0; KEYS];
        let mut add = |code: u16| of[usize::from(code / 8)] |= 1 << (code % 8);
        [82, 79, 80, 81, 75, 76, 77, 71, 72].into_iter().for_each(&mut add);
        assert!(!has_digits(&of), "it lacks the 9");
        of[10 / 8] |= 1 << (10 % 8);
        assert!(has_digits(&of));
    }

    #[test]
    fn what_is_no_keypad_says_so() {
        let error = Events::open(Path::new("/dev/null")).expect_err("it is no keypad");
        assert!(hint(&error).contains("/dev/input/by-id"), "{error}");
        let error = Events::open(Path::new("/dev/input/by-id/of-nobody")).expect_err("it is not there");
        assert!(hint(&error).contains("plugged in"), "{error}");
    }
}
