//! Thumb and Helium instructions from their bytes, as far as the pipelines need them.
//!
//! Encodings are those of the Armv8-M Architecture Reference Manual (DDI 0553). The firmware's kernels have no
//! floating-point arithmetic; its instructions are decoded coarsely. What is not known counts as simple arithmetic
//! without operands, and [`Instruction::known`] says so.

mod memory;
mod narrow;
mod vector;
mod vector_memory;
mod wide;

use crate::instruction::{Arithmetic, Class, Flow, Instruction};
use crate::registers::{FLAGS, PC, PREDICATE, Register, Registers};

/// Decodes instructions in order; it remembers how many are still conditional.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// Instructions that the last `IT` still covers.
    conditional: u32,
    /// Instructions that the last `VPT` or `VPST` still covers.
    predicated: u32,
}

impl Decoder {
    /// The instruction at `address`, of which `bytes` are the first two or four; `None` if they are too few.
    pub fn next(&mut self, address: u32, bytes: &[u8]) -> Option<Instruction> {
        let half = |at: usize| Some(u32::from(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?)));
        let first = half(0)?;
        let conditional = self.conditional > 0;
        let predicated = self.predicated > 0;
        self.conditional = self.conditional.saturating_sub(1);
        self.predicated = self.predicated.saturating_sub(1);
        let mut instruction = if first >> 11 < 0b11101 {
            narrow::decode(address, first, conditional)
        } else {
            let word = first << 16 | half(2)?;
            if vector::is_coprocessor(word) {
                self.predicated = self.predicated.max(vector::covers(word));
                vector::decode(address, word, predicated)
            } else {
                wide::decode(address, word)
            }
        };
        if instruction.class == Class::If {
            self.conditional = 4 - (first & 15).trailing_zeros();
        } else if conditional {
            make_conditional(&mut instruction);
        }
        Some(instruction)
    }
}

/// A conditional instruction waits for the flags and keeps what its result held before.
fn make_conditional(instruction: &mut Instruction) {
    match instruction.class {
        Class::Scalar | Class::Divide => {
            let kept: Vec<Register> = instruction.writes.iter().copied().filter(|&r| r != FLAGS).collect();
            instruction.reads = instruction.reads.and(Registers::of(&kept)).with(FLAGS);
            instruction.short = false;
        }
        Class::Branch => instruction.reads = instruction.reads.with(FLAGS),
        _ => {}
    }
}

/// Integer arithmetic that writes `to` and reads `from`.
fn arithmetic(address: u32, size: u32, to: &[Register], from: &[Register]) -> Instruction {
    let mut instruction = Instruction::scalar(address, size);
    instruction.reads = Registers::of(from);
    instruction.writes = to.to_vec();
    instruction.quick = Registers::NONE.with(FLAGS);
    if to.contains(&PC) {
        instruction.writes.retain(|&register| register != PC);
        instruction.flow = Flow::Call;
    }
    instruction
}

/// An instruction that the decoder does not know.
fn unknown(address: u32, size: u32) -> Instruction {
    Instruction { known: false, ..Instruction::scalar(address, size) }
}

/// A branch that reads `from`.
fn branch(address: u32, size: u32, flow: Flow, from: &[Register]) -> Instruction {
    let mut instruction = Instruction::scalar(address, size);
    instruction.class = Class::Branch;
    instruction.flow = flow;
    instruction.reads = Registers::of(from);
    instruction
}

impl Instruction {
    fn early(mut self) -> Self {
        self.arithmetic = Arithmetic::Early;
        self
    }

    fn kind(mut self, arithmetic: Arithmetic) -> Self {
        self.arithmetic = arithmetic;
        self
    }

    fn latency(mut self, latency: u32) -> Self {
        self.latency = latency;
        self
    }

    /// It sets the flags if `sets`.
    fn flags(mut self, sets: bool) -> Self {
        if sets {
            self.writes.push(FLAGS);
        }
        self
    }

    /// It reads the flags if `reads`.
    fn uses_flags(mut self, reads: bool) -> Self {
        if reads {
            self.reads = self.reads.with(FLAGS);
        }
        self
    }

    /// It shifts `register` before it uses it, if `shifts`.
    fn shifts(mut self, shifts: bool, register: Register) -> Self {
        if shifts {
            self.shifted = Registers::NONE.with(register);
            self.latency = 2;
            if self.arithmetic == Arithmetic::Early {
                self.arithmetic = Arithmetic::Other;
            }
        }
        self
    }

    fn short(mut self) -> Self {
        self.short = true;
        self
    }

    /// A vector instruction in a block of `VPT` also reads predicate and result.
    fn predicated(mut self, predicated: bool) -> Self {
        if predicated && !self.reduces {
            self.reads = self.reads.and(Registers::of(&self.writes)).with(PREDICATE);
        }
        self
    }
}

/// The bits `high` to `low` of `word`.
fn bits(word: u32, high: u32, low: u32) -> u32 {
    word >> low & ((1 << (high - low + 1)) - 1)
}

/// The bits `high` to `low` of `word` as the number of a core register.
fn register(word: u32, high: u32, low: u32) -> Register {
    bits(word, high, low) as Register
}
