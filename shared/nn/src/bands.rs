//! Chains of operators that run in bands of rows, so that the tensors between them are never complete in
//! memory.
//!
//! A chain is a sequence of operators. The output of each is read only by the next one. The output of the
//! last one is computed in bands of some rows. Before each band every operator computes the rows that the
//! next one needs; no row is computed twice. Of a tensor inside the chain only the rows that are still needed
//! are kept, at the start of its memory in the arena:
//!
//! ```text
//!            a band needs rows 6..=14 of this tensor; row 6 was already there
//! memory     | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 |
//! next band  | 14 | ...                          row 14 was moved to the start, the rest is new
//! ```

use core::ops::Range;

/// Most operators in a chain.
pub const MAX_CHAIN: usize = 8;

/// The vertical axis of an operator in a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Rows of the kernel.
    pub kernel: usize,
    /// Vertical stride.
    pub stride: usize,
    /// Padding above.
    pub pad: usize,
    /// Rows of the input.
    pub input: usize,
    /// Rows of the output.
    pub output: usize,
}

/// The rows that one operator computes for a band, and the first rows in the memory of its tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of the operator in the chain.
    pub operator: usize,
    /// Output rows to compute.
    pub output: Range<usize>,
    /// Input rows that they depend on.
    pub input: Range<usize>,
    /// First row in the memory of the input.
    pub input_base: usize,
    /// First row in the memory of the output, from this step on.
    pub output_base: usize,
    /// Rows at the start of the output's memory that this step drops.
    pub dropped: usize,
    /// Rows in the output's memory that remain after that.
    pub held: usize,
}

impl Axis {
    /// The input rows that the `output` rows depend on, without padding.
    pub fn seen(&self, output: &Range<usize>) -> Range<usize> {
        let first = (output.start * self.stride).saturating_sub(self.pad);
        let end = ((output.end.max(1) - 1) * self.stride + self.kernel).saturating_sub(self.pad);
        let end = end.min(self.input);
        first.min(end)..end
    }
}

/// Calls `visit` with every step of a chain, in order. A band has `rows` rows of the last output.
///
/// The input of the first operator and the output of the last one are complete in memory. A chain of more
/// than [`MAX_CHAIN`] operators has no steps.
pub fn steps(chain: &[Axis], rows: usize, mut visit: impl FnMut(Step)) {
    let Some(last) = chain.len().checked_sub(1).filter(|&last| last < MAX_CHAIN && rows > 0) else { return };
    let (mut base, mut done) = ([0; MAX_CHAIN], [0; MAX_CHAIN]);
    while done[last] < chain[last].output {
        // From the last operator to the first: the rows to compute, and the first row that is still needed.
        let (mut end, mut first) = (done, base);
        end[last] = (done[last] + rows).min(chain[last].output);
        for operator in (0..last).rev() {
            let reader = done[operator + 1]..end[operator + 1];
            if !reader.is_empty() {
                let wanted = chain[operator + 1].seen(&reader);
                end[operator] = wanted.end.max(done[operator]);
                // Rows that a stride skips are computed as well.
                first[operator] = wanted.start.min(done[operator]);
            }
        }
        let mut input_base = 0;
        for (operator, axis) in chain.iter().enumerate() {
            let output = done[operator]..end[operator];
            if !output.is_empty() {
                visit(Step {
                    operator,
                    input: axis.seen(&output),
                    input_base,
                    output_base: first[operator],
                    dropped: first[operator] - base[operator],
                    held: done[operator] - first[operator],
                    output,
                });
                base[operator] = first[operator];
            }
            input_base = base[operator];
        }
        done = end;
    }
}

/// The rows that the memory of each operator's output must hold; the last output is complete.
pub fn kept(chain: &[Axis], rows: usize) -> [usize; MAX_CHAIN] {
    let mut kept = [0; MAX_CHAIN];
    steps(chain, rows, |step| {
        kept[step.operator] = kept[step.operator].max(step.output.end - step.output_base);
    });
    kept
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;

    fn axis(kernel: usize, stride: usize, input: usize) -> Axis {
        let pad = kernel / 2;
        Axis { kernel, stride, pad, input, output: (input + 2 * pad - kernel) / stride + 1 }
    }

    /// Simulates the memory of each tensor row by row: a step must find the rows that it reads.
    fn simulate(chain: &[Axis], rows: usize) {
        let kept = kept(chain, rows);
        let mut places: Vec<Vec<Option<usize>>> = kept.iter().map(|&rows| vec![None; rows]).collect();
        let mut computed = vec![0; chain.len()];
        steps(chain, rows, |step| {
            let Step { operator, ref output, ref input, .. } = step;
            assert_eq!(output.start, computed[operator]);
            if let Some(before) = operator.checked_sub(1) {
                for row in input.clone() {
                    assert_eq!(places[before][row - step.input_base], Some(row));
                }
            }
            if operator + 1 < chain.len() {
                places[operator].drain(..step.dropped);
                places[operator].resize(kept[operator], None);
                for row in output.clone() {
                    places[operator][row - step.output_base] = Some(row);
                }
                let held = step.output_base..step.output_base + step.held;
                assert!(held.clone().all(|row| places[operator][row - step.output_base] == Some(row)));
            }
            computed[operator] = output.end;
        });
        assert_eq!(computed.last(), Some(&chain.last().unwrap().output));
    }

    #[test]
    fn every_step_finds_the_rows_that_it_reads() {
        for length in 7..40 {
            for rows in 1..9 {
                let first = axis(3, 2, length);
                let second = axis(3, 1, first.output);
                let third = axis(1, 1, second.output);
                let fourth = axis(3, 2, third.output);
                let fifth = axis(2, 2, fourth.output);
                let chain = [first, second, third, fourth, fifth];
                simulate(&chain[..4], rows);
                simulate(&chain[1..3], rows);
                simulate(&chain, rows);
            }
        }
    }

    #[test]
    fn bands_keep_few_rows() {
        let chain = [axis(3, 2, 112), axis(3, 1, 56), axis(1, 1, 56), axis(3, 2, 56), axis(1, 1, 28)];
        assert_eq!(kept(&chain, 4)[..4], [10, 8, 9, 4]);
        assert_eq!(kept(&chain, 28)[..4], [56, 56, 56, 28]);
    }
}
