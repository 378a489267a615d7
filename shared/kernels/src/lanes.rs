//! Shared by the kernels of 64-bit hosts: scales as a structure of arrays, and im2row.

use std::vec::Vec;

use crate::weights::PIECE;
use crate::{Convolution, OutputStage};

/// The scales of all channels as a structure of arrays, in blocks of `LANES` channels, as a register holds
/// them.
pub struct Scales<const LANES: usize> {
    pub bias: Vec<[i32; LANES]>,
    pub multiplier: Vec<[i32; LANES]>,
    /// The multiplier of negative sums.
    pub negative: Vec<[i32; LANES]>,
    pub shift: Vec<[i32; LANES]>,
    pub zero_point: i32,
    pub min: i32,
    pub max: i32,
}

impl<const LANES: usize> Scales<LANES> {
    /// No scales.
    pub const fn new() -> Self {
        Self {
            bias: Vec::new(),
            multiplier: Vec::new(),
            negative: Vec::new(),
            shift: Vec::new(),
            zero_point: 0,
            min: 0,
            max: 0,
        }
    }

    /// Copies the scales of `stage`, with `less` of each channel subtracted from its bias.
    pub fn set(&mut self, stage: &OutputStage, less: impl Fn(usize) -> i32) {
        let blocks = stage.scales.len().div_ceil(LANES);
        let Self { bias, multiplier, negative, shift, .. } = self;
        for field in [&mut *bias, multiplier, negative, shift] {
            field.clear();
            field.resize(blocks, [0; LANES]);
        }
        for (channel, scale) in stage.scales.iter().enumerate() {
            let (block, lane) = (channel / LANES, channel % LANES);
            bias[block][lane] = scale.bias.wrapping_sub(less(channel));
            multiplier[block][lane] = scale.multiplier;
            negative[block][lane] = if stage.prelu { scale.negative } else { scale.multiplier };
            shift[block][lane] = scale.shift;
        }
        (self.zero_point, self.min, self.max) = (stage.zero_point, stage.min, stage.max);
    }
}

/// Copies the receptive field of each output pixel to a row of `rows`, with the bits of `flip` inverted in
/// every byte, and returns the length of a row in bytes. Bytes past the end of a receptive field meet zero
/// weights.
///
/// Inlined, so that it is compiled with the vector instructions of its caller.
#[inline(always)]
pub fn im2row(conv: &Convolution, input: &[i8], flip: u8, rows: &mut Vec<u8>) -> usize {
    let channels = conv.input.channels;
    let [height, width] = conv.window.kernel;
    let pitch = (height * width * channels).next_multiple_of(PIECE);
    rows.resize(conv.output.pixels() * pitch, 0);
    let copy = |from: &[i8], to: &mut [u8]| {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = from as u8 ^ flip;
        }
    };
    if conv.window.is_point() {
        if pitch == channels {
            copy(input, rows);
        } else {
            let pixels = input.chunks_exact(channels).zip(rows.chunks_exact_mut(pitch));
            pixels.for_each(|(from, to)| copy(from, to));
        }
        return pitch;
    }
    for (at, row) in rows.chunks_exact_mut(pitch).enumerate() {
        let (y, x) = (at / conv.output.width, at % conv.output.width);
        for (ky, row) in row.chunks_mut(width * channels).enumerate().take(height) {
            let Some(line) = conv.window.source(0, y, ky, conv.input.height) else {
                row.fill(conv.input_zero as u8 ^ flip);
                continue;
            };
            let line = &input[line * conv.input.width * channels..][..conv.input.width * channels];
            let left = (x * conv.window.stride[1]).checked_sub(conv.window.pad[1]);
            if let Some(from) = left.and_then(|left| line.get(left * channels..(left + width) * channels)) {
                copy(from, row);
                continue;
            }
            for (kx, to) in row.chunks_exact_mut(channels).enumerate() {
                match conv.window.source(1, x, kx, conv.input.width) {
                    Some(column) => copy(&line[column * channels..][..channels], to),
                    None => to.fill(conv.input_zero as u8 ^ flip),
                }
            }
        }
    }
    pitch
}
