//! The decoder of weights: Golomb-Rice codes in slices, with a palette and runs of zeros.
//!
//! A stream of bits, the lowest bit of each byte first, is a row of slices:
//!
//! ```text
//! zdiv 3 | length-1 15 | wdiv 3 | trunc 1 | new palette 1 | palette: offset 5, size 5, bits-2 3, entries | chunks
//! ```
//! `zdiv` is the divisor of the runs of zeros, 6 for none, 7 for the end of a part, after which the bits go on at a whole
//! byte. Chunks hold twelve quotients of weights and of runs, and the remainders of the chunk before.

use crate::Error;

/// No runs of zeros.
const NO_RUNS: u32 = 6;
/// The end of a part.
const END: u32 = 7;
/// Quotients are absent: values have a fixed number of bits.
const FIXED: u32 = 7;

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Result<u32, Error> {
        let mut value = 0;
        for bit in 0..count {
            let byte = self.bytes.get(self.at / 8).ok_or(Error::Weights("they end within a slice"))?;
            value |= u32::from(byte >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Ok(value)
    }

    fn ended(&self) -> bool {
        self.at / 8 >= self.bytes.len()
    }
}

#[derive(Default)]
struct Palette {
    entries: Vec<u32>,
    bits: u32,
    offset: u32,
}

impl Palette {
    fn read(bits: &mut Bits) -> Result<Self, Error> {
        let offset = bits.take(5)?;
        let size = bits.take(5)?;
        let width = bits.take(3)? + 2;
        let size = if size > 0 { size + 1 } else { 0 };
        let entries = (0..size).map(|_| bits.take(width)).collect::<Result<_, _>>()?;
        Ok(Self { entries, bits: width, offset })
    }

    /// A weight: the sign is the lowest bit.
    fn weight(&self, index: u32) -> Result<i16, Error> {
        if index >= 512 {
            return Err(Error::Weights("a weight has more than nine bits"));
        }
        let size = self.entries.len() as u32;
        let code = match self.entries.get(index as usize) {
            Some(&code) => code,
            None => index - size + self.offset,
        };
        let magnitude = (code >> 1) as i16;
        Ok(if code & 1 == 1 { -magnitude } else { magnitude })
    }

    /// Bits of an index where there are no quotients.
    fn width(&self) -> u32 {
        match self.entries.len() as u32 {
            0 => self.bits,
            size => size.next_power_of_two().trailing_zeros(),
        }
    }
}

/// Weights or runs of zeros of a slice while they are read.
struct Coded {
    /// Values that are needed.
    needed: usize,
    /// Bits of a remainder.
    divisor: u32,
    /// Quotients seen, of which the last chunk's still lack the remainder.
    seen: usize,
    carry: u32,
    waiting: Vec<u32>,
    values: Vec<u32>,
}

impl Coded {
    fn new(needed: usize, divisor: u32) -> Self {
        Self { needed, divisor, seen: 0, carry: 0, waiting: Vec::new(), values: Vec::new() }
    }

    /// Adds the remainders of the chunk before.
    fn remainders(&mut self, bits: &mut Bits, waiting: Vec<u32>) -> Result<(), Error> {
        for quotient in waiting {
            if self.values.len() < self.needed {
                let high =
                    quotient.checked_shl(self.divisor).ok_or(Error::Weights("a quotient is too large"))?;
                self.values.push(high + bits.take(self.divisor)?);
            }
        }
        Ok(())
    }
}

/// The weights in `bytes`.
///
/// # Errors
/// [`Error::Weights`].
pub fn decode(bytes: &[u8]) -> Result<Vec<i16>, Error> {
    let mut bits = Bits { bytes, at: 0 };
    let mut weights = Vec::new();
    let mut palette: Option<Palette> = None;
    let mut before = None;
    loop {
        if bits.ended() {
            return Ok(weights);
        }
        let mut runs = bits.take(3)?;
        while runs == END {
            bits.at = bits.at.next_multiple_of(8);
            palette = None;
            if bits.ended() {
                return Ok(weights);
            }
            runs = bits.take(3)?;
        }
        if runs == 4 || runs == 5 {
            return Err(Error::Weights("unknown divisor of runs"));
        }
        let count = bits.take(15)? as usize + 1;
        let divisor = bits.take(3)?;
        let truncated = bits.take(1)? == 1;
        let fresh = bits.take(1)? == 1;
        let with_runs = runs != NO_RUNS;
        if fresh {
            palette = Some(Palette::read(&mut bits)?);
        } else if before != Some(with_runs) {
            return Err(Error::Weights("runs of zeros change without a palette"));
        }
        before = Some(with_runs);
        let palette = palette.as_ref().ok_or(Error::Weights("the first slice has no palette"))?;
        if divisor == 6 {
            return Err(Error::Weights("unknown divisor of weights"));
        }
        let head = Slice { count, divisor, truncated, runs: with_runs.then_some(runs), fresh };
        slice(&mut bits, palette, &head, &mut weights)?;
    }
}

struct Slice {
    count: usize,
    divisor: u32,
    truncated: bool,
    runs: Option<u32>,
    fresh: bool,
}

fn slice(bits: &mut Bits, palette: &Palette, head: &Slice, weights: &mut Vec<i16>) -> Result<(), Error> {
    let fixed = head.divisor == FIXED;
    let mut values = Coded::new(head.count, if fixed { palette.width() } else { head.divisor });
    let mut zeros = Coded::new(head.count + usize::from(head.fresh), head.runs.unwrap_or(0));
    let most = if fixed && values.divisor > 5 { 8 } else { 12 };
    let run_bits = if head.runs.is_some_and(|divisor| divisor < 3) { 12 } else { 8 };
    loop {
        // The reader that is ahead waits for the other one.
        let balance = if head.runs.is_some() { values.seen as isize - zeros.seen as isize } else { 0 };
        let more = balance < 8 && values.seen < values.needed;
        let more_zeros = head.runs.is_some() && balance >= 0 && zeros.seen < zeros.needed;
        let first = if more && !fixed { bits.take(12)? } else { 0 };
        let [old, old_zeros] = [&mut values, &mut zeros].map(|coded| std::mem::take(&mut coded.waiting));
        if more_zeros {
            let unary = bits.take(run_bits)?;
            for bit in 0..run_bits {
                if unary >> bit & 1 == 1 {
                    zeros.carry += 1;
                } else {
                    zeros.waiting.push(std::mem::take(&mut zeros.carry));
                }
            }
            zeros.seen += zeros.waiting.len();
        }
        if more {
            let mut second = bits.take((first & ((1 << most) - 1)).count_ones())?;
            for bit in 0..most {
                let mut code = 0;
                if first >> bit & 1 == 1 {
                    code = 1 + (second & 1);
                    second >>= 1;
                }
                values.carry += code;
                if code < 2 || head.truncated {
                    values.waiting.push(std::mem::take(&mut values.carry));
                }
            }
            values.seen += values.waiting.len();
        }
        values.remainders(bits, old)?;
        zeros.remainders(bits, old_zeros)?;
        if !more && !more_zeros {
            break;
        }
    }
    let mut runs = zeros.values.into_iter();
    let mut skip = |weights: &mut Vec<i16>| {
        let run = if head.runs.is_some() { runs.next().unwrap_or(0) as usize } else { 0 };
        if run + weights.len() > 1 << 26 {
            return Err(Error::Weights("there are too many"));
        }
        weights.resize(weights.len() + run, 0);
        Ok(())
    };
    if head.fresh {
        skip(weights)?;
    }
    for value in values.values {
        weights.push(palette.weight(value)?);
        skip(weights)?;
    }
    Ok(())
}
