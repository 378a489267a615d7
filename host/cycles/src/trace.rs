//! Which blocks ran, how often, and after which, from the log of QEMU (`-d in_asm,exec,nochain`).
//!
//! ```text
//! IN: name                                    a block was translated:
//! 0x0000a6a4:  e92d 4ff0  push.w {…}          its instructions, or with another disassembler:
//! 0x0000a6a4:  OBJD-T: f04fe92d               its bytes
//!
//! Trace 0: 0x7f… [00400000/0000a6a4/…] name   it ran
//! ```
//! The blocks belong to parts: each run of the function that marks, such as the board's reading of its clock, begins
//! a new part.

use std::collections::HashMap;

/// A block that ran after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The part that it belongs to: how often the mark ran before it, itself included.
    pub part: u32,
    /// The address of the block before; zero at the start.
    pub before: u32,
    /// Its address.
    pub block: u32,
}

/// What ran.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    mark: Option<u32>,
    part: u32,
    before: u32,
    counts: HashMap<Entry, u64>,
    /// The address of the last instruction of each block, or of the byte behind it and one less.
    last: HashMap<u32, u32>,
    /// The block that is being listed: its first and its last address.
    listed: Option<(u32, u32)>,
}

impl Trace {
    /// A trace that counts from the first run of the block at `mark`; from the start without one.
    pub fn new(mark: Option<u32>) -> Self {
        Self { mark, ..Self::default() }
    }

    /// Takes in a line of the log, without its end.
    pub fn line(&mut self, line: &[u8]) {
        if line.starts_with(b"Trace ") {
            if let Some(block) = executed(line) {
                self.ran(block);
            }
        } else if line.starts_with(b"IN:") {
            self.end_of_list();
        } else if let Some((address, bytes)) = listed(line) {
            let last = address + bytes.saturating_sub(1);
            let first = self.listed.map_or(address, |(first, _)| first);
            self.listed = Some((first, last));
        } else if line.is_empty() {
            self.end_of_list();
        }
    }

    /// A block at an address ran.
    pub fn ran(&mut self, block: u32) {
        if self.mark == Some(block) {
            self.part += 1;
        }
        if self.mark.is_some() && self.part == 0 {
            return;
        }
        *self.counts.entry(Entry { part: self.part, before: self.before, block }).or_default() += 1;
        self.before = block;
    }

    /// How often each block ran after each other.
    pub fn counts(&self) -> impl Iterator<Item = (Entry, u64)> {
        self.counts.iter().map(|(&entry, &count)| (entry, count))
    }

    /// How many parts there are; the last is after the last mark.
    pub fn parts(&self) -> usize {
        self.part as usize + 1
    }

    /// An address in the last instruction of a block.
    pub fn last_of(&self, block: u32) -> Option<u32> {
        self.last.get(&block).copied()
    }

    fn end_of_list(&mut self) {
        if let Some((first, last)) = self.listed.take() {
            let longest = self.last.entry(first).or_insert(last);
            *longest = last.max(*longest);
        }
    }
}

/// The address in a line about a block that ran: between the first two strokes, without the bit of Thumb code.
fn executed(line: &[u8]) -> Option<u32> {
    let mut fields = line.split(|&byte| byte == b'/');
    fields.next()?;
    hexadecimal(fields.next()?).map(|address| address & !1)
}

/// Address and length of what a line lists: of one instruction, whose length does not matter, or of a whole block.
fn listed(line: &[u8]) -> Option<(u32, u32)> {
    let rest = line.strip_prefix(b"0x")?;
    let colon = rest.iter().position(|&byte| byte == b':')?;
    let address = hexadecimal(&rest[..colon])?;
    let text = rest[colon + 1..].trim_ascii();
    let bytes = text.strip_prefix(b"OBJD-T:").map_or(1, |digits| digits.trim_ascii().len() as u32 / 2);
    Some((address, bytes))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "IN: main\n0x0000a6a4:  e92d 4ff0  push.w {r4}\n0x0000a6a8:  bf00       nop\n\n\
        Trace 0: 0x7f2a6c0001c0 [00400000/0000a6a4/00000110/ff200800] main\n\
        ----------------\nIN: \n0x00000010:  OBJD-T: 00bf00bf\n\n\
        Trace 0: 0x7f2a6c0001c0 [00400000/00000010/00000110/ff200800] \n\
        Trace 0: 0x7f2a6c0001c0 [00400000/00000010/00000110/ff200800] \n\
        Stopped execution of TB chain before 0x7f [0000a6a4] main\n";

    #[test]
    fn a_log_gives_counts_by_predecessor_and_the_ends_of_blocks() {
        let mut trace = Trace::new(Some(0x10));
        LOG.lines().for_each(|line| trace.line(line.as_bytes()));
        let mut counts: Vec<_> = trace.counts().collect();
        counts.sort_by_key(|(entry, _)| entry.part);
        let entry = |part, before| Entry { part, before, block: 0x10 };
        assert_eq!(counts, [(entry(1, 0), 1), (entry(2, 0x10), 1)]);
        assert_eq!(
            (trace.parts(), trace.last_of(0xa6a4), trace.last_of(0x10)),
            (3, Some(0xa6a8), Some(0x13))
        );
    }
}
