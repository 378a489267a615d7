//! What an output pixel of a dense convolution sees of the input.

use crate::Convolution;
use crate::weights::PIECE;

/// Piece `number` of what output pixel `at` sees, in the order of [`crate::weights`]: it meets that
/// piece of every filter. Outside the image is the input's zero point; past the end is zero.
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
