//! Instructions of 16 bits.

use super::memory::{self, Transfer};
use super::{arithmetic, bits, branch, register, unknown};
use crate::instruction::{Access, Arithmetic, Class, Flow, Instruction};
use crate::registers::{FLAGS, LINK, PC, Register};

/// The stack pointer.
const SP: Register = 13;

/// The instruction `half` at `address`; outside a conditional block most arithmetic sets the flags.
pub(super) fn decode(address: u32, half: u32, conditional: bool) -> Instruction {
    let sets = !conditional;
    let (low, middle) = (register(half, 2, 0), register(half, 5, 3));
    let op = |to: &[Register], from: &[Register]| arithmetic(address, 2, to, from);
    let transfer = |access: Access, base: &[Register], registers: &[Register]| {
        memory::transfer(address, 2, &Transfer { access, base, registers, ..Transfer::default() })
    };
    let load = |is: bool| if is { Access::Load } else { Access::Store };
    match half >> 10 {
        // LSL, LSR, ASR by a constant; LSLS by zero is MOVS.
        0b00_0000..=0b00_0101 => {
            let shift = op(&[low], &[middle]).early().flags(sets);
            if half >> 6 == 0 { shift.short() } else { shift }
        }
        0b00_0110 => op(&[low], &[middle, register(half, 8, 6)]).early().flags(sets).short(),
        0b00_0111 => op(&[low], &[middle]).early().flags(sets).short(),
        0b00_1000 | 0b00_1001 => op(&[register(half, 10, 8)], &[]).early().flags(sets).short(),
        0b00_1010 | 0b00_1011 => op(&[], &[register(half, 10, 8)]).flags(true),
        0b00_1100..=0b00_1111 => {
            let place = register(half, 10, 8);
            op(&[place], &[place]).early().flags(sets).short()
        }
        0b01_0000 => data_processing(address, half, sets),
        0b01_0001 => {
            let (to, from) = (low | (bits(half, 7, 7) as Register) << 3, register(half, 6, 3));
            match bits(half, 9, 8) {
                0 => op(&[to], &[to, from]).early().short(),
                1 => op(&[], &[to, from]).flags(true),
                2 => op(&[to], &[from]).early().short(),
                _ => branch(address, 2, Flow::Call, &[from]),
            }
        }
        0b01_0010 | 0b01_0011 => transfer(Access::Load, &[PC], &[register(half, 10, 8)]),
        0b01_0100..=0b01_0111 => {
            let kind = bits(half, 11, 9);
            let mut instruction = transfer(load(kind >= 3), &[middle, register(half, 8, 6)], &[low]);
            instruction.narrow = kind >= 3 && kind != 4;
            instruction
        }
        0b01_1000..=0b10_0011 => {
            let mut instruction = transfer(load(bits(half, 11, 11) == 1), &[middle], &[low]);
            instruction.narrow = bits(half, 15, 12) != 0b0110;
            instruction
        }
        0b10_0100..=0b10_0111 => transfer(load(bits(half, 11, 11) == 1), &[SP], &[register(half, 10, 8)]),
        0b10_1000 | 0b10_1001 => op(&[register(half, 10, 8)], &[]),
        0b10_1010 | 0b10_1011 => op(&[register(half, 10, 8)], &[SP]).early().short(),
        0b10_1100..=0b10_1111 => miscellaneous(address, half),
        0b11_0000..=0b11_0011 => {
            let (base, loads) = (register(half, 10, 8), bits(half, 11, 11) == 1);
            let list = registers(half & 0xff);
            let stepped = !loads || !list.contains(&base);
            memory::multiple(address, 2, load(loads), base, stepped, &list)
        }
        0b11_0100..=0b11_0111 => match bits(half, 11, 8) {
            14 | 15 => Instruction::scalar(address, 2),
            _ => branch(address, 2, Flow::Branch, &[FLAGS]).short(),
        },
        _ => branch(address, 2, Flow::Branch, &[]).short(),
    }
}

/// The numbers of the bits that are set.
pub(super) fn registers(list: u32) -> Vec<Register> {
    (0..16).filter(|&number| list >> number & 1 == 1).collect()
}

fn data_processing(address: u32, half: u32, sets: bool) -> Instruction {
    let (to, from) = (register(half, 2, 0), register(half, 5, 3));
    let op = |reads: &[Register]| arithmetic(address, 2, &[to], reads).flags(sets);
    match bits(half, 9, 6) {
        2..=4 | 7 => op(&[to, from]).early(),
        5 | 6 => op(&[to, from]).uses_flags(true),
        8 | 10 | 11 => arithmetic(address, 2, &[], &[to, from]).flags(true),
        9 | 15 => op(&[from]),
        13 => op(&[to, from]).kind(Arithmetic::Multiply).latency(2),
        _ => op(&[to, from]),
    }
}

fn miscellaneous(address: u32, half: u32) -> Instruction {
    let (low, middle) = (register(half, 2, 0), register(half, 5, 3));
    match bits(half, 11, 8) {
        0b0000 => arithmetic(address, 2, &[SP], &[SP]).early().short(),
        0b0001 | 0b0011 | 0b1001 | 0b1011 => branch(address, 2, Flow::Branch, &[low]),
        0b0010 => arithmetic(address, 2, &[low], &[middle]).kind(Arithmetic::Extract).short(),
        0b0100 | 0b0101 => {
            let mut list = registers(half & 0xff);
            list.extend((bits(half, 8, 8) == 1).then_some(LINK));
            memory::multiple(address, 2, Access::Store, SP, true, &list)
        }
        0b1100 | 0b1101 => {
            let mut list = registers(half & 0xff);
            list.extend((bits(half, 8, 8) == 1).then_some(PC));
            memory::multiple(address, 2, Access::Load, SP, true, &list)
        }
        0b1010 => arithmetic(address, 2, &[low], &[middle]).kind(Arithmetic::Extract),
        0b1111 if half & 15 != 0 => {
            let mut instruction = arithmetic(address, 2, &[], &[FLAGS]).short();
            instruction.class = Class::If;
            instruction
        }
        0b1111 => Instruction::scalar(address, 2).short(),
        0b0110 | 0b1110 => Instruction::scalar(address, 2),
        _ => unknown(address, 2),
    }
}
