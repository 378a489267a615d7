//! Loads and stores of vectors and floating-point registers.

use super::{bits, register};
use crate::instruction::{Access, Class, Instruction, Unit};
use crate::registers::{Register, Registers, vector};

/// The load or store `word` at `address`; `None` if it is neither.
pub(super) fn decode(address: u32, word: u32) -> Option<Instruction> {
    let top = bits(word, 31, 24);
    let (indexed, writes_back) = (bits(word, 24, 24) == 1, bits(word, 21, 21) == 1);
    // P, U and W of zero are moves between registers.
    if !matches!(top, 0xec | 0xed | 0xfc | 0xfd) || bits(word, 24, 21) & 0b1101 == 0 {
        return None;
    }
    if matches!(bits(word, 11, 8), 0xa | 0xb) && bits(word, 31, 28) == 0xe {
        return Some(floating_point(address, word, indexed && !writes_back));
    }
    if bits(word, 11, 9) != 7 {
        return None;
    }
    let wide = bits(word, 12, 12) == 1;
    let base = if wide { register(word, 19, 16) } else { register(word, 18, 16) };
    let quad = bits(word, 15, 13);
    let mut instruction = start(address, word);
    let registers: Vec<Register> = match (top, wide) {
        // VLD2, VLD4, VST2, VST4.
        (0xfc, true) => {
            address_of(&mut instruction, register(word, 19, 16), writes_back);
            let count = if bits(word, 0, 0) == 1 { 4 } else { 2 };
            instruction.latency = 2;
            (quad..quad + count).map(vector).collect()
        }
        // Addresses in a vector.
        (0xfd, true) => {
            let addresses = vector(bits(word, 19, 17));
            instruction.lanes = 4;
            instruction.index = Registers::NONE.with(addresses);
            instruction.latency = 2;
            address_of(&mut instruction, addresses, writes_back);
            vec![vector(quad)]
        }
        // A base and a vector of offsets.
        (0xec | 0xfc, false) if !writes_back => {
            let offsets = vector(bits(word, 3, 1));
            let width = bits(word, 8, 7);
            instruction.lanes = [16, 8, 4, 4][width as usize];
            let bytes = bits(word, 6, 6) == 0 && bits(word, 4, 4) == 0;
            instruction.bytes_to_halves = bytes && width == 1;
            instruction.index = Registers::NONE.with(offsets);
            instruction.latency = 2;
            address_of(&mut instruction, register(word, 19, 16), false);
            instruction.reads = instruction.reads.with(offsets);
            vec![vector(quad)]
        }
        _ => {
            address_of(&mut instruction, base, writes_back);
            vec![vector(quad)]
        }
    };
    moves(&mut instruction, &registers);
    Some(instruction)
}

fn start(address: u32, word: u32) -> Instruction {
    let mut instruction = Instruction::scalar(address, 4);
    instruction.class = Class::Vector;
    instruction.unit = Some(Unit::Memory);
    instruction.occupancy = 2;
    instruction.access = if bits(word, 20, 20) == 1 { Access::Load } else { Access::Store };
    instruction
}

fn address_of(instruction: &mut Instruction, base: Register, writes_back: bool) {
    instruction.base = Registers::NONE.with(base);
    instruction.reads = instruction.base;
    if writes_back {
        instruction.writes.push(base);
        instruction.quick = instruction.base;
    }
}

fn moves(instruction: &mut Instruction, registers: &[Register]) {
    if instruction.loads() {
        instruction.writes.extend(registers);
    } else {
        instruction.data = Registers::of(registers);
        instruction.reads = instruction.reads.and(instruction.data);
    }
}

/// VLDR and VSTR (`single`), VLDM, VSTM, VPUSH, VPOP.
fn floating_point(address: u32, word: u32, single: bool) -> Instruction {
    let mut instruction = start(address, word);
    let double = bits(word, 8, 8) == 1;
    let first = bits(word, 15, 12);
    let first = if double { bits(word, 22, 22) << 4 | first } else { first << 1 | bits(word, 22, 22) };
    let holder = |number: u32| vector(if double { number / 2 } else { number / 4 });
    instruction.occupancy = 1;
    address_of(&mut instruction, register(word, 19, 16), !single && bits(word, 21, 21) == 1);
    if single {
        instruction.class = Class::Float;
        instruction.latency = 2;
        moves(&mut instruction, &[holder(first)]);
    } else {
        let words = bits(word, 7, 0);
        let count = if double { words / 2 } else { words };
        instruction.class = Class::Memory;
        instruction.words = words;
        instruction.multiple = true;
        instruction.list = (first..first + count).map(holder).collect();
        let list = instruction.list.clone();
        moves(&mut instruction, &list);
    }
    instruction
}
