//! The loss of a training, and its schedule.

use std::time::Duration;

use anyhow::{Context, ensure};
use encoder::{Encoder, Trainable};
use train::data::Data;
use train::loss::{ALPHA, Difference, Identity, ObjectiveSettings};
use train::mining::Mining;
use train::run::{CHECKPOINT, End, Run, Schedule, Settings, samples};

use super::watch::Progress;
use crate::numbers::{factor, positive, share};

/// The loss that separates people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Loss {
    /// FaceNet's: nearer to oneself than to a stranger, by a margin
    Triplet,
    /// Logistic regression over pairs, on |f(a) - f(b)|
    Verify,
    /// Logistic regression over pairs, on DeepFace's chi-squared form
    VerifyChi,
    /// Margin softmax over all people: where there are hundreds of them
    Arcface,
    /// Nothing: the teacher alone
    None,
}

/// How the triplets of a batch are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Triplets {
    /// With a stranger drawn at random
    Random,
    /// The farthest picture of oneself and the nearest stranger
    BatchHard,
    /// The nearest stranger who is farther than oneself
    SemiHard,
    /// With a stranger drawn so that all distances are as likely
    DistanceWeighted,
}

/// Options about the loss.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Loss")]
pub struct LossArgs {
    /// The loss that separates people [default: triplet; none for distill]
    #[arg(long, value_enum)]
    pub loss: Option<Loss>,

    /// How the triplets of a batch are chosen
    #[arg(long, value_enum, default_value_t = Triplets::SemiHard)]
    mining: Triplets,

    /// Margin of the triplet loss, in squared distance
    #[arg(long, value_name = "MARGIN", default_value_t = ALPHA, value_parser = factor::<f64>)]
    alpha: f64,

    /// Factor of arcface's cosines
    #[arg(long, value_name = "FACTOR", default_value_t = 32.0, value_parser = factor::<f64>)]
    arcface_scale: f64,

    /// Margin of arcface in radians
    #[arg(long, value_name = "RADIANS", default_value_t = 0.4, value_parser = factor::<f64>)]
    arcface_margin: f64,

    /// Also learn from a larger encoder: a model's name
    #[arg(long, value_name = "NAME")]
    pub teacher: Option<String>,

    /// Weight of the teacher's embeddings [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = factor::<f64>)]
    embedding: Option<f64>,

    /// Weight of the teacher's distances between the faces of a batch [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = factor::<f64>)]
    relational: Option<f64>,
}

impl LossArgs {
    /// The terms.
    pub fn settings(&self) -> anyhow::Result<ObjectiveSettings> {
        let identity = match self.loss.unwrap_or(Loss::Triplet) {
            Loss::Triplet => Identity::Triplet { alpha: self.alpha, mining: self.mining() },
            Loss::Verify => Identity::Verification(Difference::Absolute),
            Loss::VerifyChi => Identity::Verification(Difference::ChiSquared),
            Loss::Arcface => Identity::ArcFace { scale: self.arcface_scale, margin: self.arcface_margin },
            Loss::None => Identity::None,
        };
        ensure!(
            self.teacher.is_some() || self.embedding.or(self.relational).is_none(),
            "--embedding and --relational say how much a teacher counts: give --teacher"
        );
        let factor = |given: Option<f64>| if self.teacher.is_some() { given.unwrap_or(1.0) } else { 0.0 };
        let settings = ObjectiveSettings {
            identity,
            embedding: factor(self.embedding),
            relational: factor(self.relational),
        };
        ensure!(
            identity != Identity::None || settings.has_teacher(),
            "--loss none leaves a teacher alone: give --teacher, and a factor above zero"
        );
        Ok(settings)
    }

    fn mining(&self) -> Mining {
        match self.mining {
            Triplets::Random => Mining::Random,
            Triplets::BatchHard => Mining::BatchHard,
            Triplets::SemiHard => Mining::SemiHard,
            Triplets::DistanceWeighted => Mining::DistanceWeighted,
        }
    }
}

/// Share of the learning rate that is left when rounding is learned.
const ROUNDING_RATE: f64 = 0.1;

/// Faces that ranges of values are first taken from.
const ROUNDING_SAMPLES: usize = 64;

/// Where the log and the checkpoint of that part are, in the folder of a training.
const ROUNDING: &str = "rounding";

/// Options about the search.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Search")]
pub struct SearchArgs {
    /// Passes over the pictures
    #[arg(short, long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    pub epochs: u32,

    /// People in a batch
    #[arg(short = 'p', long, value_name = "P", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=512))]
    pub batch_people: u32,

    /// Pictures of each person in a batch
    #[arg(short = 'k', long, value_name = "K", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub batch_pictures: u32,

    /// The highest learning rate
    #[arg(long, default_value_t = 1e-3, value_parser = positive::<f64>)]
    rate: f64,

    /// Share of the training in which the rate rises to it
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = share)]
    warm_up: f64,

    /// Additional epochs with the board's rounding in the network, at a tenth of the rate
    #[arg(long, value_name = "EPOCHS", default_value_t = 0)]
    pub rounding: u32,

    /// Seed of all random choices: the same command gives the same network
    #[arg(long, default_value_t = 0)]
    pub seed: u64,

    /// Train without augmentation
    #[arg(long)]
    pub no_augmentation: bool,

    /// Seconds between checkpoints; there is also one at the end of each epoch
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    checkpoint_every: u64,
}

impl SearchArgs {
    /// How the learning rate goes.
    pub fn schedule(&self, identity: Identity) -> anyhow::Result<Schedule> {
        ensure!(
            self.rounding == 0 || !matches!(identity, Identity::ArcFace { .. } | Identity::Verification(_)),
            "--rounding restarts the loss, and this one has weights of its own: use triplets or a teacher"
        );
        Ok(Schedule { rate: self.rate, warm_up: self.warm_up })
    }

    /// Trains, and then once more with the board's rounding if that is asked for, in a folder of its own.
    pub fn train(
        &self,
        encoder: &mut Encoder,
        data: &Data,
        settings: &Settings,
        run: Run,
        progress: &mut Progress,
    ) -> anyhow::Result<End> {
        let end = train::run::train(encoder, data, settings, run, progress)?;
        if end == End::Interrupted || self.rounding == 0 {
            return Ok(end);
        }
        encoder.quantize(&samples(data, encoder.input(), ROUNDING_SAMPLES)?)?;
        let rate = settings.schedule.rate * ROUNDING_RATE;
        let schedule = Schedule { rate, ..settings.schedule };
        let settings = Settings { epochs: self.rounding as usize, schedule, ..settings.clone() };
        let folder = run.folder.join(ROUNDING);
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot write to {}", folder.display()))?;
        let run = Run { folder: &folder, resume: run.resume && folder.join(CHECKPOINT).is_file(), ..run };
        progress.begin("with the board's rounding");
        Ok(train::run::train(encoder, data, &settings, run, progress)?)
    }

    /// How often a checkpoint is written.
    pub fn interval(&self) -> Duration {
        Duration::from_secs(self.checkpoint_every)
    }
}
