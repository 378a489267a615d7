//! The loop over epochs and batches.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use encoder::{Images, Trainable};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::checkpoint::{self, Position};
use super::log::{Log, StepRow, ValidationRow};
use super::sampler::{BatchSize, Slot, batches};
use super::schedule::Schedule;
use super::{embed, validate};
use crate::Error;
use crate::augment::augment;
use crate::data::{self, Data};
use crate::loss::{Batch, Matrix, Objective, ObjectiveSettings};

/// The checkpoint's name in the folder of a run.
pub const CHECKPOINT: &str = "checkpoint.pstntrain";

/// The settings of a training, beside its data and its network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Where all random numbers come from.
    pub seed: u64,
    /// Passes over the pictures.
    pub epochs: usize,
    /// People of a batch, P.
    pub people: usize,
    /// Pictures of each of them, K.
    pub pictures: usize,
    /// The learning rate.
    pub schedule: Schedule,
    /// The function that is minimised.
    pub objective: ObjectiveSettings,
    /// Whether pictures are varied.
    pub augment: bool,
    /// Identifies the network and its first weights.
    pub network: String,
    /// Identifies the pictures and the people that are trained on.
    pub data: String,
}

/// A step that was done.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// Its row of the log.
    pub row: StepRow,
    /// Epochs in all.
    pub epochs: usize,
    /// Steps of this epoch.
    pub steps: usize,
    /// Share of the training that is done, 0 to 1.
    pub share: f64,
}

/// Observes a training, and may stop it.
pub trait Watch {
    /// A step was done. Stopping leaves a checkpoint of this step.
    fn step(&mut self, report: &StepReport) -> ControlFlow<()>;
    /// People that are not trained on were compared.
    fn validated(&mut self, row: &ValidationRow);
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All epochs are done.
    Finished,
    /// Stopped; it can be resumed.
    Interrupted,
}

/// How a training starts, and where its files go.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Where checkpoint and log are.
    pub folder: &'a Path,
    /// Go on from the checkpoint.
    pub resume: bool,
    /// How often a checkpoint is written, beside that at the end of every epoch.
    pub interval: Duration,
}

/// Trains `encoder`.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::TooFew`], [`Error::OtherRun`], and those of reading and writing.
pub fn train(
    encoder: &mut dyn Trainable,
    data: &Data,
    settings: &Settings,
    run: Run,
    watch: &mut dyn Watch,
) -> Result<End, Error> {
    let (classes, own) = data.training_people();
    let objective = Objective::new(settings.objective, encoder.dimension(), own.len(), settings.seed);
    let mut training = Training { encoder, data, settings, run, objective, classes, saved: Instant::now() };
    let mut position = Position::default();
    if run.resume {
        position = training.resume()?;
    }
    let mut log = Log::open(run.folder, position.done)?;
    let size = BatchSize { people: settings.people, pictures: settings.pictures };
    while position.epoch < settings.epochs as u64 {
        let epoch = position.epoch as usize;
        let batches = batches(&own, size, settings.seed, epoch);
        if batches.is_empty() {
            return Err(Error::TooFew("there are too few people for a batch of two".into()));
        }
        while let Some(batch) = batches.get(position.step as usize) {
            let report = training.step(&mut position, batch, batches.len())?;
            log.step(&report.row)?;
            let flow = watch.step(&report);
            if flow.is_break() || training.saved.elapsed() >= run.interval {
                training.save(position)?;
            }
            if flow.is_break() {
                return Ok(End::Interrupted);
            }
        }
        position = Position { epoch: position.epoch + 1, step: 0, ..position };
        if let Some(row) = training.validate(position)? {
            log.validation(&row)?;
            watch.validated(&row);
        }
        training.save(position)?;
    }
    Ok(End::Finished)
}

/// A training under way.
struct Training<'a> {
    encoder: &'a mut dyn Trainable,
    data: &'a Data,
    settings: &'a Settings,
    run: Run<'a>,
    objective: Objective,
    /// The number among the people of the training, of each picture's person.
    classes: Vec<usize>,
    saved: Instant,
}

/// Distinguishes random numbers of the same seed.
const MINING: u64 = 2;
const AUGMENTATION: u64 = 3;

impl Training<'_> {
    /// Does one step, and moves `position` behind it.
    fn step(&mut self, position: &mut Position, batch: &[Slot], steps: usize) -> Result<StepReport, Error> {
        let began = Instant::now();
        let images = self.images(batch, position.epoch)?;
        let people: Vec<usize> = batch.iter().map(|slot| self.classes[slot.picture]).collect();
        let teacher = self.data.teacher.as_ref().map(|teacher| {
            let values = batch.iter().flat_map(|slot| teacher.row(slot.picture)).copied().collect();
            Matrix { columns: teacher.columns, values }
        });
        let settings = self.settings;
        let done = (position.epoch as f64 + position.step as f64 / steps as f64) / settings.epochs as f64;
        let rate = settings.schedule.at(done);
        let mut random =
            fastrand::Rng::with_seed(crate::seed(&[settings.seed, MINING, position.epoch, position.step]));
        let mut evaluation = None;
        let objective = &mut self.objective;
        self.encoder.step(&images, rate as f32, &mut |embeddings| {
            let batch = Batch { people: &people, teacher: teacher.as_ref() };
            let found = objective.evaluate(embeddings, batch, rate, &mut random)?;
            evaluation = Some((found.loss, found.triplets));
            Some(found.gradient)
        });
        let (epoch, step) = (position.epoch as usize + 1, position.step as usize + 1);
        let Some((loss, triplets)) = evaluation else { return Err(self.not_finite(epoch, step, rate)) };
        position.step += 1;
        position.done += 1;
        let images_per_second = batch.len() as f64 / began.elapsed().as_secs_f64().max(1e-9);
        let row = StepRow { done: position.done, epoch, step, loss, triplets, rate, images_per_second };
        let share = (position.epoch as f64 + step as f64 / steps as f64) / settings.epochs as f64;
        self.encoder.advance(done..share);
        Ok(StepReport { row, epochs: settings.epochs, steps, share })
    }

    /// The pictures of a batch, varied.
    fn images(&self, batch: &[Slot], epoch: u64) -> Result<Images, Error> {
        let face = |slot: &Slot| {
            let face = self.data.crops.read(slot.picture)?;
            if !self.settings.augment {
                return Ok(face);
            }
            let own = [self.settings.seed, AUGMENTATION, epoch, slot.picture as u64, slot.copy.into()];
            Ok(augment(&face, crate::seed(&own)))
        };
        let faces = batch.par_iter().map(face).collect::<Result<Vec<_>, Error>>()?;
        Ok(data::images(faces, self.encoder.input()))
    }

    fn validate(&mut self, position: Position) -> Result<Option<ValidationRow>, Error> {
        let held_out = &self.data.held_out;
        let units = embed(self.encoder, self.data, held_out, &mut |_| ())?;
        let epoch = position.epoch as usize;
        if !units.is_finite() {
            return Err(self.not_finite(epoch, 0, self.settings.schedule.rate));
        }
        let comparison = validate(&units, self.data, held_out);
        let Some(equal_error_rate) = comparison.equal_error_rate() else { return Ok(None) };
        let tar = [1e-2, 1e-3].map(|rate| comparison.at(rate).tar);
        Ok(Some(ValidationRow { done: position.done, epoch, equal_error_rate, tar }))
    }

    fn save(&mut self, position: Position) -> Result<(), Error> {
        // Weights that are no numbers would show in the next step only; they are never saved.
        let first = self.data.crops.read(self.data.train[0])?;
        let embedding = self.encoder.embed(&data::images(vec![first], self.encoder.input()));
        if !embedding.values.iter().all(|value| value.is_finite()) {
            return Err(self.not_finite(position.epoch as usize + 1, position.step as usize, 0.0));
        }
        let path = self.run.folder.join(CHECKPOINT);
        checkpoint::save(&path, position, &text(self.settings), &self.objective, self.encoder)?;
        self.saved = Instant::now();
        Ok(())
    }

    fn resume(&mut self) -> Result<Position, Error> {
        let path = self.run.folder.join(CHECKPOINT);
        let check = |begun: &str| match difference(begun, &text(self.settings)) {
            None => Ok(()),
            Some(difference) => Err(Error::OtherRun { path: path.clone(), difference }),
        };
        checkpoint::load(&path, &mut self.objective, self.encoder, check)
    }

    fn not_finite(&self, epoch: usize, step: usize, rate: f64) -> Error {
        let path = self.run.folder.join(CHECKPOINT);
        let kept = if path.is_file() {
            format!("The last good checkpoint is {}.", path.display())
        } else {
            "Nothing had been saved yet.".into()
        };
        Error::NotFinite { epoch, step, rate, kept }
    }
}

fn text(settings: &Settings) -> String {
    serde_json::to_string(settings).expect("settings are plain numbers and names")
}

/// The first setting that differs, as `name: then, now`.
fn difference(begun: &str, now: &str) -> Option<String> {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    let (begun, now) = (parse(begun), parse(now));
    let names = now.as_object()?;
    names.iter().find(|(name, value)| begun.get(name) != Some(value)).map(|(name, value)| {
        let then = begun.get(name).cloned().unwrap_or_default();
        format!("{name} was {then} and is {value}")
    })
}
