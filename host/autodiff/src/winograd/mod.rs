//! 3x3 convolutions of stride 1 by Winograd's minimal filtering, F(4x4, 3x3).
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016. A tile of 4x4
//! results takes 36 products a channel pair in place of 144: the picture is cut into overlapping 6x6
//! patches, patches and filters are transformed, multiplied point by point (which, over channels,
//! are 36 products of matrices), and transformed back. In single precision the result is some
//! 1e-5 of the largest value off, which the tests bound.
//!
//! A task is a band of tiles. It transforms, multiplies and transforms back a block of tiles at a
//! time, so that the intermediate values never leave the cache of its core. ReLU and its derivative are
//! applied on the way out and in, and cost no pass over memory of their own.

mod transform;

use std::cell::RefCell;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::Buffer;
use crate::gemm::{Fill, multiply_packed, pack, packed_length};
use transform::{PATCH, TILE, filter, input, output};

/// Points of a transformed patch.
const POINTS: usize = PATCH * PATCH;

/// Floats of a block of transformed patches and products that stay in a core's cache.
const BLOCK_FLOATS: usize = 1 << 18;

/// Tiles that a block has at least, so that large filters are not read too often.
const LEAST_TILES: usize = 36;

/// Channels that vectors of every instruction set divide.
const CHANNELS: usize = 16;

/// Filters, transformed and packed: a matrix of input by output channels a point.
pub struct Filters {
    values: Buffer,
    /// Channels that they read.
    pub inputs: usize,
    /// Channels that they write.
    pub outputs: usize,
}

/// A convolution to run, with the operations fused into it.
pub struct Job<'a> {
    /// The picture: rows of pixels of `filters.inputs` channels.
    pub input: &'a [f32],
    /// Where this (shaped like the input) is not positive, the input counts as zero: ReLU's derivative.
    pub mask: Option<&'a [f32]>,
    /// Height and width of input and output.
    pub size: [usize; 2],
    /// The filters.
    pub filters: &'a Filters,
    /// Added to each channel.
    pub bias: Option<&'a [f32]>,
    /// Whether negative results become zero.
    pub relu: bool,
}

impl Filters {
    /// Whether such channels can be done here.
    pub fn fit(inputs: usize, outputs: usize) -> bool {
        inputs.is_multiple_of(CHANNELS) && outputs.is_multiple_of(CHANNELS)
    }

    /// Transforms filters whose tap at `(output, input, row, column)` is `tap` of these.
    pub fn new(
        inputs: usize,
        outputs: usize,
        tap: impl Fn(usize, usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        let length = packed_length(inputs, outputs);
        let mut values = Buffer::zeros(POINTS * length);
        let mut plain = vec![[0.0; POINTS]; inputs * outputs];
        plain.par_chunks_mut(outputs).enumerate().for_each(|(i, row)| {
            for (o, points) in row.iter_mut().enumerate() {
                *points = filter(|y, x| tap(o, i, y, x));
            }
        });
        values.par_chunks_mut(length).enumerate().for_each(|(point, panels)| {
            pack(panels, inputs, outputs, |i, o| plain[i * outputs + o][point]);
        });
        Self { values, inputs, outputs }
    }

    /// Bytes that the filters take.
    pub fn bytes(inputs: usize, outputs: usize) -> usize {
        POINTS * packed_length(inputs, outputs) * size_of::<f32>()
    }
}

impl Job<'_> {
    /// Tiles that are done at once.
    fn tiles(&self) -> usize {
        let floats = POINTS * (self.filters.inputs + self.filters.outputs);
        (BLOCK_FLOATS / floats).max(LEAST_TILES).next_multiple_of(6)
    }

    /// Convolves with zeros around the picture; `out` is as large as the picture.
    pub fn run(&self, out: &mut [f32]) {
        let [height, width] = self.size;
        let across = width.div_ceil(TILE);
        let band =
            self.tiles().div_ceil(across).min(height.div_ceil(TILE).div_ceil(rayon::current_num_threads()));
        let rows = band.max(1) * TILE;
        out.par_chunks_mut(rows * width * self.filters.outputs).enumerate().for_each(|(number, out)| {
            thread_local! {
                static SCRATCH: RefCell<Buffer> = RefCell::new(Buffer::default());
            }
            SCRATCH.with_borrow_mut(|scratch| {
                Arch::new().dispatch(Band { job: self, top: number * rows, out, scratch });
            });
        });
    }
}

/// Some rows of tiles of a job.
struct Band<'a> {
    job: &'a Job<'a>,
    /// First row of pixels.
    top: usize,
    out: &'a mut [f32],
    scratch: &'a mut Buffer,
}

impl WithSimd for Band<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { job, top, out, scratch } = self;
        let Filters { inputs, outputs, .. } = *job.filters;
        let width = job.size[1];
        let across = width.div_ceil(TILE);
        let down = (out.len() / (width * outputs)).div_ceil(TILE);
        let block = job.tiles().min(across * down);
        scratch.resize(POINTS * block * (inputs + outputs));
        let (patches, products) = scratch.split_at_mut(POINTS * block * inputs);
        let zeros = vec![0.0; inputs];
        let length = job.filters.values.len() / POINTS;
        for first in (0..across * down).step_by(block) {
            let count = block.min(across * down - first);
            let place = |tile: usize| [(first + tile) / across * TILE, (first + tile) % across * TILE];
            for tile in 0..count {
                let [y, x] = place(tile);
                input(simd, job, [top + y, x], &zeros, patches, [tile, block]);
            }
            for point in 0..POINTS {
                let a = &patches[point * block * inputs..][..count * inputs];
                let to = &mut products[point * block * outputs..][..count * outputs];
                let panels = &job.filters.values[point * length..][..length];
                multiply_packed(simd, a, inputs, panels, outputs, to, Fill::Store);
            }
            for tile in 0..count {
                output(simd, job, place(tile), out, products, [tile, block]);
            }
        }
    }
}
