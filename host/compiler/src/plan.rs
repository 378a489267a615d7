//! Places for tensors in the arena, so that those that live at the same time do not overlap.
//!
//! Where the tensors between a few operators are what makes the arena large, these operators become
//! a chain, see [`nn::bands`], and only some rows of the tensors between them have a place.

use nn::bands::{Axis, MAX_CHAIN, kept};
use nn::format::align;

use crate::quantize::{Network, OperatorKind};

/// Place and lifetime of a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// Offset in the arena in bytes, aligned.
    pub offset: usize,
    /// Rows that have a place at a time.
    pub kept: usize,
    /// Length of the place in bytes.
    pub length: usize,
    /// The operator that writes it, or the first of its chain.
    pub first: usize,
    /// The last operator that reads it, or the last of its chain.
    pub last: usize,
}

/// Operators that run band by band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The first operator.
    pub first: usize,
    /// The last one.
    pub last: usize,
    /// Rows of the last one's output that are computed at a time.
    pub band: usize,
}

/// Where everything lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// A placement for every tensor.
    pub placements: Vec<Placement>,
    /// The chains, disjoint.
    pub chains: Vec<Chain>,
    /// Length of the arena.
    pub arena: usize,
}

/// Heights of bands that are tried: higher ones cost less time, lower ones less room.
const BANDS: [usize; 4] = [32, 16, 8, 4];

/// Orders in which tensors are placed before the shortest arena is taken.
const ATTEMPTS: usize = 100;

/// Running by bands costs time: a chain is worth it that takes one part in this many off the arena.
const WORTHWHILE: usize = 16;

/// Each smaller arena that is tried has this many parts less of 64.
const STEP: usize = 2;

/// Plans the arena of `network`: smaller and smaller ones while chains are found, of which the last
/// is taken whose chains are worth it.
pub fn plan(network: &Network) -> Plan {
    let candidates = candidates(network);
    let mut best = whole(network);
    let mut limit = best.arena;
    while let Some(plan) = within(network, &candidates, limit) {
        limit = plan.arena.min(limit) / 64 * (64 - STEP);
        let more = plan.chains.len().saturating_sub(best.chains.len());
        if plan.arena + best.arena / WORTHWHILE * more <= best.arena {
            best = plan;
        }
    }
    best
}

/// A plan without chains, in which every tensor has a place as a whole.
pub fn whole(network: &Network) -> Plan {
    place(network, &[])
}

/// A plan whose arena has at most `limit` bytes, if one is found.
///
/// While too much lives at once, a chain is added to the operator where most does: the one that
/// leaves the fewest operators over the limit, and of these the one with the highest bands and the
/// fewest operators.
fn within(network: &Network, candidates: &[Chain], limit: usize) -> Option<Plan> {
    let operators = 0..network.operators.len();
    let mut chains: Vec<Chain> = Vec::new();
    loop {
        let placements = lifetimes(network, &chains);
        let peak = operators.clone().max_by_key(|&operator| live(&placements, operator))?;
        if live(&placements, peak) <= limit {
            return Some(place(network, &chains)).filter(|plan| plan.arena <= limit);
        }
        let over = |chain: &Chain| {
            let with: Vec<Chain> = chains.iter().copied().chain([*chain]).collect();
            let placements = lifetimes(network, &with);
            let over = operators.clone().filter(|&operator| live(&placements, operator) > limit).count();
            (live(&placements, peak) <= limit).then_some((over, *chain))
        };
        let apart = |chain: &&Chain| {
            (chain.first..=chain.last).contains(&peak)
                && chains.iter().all(|other| chain.last < other.first || other.last < chain.first)
        };
        let fitting = candidates.iter().filter(apart).filter_map(over);
        chains.push(fitting.min_by_key(|(over, _)| *over)?.1);
    }
}

/// Bytes of the tensors that live while `operator` runs.
fn live(placements: &[Placement], operator: usize) -> usize {
    let lives = |it: &&Placement| (it.first..=it.last).contains(&operator);
    placements.iter().filter(lives).map(|it| align(it.length)).sum()
}

/// All runs of operators that can be chains, with each height of bands.
fn candidates(network: &Network) -> Vec<Chain> {
    let banded = |operator: usize| {
        use OperatorKind::{Dense, Depthwise, MaxPool, Table};
        matches!(network.operators[operator].kind, Dense | Depthwise | MaxPool | Table)
    };
    // Whether the operator after this one alone reads what it writes.
    let handed_on = |operator: usize| {
        let tensor = network.operators[operator].output;
        let mut readers =
            (0..network.operators.len()).filter(|&reader| network.operators[reader].inputs.contains(&tensor));
        readers.next() == Some(operator + 1) && readers.next().is_none() && !network.outputs.contains(&tensor)
    };
    let mut candidates = Vec::new();
    for band in BANDS {
        for length in 2..=MAX_CHAIN {
            for first in 0..(network.operators.len() + 1).saturating_sub(length) {
                let last = first + length - 1;
                if (first..=last).all(banded) && (first..last).all(handed_on) {
                    candidates.push(Chain { first, last, band });
                }
            }
        }
    }
    candidates
}

/// Lengths and lifetimes of all tensors, given the chains: while one runs, all of its tensors live.
fn lifetimes(network: &Network, chains: &[Chain]) -> Vec<Placement> {
    let mut placements: Vec<Placement> =
        (0..network.tensors.len()).map(|tensor| lifetime(network, tensor)).collect();
    for chain in chains {
        let axes: Vec<Axis> = (chain.first..=chain.last).map(|operator| axis(network, operator)).collect();
        for (operator, kept) in (chain.first..chain.last).zip(kept(&axes, chain.band)) {
            let it = &mut placements[network.operators[operator].output];
            (it.length, it.kept) = (it.length / it.kept * kept, kept);
        }
    }
    let chain = |operator: usize| chains.iter().find(|c| (c.first..=c.last).contains(&operator));
    for it in &mut placements {
        it.first = chain(it.first).map_or(it.first, |chain| chain.first);
        it.last = chain(it.last).map_or(it.last, |chain| chain.last);
    }
    placements
}

/// Places the tensors, given the chains.
///
/// The largest tensors are placed first, each at the lowest offset where it meets no tensor that
/// lives at the same time ("greedy by size", Pisarchyk and Lee, 2020). While holes make the arena
/// longer than what lives at once, the tensor that ends last is placed first, and all others again.
fn place(network: &Network, chains: &[Chain]) -> Plan {
    let tensors = lifetimes(network, chains);
    let least = (0..network.operators.len()).map(|operator| live(&tensors, operator)).max().unwrap_or(0);
    let mut order: Vec<usize> = (0..tensors.len()).filter(|&t| tensors[t].length > 0).collect();
    order.sort_by_key(|&tensor| std::cmp::Reverse(tensors[tensor].length));
    let mut best = Plan { arena: usize::MAX, ..Plan::default() };
    for _ in 0..ATTEMPTS {
        let mut placements = tensors.clone();
        let arena = place_in_order(&mut placements, &order);
        let end = |&place: &usize| placements[order[place]].offset + placements[order[place]].length;
        let Some(highest) = (0..order.len()).max_by_key(end) else { break };
        order[..=highest].rotate_right(1);
        if arena < best.arena {
            best = Plan { placements, chains: chains.to_vec(), arena };
        }
        if arena <= least {
            break;
        }
    }
    best
}

/// Places tensors one by one and returns where the last one ends.
fn place_in_order(placements: &mut [Placement], order: &[usize]) -> usize {
    let mut placed: Vec<Placement> = Vec::new();
    for &tensor in order {
        let it = &mut placements[tensor];
        let at_once = |other: &&Placement| other.first <= it.last && it.first <= other.last;
        let mut neighbours: Vec<&Placement> = placed.iter().filter(at_once).collect();
        neighbours.sort_by_key(|other| other.offset);
        for other in neighbours {
            if it.offset + it.length > other.offset {
                it.offset = it.offset.max(align(other.offset + other.length));
            }
        }
        placed.push(*it);
    }
    placed.iter().map(|it| align(it.offset + it.length)).max().unwrap_or(0)
}

fn axis(network: &Network, operator: usize) -> Axis {
    let it = &network.operators[operator];
    let height = |tensor: usize| network.tensors[tensor].shape.height;
    Axis {
        kernel: it.window.kernel[0],
        stride: it.window.stride[0],
        pad: it.window.pad[0],
        input: height(it.inputs[0]),
        output: height(it.output),
    }
}

/// When a tensor is needed. The input is kept from the start, outputs to the end.
fn lifetime(network: &Network, tensor: usize) -> Placement {
    let written = network.operators.iter().position(|op| op.output == tensor);
    let read = network.operators.iter().rposition(|op| op.inputs.contains(&tensor));
    let end = network.operators.len().saturating_sub(1);
    let output = network.outputs.contains(&tensor);
    let length = network.tensors[tensor].shape.len() * usize::from(network.tensors[tensor].bytes);
    match (written, read) {
        (None, None) if !output => Placement::default(),
        (first, last) => {
            let first = first.unwrap_or(0);
            let last = if output { end } else { last.unwrap_or(first) };
            Placement { offset: 0, kept: network.tensors[tensor].shape.height, length, first, last }
        }
    }
}
