//! Chains of operators that run band by band, so that the tensors between them never exist whole.
//!
//! A chain is a run of operators each of which alone reads what the one before it wrote. The last
//! one's output is computed some rows at a time; before each of these bands every operator computes
//! the rows that the next one will want, and no row twice. Of a tensor inside the chain only those
//! rows are kept that are still wanted, at the front of its place in the arena:
//!
//! ```text
//!            a band wants rows 6..=14 of this tensor, of which 6 was already there
//! place      | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 |
//! next band  | 14 | ...                          row 14 was moved to the front, the rest is new
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

/// Rows that one operator computes, and where its tensors' places begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of the operator in the chain.
    pub operator: usize,
    /// Rows of the output to compute.
    pub output: Range<usize>,
    /// Rows of the input that they see.
    pub input: Range<usize>,
    /// The row of the input that its place begins with.
    pub input_base: usize,
    /// The row of the output that its place begins with, from this step on.
    pub output_base: usize,
    /// How many rows the output's place began earlier before this step.
    pub dropped: usize,
    /// Rows that are left there once the dropped ones are gone.
    pub held: usize,
}

impl Axis {
    /// The rows of the input that `output` rows see; padding left out.
    pub fn seen(&self, output: &Range<usize>) -> Range<usize> {
        let first = (output.start * self.stride).saturating_sub(self.pad);
        let end = ((output.end.max(1) - 1) * self.stride + self.kernel).saturating_sub(self.pad);
        let end = end.min(self.input);
        first.min(end)..end
    }
}

/// Calls `visit` with every step of a chain, in order, with `rows` rows of the last output a band.
///
/// The first operator's input and the last one's output are whole. A chain of more than
/// [`MAX_CHAIN`] operators has no steps.
pub fn steps(chain: &[Axis], rows: usize, mut visit: impl FnMut(Step)) {
    let Some(last) = chain.len().checked_sub(1).filter(|&last| last < MAX_CHAIN && rows > 0) else { return };
    let (mut base, mut done) = ([0; MAX_CHAIN], [0; MAX_CHAIN]);
    while done[last] < chain[last].output {
        // From the last operator to the first: the rows to compute, and the first row still wanted.
        let (mut end, mut first) = (done, base);
        end[last] = (done[last] + rows).min(chain[last].output);
        for operator in (0..last).rev() {
            let reader = done[operator + 1]..end[operator + 1];
            if !reader.is_empty() {
                let wanted = chain[operator + 1].seen(&reader);
                end[operator] = wanted.end.max(done[operator]);
                // Rows that a stride steps over are computed all the same.
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

/// How many rows of each operator's output but the last one's have to be kept at a time.
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

    /// Follows every place row by row: what a step reads must lie where it is read.
    fn follow(chain: &[Axis], rows: usize) {
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
    fn every_row_that_is_read_is_there() {
        for length in 7..40 {
            for rows in 1..9 {
                let first = axis(3, 2, length);
                let second = axis(3, 1, first.output);
                let third = axis(1, 1, second.output);
                let fourth = axis(3, 2, third.output);
                let fifth = axis(2, 2, fourth.output);
                let chain = [first, second, third, fourth, fifth];
                follow(&chain[..4], rows);
                follow(&chain[1..3], rows);
                follow(&chain, rows);
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
