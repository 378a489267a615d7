//! What loads and stores of core registers have in common.

use crate::instruction::{Access, Class, Flow, Instruction, Unit};
use crate::registers::{PC, Register, Registers};

/// A load or store of one or two registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer<'a> {
    pub(super) access: Access,
    /// The registers of the address.
    pub(super) base: &'a [Register],
    /// What is loaded or stored.
    pub(super) registers: &'a [Register],
    /// Whether the first register of the address is stepped.
    pub(super) steps: bool,
    /// Whether it is of a byte or half a word.
    pub(super) narrow: bool,
}

impl Default for Transfer<'_> {
    fn default() -> Self {
        Self { access: Access::Load, base: &[], registers: &[], steps: false, narrow: false }
    }
}

/// A load or store of one or two registers.
pub(super) fn transfer(address: u32, size: u32, transfer: &Transfer<'_>) -> Instruction {
    let mut instruction = Instruction::scalar(address, size);
    instruction.class = Class::Memory;
    instruction.unit = Some(Unit::Memory);
    instruction.latency = 2;
    instruction.access = transfer.access;
    instruction.words = transfer.registers.len().max(1) as u32;
    instruction.narrow = transfer.narrow;
    instruction.base = Registers::of(transfer.base);
    instruction.reads = instruction.base;
    if transfer.steps
        && let Some(&base) = transfer.base.first()
    {
        instruction.writes.push(base);
        instruction.quick = Registers::NONE.with(base);
    }
    moves(&mut instruction, transfer.registers);
    instruction
}

/// A load or store of a list of registers.
pub(super) fn multiple(
    address: u32,
    size: u32,
    access: Access,
    base: Register,
    steps: bool,
    list: &[Register],
) -> Instruction {
    let registers = Transfer { access, base: &[base], steps, ..Transfer::default() };
    let mut instruction = transfer(address, size, &registers);
    instruction.latency = 1;
    instruction.multiple = true;
    instruction.words = list.len() as u32;
    instruction.list = list.to_vec();
    moves(&mut instruction, list);
    instruction
}

fn moves(instruction: &mut Instruction, registers: &[Register]) {
    if instruction.loads() {
        if registers.contains(&PC) {
            instruction.flow = Flow::Call;
        }
        instruction.writes.extend(registers.iter().filter(|&&register| register != PC));
    } else {
        instruction.data = instruction.data.and(Registers::of(registers));
        instruction.reads = instruction.reads.and(instruction.data);
    }
}
