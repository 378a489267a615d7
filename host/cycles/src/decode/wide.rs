//! Integer instructions of 32 bits. `word` is the first half-word in the high half.

use super::memory::{self, Transfer};
use super::narrow::registers;
use super::{arithmetic, bits, branch, register, unknown};
use crate::instruction::{Access, Arithmetic, Class, Flow, Instruction};
use crate::registers::{FLAGS, LINK, PC, PREDICATE, Register, Registers};

/// The instruction `word` at `address`.
pub(super) fn decode(address: u32, word: u32) -> Instruction {
    match bits(word, 31, 25) {
        0b111_0100 if bits(word, 22, 22) == 0 => list(address, word),
        0b111_0100 => dual_or_exclusive(address, word),
        0b111_0101 => shifted(address, word),
        0b111_1000..=0b111_1011 if bits(word, 15, 15) == 1 => control(address, word),
        0b111_1000 | 0b111_1010 => modified_immediate(address, word),
        0b111_1001 | 0b111_1011 => plain_immediate(address, word),
        0b111_1100 => single(address, word),
        0b111_1101 if bits(word, 24, 24) == 0 => register_operations(address, word),
        0b111_1101 => multiplication(address, word),
        _ => unknown(address, 4),
    }
}

fn direction(loads: bool) -> Access {
    if loads { Access::Load } else { Access::Store }
}

/// LDM, STM, PUSH, POP.
fn list(address: u32, word: u32) -> Instruction {
    let access = direction(bits(word, 20, 20) == 1);
    let list = registers(bits(word, 15, 0));
    memory::multiple(address, 4, access, register(word, 19, 16), bits(word, 21, 21) == 1, &list)
}

/// LDRD, STRD, exclusive accesses, table branches.
fn dual_or_exclusive(address: u32, word: u32) -> Instruction {
    let (base, to) = (register(word, 19, 16), register(word, 15, 12));
    let access = direction(bits(word, 20, 20) == 1);
    if bits(word, 24, 24) == 1 || bits(word, 21, 21) == 1 {
        if word == 0xe97f_e97f {
            return Instruction::scalar(address, 4);
        }
        let steps = bits(word, 21, 21) == 1;
        let registers = [to, register(word, 11, 8)];
        let pair = Transfer { access, base: &[base], registers: &registers, steps, narrow: false };
        return memory::transfer(address, 4, &pair);
    }
    let table = bits(word, 31, 20) == 0xe8d && bits(word, 7, 5) == 0;
    if table {
        return branch(address, 4, Flow::Call, &[base, register(word, 3, 0)]);
    }
    let single = Transfer { access, base: &[base], registers: &[to], ..Transfer::default() };
    memory::transfer(address, 4, &single)
}

/// Arithmetic with a register that may be shifted; 64-bit shifts; conditional selection.
fn shifted(address: u32, word: u32) -> Instruction {
    let (first, to, second) = (register(word, 19, 16), register(word, 11, 8), register(word, 3, 0));
    if bits(word, 31, 20) == 0xea5 {
        if bits(word, 15, 14) == 0b10 {
            let selects = arithmetic(address, 4, &[to], &[first, second]);
            return selects.uses_flags(true);
        }
        if bits(word, 8, 8) == 1 && matches!(bits(word, 3, 0), 13 | 15) && bits(word, 11, 9) < 7 {
            let (low, high) = (first & 14, register(word, 11, 9) << 1 | 1);
            let mut from = vec![low, high];
            from.extend((second == 13).then_some(register(word, 15, 12)));
            return arithmetic(address, 4, &[low, high], &from);
        }
    }
    let amount = bits(word, 14, 12) << 2 | bits(word, 7, 6);
    let shifts = amount != 0 || bits(word, 5, 4) != 0;
    let rotates_through_carry = amount == 0 && bits(word, 5, 4) == 3;
    let operation = Operation { address, word, first, to, second: Some(second), shifts };
    let decoded = operation.decode();
    if rotates_through_carry { decoded.kind(Arithmetic::Other).uses_flags(true) } else { decoded }
}

fn modified_immediate(address: u32, word: u32) -> Instruction {
    let (first, to) = (register(word, 19, 16), register(word, 11, 8));
    Operation { address, word, first, to, second: None, shifts: false }.decode()
}

/// An operation of the two forms that share their numbers.
struct Operation {
    address: u32,
    word: u32,
    first: Register,
    to: Register,
    second: Option<Register>,
    shifts: bool,
}

impl Operation {
    fn decode(&self) -> Instruction {
        let (number, sets) = (bits(self.word, 24, 21), bits(self.word, 20, 20) == 1);
        let compares = self.to == PC && sets && matches!(number, 0 | 4 | 8 | 13);
        // MOV, MVN, and the shifts by a constant, which are moves.
        let moves = self.first == PC && matches!(number, 2 | 3);
        let to: &[Register] = if compares { &[] } else { &[self.to] };
        let mut from = Vec::new();
        if !moves {
            from.push(self.first);
        }
        from.extend(self.second);
        let early = if number == 2 { moves } else { matches!(number, 8 | 13) && !compares };
        let mut instruction = arithmetic(self.address, 4, to, &from).flags(sets);
        if early {
            instruction = instruction.early();
        }
        if number == 6 {
            instruction = instruction.kind(Arithmetic::Extract);
        }
        // A shift by itself is no shifted operand.
        let shifts = self.shifts && !(moves && number == 2);
        instruction.uses_flags(matches!(number, 10 | 11)).shifts(shifts, self.second.unwrap_or_default())
    }
}

/// ADDW, SUBW, MOVW, MOVT, bit fields, saturation.
fn plain_immediate(address: u32, word: u32) -> Instruction {
    let (first, to) = (register(word, 19, 16), register(word, 11, 8));
    let op = |from: &[Register]| arithmetic(address, 4, &[to], from);
    match bits(word, 24, 20) {
        0 | 10 if first == PC => op(&[]),
        0 | 10 => op(&[first]).early(),
        4 => op(&[]).early(),
        12 => op(&[to]).early(),
        16 | 18 | 24 | 26 => {
            let amount = bits(word, 14, 12) << 2 | bits(word, 7, 6);
            op(&[first]).kind(Arithmetic::Extract).latency(2).shifts(amount != 0, first)
        }
        20 | 28 => op(&[first]).kind(Arithmetic::Extract).latency(2),
        22 if first == PC => op(&[to]).kind(Arithmetic::Extract),
        22 => op(&[to, first]).kind(Arithmetic::Extract),
        _ => unknown(address, 4),
    }
}

/// Branches, calls, low-overhead loops, system registers, hints.
fn control(address: u32, word: u32) -> Instruction {
    let from = register(word, 19, 16);
    if word & 0xffc0_ffff == 0xf000_e801 {
        let mut counts = arithmetic(address, 4, &[PREDICATE], &[from]);
        super::vector::make_predicate(&mut counts);
        return counts;
    }
    if bits(word, 31, 23) == 0b1_1110_0000 && matches!(word & 0xf001, 0xc001 | 0xe001) {
        let mut instruction = Instruction::scalar(address, 4);
        if from == PC && bits(word, 15, 12) == 0xc {
            instruction.class = Class::LoopEnd;
            instruction.flow = Flow::Loop;
        } else {
            instruction.class = Class::LoopStart;
            instruction.reads = Registers::NONE.with(from);
            instruction.writes = vec![LINK];
        }
        return instruction;
    }
    match (bits(word, 14, 14), bits(word, 12, 12)) {
        (1, 1) => branch(address, 4, Flow::Call, &[]),
        (0, 1) => branch(address, 4, Flow::Branch, &[]),
        // Conditions 14 and 15 are not of a branch: MSR, MRS, barriers and hints.
        (0, 0) if bits(word, 25, 23) < 7 => branch(address, 4, Flow::Branch, &[FLAGS]),
        (0, 0) => Instruction::scalar(address, 4),
        _ => unknown(address, 4),
    }
}

/// Loads and stores of one register.
fn single(address: u32, word: u32) -> Instruction {
    let (base, to) = (register(word, 19, 16), register(word, 15, 12));
    let loads = bits(word, 20, 20) == 1;
    let narrow = bits(word, 22, 21) != 2;
    let mut address_registers = vec![base];
    let mut steps = false;
    if bits(word, 23, 23) == 0 && base != PC {
        if bits(word, 11, 11) == 0 {
            address_registers.push(register(word, 3, 0));
        } else {
            steps = bits(word, 8, 8) == 1;
        }
    }
    // A load of a byte or half a word to the program counter is a preload.
    let preloads = loads && narrow && to == PC;
    let registers: &[Register] = if preloads { &[] } else { &[to] };
    let access = direction(loads);
    let transfer = Transfer { access, base: &address_registers, registers, steps, narrow };
    memory::transfer(address, 4, &transfer)
}

/// Shifts by a register, extensions, parallel additions, and the like.
fn register_operations(address: u32, word: u32) -> Instruction {
    let (first, to, second) = (register(word, 19, 16), register(word, 11, 8), register(word, 3, 0));
    let op = |from: &[Register]| arithmetic(address, 4, &[to], from);
    let kind = bits(word, 7, 4);
    match bits(word, 23, 20) {
        0..=7 if kind == 0 => op(&[first, second]).early().flags(bits(word, 20, 20) == 1),
        0..=5 if kind >= 8 => {
            let from: &[Register] = if first == PC { &[second] } else { &[first, second] };
            op(from).kind(Arithmetic::Extract).shifts(bits(word, 5, 4) != 0, second)
        }
        // Signed and unsigned, saturating and halving, additions of halves and bytes.
        8..=15 if kind == 5 => op(&[first, second]).kind(Arithmetic::Extract),
        8..=15 if kind < 8 => op(&[first, second]).kind(Arithmetic::Parallel).latency(2),
        8 => op(&[second, first]).kind(Arithmetic::Parallel).latency(2),
        9 => op(&[second]).kind(Arithmetic::Extract),
        10 => op(&[first, second]).kind(Arithmetic::Parallel),
        11 => op(&[second]).kind(Arithmetic::Extract),
        _ => unknown(address, 4),
    }
}

/// Products, sums of products, divisions.
fn multiplication(address: u32, word: u32) -> Instruction {
    let (first, to, second) = (register(word, 19, 16), register(word, 11, 8), register(word, 3, 0));
    let (sum, number) = (register(word, 15, 12), bits(word, 23, 20));
    let product = |to: &[Register], from: &[Register], accumulator: &[Register]| {
        let mut instruction = arithmetic(address, 4, to, from).kind(Arithmetic::Multiply).latency(2);
        instruction.accumulator = Registers::of(accumulator);
        instruction
    };
    match number {
        7 => arithmetic(address, 4, &[to], &[first, second]).kind(Arithmetic::Extract).latency(2),
        0..=6 if sum == PC => product(&[to], &[first, second], &[]),
        0..=6 => product(&[to], &[first, second, sum], &[sum]),
        8 | 10 => product(&[sum, to], &[first, second], &[]),
        9 | 11 => {
            let mut division = arithmetic(address, 4, &[to], &[first, second]).latency(2);
            division.class = Class::Divide;
            division
        }
        12..=14 => product(&[sum, to], &[first, second, sum, to], &[sum, to]),
        _ => unknown(address, 4),
    }
}
