//! A small real encoder: one hidden layer, its gradient written by hand, with Adam.

use std::io::{self, Read, Write};

use autodiff::optimizer::{Adam, Moments};
use encoder::engine::LossGradient;
use encoder::{Embeddings, Images, Trainable};

const SIDE: usize = 28;
const INPUTS: usize = SIDE * SIDE * 3;
const HIDDEN: usize = 48;
const OUTPUTS: usize = 16;

/// Weights of the hidden layer, then of the output, with Adam's memory of them.
#[derive(Clone)]
pub struct Small {
    weights: Vec<f32>,
    moments: Moments<f32>,
    /// Gives NaN from this step on.
    pub breaks_at: Option<u64>,
    /// Cannot be saved from this step on, as if the disk were full.
    pub full_at: Option<u64>,
}

impl Small {
    pub fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let count = HIDDEN * INPUTS + OUTPUTS * HIDDEN;
        let weights: Vec<f32> = (0..count)
            .map(|at| {
                let fan_in = if at < HIDDEN * INPUTS { INPUTS } else { HIDDEN };
                (random.f32() - 0.5) * 3.0 / (fan_in as f32).sqrt()
            })
            .collect();
        Self { weights, moments: Moments::new(count), breaks_at: None, full_at: None }
    }

    /// Each picture less its mean, over its deviation: light should not count for much.
    fn inputs(images: &Images) -> Vec<Vec<f32>> {
        let input = |picture: &[u8]| {
            let mean = picture.iter().map(|&v| f32::from(v)).sum::<f32>() / INPUTS as f32;
            let spread = picture.iter().map(|&v| (f32::from(v) - mean).powi(2)).sum::<f32>() / INPUTS as f32;
            picture.iter().map(|&v| (f32::from(v) - mean) / (spread.sqrt() + 1.0)).collect()
        };
        images.pixels.chunks_exact(INPUTS).map(input).collect()
    }

    fn hidden(&self, input: &[f32]) -> Vec<f32> {
        let rows = self.weights[..HIDDEN * INPUTS].chunks_exact(INPUTS);
        rows.map(|row| row.iter().zip(input).map(|(w, x)| w * x).sum::<f32>().tanh()).collect()
    }

    fn output(&self, hidden: &[f32]) -> Vec<f32> {
        let rows = self.weights[HIDDEN * INPUTS..].chunks_exact(HIDDEN);
        rows.map(|row| row.iter().zip(hidden).map(|(w, x)| w * x).sum()).collect()
    }
}

impl Trainable for Small {
    fn input(&self) -> (usize, usize) {
        (SIDE, SIDE)
    }

    fn dimension(&self) -> usize {
        OUTPUTS
    }

    fn embed(&self, images: &Images) -> Embeddings {
        let inputs = Self::inputs(images);
        let values = inputs.iter().flat_map(|input| self.output(&self.hidden(input))).collect();
        Embeddings { dimension: OUTPUTS, values }
    }

    fn step(&mut self, images: &Images, rate: f32, gradient: &mut LossGradient) {
        let inputs = Self::inputs(images);
        let hidden: Vec<Vec<f32>> = inputs.iter().map(|input| self.hidden(input)).collect();
        let mut values: Vec<f32> = hidden.iter().flat_map(|hidden| self.output(hidden)).collect();
        if self.breaks_at.is_some_and(|step| self.moments.steps >= step) {
            values[0] = f32::NAN;
        }
        let Some(by_output) = gradient(&Embeddings { dimension: OUTPUTS, values }) else { return };
        let mut total = vec![0.0; self.weights.len()];
        for ((input, hidden), by_output) in inputs.iter().zip(&hidden).zip(by_output.rows()) {
            for h in 0..HIDDEN {
                let mut by_hidden = 0.0;
                for (o, g) in by_output.iter().enumerate() {
                    let at = HIDDEN * INPUTS + o * HIDDEN + h;
                    total[at] += g * hidden[h];
                    by_hidden += g * self.weights[at];
                }
                by_hidden *= 1.0 - hidden[h] * hidden[h];
                let row = &mut total[h * INPUTS..][..INPUTS];
                row.iter_mut().zip(input).for_each(|(total, x)| *total += by_hidden * x);
            }
        }
        Adam::<f32>::default().step(&mut self.weights, &total, &mut self.moments, rate);
    }

    fn save(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.full_at.is_some_and(|step| self.moments.steps >= step) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let Moments { steps, mean, square } = &self.moments;
        to.write_all(&steps.to_le_bytes())?;
        for value in self.weights.iter().chain(mean).chain(square) {
            to.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }

    fn load(&mut self, from: &mut dyn Read) -> io::Result<()> {
        let mut word = [0; 8];
        from.read_exact(&mut word)?;
        self.moments.steps = u64::from_le_bytes(word);
        let mut word = [0; 4];
        let Moments { mean, square, .. } = &mut self.moments;
        for value in self.weights.iter_mut().chain(mean).chain(square) {
            from.read_exact(&mut word)?;
            *value = f32::from_le_bytes(word);
        }
        Ok(())
    }
}
