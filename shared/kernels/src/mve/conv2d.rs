//! Dense convolution: tiles of three pixels, see [`super::tile`].
//!
//! A 1x1 kernel whose input has whole pieces reads the pixels in place. Its filters come in blocks whose weights have at
//! most [`BLOCK_BYTES`], and all pixels are multiplied with a block before the next one: so the weights pass a small cache
//! once, and not once a tile. Otherwise the receptive fields of the three pixels of a tile are first copied to patches.
//! The last tile is moved back, so that it ends at the last pixel. Fewer than three pixels, as in a fully connected
//! layer, are multiplied one by one.

use super::depthwise_conv2d::depthwise_conv2d;
use super::gather::{PATCH, Patches};
use super::pixel::{PIECES, Pixel, mve_pixel};
use super::tile::{
    Outputs, PIXELS, Products, Scales, mve_products, mve_scale, mve_scale_prelu, mve_scale_prelu_shift,
    mve_scale_shift, place, scales_of,
};
use super::{has_shift, in_vectors};
use crate::element::Outputs as Written;
use crate::patch::piece;
use crate::weights::{FILTERS, PIECE, packed_len, row_len};
use crate::{Convolution, Element, generic};

/// Most filters per block; their sums take 3 KiB, and their scales 4 KiB.
const BLOCK: usize = 256;
/// Most bytes of the weights of a block that is read in place.
const BLOCK_BYTES: usize = 8 << 10;

/// See [`crate::conv2d`].
pub fn conv2d<O: Element>(conv: &Convolution, input: &[i8], output: &mut [O]) {
    if let Some(conv) = conv.of_one_channel() {
        return depthwise_conv2d(&conv, input, output);
    }
    let depth = conv.window.kernel[0] * conv.window.kernel[1] * conv.input.channels;
    if conv.output.pixels() >= PIXELS && !is_direct(conv, depth) && depth > PATCH {
        return generic::conv2d_stored(conv, input, O::outputs(output));
    }
    by_tiles(conv, depth, input, O::outputs(output));
}

/// Whether the pixels can be read in place.
fn is_direct(conv: &Convolution, depth: usize) -> bool {
    conv.window.is_point() && depth.is_multiple_of(PIECE)
}

fn by_tiles(conv: &Convolution, depth: usize, input: &[i8], output: Written) {
    // Preconditions of the assembly; they hold for every loaded model.
    assert!(input.len() >= conv.input.len() && output.len() >= conv.output.len());
    assert!(conv.weights.len() >= packed_len(depth, conv.output.channels));
    assert!(conv.stage.scales.len() >= conv.output.channels);
    if conv.output.pixels() < PIXELS {
        few_pixels(conv, input, output);
    } else if is_direct(conv, depth) {
        let block = (BLOCK_BYTES / depth / FILTERS * FILTERS).clamp(FILTERS, BLOCK);
        let mut tiles = Tiles::new(conv, output.size(), block);
        assert!(input.len() >= conv.output.pixels() * depth);
        // SAFETY: `each` asks for pixels of the output, and the input has as many, as just asserted.
        tiles.each(output, |start| (unsafe { input.as_ptr().add(start * depth) }, depth));
    } else {
        let mut tiles = Tiles::new(conv, output.size(), BLOCK);
        let mut patches = Patches::new(conv, input);
        tiles.each(output, |start| (patches.of(start).as_ptr(), PATCH));
    }
}

/// The tiles of a convolution, the scales of a block, and the sums of one tile.
struct Tiles<'a> {
    conv: &'a Convolution<'a>,
    pieces: usize,
    /// Filters per block, a multiple of [`FILTERS`].
    block: usize,
    vectors: bool,
    shift: bool,
    scales: [Scales; BLOCK / FILTERS],
    sums: [i32; BLOCK * PIXELS],
}

impl<'a> Tiles<'a> {
    fn new(conv: &'a Convolution<'a>, bytes: usize, block: usize) -> Self {
        let depth = conv.window.kernel[0] * conv.window.kernel[1] * conv.input.channels;
        Self {
            conv,
            pieces: depth.div_ceil(PIECE),
            block,
            vectors: in_vectors(&conv.stage, bytes),
            shift: has_shift(&conv.stage),
            scales: [[[0; FILTERS]; 4]; BLOCK / FILTERS],
            sums: [0; BLOCK * PIXELS],
        }
    }

    /// Computes every tile. `pixels` returns a pointer to the receptive field of the first of the three
    /// pixels from `start` on, and the distance between the three in bytes. All pieces must be readable
    /// there.
    fn each(&mut self, mut output: Written, mut pixels: impl FnMut(usize) -> (*const i8, usize)) {
        let (conv, channels, count) = (self.conv, self.conv.output.channels, self.conv.output.pixels());
        let finish: unsafe extern "C" fn(&Outputs) = match (conv.stage.prelu, self.shift) {
            (false, false) => mve_scale,
            (false, true) => mve_scale_shift,
            (true, false) => mve_scale_prelu,
            (true, true) => mve_scale_prelu_shift,
        };
        assert!(output.len() >= count * channels && count >= PIXELS);
        // Outputs of the assembly have one byte.
        let first = output.start(0).cast::<i8>();
        for block in (0..channels).step_by(self.block) {
            let filters = self.block.min(channels - block);
            for (scales, four) in
                self.scales.iter_mut().zip(conv.stage.scales[block..block + filters].chunks(FILTERS))
            {
                *scales = scales_of(four);
            }
            // What all tiles of a block share is written once: in a network of few channels this is much of a tile.
            let mut products = Products {
                pixels: core::ptr::null(),
                pitch: 0,
                weights: conv.weights[block * PIECE..].as_ptr(),
                row: row_len(channels),
                pieces: self.pieces,
                fours: filters.div_ceil(FILTERS),
                sums: self.sums.as_mut_ptr(),
            };
            let mut outputs = Outputs {
                sums: products.sums,
                scales: self.scales.as_ptr(),
                output: core::ptr::null_mut(),
                pitch: channels,
                channels: filters,
                zero_point: conv.stage.zero_point,
                min: conv.stage.min,
            };
            for tile in 0..count.div_ceil(PIXELS) {
                let start = (tile * PIXELS).min(count - PIXELS);
                (products.pixels, products.pitch) = pixels(start);
                products.sums = self.sums.as_mut_ptr();
                // SAFETY: `by_tiles` has checked the length of the weights, `pixels` gives pixels with all their pieces,
                // and the sums have room for BLOCK filters, which is a multiple of four.
                unsafe { mve_products(&products) }
                if self.vectors {
                    outputs.sums = products.sums;
                    // SAFETY: every group of four has its sums and its scales. `vectors` ensures that values have one
                    // byte, and all outputs exist, as asserted.
                    unsafe {
                        outputs.output = first.add(start * channels + block);
                        finish(&outputs)
                    }
                } else {
                    self.scale(start, block, filters, &mut output);
                }
            }
        }
    }

    /// The output stage of a block that the assembly does not take. Inlined, it would take registers from the other one.
    #[inline(never)]
    fn scale(&self, start: usize, block: usize, filters: usize, output: &mut Written) {
        // The type is matched once per tile, because in some networks every output takes this path.
        match output {
            Written::Bytes(output) => self.scale_to(start, block, filters, output),
            Written::Words(output) => self.scale_to(start, block, filters, output),
        }
    }

    fn scale_to<O: Element>(&self, start: usize, block: usize, filters: usize, output: &mut [O]) {
        let (stage, channels) = (&self.conv.stage, self.conv.output.channels);
        let output = &mut output[start * channels..(start + PIXELS) * channels];
        for filter in 0..filters {
            let channel = block + filter;
            for pixel in 0..PIXELS {
                let sum = self.sums[place(filter, pixel)];
                output[pixel * channels + channel] = O::narrow(stage.apply(channel, sum));
            }
        }
    }
}

/// Computes each pixel separately, four pieces at a time.
fn few_pixels(conv: &Convolution, input: &[i8], mut output: Written) {
    let channels = conv.output.channels;
    let depth = conv.window.kernel[0] * conv.window.kernel[1] * conv.input.channels;
    let (pieces, row) = (depth.div_ceil(PIECE), row_len(channels));
    let mut sums = [0; BLOCK];
    for at in 0..conv.output.pixels() {
        for block in (0..channels).step_by(BLOCK) {
            let sums = &mut sums[..BLOCK.min(channels - block)];
            sums.fill(0);
            for first in (0..pieces).step_by(PIECES) {
                let mut pixel = Pixel { values: [[0; PIECE]; PIECES], weights: [&[]; PIECES] };
                for (n, values) in pixel.values.iter_mut().enumerate() {
                    // Past the last piece values are zero, so the weights do not matter.
                    let number = if first + n < pieces { first + n } else { first };
                    pixel.weights[n] = &conv.weights[number * row + block * PIECE..];
                    if first + n < pieces {
                        *values = piece(conv, input, at, number);
                    }
                }
                mve_pixel(&pixel, sums);
            }
            for (channel, &sum) in (block..).zip(&*sums) {
                output.put(at * channels + channel, conv.stage.apply(channel, sum));
            }
        }
    }
}
