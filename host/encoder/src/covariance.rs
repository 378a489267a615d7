//! Means and covariances of a node's channels over pictures.

use autodiff::BufferPool;
use autodiff::gemm::tall::transposed_by_rows;
use rayon::prelude::*;

use crate::Images;
use crate::batch::parts;
use crate::graph::Graph;
use crate::pass::Pass;

/// Means and covariances of channels.
pub struct Covariance {
    /// The mean of each.
    pub means: Vec<f64>,
    /// The covariance of each two, row by row.
    pub values: Vec<f64>,
}

/// Sums over pixels of the distances of channels from `base`.
struct Sums {
    base: Vec<f32>,
    count: usize,
    sums: Vec<f64>,
    products: Vec<f64>,
}

impl Sums {
    fn new(base: Vec<f32>) -> Self {
        let channels = base.len();
        Self { base, count: 0, sums: vec![0.0; channels], products: vec![0.0; channels * channels] }
    }

    fn add(&mut self, values: &[f32]) {
        let channels = self.base.len();
        let distances: Vec<f32> = values
            .par_chunks_exact(channels)
            .flat_map_iter(|pixel| pixel.iter().zip(&self.base).map(|(value, base)| value - base))
            .collect();
        let mut products = vec![0.0; channels * channels];
        transposed_by_rows(&distances, channels, &distances, &mut products);
        for pixel in distances.chunks_exact(channels) {
            self.sums.iter_mut().zip(pixel).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        self.products.iter_mut().zip(products).for_each(|(sum, value)| *sum += f64::from(value));
        self.count += values.len() / channels;
    }

    fn finish(self) -> Covariance {
        let (channels, count) = (self.base.len(), self.count as f64);
        let shifts: Vec<f64> = self.sums.iter().map(|sum| sum / count).collect();
        let at = |(number, product): (usize, &f64)| {
            product / count - shifts[number / channels] * shifts[number % channels]
        };
        let values = self.products.iter().enumerate().map(at).collect();
        let means = self.base.iter().zip(&shifts).map(|(&base, shift)| f64::from(base) + shift).collect();
        Covariance { means, values }
    }
}

/// The covariances of the channels of some nodes.
pub fn covariances(graph: &Graph, nodes: &[usize], images: &Images) -> Vec<Covariance> {
    let frozen = vec![true; graph.nodes.len()];
    let pass = Pass { graph, frozen: &frozen, rounding: false };
    let pool = &mut BufferPool::default();
    let mut sums: Vec<Sums> = Vec::new();
    for some in parts(images, graph.input.len()) {
        let trace = pass.train(&some, pool);
        if sums.is_empty() {
            // Some pixel is near enough to the mean for sums in single precision.
            let first = |&node: &usize| trace.value(node)[..graph.nodes[node].shape.channels].to_vec();
            sums = nodes.iter().map(first).map(Sums::new).collect();
        }
        sums.iter_mut().zip(nodes).for_each(|(sums, &node)| sums.add(trace.value(node)));
        trace.release(pool);
    }
    sums.into_iter().map(Sums::finish).collect()
}
