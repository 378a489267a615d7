//! Helium arithmetic, and what of the floating-point instructions occurs beside it.

use super::vector_memory;
use super::{bits, register, unknown};
use crate::instruction::{Class, Instruction, Unit};
use crate::registers::{FLAGS, PREDICATE, Register, Registers, vector};

/// Whether `word` is in the space of vectors and floating point.
pub(super) fn is_coprocessor(word: u32) -> bool {
    matches!(bits(word, 31, 24), 0xec..=0xef | 0xfc..=0xff)
}

/// How many instructions after `word` are predicated: of `VPT` and `VPST`.
pub(super) fn covers(word: u32) -> u32 {
    let mask = bits(word, 22, 22) << 3 | bits(word, 15, 13);
    let compares = word & 0xff81_0f00 == 0xfe01_0f00 && bits(word, 4, 4) == 0;
    if mask != 0 && (compares || is_mask(word)) && !selects(word) { 4 - mask.trailing_zeros() } else { 0 }
}

/// `VPST`, and `VPNOT` with a mask of zero.
fn is_mask(word: u32) -> bool {
    word & 0xffbf_1fff == 0xfe31_0f4d
}

/// `VPSEL`, which lies where comparisons of lanes of 64 bits would.
fn selects(word: u32) -> bool {
    word & 0xfff1_1fd1 == 0xfe31_0f01 && !is_mask(word)
}

/// What an instruction writes and reads of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operands {
    /// Qd from Qn and Qm.
    Three,
    /// Qd from Qn, Qm and Qd.
    ThreeAndResult,
    /// Qd from Qm.
    Two,
    /// Qd from Qm and Qd.
    TwoAndResult,
    /// Qd from Qn and a core register.
    Core,
    /// Qd from Qn, a core register and Qd.
    CoreAndResult,
    /// Qd from itself and a core register.
    ByCore,
    /// Qd and the core register, from both.
    Carry,
    /// Qd from a constant.
    Constant,
    /// Qd from a constant and itself.
    ConstantAndResult,
    /// A core register from Qn and Qm; bit 5: added to itself.
    Products,
    /// Two core registers from Qn and Qm; bit 5: added to themselves.
    LongProducts,
    /// A core register from Qm; bit 5: added to itself.
    Sum,
    /// Two core registers from Qm; bit 5: added to themselves.
    LongSum,
    /// A core register from Qm and itself.
    Extreme,
    /// Qd from a core register.
    Duplicate,
    /// Qd from a core register, which is stepped.
    Count,
    /// The predicate from Qn and Qm.
    Compare,
    /// The predicate from Qn and a core register.
    CompareCore,
}

/// Instructions whose bits under `mask` are `value`.
struct Row {
    mask: u32,
    value: u32,
    unit: Unit,
    latency: u32,
    operands: Operands,
}

const fn row(mask: u32, value: u32, unit: Unit, latency: u32, operands: Operands) -> Row {
    Row { mask, value, unit, latency, operands }
}

use Operands::*;
use Unit::{Integer, Multiply};

/// The first row that fits decides. Units and latencies are of LLVM's ARMScheduleM55.td.
const ROWS: &[Row] = &[
    // Three vectors of integers: VHADD, VQADD, VRHADD, logic, VHSUB, VQSUB.
    row(0xef80_0f51, 0xef00_0040, Integer, 1, Three),
    row(0xef80_0f51, 0xef00_0050, Integer, 1, Three),
    row(0xef80_0f51, 0xef00_0140, Integer, 1, Three),
    row(0xef80_0f51, 0xef00_0150, Integer, 1, Three),
    row(0xef80_0f51, 0xef00_0240, Integer, 1, Three),
    row(0xef80_0f51, 0xef00_0250, Integer, 1, Three),
    // VSHL; VQSHL, VRSHL, VQRSHL.
    row(0xef80_0f51, 0xef00_0440, Integer, 1, Three),
    row(0xef80_0f51, 0xef00_0450, Integer, 2, Three),
    row(0xef80_0f41, 0xef00_0540, Integer, 2, Three),
    // VMAX, VMIN; VABD; VADD, VSUB; VMUL; VQDMULH, VQRDMULH.
    row(0xef80_0f41, 0xef00_0640, Integer, 1, Three),
    row(0xef80_0f51, 0xef00_0740, Integer, 1, Three),
    row(0xef80_0f51, 0xef00_0840, Integer, 1, Three),
    row(0xff80_0f51, 0xef00_0950, Multiply, 2, Three),
    row(0xef80_0f51, 0xef00_0b40, Multiply, 2, Three),
    // Floating point: sums of products; the others.
    row(0xef80_0f51, 0xef00_0c50, Multiply, 2, ThreeAndResult),
    row(0xef80_0f41, 0xef00_0d40, Multiply, 2, Three),
    // A constant: VMOV; VMVN; VORR and VBIC.
    row(0xefb8_0d90, 0xef80_0910, Integer, 1, ConstantAndResult),
    row(0xefb8_0990, 0xef80_0110, Integer, 1, ConstantAndResult),
    row(0xefb8_0fb0, 0xef80_0e30, Multiply, 2, Constant),
    row(0xefb8_00b0, 0xef80_0010, Multiply, 2, Constant),
    row(0xefb8_00b0, 0xef80_0030, Integer, 1, Constant),
    // Shifts by a constant: VSHR, VRSHR, VSRI, VSLI, VSHL, VQSHL.
    row(0xef80_0f51, 0xef80_0050, Integer, 1, Two),
    row(0xef80_0f51, 0xef80_0250, Integer, 2, Two),
    row(0xff80_0f51, 0xff80_0450, Integer, 1, TwoAndResult),
    row(0xff80_0f51, 0xff80_0550, Integer, 1, TwoAndResult),
    row(0xff80_0f51, 0xef80_0550, Integer, 1, Two),
    row(0xef80_0e51, 0xef80_0650, Integer, 2, Two),
    // Conversions; then reversals, negation, absolute values, counts of leading bits.
    row(0xffb3_0e51, 0xffb3_0640, Multiply, 2, Two),
    row(0xffb0_0051, 0xffb0_0040, Integer, 1, Two),
    // Narrowing moves, then high halves and long products.
    row(0xeffb_0ff1, 0xee33_0e01, Integer, 3, TwoAndResult),
    row(0xeffb_0ff1, 0xee31_0e81, Integer, 3, TwoAndResult),
    row(0xef81_0ff1, 0xee01_0e01, Multiply, 2, Three),
    row(0xef81_0ff1, 0xee01_0e00, Multiply, 2, Three),
    // Shifts by a core register: VSHL; VRSHL and VQSHL.
    row(0xeff3_1ff0, 0xee31_1e60, Integer, 1, ByCore),
    row(0xeff1_1f70, 0xee31_1e60, Integer, 2, ByCore),
    // With a core register: VMUL, VQDMULH; VMLA, VMLAS, VQDMLAH.
    row(0xff81_1ff0, 0xee01_1e60, Multiply, 2, Core),
    row(0xef81_1ff0, 0xee01_0e60, Multiply, 2, Core),
    row(0xef81_0ff0, 0xee01_0e40, Multiply, 2, CoreAndResult),
    row(0xef81_0fd0, 0xee00_0e40, Multiply, 2, CoreAndResult),
    // VIDUP, VDDUP; VADD and VSUB, VHADD, VQADD and VQSUB with a core register.
    row(0xff81_0f60, 0xee01_0f60, Integer, 1, Count),
    row(0xff81_0ff0, 0xee01_0f40, Integer, 1, Core),
    row(0xef81_0fd0, 0xee00_0f40, Integer, 1, Core),
    // Reductions: VMAXV, VMINV; VADDV, VADDLV; VMLAV, VMLALV and their kin.
    row(0xeff1_0f50, 0xeee0_0f00, Integer, 2, Extreme),
    row(0xeff3_0fd0, 0xeef1_0f00, Multiply, 2, Sum),
    row(0xef8f_0fd0, 0xee89_0f00, Multiply, 2, LongSum),
    row(0xeff0_0ed0, 0xeef0_0e00, Multiply, 2, Products),
    row(0xef80_0ed0, 0xee80_0e00, Multiply, 2, LongProducts),
    row(0xffb1_0f5f, 0xeea0_0b10, Integer, 1, Duplicate),
    // VSHLC; long shifts and moves; narrowing shifts.
    row(0xffe0_1ff0, 0xeea0_0fc0, Integer, 1, Carry),
    row(0xefe0_0fd1, 0xeea0_0f40, Integer, 1, Two),
    row(0xefe0_0f50, 0xee80_0f40, Integer, 3, TwoAndResult),
    // Comparisons, which begin a block of predicated instructions if their mask is not zero.
    row(0xff81_0f50, 0xfe01_0f00, Multiply, 1, Compare),
    row(0xff81_0f50, 0xfe01_0f40, Multiply, 1, CompareCore),
];

/// The instruction `word` at `address`.
pub(super) fn decode(address: u32, word: u32, predicated: bool) -> Instruction {
    if let Some(instruction) = vector_memory::decode(address, word) {
        return instruction;
    }
    let mut instruction = Instruction::scalar(address, 4);
    if is_mask(word) {
        instruction.writes = vec![PREDICATE];
        make_predicate(&mut instruction);
        return instruction;
    }
    if let Some(moves) = moves(address, word) {
        return moves;
    }
    if selects(word) {
        vector_unit(&mut instruction, Integer, 1);
        operands(&mut instruction, word, Three);
        return instruction.predicated(predicated);
    }
    if let Some(row) = ROWS.iter().find(|row| word & row.mask == row.value) {
        vector_unit(&mut instruction, row.unit, row.latency);
        operands(&mut instruction, word, row.operands);
        let compares = matches!(row.operands, Compare | CompareCore);
        return if compares { instruction } else { instruction.predicated(predicated) };
    }
    if matches!(bits(word, 31, 24), 0xee | 0xfe) && matches!(bits(word, 11, 8), 9..=11) {
        return floating_point(address, word);
    }
    // Taken as simple vector arithmetic.
    let mut instruction = unknown(address, 4);
    vector_unit(&mut instruction, Integer, 2);
    operands(&mut instruction, word, Three);
    instruction
}

/// An instruction on the predicate: one beat, and the next can use it.
pub(super) fn make_predicate(instruction: &mut Instruction) {
    instruction.class = Class::Vector;
    instruction.unit = Some(Unit::Predicate);
}

fn vector_unit(instruction: &mut Instruction, unit: Unit, latency: u32) {
    instruction.class = Class::Vector;
    instruction.unit = Some(unit);
    instruction.occupancy = 2;
    instruction.latency = latency;
}

fn operands(instruction: &mut Instruction, word: u32, operands: Operands) {
    let (d, n, m) = (vector(bits(word, 15, 13)), vector(bits(word, 19, 17)), vector(bits(word, 3, 1)));
    let core = register(word, 3, 0);
    // Sums lie in an even register, or in an even and an odd one.
    let (low, high) = (register(word, 15, 12) & 14, (bits(word, 22, 20) << 1 | 1) as Register);
    let stepped = register(word, 19, 16) & 14;
    let (writes, reads): (Vec<Register>, Vec<Register>) = match operands {
        Three => (vec![d], vec![n, m]),
        ThreeAndResult => (vec![d], vec![n, m, d]),
        Two => (vec![d], vec![m]),
        TwoAndResult => (vec![d], vec![m, d]),
        Core => (vec![d], vec![n, core]),
        CoreAndResult => (vec![d], vec![n, core, d]),
        ByCore => (vec![d], vec![core, d]),
        Carry => (vec![d, core], vec![d, core]),
        Constant => (vec![d], vec![]),
        ConstantAndResult => (vec![d], vec![d]),
        Products => (vec![low], vec![n, m]),
        LongProducts => (vec![low, high], vec![n, m]),
        Sum => (vec![low], vec![m]),
        LongSum => (vec![low, high], vec![m]),
        Extreme => (vec![register(word, 15, 12)], vec![m]),
        Duplicate => (vec![n], vec![register(word, 15, 12)]),
        Count => (vec![d, stepped], vec![stepped]),
        Compare => (vec![PREDICATE], vec![n, m]),
        CompareCore => (vec![PREDICATE], vec![n, core]),
    };
    instruction.reads = Registers::of(&reads);
    if matches!(operands, Products | LongProducts | Sum | LongSum | Extreme) {
        instruction.reduces = true;
        if operands == Extreme || bits(word, 5, 5) == 1 {
            instruction.chain = Registers::of(&writes);
            instruction.reads = instruction.reads.and(instruction.chain);
        }
    }
    if operands == Count {
        instruction.quick = Registers::NONE.with(stepped);
        // VIWDUP and VDWDUP wrap at an odd register.
        if bits(word, 3, 1) != 7 {
            instruction.reads = instruction.reads.with(core | 1);
        }
    }
    instruction.writes = writes;
}

/// The vector that holds a floating-point register: `field` at bits 3, 15 or 19, `extra` its other bit.
fn holder(word: u32, field: u32, extra: u32, double: bool) -> Register {
    let (number, bit) = (bits(word, field, field - 3), bits(word, extra, extra));
    vector(if double { (bit << 4 | number) / 2 } else { (number << 1 | bit) / 4 })
}

/// Moves between core registers, and lanes or floating-point registers.
fn moves(address: u32, word: u32) -> Option<Instruction> {
    let mut instruction = Instruction::scalar(address, 4);
    let core = register(word, 15, 12);
    let double = bits(word, 8, 8) == 1;
    let mut set = |class: Class, unit: Unit, latency: u32, writes: &[Register], reads: &[Register]| {
        instruction.class = class;
        instruction.unit = Some(unit);
        instruction.occupancy = if class == Class::Vector { 2 } else { 1 };
        instruction.latency = latency;
        instruction.writes = writes.to_vec();
        instruction.reads = Registers::of(reads);
    };
    let lane = vector(bits(word, 19, 17));
    let quad = vector(bits(word, 15, 13));
    let (one, two) = (register(word, 3, 0), register(word, 19, 16));
    if word & 0xff90_0f1f == 0xee00_0b10 {
        set(Class::Vector, Unit::Either, 1, &[lane], &[lane, core]);
    } else if word & 0xff10_0f1f == 0xee10_0b10 {
        set(Class::Vector, Multiply, 1, &[core], &[lane]);
    } else if word & 0xffb0_1fe0 == 0xec10_0f00 {
        set(Class::Vector, Unit::Either, 1, &[quad], &[quad, one, two]);
    } else if word & 0xffb0_1fe0 == 0xec00_0f00 {
        set(Class::Vector, Multiply, 1, &[one, two], &[quad]);
    } else if word & 0xffe0_0fff == 0xeee0_0a10 {
        let system = if bits(word, 19, 16) >= 12 { PREDICATE } else { FLAGS };
        if bits(word, 20, 20) == 1 {
            set(Class::Float, Multiply, 1, &[core], &[system]);
        } else {
            set(Class::Float, Multiply, 1, &[system], &[core]);
        }
    } else if word & 0xffe0_0f7f == 0xee00_0a10 {
        let held = holder(word, 19, 7, false);
        if bits(word, 20, 20) == 1 {
            set(Class::Float, Multiply, 1, &[core], &[held]);
        } else {
            set(Class::Float, Multiply, 2, &[held], &[core]);
        }
    } else if word & 0xffe0_0ed0 == 0xec40_0a10 {
        let held = holder(word, 3, 5, double);
        if bits(word, 20, 20) == 1 {
            set(Class::Float, Multiply, 1, &[core, two], &[held]);
        } else {
            set(Class::Float, Multiply, 2, &[held], &[core, two]);
        }
    } else {
        return None;
    }
    Some(instruction)
}

/// Floating-point arithmetic.
fn floating_point(address: u32, word: u32) -> Instruction {
    let mut instruction = Instruction::scalar(address, 4);
    let double = bits(word, 8, 8) == 1;
    let (d, n, m) = (holder(word, 15, 22, double), holder(word, 19, 7, double), holder(word, 3, 5, double));
    instruction.class = Class::Float;
    instruction.unit = Some(Multiply);
    instruction.latency = 2;
    instruction.reads = Registers::of(&[n, m]);
    instruction.writes = vec![d];
    let number = bits(word, 23, 23) << 2 | bits(word, 21, 20);
    let other = number == 7;
    let root = other && bits(word, 19, 16) == 1 && bits(word, 7, 6) == 3;
    let compares = other && matches!(bits(word, 19, 16), 4 | 5);
    if number == 4 || root {
        (instruction.occupancy, instruction.latency) = (15, 16);
    } else if compares {
        instruction.reads = Registers::of(&[d, m]);
        instruction.writes = vec![FLAGS];
    } else if matches!(number, 0 | 1 | 5 | 6) {
        instruction.reads = instruction.reads.with(d);
    }
    instruction
}
