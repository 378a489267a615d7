//! Dense convolution as a matrix product: the receptive fields of output pixels by filters.
//!
//! Sixteen filters are applied to a tile of pixels, and their sums stay in registers in the loop over the pieces of
//! [`crate::weights`]. `dot` and `pairs` differ in how pieces are multiplied.

use core::cell::RefCell;
use std::vec::Vec;

use super::dense::Dense;
use super::{Stage, dot, pairs};
use crate::weights::PIECE;
use crate::{Convolution, Element, lanes};

std::thread_local! {
    static SCRATCH: RefCell<Scratch> =
        const { RefCell::new(Scratch { rows: Vec::new(), stage: Stage::new() }) };
}

/// Buffers that are reused between calls.
struct Scratch {
    /// Receptive field of every output pixel, in whole pieces.
    rows: Vec<u8>,
    stage: Stage,
}

/// See [`crate::conv2d`].
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    SCRATCH.with_borrow_mut(|Scratch { rows, stage }| {
        stage.set(&conv.stage);
        let (rows, pitch) = match conv.input.channels {
            // The input is in this form.
            channels if conv.window.is_point() && channels % PIECE == 0 => {
                (bytemuck::cast_slice(input), channels)
            }
            _ => {
                let pitch = lanes::im2row(conv, input, 0, rows);
                (&rows[..], pitch)
            }
        };
        let dense = Dense { conv, stage, rows, pitch };
        if std::arch::is_aarch64_feature_detected!("dotprod") {
            // SAFETY: the processor has the features that the function is compiled for.
            unsafe { dot::products(&dense, output) }
        } else {
            pairs::products(&dense, output)
        }
    });
}
