//! An encoder: a network, the optimiser that trains it, and the engine that computes it.

use std::io::{self, Read, Write};
use std::ops::Range;

use autodiff::BufferPool;
use autodiff::optimizer::{Memory, Optimizer};
use rayon::prelude::*;

use crate::average::average;
use crate::batch::parts;
use crate::engine::{Engine, LossGradient, Processor};
use crate::fade::fade;
use crate::fold::fold;
use crate::graph::{Graph, Operator, ParameterId, Preprocessing};
use crate::head::{Head, project, rescale};
use crate::pass::{Pass, Seen, Step};
use crate::revive::revive;
use crate::slim::slim;
use crate::unfold::unfold;
use crate::{Embeddings, Error, Images, Spec, Trainable, read, state, write};

/// Share of a batch's moments in the running ones after it.
const MOMENTUM: f64 = 0.1;

/// Where the weights of a trained encoder come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source<'a> {
    /// The bytes of an ONNX file whose input is 1 x 3 x height x width, red first.
    pub onnx: &'a [u8],
    /// How pixels are prepared; the preparation in the file itself comes after this.
    pub preprocessing: Preprocessing,
    /// What is done with its last layer.
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

/// An encoder that can be trained.
pub struct Encoder {
    graph: Graph,
    optimizer: Optimizer,
    memory: Memory,
    frozen: Vec<bool>,
    rounding: bool,
    fading: bool,
    engine: Box<dyn Engine>,
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

    pub(crate) fn of(graph: Graph, optimizer: Optimizer) -> Self {
        let memory = Memory::new(graph.parameters.len());
        let frozen = vec![false; graph.nodes.len()];
        let engine = Box::<Processor>::default();
        Self { graph, optimizer, memory, frozen, rounding: false, fading: false, engine }
    }

    /// Has `engine` compute from now on.
    pub fn set_engine(&mut self, engine: Box<dyn Engine>) {
        self.engine = engine;
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

    /// From now on [`Trainable::advance`] brings the slopes of its PReLUs to zero, by the middle of a training. ONNX files then have
    /// ReLUs in their place.
    pub fn fade(&mut self) {
        self.fading = true;
    }

    /// Makes `map` times the embedding the new embedding. `map` has one row for each new value, with one factor for each old value.
    ///
    /// The memory of the optimiser is cleared, and no layer is frozen.
    ///
    /// # Errors
    /// The network does not end in a convolution or a fully connected layer, `map` is no such matrix, or the
    /// network is quantized already.
    pub fn project(&mut self, map: &[f32]) -> Result<(), Error> {
        let projected = project(self.graph.clone(), map)?;
        self.restart(projected)
    }

    /// Multiplies its output by `factor`, and adds one of `offsets` to each value.
    ///
    /// The memory of the optimiser is cleared, and no layer is frozen.
    ///
    /// # Errors
    /// As [`project`](Self::project), and other than one offset a value.
    pub fn rescale(&mut self, factor: f32, offsets: &[f32]) -> Result<(), Error> {
        let rescaled = rescale(self.graph.clone(), factor, offsets)?;
        self.restart(rescaled)
    }

    /// Takes channels out of its bottlenecks until it needs at most `multiply_adds` for a picture: those first that
    /// give the least for their price, as `samples` tell.
    ///
    /// The memory of the optimiser is cleared, and no layer is frozen.
    ///
    /// # Errors
    /// Its bottlenecks are not enough, there are no samples, or the network is quantized already.
    pub fn slim(&mut self, multiply_adds: usize, samples: &Images) -> Result<(), Error> {
        let slimmer = slim(self.graph.clone(), multiply_adds, samples)?;
        self.restart(slimmer)
    }

    /// Draws the channels of its bottlenecks from `seed` that give the same for all `samples`. It computes what it did, and
    /// they learn from now on. Returns how many they are.
    ///
    /// The memory of the optimiser is cleared, and no layer is frozen.
    ///
    /// # Errors
    /// There are no samples, or the network is quantized already.
    pub fn revive(&mut self, samples: &Images, seed: u64) -> Result<usize, Error> {
        let (revived, count) = revive(self.graph.clone(), samples, seed)?;
        self.restart(revived).map(|()| count)
    }

    /// Puts batch norms back where a file has them folded into the convolutions, with the moments of `samples`. It computes what
    /// it did. Returns how many they are.
    ///
    /// The memory of the optimiser is cleared, and no layer is frozen.
    ///
    /// # Errors
    /// There are no samples, or the network is quantized already.
    pub fn unfold(&mut self, samples: &Images) -> Result<usize, Error> {
        let (unfolded, count) = unfold(&self.graph, samples)?;
        self.restart(unfolded).map(|()| count)
    }

    /// Mixes its weights with those of `start`, of which `share` is taken: see [WiSE-FT](https://arxiv.org/abs/2109.01903).
    ///
    /// The memory of the optimiser is cleared, and no layer is frozen.
    ///
    /// # Errors
    /// `start` has another structure, or the network is quantized already.
    pub fn average(&mut self, start: &Graph, share: f32) -> Result<(), Error> {
        let mixed = average(self.graph.clone(), start, share)?;
        self.restart(mixed)
    }

    /// Puts a changed network in place of the old one.
    fn restart(&mut self, graph: Graph) -> Result<(), Error> {
        if self.rounding {
            return Err(Error::Specification("it is quantized already".into()));
        }
        let mut changed = Self::of(graph, self.optimizer);
        std::mem::swap(&mut changed.engine, &mut self.engine);
        *self = changed;
        Ok(())
    }

    /// From now on trains the network as the board runs it: batch norms folded by their running statistics,
    /// weights in 8 bits a filter, values in 8 bits a tensor, gradients straight through the rounding.
    ///
    /// `samples` give the first range of every tensor; each step moves it towards its batch's. The
    /// structure changes: [`Trainable::load`] then takes only a state that was saved after this call. The memory of the
    /// optimiser is cleared. ONNX files hold the unrounded weights, as the compiler wants them.
    ///
    /// # Errors
    /// It has been called before, or there are no samples.
    pub fn quantize(&mut self, samples: &Images) -> Result<(), Error> {
        if self.rounding || samples.pixels.is_empty() {
            let reason = if self.rounding { "it is quantized already" } else { "there are no samples" };
            return Err(Error::Specification(reason.into()));
        }
        let (mut graph, origins) = fold(&self.graph).map_err(Error::Specification)?;
        let nothing = vec![false; graph.nodes.len()];
        let mut pool = BufferPool::default();
        for some in parts(samples, self.graph.input.len()) {
            let pass = Pass { graph: &graph, frozen: &nothing, rounding: false };
            for (id, range) in pass.ranges(&some, &mut pool) {
                let values = &mut graph.parameters[id].values;
                *values = vec![values[0].min(range[0]), values[1].max(range[1])];
            }
        }
        self.frozen = origins.iter().map(|&origin| self.frozen[origin]).collect();
        self.memory = Memory::new(graph.parameters.len());
        self.graph = graph;
        self.rounding = true;
        Ok(())
    }

    /// The network as an ONNX file, see [`write`].
    #[must_use]
    pub fn to_onnx(&self) -> Vec<u8> {
        write::write(&self.graph)
    }

    /// The running statistics after a batch with these moments, by parameter.
    fn statistics(&self, pictures: usize, seen: &[Option<Seen>]) -> Vec<(ParameterId, Vec<f32>)> {
        let mix = |id: ParameterId, batch: &[f32], factor: f64| {
            let mix = |(old, new): (&f32, &f32)| {
                (f64::from(*old) * (1.0 - MOMENTUM) + f64::from(*new) * factor * MOMENTUM) as f32
            };
            (id, self.graph.values(id).iter().zip(batch).map(mix).collect())
        };
        let mut all = Vec::new();
        for (node, seen) in self.graph.nodes.iter().zip(seen) {
            match (&node.operator, seen) {
                (Operator::Normalize(by, _), Some(Seen::Moments(moments))) => {
                    // The variance of the population that the batch is a sample of.
                    let count = pictures * node.shape.pixels();
                    let unbiased = count as f64 / (count.max(2) - 1) as f64;
                    all.push(mix(by.mean, &moments.mean, 1.0));
                    all.push(mix(by.variance, &moments.variance, unbiased));
                }
                (Operator::Round(id), Some(Seen::Range(range))) => all.push(mix(*id, range, 1.0)),
                _ => {}
            }
        }
        all
    }

    fn pass(&self) -> Pass<'_> {
        Pass { graph: &self.graph, frozen: &self.frozen, rounding: self.rounding }
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
        let parts: Vec<Images> = parts(images, self.graph.input.len()).collect();
        let embed = |some: &Images| self.engine.embed(self.pass(), some).values;
        let values: Vec<Vec<f32>> = parts.par_iter().map(embed).collect();
        Embeddings { dimension: self.dimension(), values: values.concat() }
    }

    fn step(&mut self, images: &Images, rate: f32, gradient: &mut LossGradient) {
        let pass = Pass { graph: &self.graph, frozen: &self.frozen, rounding: self.rounding };
        let Some(Step { gradients, seen }) = self.engine.step(pass, images, gradient) else { return };
        let statistics = self.statistics(images.count(), &seen);
        self.optimizer.update(&mut self.graph.parameters, &gradients, &mut self.memory, rate);
        for (parameter, values) in statistics {
            self.graph.parameters[parameter].values = values;
        }
    }

    fn advance(&mut self, done: Range<f64>) {
        if self.fading {
            fade(&mut self.graph, done);
        }
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
