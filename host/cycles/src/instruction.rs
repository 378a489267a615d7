//! What a pipeline does with an instruction: which unit it occupies, what it reads and writes, and how it goes on.
//!
//! The meaning of an instruction is not kept, only what costs time.

use crate::registers::{Register, Registers};

/// Kinds of instructions that a pipeline tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Integer arithmetic.
    Scalar,
    /// A load or store of core registers.
    Memory,
    /// A Helium instruction.
    Vector,
    /// A floating-point instruction, or a move between core and floating-point registers.
    Float,
    /// A branch, call or return.
    Branch,
    /// The end of a low-overhead loop: `LE`, `LETP`.
    LoopEnd,
    /// The start of a low-overhead loop: `DLS`, `WLS`.
    LoopStart,
    /// `IT`.
    If,
    /// A division.
    Divide,
}

/// The unit that an instruction occupies on the Cortex-M55.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Loads and stores.
    Memory,
    /// Vector integer.
    Integer,
    /// Vector multiply and floating point.
    Multiply,
    /// Vector predicates.
    Predicate,
    /// Integer or multiply, whichever is free first.
    Either,
}

/// Whether an instruction reads or writes memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Neither.
    None,
    /// It reads.
    Load,
    /// It writes.
    Store,
}

/// How an instruction leaves its block, if it is not continued by the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does not.
    Next,
    /// A direct branch.
    Branch,
    /// A call, a return, or an indirect branch.
    Call,
    /// To the start of a low-overhead loop.
    Loop,
}

/// Kinds of integer arithmetic that the Cortex-M7 tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// Additions, moves and shifts, which a second instruction can use in the same cycle.
    Early,
    /// Other simple arithmetic.
    Other,
    /// Packing and bit fields, which read their operands early.
    Extract,
    /// Saturating and parallel additions.
    Parallel,
    /// Multiplication.
    Multiply,
}

/// An instruction as a pipeline sees it.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// Where it lies.
    pub address: u32,
    /// Its bytes: 2 or 4.
    pub size: u32,
    /// Its kind.
    pub class: Class,
    /// The unit that it occupies on a Cortex-M55, if any.
    pub unit: Option<Unit>,
    /// Cycles in the unit.
    pub occupancy: u32,
    /// Cycles until its result can be read.
    pub latency: u32,
    /// Whether it is a vector reduction into a core register, whose latency is an assumption of the model.
    pub reduces: bool,
    /// What it reads.
    pub reads: Registers,
    /// What it writes, in order.
    pub writes: Vec<Register>,
    /// Of these, what is there after one cycle: an address that was stepped, and flags.
    pub quick: Registers,
    /// The registers of an address.
    pub base: Registers,
    /// The vector of offsets or addresses of a gather or scatter.
    pub index: Registers,
    /// What a store writes to memory.
    pub data: Registers,
    /// The list of a multiple load or store, in order.
    pub list: Vec<Register>,
    /// Words of a load or store of core registers.
    pub words: u32,
    /// Lanes of a gather or scatter; zero for other instructions.
    pub lanes: u32,
    /// Whether a gather reads bytes into lanes of 16 bits.
    pub bytes_to_halves: bool,
    /// Whether a load reads a byte or half a word.
    pub narrow: bool,
    /// The operand that is shifted.
    pub shifted: Registers,
    /// The accumulator of a vector reduction.
    pub chain: Registers,
    /// The accumulator of a scalar multiplication.
    pub accumulator: Registers,
    /// How it goes on.
    pub flow: Flow,
    /// Whether it reads or writes memory.
    pub access: Access,
    /// Whether it loads or stores a list.
    pub multiple: bool,
    /// Whether it is of the short list that a Cortex-M55 issues as the second of two.
    pub short: bool,
    /// Its integer arithmetic.
    pub arithmetic: Arithmetic,
    /// Whether the decoder knows it.
    pub known: bool,
}

impl Instruction {
    /// Arithmetic that reads and writes nothing.
    pub fn scalar(address: u32, size: u32) -> Self {
        Self {
            address,
            size,
            class: Class::Scalar,
            unit: None,
            occupancy: 1,
            latency: 1,
            reduces: false,
            reads: Registers::NONE,
            writes: Vec::new(),
            quick: Registers::NONE,
            base: Registers::NONE,
            index: Registers::NONE,
            data: Registers::NONE,
            list: Vec::new(),
            words: 1,
            lanes: 0,
            bytes_to_halves: false,
            narrow: false,
            shifted: Registers::NONE,
            chain: Registers::NONE,
            accumulator: Registers::NONE,
            flow: Flow::Next,
            access: Access::None,
            multiple: false,
            short: false,
            arithmetic: Arithmetic::Other,
            known: true,
        }
    }

    /// The address behind it.
    pub fn end(&self) -> u32 {
        self.address.wrapping_add(self.size)
    }

    /// Whether it loads.
    pub fn loads(&self) -> bool {
        self.access == Access::Load
    }

    /// Whether it stores.
    pub fn stores(&self) -> bool {
        self.access == Access::Store
    }
}
