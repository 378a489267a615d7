//! A function of each value by itself, as a table.

use crate::TABLE_STEPS;

/// Looks up each value of `input`: `out = table[x + 128]`.
pub fn table(table: &[i8; TABLE_STEPS], input: &[i8], output: &mut [i8]) {
    for (&x, out) in input.iter().zip(output) {
        *out = table[usize::from((x as u8) ^ 0x80)];
    }
}
