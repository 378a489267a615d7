//! The receptive field of an output pixel of a dense convolution, in the order of [`crate::weights`].

use crate::Convolution;
use crate::weights::PIECE;

/// Piece `number` of the receptive field of output pixel `at`; it is multiplied with the same piece of every
/// filter. Values outside the image are the input's zero point; values past the end are zero.
#[inline(always)]
pub fn piece(conv: &Convolution, input: &[i8], at: usize, number: usize) -> [i8; PIECE] {
    let mut values = [0; PIECE];
    let depth = conv.input.channels;
    let first = number * PIECE;
    if conv.window.is_point() {
        let pixel = &input[at * depth..(at + 1) * depth];
        let rest = &pixel[first.min(depth)..(first + PIECE).min(depth)];
        values[..rest.len()].copy_from_slice(rest);
        return values;
    }
    let [rows, columns] = conv.window.kernel;
    let (y, x) = (at / conv.output.width, at % conv.output.width);
    let mut done = 0;
    while done < PIECE {
        // The run of values that come from one pixel.
        let (tap, channel) = ((first + done) / depth, (first + done) % depth);
        if tap >= rows * columns {
            break;
        }
        let run = &mut values[done..(done + depth - channel).min(PIECE)];
        done += run.len();
        let row = conv.window.source(0, y, tap / columns, conv.input.height);
        let column = conv.window.source(1, x, tap % columns, conv.input.width);
        match (row, column) {
            (Some(row), Some(column)) => {
                let start = (row * conv.input.width + column) * depth + channel;
                run.copy_from_slice(&input[start..start + run.len()]);
            }
            _ => run.fill(conv.input_zero),
        }
    }
    values
}

/// Rows of a kernel that is inside the image; each row is contiguous in NHWC.
#[cfg(backend)]
pub struct Rows {
    /// Values per row.
    pub len: usize,
    /// Values from one row to the next in the image.
    pub pitch: usize,
}

/// Copies the receptive field of output pixel `at` to `patch`. `copy` copies rows of the image to consecutive
/// rows of the patch; both slices start with the first row and end with the last one.
#[cfg(backend)]
pub fn gather(
    conv: &Convolution,
    input: &[i8],
    at: usize,
    patch: &mut [i8],
    copy: impl Fn(&Rows, &[i8], &mut [i8]),
) {
    let [rows, columns] = conv.window.kernel;
    let depth = conv.input.channels;
    let (y, x) = (at / conv.output.width, at % conv.output.width);
    let top = (y * conv.window.stride[0]).checked_sub(conv.window.pad[0]);
    let left = (x * conv.window.stride[1]).checked_sub(conv.window.pad[1]);
    if let (Some(top), Some(left)) = (top, left)
        && top + rows <= conv.input.height
        && left + columns <= conv.input.width
    {
        let it = Rows { len: columns * depth, pitch: conv.input.width * depth };
        let start = top * it.pitch + left * depth;
        let from = &input[start..start + (rows - 1) * it.pitch + it.len];
        return copy(&it, from, &mut patch[..rows * it.len]);
    }
    for (tap, run) in patch.chunks_exact_mut(depth).take(rows * columns).enumerate() {
        let row = conv.window.source(0, y, tap / columns, conv.input.height);
        let column = conv.window.source(1, x, tap % columns, conv.input.width);
        match (row, column) {
            (Some(row), Some(column)) => {
                let start = (row * conv.input.width + column) * depth;
                run.copy_from_slice(&input[start..start + depth]);
            }
            _ => run.fill(conv.input_zero),
        }
    }
}
