//! The pipeline of a Cortex-M55: in order, one instruction a cycle, Helium in two beats.
//!
//! A vector instruction takes one issue slot and two cycles of its unit; instructions of different units overlap. Memory
//! is tightly coupled, without wait states. [`Assumptions::LOW`] and [`Assumptions::HIGH`] bound what is not known.
//! Sources: L, LLVM's ARMScheduleM55.td (Arm's Software Optimization Guide 102692); S, SLOTHY's cortex_m55r1; H, Arm's
//! Helium optimisation examples; J, jnk0le's measurements of Cortex-M33 and M85.

use crate::instruction::{Access, Class, Flow, Instruction, Unit};
use crate::pipeline::{Pipeline, Step};
use crate::registers::{COUNT, PREDICATE};

/// Cycles of a list, gather or scatter as a function of its words or lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Two a cycle.
    Two,
    /// One a cycle.
    One,
    /// One in two cycles.
    Half,
}

impl Rate {
    fn cycles(self, count: u32) -> i64 {
        i64::from(match self {
            Self::Two => count.div_ceil(2),
            Self::One => count,
            Self::Half => 2 * count,
        })
    }
}

/// Which pairs of 16-bit instructions issue together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dual {
    /// Those of which one is of a short list, and not two accesses to memory (L).
    ShortList,
    /// Only a branch as the second (J).
    Branch,
}

/// What is not known of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumptions {
    /// Words of LDM and STM. Low: the data path has 64 bits (S). High: J measured one a cycle on a Cortex-M33.
    pub list: Rate,
    /// Lanes of a gather; bytes into lanes of 16 bits are one a cycle in both.
    pub gather: Rate,
    /// Cycles in which nothing overlaps the end of a gather (J).
    pub gather_alone: i64,
    /// Lanes of a scatter (H, J).
    pub scatter: Rate,
    /// Cycles until a reduction into a core register can be read (L, S).
    pub reduction: i64,
    /// The same for the next reduction into that register.
    pub chain: i64,
    /// The end of a low-overhead loop, each round (H).
    pub loop_end: i64,
    /// The start of a low-overhead loop.
    pub loop_start: i64,
    /// After a branch that is taken (J).
    pub taken: i64,
    /// After a call or return.
    pub call: i64,
    /// Pairs.
    pub dual: Dual,
    /// Whether IT takes a slot.
    pub it_takes_a_slot: bool,
    /// Whether a load waits that comes two cycles after a store (S, H).
    pub load_after_store: bool,
    /// After a jump to a 32-bit instruction that is not at a multiple of four (H).
    pub misaligned: i64,
    /// A division.
    pub division: i64,
    /// From a comparison to the predicated instruction.
    pub predicate: i64,
}

impl Assumptions {
    /// The fewest cycles.
    pub const LOW: Self = Self {
        list: Rate::Two,
        gather: Rate::Two,
        gather_alone: 0,
        scatter: Rate::One,
        reduction: 2,
        chain: 2,
        loop_end: 0,
        loop_start: 2,
        taken: 1,
        call: 2,
        dual: Dual::ShortList,
        it_takes_a_slot: false,
        load_after_store: false,
        misaligned: 0,
        division: 6,
        predicate: 1,
    };

    /// The most cycles.
    pub const HIGH: Self = Self {
        list: Rate::One,
        gather: Rate::One,
        gather_alone: 1,
        scatter: Rate::Half,
        reduction: 3,
        chain: 3,
        loop_end: 1,
        loop_start: 5,
        taken: 2,
        call: 4,
        dual: Dual::Branch,
        it_takes_a_slot: true,
        load_after_store: true,
        misaligned: 1,
        division: 12,
        predicate: 2,
    };

    /// The low assumptions with one of the high ones each, and its name.
    pub fn one_by_one() -> Vec<(&'static str, Self)> {
        let (low, high) = (Self::LOW, Self::HIGH);
        vec![
            ("LDM and STM of n words: n instead of n/2", Self { list: high.list, ..low }),
            ("gather of n lanes: n instead of n/2", Self { gather: high.gather, ..low }),
            ("nothing overlaps the end of a gather", Self { gather_alone: high.gather_alone, ..low }),
            ("scatter of n lanes: 2n instead of n", Self { scatter: high.scatter, ..low }),
            ("VMLAV to a core register: 3 instead of 2", Self { reduction: high.reduction, ..low }),
            ("VMLAVA after VMLAVA: 3 instead of 2", Self { chain: high.chain, ..low }),
            ("end of a loop: 1 instead of 0", Self { loop_end: high.loop_end, ..low }),
            ("start of a loop: 5 instead of 2", Self { loop_start: high.loop_start, ..low }),
            ("branch taken: 2 instead of 1", Self { taken: high.taken, ..low }),
            ("call: 4 instead of 2", Self { call: high.call, ..low }),
            ("only branches issue as the second of two", Self { dual: high.dual, ..low }),
            ("IT takes a slot", Self { it_takes_a_slot: true, ..low }),
            ("load two cycles after a store: 1 more", Self { load_after_store: true, ..low }),
            ("jump to a 32-bit instruction off four: 1 more", Self { misaligned: high.misaligned, ..low }),
            ("division: 12 instead of 6", Self { division: high.division, ..low }),
            ("VPT to its instruction: 2 instead of 1", Self { predicate: high.predicate, ..low }),
        ]
    }
}

impl Pipeline for Assumptions {
    fn ends(&self, steps: &[Step<'_>]) -> Vec<f64> {
        let mut core = Core::new(self);
        steps
            .iter()
            .map(|step| {
                step.body.iter().for_each(|instruction| core.issue(instruction));
                let end = core.next as f64;
                core.leave(step);
                end
            })
            .collect()
    }
}

/// When a result can be read: by arithmetic, by a store, by a sum into the same register.
#[derive(Clone, Copy, Default)]
struct Ready {
    used: i64,
    store: i64,
    chain: i64,
}

/// The instruction before, for pairs.
struct Last {
    cycle: i64,
    unit: Option<Unit>,
    pairs: bool,
    short: bool,
    paired: bool,
}

struct Core<'a> {
    is: &'a Assumptions,
    ready: [Option<Ready>; COUNT],
    /// When each unit is free: memory, integer, multiply, predicate.
    free: [i64; 4],
    /// The earliest cycle of the next issue.
    next: i64,
    stores: Vec<i64>,
    last: Option<Last>,
}

impl<'a> Core<'a> {
    fn new(is: &'a Assumptions) -> Self {
        Self { is, ready: [None; COUNT], free: [0; 4], next: 0, stores: Vec::new(), last: None }
    }

    fn issue(&mut self, i: &Instruction) {
        match i.class {
            Class::LoopEnd => {
                self.next += self.is.loop_end;
                self.last = None;
                return;
            }
            Class::If if !self.is.it_takes_a_slot => return,
            _ => {}
        }
        let before = self.last.as_ref().filter(|last| self.may_pair(last, i)).map(|last| last.cycle);
        let mut pair = before.is_some();
        let mut cycle = before.unwrap_or(self.next);
        cycle = cycle.max(self.operands_at(i));
        if pair && before.is_some_and(|before| cycle > before) {
            pair = false;
            cycle = cycle.max(self.next);
        }
        let occupancy = self.occupancy(i);
        let unit = self.unit(i);
        if let Some(unit) = unit {
            cycle = cycle.max(self.free[unit]);
            pair &= before.is_some_and(|before| cycle <= before);
        }
        if i.loads() && self.is.load_after_store && self.stores.contains(&(cycle - 2)) {
            cycle += 1;
            pair = false;
        }
        if !pair {
            cycle = cycle.max(self.next);
        }
        if i.stores() {
            let keep = self.stores.len().saturating_sub(6);
            self.stores.drain(..keep);
            let writes = if i.multiple { occupancy + 1 } else { 1 };
            self.stores.extend((0..writes).map(|at| cycle + at));
        }
        if let Some(unit) = unit {
            self.free[unit] = cycle + occupancy;
        }
        self.next = if i.multiple {
            cycle + occupancy.max(1)
        } else if i.class == Class::Divide {
            cycle + self.is.division
        } else if i.lanes > 0 {
            cycle + (occupancy - 1).max(1) + self.is.gather_alone
        } else if i.class == Class::LoopStart {
            cycle + 1 + self.is.loop_start
        } else if pair {
            self.next.max(cycle + 1)
        } else {
            cycle + 1
        };
        self.write(i, cycle, occupancy);
        let pairs =
            i.size == 2 && matches!(i.class, Class::Scalar | Class::Memory | Class::If) && !i.multiple;
        self.last = Some(Last { cycle, unit: i.unit, pairs, short: i.short, paired: pair });
    }

    fn may_pair(&self, last: &Last, i: &Instruction) -> bool {
        let kind = matches!(i.class, Class::Scalar | Class::Memory | Class::Branch | Class::If);
        if last.paired || !last.pairs || i.size != 2 || !kind || i.multiple {
            return false;
        }
        match self.is.dual {
            Dual::ShortList => {
                let both = i.unit == Some(Unit::Memory) && last.unit == Some(Unit::Memory);
                (i.short || last.short) && !both
            }
            Dual::Branch => i.class == Class::Branch,
        }
    }

    /// The cycle in which all operands are there.
    fn operands_at(&self, i: &Instruction) -> i64 {
        let at = |register| {
            let ready = self.ready[register as usize]?;
            let stored = i.data.has(register) && !i.index.has(register);
            let mut at = if stored {
                // A list is read register by register, each when its turn comes.
                let turn = i.list.iter().rposition(|&listed| listed == register).unwrap_or(0) as i64;
                let turn = turn * i64::from(i.words) / (i.list.len().max(1) as i64);
                let turn = if self.is.list == Rate::Two { turn / 2 } else { turn };
                ready.store - if i.multiple { turn } else { 0 }
            } else if i.chain.has(register) {
                ready.chain
            } else {
                ready.used
            };
            at += i64::from(i.shifted.has(register));
            at += if i.index.has(register) { 4 } else { 0 };
            Some(at)
        };
        i.reads.iter().filter_map(at).max().unwrap_or(0)
    }

    fn occupancy(&self, i: &Instruction) -> i64 {
        if i.lanes > 0 && i.loads() {
            let rate = if i.bytes_to_halves { Rate::One } else { self.is.gather };
            rate.cycles(i.lanes).max(2)
        } else if i.lanes > 0 {
            self.is.scatter.cycles(i.lanes)
        } else if i.multiple {
            self.is.list.cycles(i.words)
        } else {
            i.occupancy.into()
        }
    }

    fn unit(&self, i: &Instruction) -> Option<usize> {
        Some(match i.unit? {
            Unit::Memory => 0,
            Unit::Integer => 1,
            Unit::Multiply => 2,
            Unit::Predicate => 3,
            Unit::Either if self.free[1] <= self.free[2] => 1,
            Unit::Either => 2,
        })
    }

    fn write(&mut self, i: &Instruction, cycle: i64, occupancy: i64) {
        for (place, &register) in i.writes.iter().enumerate() {
            let quick = i.quick.has(register);
            let place = place as i64;
            let latency = if i.reduces {
                let [at, chain] = [self.is.reduction, self.is.chain].map(|latency| cycle + latency);
                self.ready[register as usize] = Some(Ready { used: at, store: at, chain });
                continue;
            } else if i.class == Class::Divide {
                self.is.division
            } else if quick {
                1
            } else if i.multiple && i.access == Access::Load {
                2 + if self.is.list == Rate::Two { place / 2 } else { place }
            } else if i.lanes > 0 && i.loads() {
                occupancy
            } else {
                i.latency.into()
            };
            let at = cycle + latency;
            let store = if i.class == Class::Vector && latency == 2 { at - 1 } else { at };
            let compares =
                i.class == Class::Vector && i.unit == Some(Unit::Multiply) && register == PREDICATE;
            let used = if compares { cycle + self.is.predicate } else { at };
            self.ready[register as usize] = Some(Ready { used, store, chain: used });
        }
    }

    /// The way to the next block, which counts there.
    fn leave(&mut self, step: &Step<'_>) {
        let (Some(last), Some(next)) = (step.body.last(), step.next) else { return };
        if next == last.end() {
            return;
        }
        self.next += match last.flow {
            Flow::Loop => 0,
            Flow::Call => self.is.call,
            _ => self.is.taken,
        };
        if step.next_is_wide && next % 4 != 0 {
            self.next += self.is.misaligned;
        }
        self.last = None;
    }
}
