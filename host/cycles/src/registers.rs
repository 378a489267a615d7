//! Sets of registers: r0 to r15, the vectors q0 to q7, the condition flags and the predicate of vectors.

/// Number of a register: 0 to 15 are r0 to r15, 16 to 23 are q0 to q7.
pub type Register = u8;

/// The link register.
pub const LINK: Register = 14;
/// The program counter.
pub const PC: Register = 15;
/// The condition flags.
pub const FLAGS: Register = 24;
/// The predicate of vector instructions, P0.
pub const PREDICATE: Register = 25;
/// How many registers there are.
pub const COUNT: usize = 26;

/// The vector register `number`, 0 to 7.
pub const fn vector(number: u32) -> Register {
    16 + (number & 7) as u8
}

/// A set of registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers(u32);

impl Registers {
    /// No register.
    pub const NONE: Self = Self(0);

    /// These registers.
    pub fn of(registers: &[Register]) -> Self {
        registers.iter().fold(Self::NONE, |set, &register| set.with(register))
    }

    /// With one register more.
    pub const fn with(self, register: Register) -> Self {
        Self(self.0 | 1 << register)
    }

    /// With the registers of another set.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a register is in the set.
    pub const fn has(self, register: Register) -> bool {
        self.0 >> register & 1 != 0
    }

    /// The registers in ascending order.
    pub fn iter(self) -> impl Iterator<Item = Register> {
        (0..COUNT as Register).filter(move |&register| self.has(register))
    }
}
