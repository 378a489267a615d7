//! A dense convolution, cut into groups of filters and tiles of pixels.

use super::Stage;
use crate::Convolution;
use crate::weights::{FILTERS, PIECE, row_len};

// Filters are computed in the same groups as their outputs.
const _: () = assert!(super::LANES == FILTERS);

/// A convolution whose receptive fields are there.
pub struct Dense<'a> {
    /// The convolution.
    pub conv: &'a Convolution<'a>,
    /// Its output stage.
    pub stage: &'a Stage,
    /// The receptive fields, one row after the other.
    pub rows: &'a [u8],
    /// Bytes from the row of one pixel to the next.
    pub pitch: usize,
}

impl Dense<'_> {
    /// How many pieces a row has.
    #[inline(always)]
    pub fn pieces(&self) -> usize {
        self.pitch / PIECE
    }

    /// The rows of `N` pixels from `start` on, as pointers to `pieces` times 16 bytes each.
    #[inline(always)]
    pub fn rows<const N: usize>(&self, start: usize) -> [*const i8; N] {
        let rows = &self.rows[start * self.pitch..][..N * self.pitch];
        core::array::from_fn(|pixel| rows[pixel * self.pitch..].as_ptr().cast())
    }

    /// The weights from filter `first` on, for `wide` filters: a pointer to the first piece, and the bytes from one piece of
    /// the filters to the next. There are `pieces` of them.
    #[inline(always)]
    pub fn filters(&self, first: usize, wide: usize) -> (*const i8, usize) {
        let step = row_len(self.conv.output.channels);
        assert!((first + wide) * PIECE <= step && self.pieces() * step <= self.conv.weights.len());
        (self.conv.weights[first * PIECE..].as_ptr(), step)
    }

    /// The first filter of each group of sixteen.
    pub fn sixteens(&self) -> impl Iterator<Item = usize> + use<> {
        let channels = self.conv.output.channels;
        (0..channels - channels % (4 * FILTERS)).step_by(4 * FILTERS)
    }

    /// The first filter of each group of four that is left.
    pub fn fours(&self) -> impl Iterator<Item = usize> + use<> {
        let channels = self.conv.output.channels;
        (channels - channels % (4 * FILTERS)..channels).step_by(FILTERS)
    }

    /// The first pixel of each tile of `N`, if there are so many. The last tile is moved back, so that it ends at the last
    /// pixel and no shorter tile is needed.
    pub fn tiles<const N: usize>(&self) -> Option<impl Iterator<Item = usize> + use<N>> {
        let pixels = self.conv.output.pixels();
        pixels.checked_sub(N).map(|last| (0..pixels).step_by(N).map(move |start| start.min(last)))
    }

    /// The outputs of a pixel, from channel `first` on: as many as there are, and `wide` at most.
    #[inline(always)]
    pub fn outputs<'o, O>(
        &self,
        pixel: usize,
        first: usize,
        wide: usize,
        output: &'o mut [O],
    ) -> &'o mut [O] {
        let channels = self.conv.output.channels;
        &mut output[pixel * channels + first..][..wide.min(channels - first)]
    }
}
