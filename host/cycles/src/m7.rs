//! The pipeline of a Cortex-M7: in order, two instructions a cycle.
//!
//! Memory is tightly coupled, without wait states. [`Assumptions::LOW`] and [`Assumptions::HIGH`] bound what is not known.
//! Sources: J, jnk0le's measurements on an STM32H743; S, SLOTHY's cortex_m7.

use crate::instruction::{Arithmetic, Class, Flow, Instruction};
use crate::pipeline::{Pipeline, Step};
use crate::registers::{COUNT, Register};

/// What is not known of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumptions {
    /// Whether two loads issue together: if one is of an even word and one of an odd one (J).
    pub two_loads: bool,
    /// Whether a simple addition or move feeds the second instruction of the same cycle (J).
    pub forwards: bool,
    /// Whether packing and parallel additions issue only as the first of two (J).
    pub packing_first: bool,
    /// After a branch that is taken, as predicted.
    pub taken: i64,
    /// After a branch that was predicted wrongly.
    pub mispredicted: u32,
    /// After a call or return.
    pub call: i64,
    /// A division.
    pub division: i64,
    /// More for a list of an even number of words that is stored off eight bytes (J).
    pub store_list: i64,
}

impl Assumptions {
    /// The fewest cycles.
    pub const LOW: Self = Self {
        two_loads: true,
        forwards: true,
        packing_first: false,
        taken: 0,
        mispredicted: 6,
        call: 1,
        division: 4,
        store_list: 0,
    };

    /// The most cycles.
    pub const HIGH: Self = Self {
        two_loads: false,
        forwards: false,
        packing_first: true,
        taken: 1,
        mispredicted: 8,
        call: 3,
        division: 12,
        store_list: 1,
    };

    /// The low assumptions with one of the high ones each, and its name.
    pub fn one_by_one() -> Vec<(&'static str, Self)> {
        let (low, high) = (Self::LOW, Self::HIGH);
        vec![
            ("two loads never issue together", Self { two_loads: false, ..low }),
            ("no result is used in its own cycle", Self { forwards: false, ..low }),
            ("packing only as the first of two", Self { packing_first: true, ..low }),
            ("misprediction: 8 instead of 6", Self { mispredicted: high.mispredicted, ..low }),
            ("branch taken: 1 instead of 0", Self { taken: high.taken, ..low }),
            ("call: 3 instead of 1", Self { call: high.call, ..low }),
            ("division: 12 instead of 4", Self { division: high.division, ..low }),
            ("STM of an even number of words: 1 more", Self { store_list: high.store_list, ..low }),
        ]
    }
}

impl Pipeline for Assumptions {
    fn ends(&self, steps: &[Step<'_>]) -> Vec<f64> {
        let mut core =
            Core { is: self, results: std::array::from_fn(|_| None), cycle: 0, first: None, slots: 0 };
        steps
            .iter()
            .map(|step| {
                step.body.iter().for_each(|instruction| core.issue(instruction));
                let end = core.cycle as f64 + f64::from(core.slots) / 2.0;
                core.leave(step);
                end
            })
            .collect()
    }

    fn surprise(&self) -> f64 {
        self.mispredicted.into()
    }
}

/// How an operand is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    Late,
    /// Shifted or packed.
    Early,
    Address,
    Product,
    Accumulator,
    Store,
}

/// The units of which a pair may not need the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Multiply,
    Packing,
    Shift,
    Simple,
    Other,
}

fn kind(i: &Instruction) -> Kind {
    match (i.class, i.arithmetic) {
        (Class::Scalar, Arithmetic::Multiply) => Kind::Multiply,
        (Class::Scalar, Arithmetic::Extract | Arithmetic::Parallel) => Kind::Packing,
        (Class::Scalar, _) if i.shifted != Default::default() => Kind::Shift,
        (Class::Scalar, _) => Kind::Simple,
        _ => Kind::Other,
    }
}

/// A result: the cycle of its instruction and the instruction.
#[derive(Clone, Copy)]
struct Result<'a> {
    cycle: i64,
    by: &'a Instruction,
}

struct Core<'a> {
    is: &'a Assumptions,
    results: [Option<Result<'a>>; COUNT],
    cycle: i64,
    /// The first instruction of this cycle, and how many there are.
    first: Option<&'a Instruction>,
    slots: u32,
}

impl<'a> Core<'a> {
    fn issue(&mut self, i: &'a Instruction) {
        let mut at = i.reads.iter().map(|register| self.operand_at(i, register)).fold(self.cycle, i64::max);
        let alone = alone(i);
        if at == self.cycle
            && let Some(first) = self.first.filter(|_| self.slots > 0)
            && !self.pairs(first, i)
        {
            at = self.cycle + 1;
        }
        if at > self.cycle {
            (self.cycle, self.slots) = (at, 0);
        }
        if self.slots == 0 {
            self.first = Some(i);
        }
        self.slots += 1;
        for &register in &i.writes {
            self.results[register as usize] = Some(Result { cycle: self.cycle, by: i });
        }
        if alone {
            let cycles = self.cycles_alone(i);
            (self.cycle, self.slots) = (self.cycle + cycles, 0);
        } else if self.slots == 2 {
            (self.cycle, self.slots) = (self.cycle + 1, 0);
        }
    }

    /// What an instruction takes that issues by itself; the registers of a list come two a cycle.
    fn cycles_alone(&mut self, i: &'a Instruction) -> i64 {
        if i.multiple {
            if i.loads() {
                for (place, &register) in i.writes.iter().enumerate() {
                    let cycle = self.cycle + place as i64 / 2;
                    self.results[register as usize] = Some(Result { cycle, by: i });
                }
            }
            let more = if i.stores() && i.words.is_multiple_of(2) { self.is.store_list } else { 0 };
            i64::from(i.words.max(1).div_ceil(2)) + more
        } else if i.class == Class::Divide {
            self.is.division
        } else {
            1
        }
    }

    fn operand_at(&self, i: &Instruction, register: Register) -> i64 {
        let Some(result) = self.results[register as usize] else { return 0 };
        let this = kind(i);
        let reads = if i.base.has(register) && matches!(i.class, Class::Memory | Class::Float) {
            Reads::Address
        } else if i.data.has(register) {
            Reads::Store
        } else if i.accumulator.has(register) {
            Reads::Accumulator
        } else if this == Kind::Multiply {
            Reads::Product
        } else if i.shifted.has(register) || i.arithmetic == Arithmetic::Extract && this == Kind::Packing {
            Reads::Early
        } else {
            Reads::Late
        };
        let latency = self.latency(result.by, register, reads);
        let feeds = reads == Reads::Late
            && result.by.class == Class::Scalar
            && result.by.arithmetic == Arithmetic::Early
            && matches!(this, Kind::Simple | Kind::Shift);
        result.cycle + if self.is.forwards && feeds && latency == 1 { 0 } else { latency }
    }

    /// Cycles after the issue of `by` until `register` can be read.
    fn latency(&self, by: &Instruction, register: Register, reads: Reads) -> i64 {
        let early = by.arithmetic == Arithmetic::Early;
        match (by.class, kind(by), reads) {
            (Class::Memory | Class::Float, ..) if by.quick.has(register) => 1,
            (Class::Memory, _, Reads::Store) => 0,
            (Class::Memory, _, reads) => {
                let whole = matches!(reads, Reads::Early | Reads::Address | Reads::Product);
                i64::from(whole) + 1 + i64::from(by.narrow)
            }
            (_, Kind::Multiply, Reads::Accumulator | Reads::Store) => 1,
            (_, Kind::Multiply, _) => 2,
            (_, Kind::Packing, Reads::Address | Reads::Early) => 2,
            (_, Kind::Packing, Reads::Store) => 0,
            (_, Kind::Packing, _) => 1,
            (Class::Float, _, Reads::Store) => 1,
            (Class::Float, ..) => 3,
            (Class::Divide, ..) => self.is.division,
            (_, _, Reads::Store) => 0,
            (_, _, Reads::Early | Reads::Address) if !early => 2,
            _ => 1,
        }
    }

    fn pairs(&self, first: &Instruction, i: &Instruction) -> bool {
        let (older, younger) = (kind(first), kind(i));
        let same = matches!(
            (older, younger),
            (Kind::Multiply, Kind::Multiply)
                | (Kind::Packing, Kind::Packing)
                | (Kind::Shift, Kind::Shift)
                | (Kind::Shift, Kind::Packing)
                | (Kind::Packing, Kind::Shift)
        );
        let store_and_product =
            first.stores() && younger == Kind::Multiply || i.stores() && older == Kind::Multiply;
        let leaves = !matches!(first.flow, Flow::Next | Flow::Branch | Flow::Loop);
        self.slots < 2
            && !alone(i)
            && !alone(first)
            && !leaves
            && !same
            && !store_and_product
            && !(first.stores() && i.stores())
            && !(first.loads() && i.loads() && !self.is.two_loads)
            && !(self.is.packing_first && younger == Kind::Packing)
    }

    /// The way to the next block, which counts there.
    fn leave(&mut self, step: &Step<'_>) {
        let (Some(last), Some(next)) = (step.body.last(), step.next) else { return };
        if next == last.end() {
            return;
        }
        if self.slots > 0 {
            (self.cycle, self.slots) = (self.cycle + 1, 0);
        }
        self.cycle += if last.flow == Flow::Call { self.is.call } else { self.is.taken };
    }
}

/// Whether an instruction never issues with another.
fn alone(i: &Instruction) -> bool {
    let two_words = i.class == Class::Memory && i.words == 2;
    i.multiple || two_words || matches!(i.class, Class::Divide | Class::Float)
}
