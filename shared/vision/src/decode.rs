//! Decoding of the YuNet detector heads to faces, in fixed point.
//!
//! The reference is `FaceDetectorYN` of OpenCV 4 (Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level
//! Face Detector", 2023). Every cell of the three grids with strides 8, 16 and 32 predicts one face:
//!
//! ```text
//! score    = sqrt(sigmoid(cls) * sigmoid(obj))
//! centre   = (cell + bbox[0..2]) * stride
//! size     = exp(bbox[2..4]) * stride
//! landmark = (cell + kps[2k..2k+2]) * stride
//! ```
//!
//! The best cell determines score and box of a face. Its landmarks are a weighted mean over all cells that
//! see the same face (as in BlazeFace, Bazarevsky et al. 2019). This differs from OpenCV: the scores of
//! neighbouring cells often agree to four digits while their landmarks are pixels apart, so the slightest
//! noise would switch between two alignments. On 268 pictures of LFW the mean raised the cosine of pictures
//! of the same person by 0.01 and left that of strangers unchanged.
//!
//! Cells are dismissed by comparing raw logits with a bound that is computed once, so an empty frame costs
//! one comparison per cell.

use crate::face::{Face, Faces, MAX_FACES, Point, Rect, SUBPIXEL_BITS};
use crate::fixed::{ARGUMENT_BITS, Q15_ONE, argument, exp_q, sigmoid_q15};
use crate::suppress::{is_same_face, is_suppressed};
use crate::{Error, InputSize};

/// Strides of the grids in input pixels, in the order of the heads.
pub const STRIDES: [usize; 3] = [8, 16, 32];

/// Number of heads: cls, obj, bbox and kps, each for every stride.
pub const HEADS: usize = 4 * STRIDES.len();

/// Channels of cls, obj, bbox and kps.
const CHANNELS: [usize; 4] = [1, 1, 4, 10];

/// Most candidate cells in one frame; a face activates about ten.
const MAX_CANDIDATES: usize = 256;

/// Difference to the best score at which the weight of a cell's landmarks reaches zero: 0.2, in Q15.
const FADE: u16 = 6_554;

/// Positions are clamped to 16384 pixels, so that no later arithmetic overflows.
const MAX_POSITION: i64 = 1 << (14 + SUBPIXEL_BITS);

/// Shape and precision of one head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HeadShape {
    /// Number of cells of the grid, which are stored row by row.
    pub cells: usize,
    /// Values per cell.
    pub channels: usize,
    /// `real = value * 2^-frac_bits`; at most 24.
    pub frac_bits: u8,
}

/// The values of one head: raw outputs of the network, before any sigmoid.
pub trait HeadValues {
    /// Value `index`, in the order cell, channel; an `i16` as `i32`.
    fn get(&self, index: usize) -> i32;
}

/// A decoder for one detector network, which is checked once.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    input: InputSize,
    frac_bits: [u8; HEADS],
    min_score: u16,
    /// Least logit of cls and obj, for each stride, with which a cell can reach `min_score`.
    least_logit: [i32; 2 * STRIDES.len()],
}

/// A cell that may show a face. The order is total: best score first, then by position.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// `Q15_ONE - score`.
    shortfall: u16,
    level: u8,
    cell: u16,
}

type Candidates = heapless::Vec<Candidate, MAX_CANDIDATES>;

impl Decoder {
    /// A decoder for heads of these shapes, in the order cls, obj, bbox, kps, each for stride 8, 16
    /// and 32. Faces with a score below `min_score` (Q15) are dropped.
    ///
    /// # Errors
    /// [`Error::HeadShape`] if a head does not match the input size, [`Error::HeadPrecision`] if
    /// one has more than 24 fraction bits.
    pub fn new(input: InputSize, shapes: &[HeadShape; HEADS], min_score: u16) -> Result<Self, Error> {
        for (index, shape) in shapes.iter().enumerate() {
            let stride = STRIDES[index % STRIDES.len()];
            let cells = (input.width() / stride) * (input.height() / stride);
            if shape.cells != cells || shape.channels != CHANNELS[index / STRIDES.len()] {
                return Err(Error::HeadShape);
            }
            if u32::from(shape.frac_bits) > ARGUMENT_BITS {
                return Err(Error::HeadPrecision);
            }
        }
        let frac_bits = shapes.map(|shape| shape.frac_bits);
        // Each factor is at most one, so the other one must reach the square of the score.
        let least = (u32::from(min_score) * u32::from(min_score)).div_ceil(Q15_ONE);
        let least_logit = core::array::from_fn(|head| least_logit(least, frac_bits[head]));
        Ok(Self { input, frac_bits, min_score, least_logit })
    }

    /// The decoder of the same network for an input of half the height and half the width. `None` if these are no sides of
    /// an input.
    #[must_use]
    pub fn halved(&self) -> Option<Self> {
        let input = InputSize::new(self.input.width() / 2, self.input.height() / 2).ok()?;
        Some(Self { input, ..*self })
    }

    /// The detector's input size.
    pub fn input(&self) -> InputSize {
        self.input
    }

    /// Decodes `heads` to faces in input coordinates, best score first, after non-maximum suppression.
    ///
    /// Needs about 4 KiB of stack.
    pub fn decode<H: HeadValues>(&self, heads: &[H; HEADS]) -> Faces {
        let mut candidates = Candidates::new();
        for level in 0..STRIDES.len() {
            self.collect(heads, level, &mut candidates);
        }
        let mut faces = Faces::new();
        for candidate in &candidates {
            let bounds = self.bounds(heads, candidate);
            if !is_suppressed(&bounds, &faces) {
                let landmarks = self.mean_landmarks(heads, &candidates, candidate, &bounds);
                let score = Q15_ONE as u16 - candidate.shortfall;
                // The loop ends before a push can fail.
                let _ = faces.push(Face { score, bounds, landmarks });
                if faces.len() == MAX_FACES {
                    break;
                }
            }
        }
        faces
    }

    fn collect<H: HeadValues>(&self, heads: &[H; HEADS], level: usize, candidates: &mut Candidates) {
        let (cls, obj) = (level, STRIDES.len() + level);
        let (columns, rows) = self.grid(level);
        for cell in 0..columns * rows {
            let object = heads[obj].get(cell);
            if object < self.least_logit[obj] {
                continue;
            }
            let class = heads[cls].get(cell);
            if class < self.least_logit[cls] {
                continue;
            }
            let class = sigmoid_q15(argument(class, self.frac_bits[cls]));
            let object = sigmoid_q15(argument(object, self.frac_bits[obj]));
            let score = (class * object).isqrt();
            if score >= u32::from(self.min_score) {
                let shortfall = (Q15_ONE - score) as u16;
                keep_best(candidates, Candidate { shortfall, level: level as u8, cell: cell as u16 });
            }
        }
    }

    fn grid(&self, level: usize) -> (usize, usize) {
        (self.input.width() / STRIDES[level], self.input.height() / STRIDES[level])
    }

    fn bounds<H: HeadValues>(&self, heads: &[H; HEADS], candidate: &Candidate) -> Rect {
        let level = usize::from(candidate.level);
        let head = 2 * STRIDES.len() + level;
        let centre = self.point(heads, head, candidate, 0);
        let size = [2, 3].map(|channel| {
            let value = heads[head].get(usize::from(candidate.cell) * CHANNELS[2] + channel);
            let cells = exp_q(argument(value, self.frac_bits[head]), SUBPIXEL_BITS);
            (i64::from(cells) * STRIDES[level] as i64).min(MAX_POSITION / 4) as i32
        });
        Rect { x: centre.x - size[0] / 2, y: centre.y - size[1] / 2, width: size[0], height: size[1] }
    }

    /// The mean landmarks of the face that `best` found in `bounds`, over all cells that see it.
    fn mean_landmarks<H: HeadValues>(
        &self,
        heads: &[H; HEADS],
        candidates: &Candidates,
        best: &Candidate,
        bounds: &Rect,
    ) -> [Point; 5] {
        let mut total = 0;
        let mut sums = [[0i64; 2]; 5];
        for candidate in candidates {
            let weight = FADE.saturating_sub(candidate.shortfall.saturating_sub(best.shortfall));
            // A better cell belongs to another face; otherwise it would be the best one.
            let counts = weight > 0 && candidate >= best;
            if counts && is_same_face(bounds, &self.bounds(heads, candidate)) {
                let weight = i64::from(weight);
                total += weight;
                for (sum, point) in sums.iter_mut().zip(self.landmarks(heads, candidate)) {
                    sum[0] += weight * i64::from(point.x);
                    sum[1] += weight * i64::from(point.y);
                }
            }
        }
        if total == 0 {
            // A box without area does not even overlap itself.
            return self.landmarks(heads, best);
        }
        let mean = |sum: i64| (sum + total / 2).div_euclid(total) as i32;
        sums.map(|[x, y]| Point { x: mean(x), y: mean(y) })
    }

    fn landmarks<H: HeadValues>(&self, heads: &[H; HEADS], candidate: &Candidate) -> [Point; 5] {
        let head = 3 * STRIDES.len() + usize::from(candidate.level);
        core::array::from_fn(|k| self.point(heads, head, candidate, 2 * k))
    }

    /// `(cell + value) * stride` for two consecutive channels of a head.
    fn point<H: HeadValues>(
        &self,
        heads: &[H; HEADS],
        head: usize,
        candidate: &Candidate,
        channel: usize,
    ) -> Point {
        let level = usize::from(candidate.level);
        let cell = usize::from(candidate.cell);
        let columns = self.grid(level).0;
        let at = cell * CHANNELS[head / STRIDES.len()] + channel;
        let position = |cell: usize, value: i32| {
            let cell = (cell as i64) << ARGUMENT_BITS;
            let position = (cell + argument(value, self.frac_bits[head])) * STRIDES[level] as i64;
            let shift = ARGUMENT_BITS - SUBPIXEL_BITS;
            let position = (position + (1 << (shift - 1))) >> shift;
            position.clamp(-MAX_POSITION, MAX_POSITION) as i32
        };
        Point {
            x: position(cell % columns, heads[head].get(at)),
            y: position(cell / columns, heads[head].get(at + 1)),
        }
    }
}

/// Inserts a candidate in order, the best first; if there is no room, the worst one is dropped. Sorting with
/// `core` would cost 8 KiB of flash.
fn keep_best(candidates: &mut Candidates, candidate: Candidate) {
    let place = candidates.partition_point(|other| *other <= candidate);
    if place == MAX_CANDIDATES {
        return;
    }
    if candidates.is_full() {
        candidates.pop();
    }
    // Cannot fail: there is room now.
    let _ = candidates.insert(place, candidate);
}

/// The least `i16` logit whose sigmoid reaches `least` (Q15); `i16::MAX + 1` if none does.
fn least_logit(least: u32, frac_bits: u8) -> i32 {
    let (mut low, mut high) = (i32::from(i16::MIN), i32::from(i16::MAX) + 1);
    while low < high {
        let middle = (low + high).div_euclid(2);
        if sigmoid_q15(argument(middle, frac_bits)) >= least { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_logit_is_the_least_that_reaches_the_score() {
        for (least, frac_bits) in [(1, 8), (8_192, 11), (16_384, 12), (32_000, 9)] {
            let logit = least_logit(least, frac_bits);
            assert!(sigmoid_q15(argument(logit, frac_bits)) >= least);
            assert!(sigmoid_q15(argument(logit - 1, frac_bits)) < least);
        }
        assert_eq!(least_logit(32_768, 15), 32_768);
        assert_eq!(least_logit(0, 15), -32_768);
    }

    #[test]
    fn the_best_candidates_stay_when_there_are_too_many() {
        let mut candidates = Candidates::new();
        for cell in 0..2_000u16 {
            let shortfall = (u32::from(cell) * 7_919 % 2_000) as u16;
            keep_best(&mut candidates, Candidate { shortfall, level: 0, cell });
        }
        assert_eq!(candidates.len(), MAX_CANDIDATES);
        assert!(candidates.iter().enumerate().all(|(i, c)| usize::from(c.shortfall) == i));
    }
}
