//! Depthwise convolution by 3x3 filters: sixteen channels in parallel, along a line of outputs.
//!
//! An output needs three columns of three values. Two of them were those of the output before, where the step is 1, so a
//! column is loaded once for three outputs. The filter stays in registers. Where a column or a row lies outside the image, it
//! has the value of the padding, so that all outputs are computed alike.

use core::arch::aarch64::*;

use super::{Stage, dot};
use crate::{Convolution, Element};

/// Channels per block: the values of one load.
pub const WIDE: usize = 16;

/// Rows and columns of the filter.
pub const SIDE: usize = 3;

/// How a column of values meets a column of a filter.
pub trait Taps {
    /// A column of values, as it is kept.
    type Column: Copy;
    /// A column of a filter.
    type Filter: Copy;

    /// Prepares a column of values.
    ///
    /// # Safety
    /// The processor supports the instructions, here and below.
    unsafe fn column(rows: [int8x16_t; SIDE]) -> Self::Column;

    /// Prepares a column of a filter.
    ///
    /// # Safety
    /// See [`Self::column`].
    unsafe fn filter(rows: [int8x16_t; SIDE]) -> Self::Filter;

    /// Adds all nine products of each channel.
    ///
    /// # Safety
    /// See [`Self::column`].
    unsafe fn add(
        acc: [int32x4_t; 4],
        columns: [Self::Column; SIDE],
        filter: &[Self::Filter; SIDE],
    ) -> [int32x4_t; 4];
}

/// By the dot product instruction: the three values of a channel and a fourth, whose weight is 0, lie beside each other.
pub enum Dot {}

/// By products in 16 bits, for weights of at least -127: two of them are added before they are widened.
pub enum Paired {}

impl Taps for Dot {
    type Column = [int8x16_t; 4];
    type Filter = [int8x16_t; 4];

    #[inline(always)]
    unsafe fn column([a, b, c]: [int8x16_t; SIDE]) -> Self::Column {
        // SAFETY: the caller knows that the processor supports the instructions.
        unsafe { interleave([a, b, c, b]) }
    }

    #[inline(always)]
    unsafe fn filter([a, b, c]: [int8x16_t; SIDE]) -> Self::Filter {
        // SAFETY: as above.
        unsafe { interleave([a, b, c, vdupq_n_s8(0)]) }
    }

    #[inline(always)]
    unsafe fn add(
        mut acc: [int32x4_t; 4],
        columns: [Self::Column; SIDE],
        filter: &[Self::Filter; SIDE],
    ) -> [int32x4_t; 4] {
        for (column, filter) in columns.iter().zip(filter) {
            for (acc, (column, filter)) in acc.iter_mut().zip(column.iter().zip(filter)) {
                // SAFETY: as above.
                *acc = unsafe { dot::dot_lanes(*acc, *column, *filter) };
            }
        }
        acc
    }
}

impl Taps for Paired {
    type Column = [int8x16_t; SIDE];
    type Filter = [int8x16_t; SIDE];

    #[inline(always)]
    unsafe fn column(rows: [int8x16_t; SIDE]) -> Self::Column {
        rows
    }

    #[inline(always)]
    unsafe fn filter(rows: [int8x16_t; SIDE]) -> Self::Filter {
        rows
    }

    #[inline(always)]
    unsafe fn add(
        mut acc: [int32x4_t; 4],
        columns: [Self::Column; SIDE],
        filter: &[Self::Filter; SIDE],
    ) -> [int32x4_t; 4] {
        let ([[a, b, c], [d, e, f], [g, h, i]], [[p, q, r], [s, t, u], [v, w, x]]) = (columns, *filter);
        // SAFETY: every 64-bit Arm processor supports the instructions.
        unsafe {
            for (a, u, b, v) in [(a, p, b, q), (c, r, d, s), (e, t, f, u), (g, v, h, w)] {
                let low = vmlal_s8(vmull_s8(vget_low_s8(a), vget_low_s8(u)), vget_low_s8(b), vget_low_s8(v));
                acc = widened(acc, low, vmlal_high_s8(vmull_high_s8(a, u), b, v));
            }
            widened(acc, vmull_s8(vget_low_s8(i), vget_low_s8(x)), vmull_high_s8(i, x))
        }
    }
}

/// Adds sixteen sums of 16 bits.
#[inline]
#[target_feature(enable = "neon")]
pub fn widened([a, b, c, d]: [int32x4_t; 4], low: int16x8_t, high: int16x8_t) -> [int32x4_t; 4] {
    [
        vaddw_s16(a, vget_low_s16(low)),
        vaddw_high_s16(b, low),
        vaddw_s16(c, vget_low_s16(high)),
        vaddw_high_s16(d, high),
    ]
}

/// The four values of each channel beside each other, four channels a register.
#[inline]
#[target_feature(enable = "neon")]
fn interleave([a, b, c, d]: [int8x16_t; 4]) -> [int8x16_t; 4] {
    let (even, odd) = ([vzip1q_s8(a, c), vzip2q_s8(a, c)], [vzip1q_s8(b, d), vzip2q_s8(b, d)]);
    [
        vzip1q_s8(even[0], odd[0]),
        vzip2q_s8(even[0], odd[0]),
        vzip1q_s8(even[1], odd[1]),
        vzip2q_s8(even[1], odd[1]),
    ]
}

/// Computes all outputs, for a convolution with a kernel of [`SIDE`] times [`SIDE`] and at least [`WIDE`] channels. `outside`
/// is a row of the input that has the value of the padding. The last block is moved back, so that it ends at the last channel.
///
/// # Safety
/// The processor supports the instructions of `T`.
#[inline(always)]
pub unsafe fn outputs<O: Element, T: Taps>(
    conv: &Convolution,
    stage: &Stage,
    outside: &[i8],
    input: &[i8],
    output: &mut [O],
) {
    let channels = conv.output.channels;
    let weights = &conv.weights[..SIDE * SIDE * channels];
    for first in (0..channels).step_by(WIDE) {
        let first = first.min(channels - WIDE);
        // SAFETY: each of the nine rows of weights has `channels` of them, and `first` is WIDE before their end at most. The
        // caller knows the processor.
        let filter: [T::Filter; SIDE] = core::array::from_fn(|column| unsafe {
            T::filter(core::array::from_fn(|row| {
                vld1q_s8(weights.as_ptr().add((row * SIDE + column) * channels + first))
            }))
        });
        let lines = output.chunks_exact_mut(conv.output.width * channels);
        for (y, output) in lines.enumerate().take(conv.output.height) {
            let rows = core::array::from_fn(|row| {
                let inside = conv.window.source(0, y, row, conv.input.height);
                inside.map_or(outside, |row| &input[row * outside.len()..][..outside.len()])
            });
            let line = Line { conv, stage, rows, first };
            // SAFETY: the caller knows the processor.
            unsafe { line.outputs::<O, T>(&filter, output) }
        }
    }
}

/// The rows of a line of outputs, and a block of channels.
struct Line<'a> {
    conv: &'a Convolution<'a>,
    stage: &'a Stage,
    rows: [&'a [i8]; SIDE],
    first: usize,
}

impl Line<'_> {
    /// Computes the outputs of the line.
    ///
    /// # Safety
    /// See [`outputs`].
    #[inline(always)]
    unsafe fn outputs<O: Element, T: Taps>(&self, filter: &[T::Filter; SIDE], output: &mut [O]) {
        let width = self.conv.output.width;
        // SAFETY: the caller knows the processor.
        let at = |x: usize, column: usize| unsafe { self.column::<T>(x, column) };
        let mut put = |x: usize, columns| unsafe { self.put::<O, T>(x, columns, filter, output) };
        if self.conv.window.stride[1] != 1 {
            for x in 0..width {
                put(x, [at(x, 0), at(x, 1), at(x, 2)]);
            }
            return;
        }
        // Three outputs a round, so that no column is moved from one register to another.
        let (mut a, mut b) = (at(0, 0), at(0, 1));
        let whole = width - width % SIDE;
        for x in (0..whole).step_by(SIDE) {
            let c = at(x, 2);
            put(x, [a, b, c]);
            a = at(x + 1, 2);
            put(x + 1, [b, c, a]);
            b = at(x + 2, 2);
            put(x + 2, [c, a, b]);
        }
        for x in whole..width {
            put(x, [at(x, 0), at(x, 1), at(x, 2)]);
        }
    }

    /// A column of the receptive field of output `x`.
    ///
    /// # Safety
    /// See [`outputs`].
    #[inline(always)]
    unsafe fn column<T: Taps>(&self, x: usize, column: usize) -> T::Column {
        let window = &self.conv.window;
        // Left of the image it is larger than any width.
        let column = (x * window.stride[1] + column).wrapping_sub(window.pad[1]);
        // SAFETY: a row has `channels` values for each column of the image, and `first` is WIDE before their end at most. The
        // caller knows the processor.
        unsafe {
            if column >= self.conv.input.width {
                return T::column([vdupq_n_s8(self.conv.input_zero); SIDE]);
            }
            let at = column * self.conv.output.channels + self.first;
            T::column(self.rows.map(|row| vld1q_s8(row.as_ptr().add(at))))
        }
    }

    /// Computes the outputs of a pixel.
    ///
    /// # Safety
    /// See [`outputs`].
    #[inline(always)]
    unsafe fn put<O: Element, T: Taps>(
        &self,
        x: usize,
        columns: [T::Column; SIDE],
        filter: &[T::Filter; SIDE],
        output: &mut [O],
    ) {
        // SAFETY: the caller knows the processor, and every one has the output stage.
        unsafe {
            let bias = core::array::from_fn(|part| self.stage.bias(self.first + part * super::LANES));
            let sums = T::add(bias, columns, filter);
            let output = &mut output[x * self.conv.output.channels + self.first..];
            self.stage.finish_sixteen(self.first, sums, output);
        }
    }
}
