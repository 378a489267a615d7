//! Depthwise 3x3 convolution, channel by channel, see [`super::filter`].
//!
//! `generic` computes other kernels.

use super::filter::{Filter, Finish, PAIRS, filter};
use super::plane::widen;
use super::{activation, is_wide};
use crate::parts::{self, PITCH, Part};
use crate::{Convolution, Element, generic};

/// See [`crate::depthwise_conv2d`].
pub fn depthwise_conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    let bytes = size_of::<O>();
    let finish = match activation(&conv.stage, bytes) {
        Some(activation) => Finish::Narrow(activation),
        None if is_wide(&conv.stage, bytes) => Finish::Wide,
        None => return generic::depthwise_conv2d_stored(conv, input, O::outputs(output)),
    };
    if !parts::fit(conv) {
        return generic::depthwise_conv2d_stored(conv, input, O::outputs(output));
    }
    let mut plane = [[0; 2]; PAIRS * PITCH];
    parts::each(conv, |part| {
        let filter = Filter {
            rows: part.rows,
            columns: part.columns,
            stride: conv.window.stride[0],
            channels: conv.output.channels,
            output_row: conv.output.width * conv.output.channels,
            zero_point: conv.stage.zero_point,
            finish,
        };
        run(&part, &filter, conv, input, output, &mut plane);
    });
}

fn run<O: Element>(
    part: &Part,
    it: &Filter,
    conv: &Convolution,
    input: &[i8],
    output: &mut [O],
    plane: &mut [[i16; 2]; PAIRS * PITCH],
) {
    let channels = conv.output.channels;
    // The copies below do not touch the padding, which is the same for every channel.
    plane.fill([conv.input_zero.into(); 2]);
    for channel in 0..channels {
        let first = part.first_input(conv) + channel;
        for row in 0..part.vertical.count {
            let pixels = &input[first + row * conv.input.width * channels..];
            let at = row + part.vertical.pad;
            let start = at / 2 * PITCH + part.horizontal.pad;
            let pairs = &mut plane[start..start + part.horizontal.count];
            widen(pixels, channels, pairs, at % 2 == 1);
        }
        let weights = core::array::from_fn(|tap| conv.weights[tap * channels + channel]);
        let output = &mut output[part.first_output(conv) + channel..];
        filter(it, plane, &weights, &conv.stage.scales[channel], output);
    }
}
