//! What values each tensor takes on the sample pictures.

use crate::float::{Point, fold_samples};
use crate::graph::{Graph, TensorId};

/// Least and greatest value of every channel of every tensor.
pub type Ranges = Vec<Vec<[f32; 2]>>;

/// Bins of a histogram.
const BINS: usize = 4096;

/// What was seen of one tensor.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Least and greatest value.
    pub range: [f32; 2],
    /// How many values fell into each part of that range.
    pub histogram: Vec<u64>,
    /// Mean a channel of the sums before the activation; empty where there are none.
    pub sum_mean: Vec<f64>,
    /// Values summed for each mean.
    count: u64,
}

/// The ranges of all channels over all samples.
pub fn ranges(graph: &Graph, samples: &[Vec<u8>], done: &(dyn Fn(usize) + Sync)) -> Ranges {
    let start = || -> Ranges {
        let empty = |shape: kernels::Shape| vec![[f32::INFINITY, f32::NEG_INFINITY]; shape.channels];
        graph.tensors.iter().map(|tensor| empty(tensor.shape)).collect()
    };
    let see = |ranges: &mut Ranges, tensor: TensorId, point, values: &[f32]| {
        if point == Point::Value {
            let ranges = &mut ranges[tensor];
            for pixel in values.chunks_exact(ranges.len()) {
                for (range, &value) in ranges.iter_mut().zip(pixel) {
                    *range = join(*range, [value, value]);
                }
            }
        }
    };
    let merge = |mut a: Ranges, b: Ranges| {
        for (a, b) in a.iter_mut().flatten().zip(b.into_iter().flatten()) {
            *a = join(*a, b);
        }
        a
    };
    fold_samples(graph, samples, start, see, merge, done)
}

/// Histograms and means of all tensors over all samples, given their ranges.
pub fn statistics(
    graph: &Graph,
    samples: &[Vec<u8>],
    ranges: &Ranges,
    done: &(dyn Fn(usize) + Sync),
) -> Vec<Statistics> {
    let start = || -> Vec<Statistics> {
        let empty = |channels: &Vec<[f32; 2]>| Statistics {
            range: channels.iter().copied().fold([0.0, 0.0], join),
            histogram: vec![0; BINS],
            sum_mean: Vec::new(),
            count: 0,
        };
        ranges.iter().map(empty).collect()
    };
    let see = |all: &mut Vec<Statistics>, tensor: TensorId, point, values: &[f32]| match point {
        Point::Value => all[tensor].add_values(values),
        Point::Sum => all[tensor].add_sums(values, graph.tensors[tensor].shape.channels),
    };
    let merge = |mut a: Vec<Statistics>, b: Vec<Statistics>| {
        a.iter_mut().zip(b).for_each(|(a, b)| a.merge(b));
        a
    };
    let mut all = fold_samples(graph, samples, start, see, merge, done);
    for statistics in &mut all {
        let count = statistics.count.max(1) as f64;
        statistics.sum_mean.iter_mut().for_each(|sum| *sum /= count);
    }
    all
}

impl Statistics {
    /// The middle of bin `index`.
    pub fn bin(&self, index: usize) -> f32 {
        let [low, high] = self.range;
        low + (high - low) * (index as f32 + 0.5) / BINS as f32
    }

    fn add_values(&mut self, values: &[f32]) {
        let [low, high] = self.range;
        let scale = BINS as f32 / (high - low).max(f32::MIN_POSITIVE);
        for value in values {
            self.histogram[(((value - low) * scale) as usize).min(BINS - 1)] += 1;
        }
    }

    fn add_sums(&mut self, values: &[f32], channels: usize) {
        self.sum_mean.resize(channels, 0.0);
        for pixel in values.chunks_exact(channels) {
            for (sum, &value) in self.sum_mean.iter_mut().zip(pixel) {
                *sum += f64::from(value);
            }
        }
        self.count += (values.len() / channels) as u64;
    }

    fn merge(&mut self, other: Self) {
        self.sum_mean.resize(self.sum_mean.len().max(other.sum_mean.len()), 0.0);
        self.sum_mean.iter_mut().zip(&other.sum_mean).for_each(|(a, b)| *a += b);
        self.histogram.iter_mut().zip(&other.histogram).for_each(|(a, b)| *a += b);
        self.count += other.count;
    }
}

/// The smallest range around both.
fn join(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0].min(b[0]), a[1].max(b[1])]
}
