//! The loop over steps, with its checkpoints.
//!
//! ```text
//! 0    8   "PSTNPAD1"
//! 8    8   steps done           numbers are little-endian
//! 16   8   n, length of the settings
//! 24   n   the settings, JSON
//!          the network's state, which ends with a digest of itself
//! ```

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use encoder::{Embeddings, Encoder, Images, Trainable};
use fastrand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::class::Class;
use super::material::Material;
use super::{CLASSES, SEEN};
use crate::Error;
use crate::run::{Schedule, replace};

const MAGIC: &[u8; 8] = b"PSTNPAD1";

/// The checkpoint's name in the folder of a training.
const CHECKPOINT: &str = "checkpoint.pstnpad";

/// Time between two checkpoints.
const INTERVAL: Duration = Duration::from_secs(60);

/// Share of the wanted distribution that is spread over all classes (Szegedy et al. 2016).
const SMOOTHING: f64 = 0.05;

/// Share of the learning rate when rounding is learned.
const ROUNDING_RATE: f64 = 0.1;

/// Inputs that give the first ranges when rounding is learned, and the ranges of an image.
const SAMPLES: u64 = 256;

/// Distinguishes random numbers of the same seed.
const BATCH: u64 = 11;
const RANGES: u64 = 12;

/// The settings of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Where all random numbers come from.
    pub seed: u64,
    /// Steps in float.
    pub steps: usize,
    /// Steps after these with the board's rounding, at a tenth of the rate.
    pub rounding: usize,
    /// Inputs of a step.
    pub batch: usize,
    /// The learning rate of the steps in float.
    pub schedule: Schedule,
    /// Identifies the network and the crops.
    pub network: String,
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trained {
    /// All steps are done.
    Finished,
    /// Stopped; it can be resumed.
    Interrupted,
}

/// Is told the mean loss of each step, with the steps done, and may stop the training.
pub type Watch<'a> = dyn FnMut(usize, f64) -> ControlFlow<()> + 'a;

/// Trains `network`, whose output are [`CLASSES`] logits, and keeps a checkpoint in `folder`. With `resume` it goes on
/// from there, if there is one.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::OtherRun`], and those of reading and writing.
pub fn fit(
    network: &mut Encoder,
    material: &Material,
    settings: &Settings,
    folder: &Path,
    resume: bool,
    watch: &mut Watch,
) -> Result<Trained, Error> {
    let path = folder.join(CHECKPOINT);
    let mut done = 0;
    let mut rounds = false;
    if let Some(state) = if resume { read(&path, settings)? } else { None } {
        (done, rounds) = (state.0, state.0 > settings.steps);
        if rounds {
            quantize(network, material, settings);
        }
        let damaged =
            |error: std::io::Error| Error::Damaged { path: path.clone(), problem: error.to_string() };
        network.load(&mut &state.1[..]).map_err(damaged)?;
    }
    let mut saved = Instant::now();
    while done < settings.steps + settings.rounding {
        if done == settings.steps && !rounds {
            quantize(network, material, settings);
            rounds = true;
        }
        let rate = match done.checked_sub(settings.steps) {
            None => settings.schedule.at(done as f64 / settings.steps as f64),
            Some(_) => settings.schedule.rate * ROUNDING_RATE,
        };
        let loss = step(network, material, settings, done, rate)?;
        done += 1;
        let flow = watch(done, loss);
        let last = done == settings.steps + settings.rounding;
        if flow.is_break() || last || saved.elapsed() >= INTERVAL {
            write(&path, settings, done, network)?;
            saved = Instant::now();
        }
        if flow.is_break() {
            return Ok(Trained::Interrupted);
        }
    }
    Ok(Trained::Finished)
}

/// Inputs from which ranges of activations follow.
pub fn samples(material: &Material, seed: u64) -> Images {
    images(material, SAMPLES as usize, |number| crate::seed(&[seed, RANGES, number])).0
}

fn quantize(network: &mut Encoder, material: &Material, settings: &Settings) {
    // There are samples, and it is done once.
    let quantized = network.quantize(&samples(material, settings.seed));
    debug_assert!(quantized.is_ok());
}

fn images(material: &Material, count: usize, seed: impl Fn(u64) -> u64 + Sync) -> (Images, Vec<Class>) {
    let draw = |number: usize| material.draw(&mut Rng::with_seed(seed(number as u64)));
    let (inputs, classes): (Vec<Vec<u8>>, Vec<Class>) = (0..count).into_par_iter().map(draw).unzip();
    (Images { height: SEEN, width: SEEN, pixels: inputs.concat() }, classes)
}

fn step(
    network: &mut Encoder,
    material: &Material,
    settings: &Settings,
    done: usize,
    rate: f64,
) -> Result<f64, Error> {
    let seed = |number| crate::seed(&[settings.seed, BATCH, done as u64, number]);
    let (images, classes) = images(material, settings.batch, seed);
    let mut loss = f64::NAN;
    network.step(&images, rate as f32, &mut |logits| {
        let (mean, gradient) = cross_entropy(logits, &classes);
        loss = mean;
        mean.is_finite().then_some(gradient)
    });
    if loss.is_finite() {
        return Ok(loss);
    }
    let kept = format!("The checkpoint in {CHECKPOINT} is of an earlier step.");
    Err(Error::NotFinite { epoch: 1, step: done + 1, rate, kept })
}

/// The mean cross-entropy, and how it changes with each logit.
fn cross_entropy(logits: &Embeddings, classes: &[Class]) -> (f64, Embeddings) {
    let count = classes.len() as f64;
    let mut values = Vec::with_capacity(logits.values.len());
    let mut loss = 0.0;
    for (row, class) in logits.rows().zip(classes) {
        let greatest = row.iter().copied().fold(f32::MIN, f32::max);
        let weights: Vec<f64> = row.iter().map(|logit| f64::from(logit - greatest).exp()).collect();
        let sum: f64 = weights.iter().sum();
        for (place, weight) in weights.iter().enumerate() {
            let own = if place == *class as usize { 1.0 - SMOOTHING } else { 0.0 };
            let wanted = own + SMOOTHING / CLASSES as f64;
            let share = weight / sum;
            loss -= wanted * share.max(f64::MIN_POSITIVE).ln() / count;
            values.push(((share - wanted) / count) as f32);
        }
    }
    (loss, Embeddings { dimension: logits.dimension, values })
}

fn write(path: &Path, settings: &Settings, done: usize, network: &Encoder) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.into(), source };
    let settings = serde_json::to_vec(settings).map_err(|error| failed(error.into()))?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend((done as u64).to_le_bytes());
    bytes.extend((settings.len() as u64).to_le_bytes());
    bytes.extend(settings);
    network.save(&mut bytes).map_err(failed)?;
    replace(path, &bytes)
}

/// Steps done, and the network's state.
fn read(path: &Path, settings: &Settings) -> Result<Option<(usize, Vec<u8>)>, Error> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = fs::read(path).map_err(|source| Error::Read { path: path.into(), source })?;
    let damaged = || Error::Damaged { path: path.into(), problem: "this is no checkpoint".into() };
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(damaged)?;
    let (numbers, rest) =
        rest.as_chunks::<8>().0.split_at_checked(2).zip(rest.get(16..)).ok_or_else(damaged)?;
    let [done, length] = [0, 1].map(|at| u64::from_le_bytes(numbers.0[at]) as usize);
    let (json, state) = rest.split_at_checked(length).ok_or_else(damaged)?;
    let found: Settings = serde_json::from_slice(json).map_err(|_| damaged())?;
    if found != *settings {
        let difference = format!("{found:?} is not {settings:?}");
        return Err(Error::OtherRun { path: path.into(), difference });
    }
    Ok(Some((done, state.to_vec())))
}

#[cfg(test)]
mod tests {
    use encoder::Optimizer;

    use super::*;
    use crate::pad::{Group, STORED, STORED_BYTES, Texture};

    /// Living faces are smooth, prints have stripes.
    fn material() -> Material {
        let crop = |stripes: usize| {
            let value = |at: usize| 100 + (at / 3 % STORED / 4 % 2 * stripes) as u8;
            vec![(0..STORED_BYTES).map(value).collect::<Vec<u8>>(); 2]
        };
        let group =
            |name, class, stripes| Group { name, class, weight: 1.0, recordings: vec![crop(stripes)] };
        Material::new(vec![group("live", Class::Live, 0), group("print", Class::Print, 90)], 0.0).unwrap()
    }

    fn network() -> Encoder {
        Texture { channels: 8, blocks: 1 }.build(1, Optimizer::default()).unwrap()
    }

    fn settings(steps: usize) -> Settings {
        let schedule = Schedule { rate: 5e-3, warm_up: 0.1 };
        Settings { seed: 1, steps, rounding: 2, batch: 8, schedule, network: "a test".into() }
    }

    #[test]
    fn a_network_learns_and_a_training_that_stopped_goes_on_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let material = material();
        let settings = settings(30);
        let mut losses = Vec::new();
        let mut whole = network();
        let mut watch = |_, loss| {
            losses.push(loss);
            ControlFlow::Continue(())
        };
        fit(&mut whole, &material, &settings, folder.path(), false, &mut watch).unwrap();
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        assert!(mean(&losses[20..30]) < 0.7 * mean(&losses[..5]), "{losses:?}");
        // Stopped before and after rounding began, each time a new network goes on.
        let other = tempfile::tempdir().unwrap();
        for stop in [12, 31, 99] {
            let mut part = network();
            let mut watch =
                |done, _| if done == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            let end = fit(&mut part, &material, &settings, other.path(), true, &mut watch).unwrap();
            assert_eq!(end == Trained::Finished, stop == 99);
            if stop == 99 {
                assert!(part.to_onnx() == whole.to_onnx());
            }
        }
    }

    #[test]
    fn another_training_is_not_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let mut stop = |_, _| ControlFlow::Break(());
        let material = material();
        fit(&mut network(), &material, &settings(3), folder.path(), true, &mut stop).unwrap();
        let error = fit(&mut network(), &material, &settings(4), folder.path(), true, &mut stop);
        assert!(matches!(error, Err(Error::OtherRun { .. })));
    }

    #[test]
    fn the_gradient_is_the_change_of_the_loss() {
        let logits = Embeddings { dimension: 3, values: vec![0.3, -1.0, 0.5, 2.0, 0.1, -0.4] };
        let classes = [Class::Screen, Class::Live];
        let (loss, gradient) = cross_entropy(&logits, &classes);
        for place in 0..6 {
            let mut moved = logits.clone();
            moved.values[place] += 1e-2;
            let change = (cross_entropy(&moved, &classes).0 - loss) / 1e-2;
            assert!((change - f64::from(gradient.values[place])).abs() < 2e-3, "{place}: {change}");
        }
    }
}
