//! What range of an activation its 256 steps cover.

use crate::observe::Statistics;

/// A rule for choosing the range of a tensor from what was observed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RangeRule {
    /// Everything that was seen.
    MinMax,
    /// All but this share of the values at either end.
    Percentile(f64),
    /// The range with the least mean square error of rounding and clipping together.
    MeanSquare,
}

/// Steps of the search for the least error, in either direction.
const STEPS: usize = 48;

impl RangeRule {
    /// The range for a tensor; it always holds zero, which padding needs.
    pub fn choose(self, seen: &Statistics) -> [f32; 2] {
        match self {
            Self::MinMax => seen.range,
            Self::Percentile(share) => percentile(seen, share),
            Self::MeanSquare => mean_square(seen),
        }
    }
}

fn percentile(seen: &Statistics, share: f64) -> [f32; 2] {
    let total: u64 = seen.histogram.iter().sum();
    let allowed = (total as f64 * share) as u64;
    let bins = seen.histogram.len();
    let low = end(seen, 0..bins, allowed);
    let high = end(seen, (0..bins).rev(), allowed);
    [low.min(0.0), high.max(0.0)]
}

/// The value of the first of `bins` before which more than `allowed` values lie.
fn end(seen: &Statistics, mut bins: impl Iterator<Item = usize>, allowed: u64) -> f32 {
    let mut left_out = 0;
    let end = bins.find(|&bin| {
        left_out += seen.histogram[bin];
        left_out > allowed
    });
    seen.bin(end.unwrap_or(0))
}

fn mean_square(seen: &Statistics) -> [f32; 2] {
    let [low, high] = seen.range;
    // Prefix sums of count, value and square make the clipping error of any bound a few additions.
    let mut best = (f64::INFINITY, seen.range);
    let below = clipping(seen, 0..seen.histogram.len());
    let above = clipping(seen, (0..seen.histogram.len()).rev());
    let total: u64 = seen.histogram.iter().sum();
    let cut = |steps: usize| if steps == 0 { 0 } else { (seen.histogram.len() - 1) * steps / (STEPS + 8) };
    for i in 0..STEPS {
        for j in 0..STEPS {
            let (first, last) = (cut(i), seen.histogram.len() - 1 - cut(j));
            if first >= last {
                continue;
            }
            let from = if i == 0 { low } else { seen.bin(first) }.min(0.0);
            let to = if j == 0 { high } else { seen.bin(last) }.max(0.0);
            let step = f64::from(to - from) / 255.0;
            let clipped = below.error(first, from) + above.error(seen.histogram.len() - 1 - last, to);
            let error = clipped + step * step / 12.0 * total as f64;
            if error < best.0 {
                best = (error, [from, to]);
            }
        }
    }
    best.1
}

/// Running sums from one end of a histogram.
struct Clipping {
    /// Number, sum and sum of squares of the values in the first so many bins.
    sums: Vec<[f64; 3]>,
}

impl Clipping {
    /// Square error of moving the values of the first `bins` bins to `bound`.
    fn error(&self, bins: usize, bound: f32) -> f64 {
        let [count, sum, squares] = self.sums[bins];
        let bound = f64::from(bound);
        (squares - 2.0 * bound * sum + bound * bound * count).max(0.0)
    }
}

fn clipping(seen: &Statistics, bins: impl Iterator<Item = usize>) -> Clipping {
    let mut sums = vec![[0.0; 3]];
    let mut running = [0.0; 3];
    for bin in bins {
        let (count, value) = (seen.histogram[bin] as f64, f64::from(seen.bin(bin)));
        running = [running[0] + count, running[1] + count * value, running[2] + count * value * value];
        sums.push(running);
    }
    Clipping { sums }
}
