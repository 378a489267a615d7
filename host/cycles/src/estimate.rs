//! The cycles of each part of a trace.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::instruction::Instruction;
use crate::pipeline::{Pipeline, Step};
use crate::{Error, Program, Trace, m7, m55};

/// Blocks that are simulated before the one that counts.
const HISTORY: usize = 4;

/// A processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// The Cortex-M55 of the AN547.
    M55,
    /// The Cortex-M7 of the AN500.
    M7,
}

/// What a part takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Instructions executed.
    pub instructions: u64,
    /// Of these, those that the decoder does not know.
    pub unknown: u64,
    /// Cycles under the low assumptions.
    pub low: f64,
    /// Cycles under the high assumptions.
    pub high: f64,
    /// How often a block was not followed by the one that mostly follows it. The Cortex-M7 is taken to predict all these
    /// branches wrongly; it predicts some of them.
    pub surprises: u64,
}

impl Cost {
    /// With another cost.
    pub fn plus(self, other: Self) -> Self {
        Self {
            instructions: self.instructions + other.instructions,
            unknown: self.unknown + other.unknown,
            low: self.low + other.low,
            high: self.high + other.high,
            surprises: self.surprises + other.surprises,
        }
    }
}

/// The cost of each part of a trace, by number.
///
/// # Errors
/// [`Error::Block`] if the trace is not of this program.
pub fn estimate(core: Core, program: &Program, trace: &Trace) -> Result<Vec<Cost>, Error> {
    let (low, high): (&dyn Pipeline, &dyn Pipeline) = match core {
        Core::M55 => (&m55::Assumptions::LOW, &m55::Assumptions::HIGH),
        Core::M7 => (&m7::Assumptions::LOW, &m7::Assumptions::HIGH),
    };
    estimate_with(low, high, program, trace)
}

/// What each assumption of the high estimate adds to the low one by itself, in cycles of all parts but the one after the
/// last mark.
///
/// # Errors
/// As [`estimate`].
pub fn weigh(core: Core, program: &Program, trace: &Trace) -> Result<Vec<(&'static str, f64)>, Error> {
    let weight = |low: &dyn Pipeline, high: &dyn Pipeline| {
        let costs = estimate_with(low, high, program, trace)?;
        Ok(costs.iter().rev().skip(1).map(|cost| cost.high - cost.low).sum())
    };
    match core {
        Core::M55 => {
            let each = m55::Assumptions::one_by_one().into_iter();
            each.map(|(name, is)| Ok((name, weight(&m55::Assumptions::LOW, &is)?))).collect()
        }
        Core::M7 => {
            let each = m7::Assumptions::one_by_one().into_iter();
            each.map(|(name, is)| Ok((name, weight(&m7::Assumptions::LOW, &is)?))).collect()
        }
    }
}

/// [`estimate`] with other assumptions.
fn estimate_with(
    low: &dyn Pipeline,
    high: &dyn Pipeline,
    program: &Program,
    trace: &Trace,
) -> Result<Vec<Cost>, Error> {
    let blocks = Blocks::of(program, trace)?;
    let mut cycles: HashMap<(u32, u32), (f64, f64)> = HashMap::new();
    let mut costs = vec![Cost::default(); trace.parts()];
    for (entry, count) in trace.counts() {
        let key = (entry.before, entry.block);
        let (least, most) = *cycles.entry(key).or_insert_with(|| {
            let steps = blocks.steps(program, entry.before, entry.block);
            (of_last(low, &steps), of_last(high, &steps))
        });
        let Some(cost) = costs.get_mut(entry.part as usize) else { continue };
        let body = blocks.body(entry.block);
        cost.instructions += count * body.len() as u64;
        cost.unknown += count * body.iter().filter(|instruction| !instruction.known).count() as u64;
        cost.low += count as f64 * least;
        cost.high += count as f64 * most;
        if blocks.usual.get(&entry.before).is_some_and(|&usual| usual != entry.block) {
            cost.surprises += count;
            cost.low += count as f64 * low.surprise();
            cost.high += count as f64 * high.surprise();
        }
    }
    Ok(costs)
}

/// The cycles of the last of a few blocks.
fn of_last(pipeline: &dyn Pipeline, steps: &[Step<'_>]) -> f64 {
    match *pipeline.ends(steps).as_slice() {
        [.., before, last] => last - before,
        [last] => last,
        [] => 0.0,
    }
}

/// The blocks of a trace.
struct Blocks {
    bodies: HashMap<u32, Vec<Instruction>>,
    /// The block that most often came before each.
    predecessor: HashMap<u32, u32>,
    /// The block that most often came after each.
    usual: HashMap<u32, u32>,
}

impl Blocks {
    fn of(program: &Program, trace: &Trace) -> Result<Self, Error> {
        let mut bodies = HashMap::new();
        let mut pairs: HashMap<(u32, u32), u64> = HashMap::new();
        for (entry, count) in trace.counts() {
            if entry.before != 0 {
                *pairs.entry((entry.before, entry.block)).or_default() += count;
            }
            if let Entry::Vacant(body) = bodies.entry(entry.block) {
                let last = trace.last_of(entry.block).ok_or(Error::Block(entry.block))?;
                body.insert(program.block(entry.block, last)?);
            }
        }
        // Sorted, so that equal counts give the same choice in every run.
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_by_key(|&(pair, count)| (std::cmp::Reverse(count), pair));
        let (mut predecessor, mut usual) = (HashMap::new(), HashMap::new());
        for ((before, block), _) in pairs {
            predecessor.entry(block).or_insert(before);
            usual.entry(before).or_insert(block);
        }
        Ok(Self { bodies, predecessor, usual })
    }

    fn body(&self, block: u32) -> &[Instruction] {
        self.bodies.get(&block).map_or(&[], Vec::as_slice)
    }

    /// A few blocks that mostly come before `before`, then `before` and `block`.
    fn steps(&self, program: &Program, before: u32, block: u32) -> Vec<Step<'_>> {
        let mut order = vec![block];
        if before != 0 {
            order.push(before);
            while order.len() <= HISTORY {
                let first = order[order.len() - 1];
                // A loop comes from itself.
                let earlier = if before == block { Some(&before) } else { self.predecessor.get(&first) };
                let Some(&earlier) = earlier else { break };
                order.push(earlier);
            }
        }
        order.reverse();
        let next = |place: usize| order.get(place + 1).copied();
        let steps = order.iter().enumerate().map(|(place, &block)| Step {
            body: self.body(block),
            next: next(place),
            next_is_wide: next(place).is_some_and(|next| program.is_wide(next)),
        });
        steps.collect()
    }
}
