//! An encoder on the processor.

use std::io::{self, Read, Write};

use crate::graph::{Graph, Operator, ParameterId, Preprocessing};
use crate::head::Head;
use crate::operators::normalize::Moments;
use crate::optimizer::{Memory, Optimizer};
use crate::pass::Pass;
use crate::pool::Pool;
use crate::{Embeddings, Error, Images, Spec, Trainable, read, state, write};

/// Share of a batch's moments in the running ones after it.
const MOMENTUM: f64 = 0.1;

/// Pictures that are embedded at once.
const EMBEDDED: usize = 32;

/// Where an encoder's weights come from, if not from nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source<'a> {
    /// The bytes of an ONNX file whose input is 1 x 3 x height x width, red first.
    pub onnx: &'a [u8],
    /// What its input is made of; what the file itself does to it comes after.
    pub preprocessing: Preprocessing,
    /// What becomes of its last layer.
    pub head: Head,
}

/// Which layers stay as they are. A layer is a convolution with what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freeze<'a> {
    /// The first so many.
    First(usize),
    /// Those whose name begins so.
    Named(&'a str),
}

/// An encoder that the processor trains.
pub struct Encoder {
    graph: Graph,
    optimizer: Optimizer,
    memory: Memory,
    frozen: Vec<bool>,
    pool: Pool,
}

impl Encoder {
    /// A network of the family with weights drawn from `seed`.
    ///
    /// # Errors
    /// The specification makes no network.
    pub fn new(spec: &Spec, seed: u64, optimizer: Optimizer) -> Result<Self, Error> {
        Ok(Self::of(spec.build(seed)?, optimizer))
    }

    /// A network that was trained before.
    ///
    /// # Errors
    /// The file is no encoder, or holds an operator that cannot be trained, which the error names.
    pub fn read(source: &Source, optimizer: Optimizer) -> Result<Self, Error> {
        let graph = read::read(source.onnx, source.preprocessing)?;
        Ok(Self::of(source.head.apply(graph)?, optimizer))
    }

    fn of(graph: Graph, optimizer: Optimizer) -> Self {
        let memory = Memory::new(graph.parameters.len());
        let frozen = vec![false; graph.nodes.len()];
        Self { graph, optimizer, memory, frozen, pool: Pool::default() }
    }

    /// The network.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Leaves layers as they are from now on: their weights, and the statistics by which they normalise.
    ///
    /// # Errors
    /// There are no such layers, or none is left to train.
    pub fn freeze(&mut self, layers: Freeze) -> Result<(), Error> {
        let starts: Vec<usize> = (0..self.graph.nodes.len())
            .filter(|&n| matches!(self.graph.nodes[n].operator, Operator::Convolution { .. }))
            .collect();
        let chosen: Vec<bool> = match layers {
            Freeze::First(count) => (0..starts.len()).map(|layer| layer < count).collect(),
            Freeze::Named(prefix) => {
                starts.iter().map(|&n| self.graph.nodes[n].name.starts_with(prefix)).collect()
            }
        };
        let asked = match layers {
            Freeze::First(count) => count,
            Freeze::Named(_) => chosen.iter().filter(|chosen| **chosen).count(),
        };
        if let (Freeze::Named(prefix), 0) = (layers, asked) {
            let known: Vec<&str> = starts.iter().map(|&n| &*self.graph.nodes[n].name).collect();
            return Err(Error::NoLayer { prefix: prefix.into(), known: known.join(", ") });
        }
        let mut frozen = self.frozen.clone();
        for (layer, _) in chosen.iter().enumerate().filter(|(_, chosen)| **chosen) {
            let end = starts.get(layer + 1).copied().unwrap_or(frozen.len());
            frozen[starts[layer]..end].fill(true);
        }
        if starts.iter().all(|&start| frozen[start]) {
            return Err(Error::TooMany { asked, layers: starts.len() });
        }
        self.frozen = frozen;
        Ok(())
    }

    /// The network as an ONNX file, see [`write`].
    #[must_use]
    pub fn to_onnx(&self) -> Vec<u8> {
        write::write(&self.graph)
    }

    /// The running statistics after a batch with these moments, by parameter.
    fn statistics<'a>(
        &self,
        moments: impl Iterator<Item = (usize, usize, &'a Moments)>,
    ) -> Vec<(ParameterId, Vec<f32>)> {
        let mut all = Vec::new();
        for (node, count, moments) in moments {
            let Operator::Normalize(by, _) = &self.graph.nodes[node].operator else { continue };
            // The variance of what the batch is a sample of.
            let unbiased = count as f64 / (count.max(2) - 1) as f64;
            for (id, batch, factor) in
                [(by.mean, &moments.mean, 1.0), (by.variance, &moments.variance, unbiased)]
            {
                let mix = |(old, new): (&f32, &f32)| {
                    (f64::from(*old) * (1.0 - MOMENTUM) + f64::from(*new) * factor * MOMENTUM) as f32
                };
                all.push((id, self.graph.values(id).iter().zip(batch).map(mix).collect()));
            }
        }
        all
    }

    fn pass(&self) -> Pass<'_> {
        Pass { graph: &self.graph, frozen: &self.frozen }
    }
}

impl Trainable for Encoder {
    fn input(&self) -> (usize, usize) {
        (self.graph.input.height, self.graph.input.width)
    }

    fn dimension(&self) -> usize {
        self.graph.dimension()
    }

    fn embed(&self, images: &Images) -> Embeddings {
        let mut pool = Pool::default();
        let mut all = Embeddings { dimension: self.dimension(), values: Vec::new() };
        for pixels in images.pixels.chunks(EMBEDDED * self.graph.input.values()) {
            let some = Images { pixels: pixels.to_vec(), ..*images };
            all.values.extend(self.pass().embed(&some, &mut pool).values);
        }
        all
    }

    fn step(
        &mut self,
        images: &Images,
        rate: f32,
        gradient: &mut dyn FnMut(&Embeddings) -> Option<Embeddings>,
    ) {
        let mut pool = std::mem::take(&mut self.pool);
        let trace = self.pass().train(images, &mut pool);
        match gradient(&trace.embeddings(self.graph.dimension())) {
            Some(gradient) => {
                let statistics = self.statistics(trace.moments(&self.graph));
                let gradients = self.pass().backward(trace, &gradient, &mut pool);
                self.optimizer.update(&mut self.graph.parameters, &gradients, &mut self.memory, rate);
                for (parameter, values) in statistics {
                    self.graph.parameters[parameter].values = values;
                }
            }
            None => trace.release(&mut pool),
        }
        self.pool = pool;
    }

    fn save(&self, to: &mut dyn Write) -> io::Result<()> {
        state::save(&self.graph, &self.memory, to)
    }

    fn load(&mut self, from: &mut dyn Read) -> io::Result<()> {
        let (values, memory) = state::load(&self.graph, from)?;
        for (parameter, values) in self.graph.parameters.iter_mut().zip(values) {
            parameter.values = values;
        }
        self.memory = memory;
        Ok(())
    }
}
