//! Dense convolution: pairs of pixels times pairs of filters, see [`super::products`].
//!
//! A block of pixels is unpacked once for all filters, and each pair of filters once per block of pixels. The
//! receptive field of a pixel is contiguous for a 1x1 kernel whose input has whole pieces; otherwise it is
//! first copied to a patch. With an odd number of filters the second one of the last pair is the padding of
//! the packed weights. With an odd number of pixels the last pair is the last two pixels, or one pixel twice.

use super::depthwise_conv2d::depthwise_conv2d;
use super::products::{Pairs, Scaling};
use super::unpack::{Rows, WORDS, unpack};
use super::{Activation, activation};
use crate::patch::{gather, piece};
use crate::weights::{PIECE, row_len};
use crate::{Convolution, Element, Scale, generic};

/// Words of unpacked pixels, 32 KiB, with two values each.
const BLOCK: usize = 8192;
/// Most pieces of an unpacked row, and words of two unpacked filters, 8 KiB.
const PIECES: usize = 128;
/// Filters per unpacking of a single pixel.
const FILTERS: usize = 512;
/// Most values of a patch.
const PATCH: usize = 576;

/// See [`crate::conv2d`].
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    if let Some(conv) = conv.of_one_channel() {
        return depthwise_conv2d(&conv, input, output);
    }
    let depth = conv.window.kernel[0] * conv.window.kernel[1] * conv.input.channels;
    let pieces = depth.div_ceil(PIECE);
    let whole = conv.window.is_point() && depth.is_multiple_of(PIECE);
    if conv.output.pixels() == 1 {
        return one_pixel(conv, pieces, input, output);
    }
    if pieces > PIECES || !whole && depth > PATCH {
        return generic::conv2d_stored(conv, input, O::outputs(output));
    }
    let mut pixels = [0; BLOCK];
    let words = pieces * WORDS;
    let (count, most) = (conv.output.pixels(), BLOCK / words * 2);
    let activation = activation(&conv.stage, size_of::<O>());
    for start in (0..count).step_by(most) {
        // A single remaining pixel is paired with the one before it.
        let start = start.min(count - 2);
        let block = Block { conv, start, count: most.min(count - start), activation };
        for (pair, words) in pixels.chunks_exact_mut(words).take(block.count.div_ceil(2)).enumerate() {
            let at = start + (2 * pair).min(block.count - 2);
            if whole {
                let rows = Rows { values: &input[at * depth..], second: depth, step: PIECE };
                unpack(&rows, words);
            } else {
                let mut patches = [0; 2 * PATCH];
                for (pixel, patch) in patches.chunks_exact_mut(PATCH).enumerate() {
                    gather(conv, input, at + pixel, patch, |rows, from, to| {
                        for (row, to) in to.chunks_exact_mut(rows.len).enumerate() {
                            to.copy_from_slice(&from[row * rows.pitch..][..rows.len]);
                        }
                    });
                }
                unpack(&Rows { values: &patches, second: PATCH, step: PIECE }, words);
            }
        }
        block.run(&pixels, words, output);
    }
}

/// A block of unpacked pixels.
struct Block<'a> {
    conv: &'a Convolution<'a>,
    start: usize,
    /// At least two.
    count: usize,
    activation: Option<Activation>,
}

impl Block<'_> {
    fn run<O: Element>(&self, pixels: &[u32], words: usize, output: &mut [O]) {
        let channels = self.conv.output.channels;
        let output = &mut output[self.start * channels..][..self.count * channels];
        let mut weights = [0; PIECES * WORDS];
        let weights = &mut weights[..words];
        for filter in (0..channels).step_by(2) {
            let rows =
                Rows { values: &self.conv.weights[filter * PIECE..], second: PIECE, step: row_len(channels) };
            unpack(&rows, weights);
            let whole = self.count / 2;
            self.pairs(&pixels[..whole * words], weights, filter, output);
            if self.count % 2 == 1 {
                let last = &mut output[(self.count - 2) * channels..];
                self.pairs(&pixels[whole * words..(whole + 1) * words], weights, filter, last);
            }
        }
    }

    fn pairs<O: Element>(&self, pixels: &[u32], weights: &[u32], filter: usize, output: &mut [O]) {
        let (stage, channels) = (&self.conv.stage, self.conv.output.channels);
        let scales = &stage.scales[filter..channels.min(filter + 2)];
        if let (Some(activation), [first, second]) = (self.activation, scales) {
            let twice = |scale: &Scale| [2 * scale.multiplier, 2 * scale.negative];
            let multiplier = [twice(first), twice(second)];
            let scaling = Scaling { multiplier, zero_point: stage.zero_point, activation };
            let pairs = Pairs { pixels, weights, bias: [first.bias, second.bias] };
            if let Some(output) = O::bytes_mut(&mut output[filter..]) {
                return pairs.scale(&scaling, output, channels);
            }
        }
        // Here the stage adds the bias.
        for (pair, pixels) in pixels.chunks_exact(weights.len()).enumerate() {
            let mut sums = [[0; 4]];
            Pairs { pixels, weights, bias: [0; 2] }.sums(&mut sums);
            for (n, &sum) in sums[0].iter().enumerate() {
                let (pixel, channel) = (2 * pair + n % 2, filter + n / 2);
                if channel < channels {
                    output[pixel * channels + channel] = O::narrow(stage.apply(channel, sum));
                }
            }
        }
    }
}

/// Computes a single pixel, as in a fully connected layer: unpacked twice, with as many pieces at a time as
/// fit.
fn one_pixel<O: Element>(conv: &Convolution, pieces: usize, input: &[i8], output: &mut [O]) {
    let (channels, row) = (conv.output.channels, row_len(conv.output.channels));
    for (block, out) in output[..channels].chunks_mut(FILTERS).enumerate() {
        let mut sums = [0; FILTERS];
        for first in (0..pieces).step_by(PIECES) {
            let count = PIECES.min(pieces - first);
            let (mut pixels, mut weights) = ([0; PIECES * WORDS], [0; PIECES * WORDS]);
            let (pixels, weights) = (&mut pixels[..count * WORDS], &mut weights[..count * WORDS]);
            for (number, words) in pixels.chunks_exact_mut(WORDS).enumerate() {
                let values = piece(conv, input, 0, first + number);
                unpack(&Rows { values: &values, second: 0, step: PIECE }, words);
            }
            for (pair, sums) in sums[..out.len()].chunks_mut(2).enumerate() {
                let values = &conv.weights[first * row + (block * FILTERS + 2 * pair) * PIECE..];
                unpack(&Rows { values, second: PIECE, step: row }, weights);
                let mut four = [[0; 4]];
                Pairs { pixels, weights, bias: [0; 2] }.sums(&mut four);
                sums.iter_mut().zip([four[0][0], four[0][2]]).for_each(|(sum, more)| *sum += more);
            }
        }
        for (lane, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
            *out = O::narrow(conv.stage.apply(block * FILTERS + lane, sum));
        }
    }
}
