//! A NOR flash in memory for tests: it enforces the rules of the chip and loses its power.
//!
//! Erasing sets a whole sector to ones; programming only clears bits, and a driver that tries to
//! set one panics. A program takes one step a word and an erase two, so that a cut can leave half
//! a record written or half a sector erased. From the cut on every operation fails, until the
//! power returns.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use crypto::{Generator, Key};
use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use gallery::{Error, Gallery, Memory};
use template::Template;

/// Bytes a program works on.
const WORD: usize = 4;
/// Bytes an erase works on.
pub const SECTOR: usize = 4096;

/// The chip.
#[derive(Clone)]
pub struct Nor {
    pub bytes: Vec<u8>,
    /// Steps until the power goes; `None` for never.
    pub steps_left: Option<u32>,
    /// Steps done so far.
    pub steps: u32,
    /// Bytes programmed so far.
    pub programmed: usize,
    /// Sectors erased so far.
    pub erased: usize,
    /// Bytes read so far.
    pub read: usize,
    /// Whether the power comes back by itself after one failure.
    pub flickers: bool,
}

/// Opens the gallery in a chip, with the same key each time, and the same random numbers: the worst
/// that a board could do.
pub fn open<'a>(nor: &'a mut Nor, memory: &'a mut Memory) -> Result<Gallery<'a, &'a mut Nor>, Error> {
    open_as(nor, memory, &Key::new([7; 32]))
}

/// Opens the gallery in a chip with some key.
pub fn open_as<'a>(
    nor: &'a mut Nor,
    memory: &'a mut Memory,
    key: &Key,
) -> Result<Gallery<'a, &'a mut Nor>, Error> {
    let random = Generator::new(&Key::new([9; 32]), b"gallery");
    Gallery::open(nor, &mut [], memory.all(), key.clone(), random)
}

/// The power is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerCut;

impl NorFlashError for PowerCut {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl Nor {
    /// An erased chip.
    pub fn new(sectors: usize) -> Self {
        Self {
            bytes: vec![0xff; sectors * SECTOR],
            steps_left: None,
            steps: 0,
            programmed: 0,
            erased: 0,
            read: 0,
            flickers: false,
        }
    }

    /// Lets the power go after so many steps from now.
    pub fn cut_after(&mut self, steps: u32) {
        self.steps_left = Some(steps);
    }

    /// The power comes back.
    pub fn restore_power(&mut self) {
        self.steps_left = None;
    }

    fn step(&mut self) -> Result<(), PowerCut> {
        match &mut self.steps_left {
            Some(0) => {
                if self.flickers {
                    self.steps_left = None;
                }
                return Err(PowerCut);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        self.steps += 1;
        Ok(())
    }
}

impl ErrorType for &mut Nor {
    type Error = PowerCut;
}

impl ReadNorFlash for &mut Nor {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), PowerCut> {
        if self.steps_left == Some(0) && !self.flickers {
            return Err(PowerCut);
        }
        self.read += bytes.len();
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for &mut Nor {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerCut> {
        let (from, to) = (from as usize, to as usize);
        assert!(from.is_multiple_of(SECTOR) && to.is_multiple_of(SECTOR) && from <= to);
        self.erased += (to - from) / SECTOR;
        for half in (from..to).step_by(SECTOR / 2) {
            self.step()?;
            self.bytes[half..][..SECTOR / 2].fill(0xff);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), PowerCut> {
        let offset = offset as usize;
        assert!(offset.is_multiple_of(WORD) && bytes.len().is_multiple_of(WORD), "alignment");
        self.programmed += bytes.len();
        for (index, word) in bytes.chunks(WORD).enumerate() {
            self.step()?;
            for (cell, byte) in self.bytes[offset + index * WORD..].iter_mut().zip(word) {
                assert_eq!(*cell & byte, *byte, "programming cannot set a bit");
                *cell = *byte;
            }
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for &mut Nor {}

/// A template of so many values that is like no other number's: a pseudo-random direction.
pub fn face(number: u32, dimension: usize) -> Template {
    let mut state = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
    let values = (0..dimension).map(|_| {
        // Knuth's MMIX generator; the high bits are the good ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 48) as u16 as i16
    });
    Template::normalise(values.collect::<Vec<_>>()).unwrap()
}
