//! `postern train`: a better or smaller encoder from pictures of people.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use encoder::Trainable;
use imaging::{Photo, Tile};
use output_file::OutputFolder;
use sha2::{Digest, Sha256};
use train::data::{Crops as _, Data, Morphs, split};
use train::loss::Identity;
use train::run::{CHECKPOINT, End, Run, Settings, replace};
use train::{SIDE, augment};

use crate::output::{Outcome, Output, note};
use crate::output_args::ForceArgs;

mod faces;
mod network;
mod objective;
pub mod result;
mod teacher;
mod templates;
mod watch;

use faces::SplitArgs;
pub use faces::{FaceArgs, Faces};
use network::NetworkArgs;
use objective::{LossArgs, SearchArgs};
pub use templates::by_templates;
use watch::Progress;

/// Faces on a sheet of variations, and variations of each.
const SHEET_FACES: usize = 6;
const SHEET_VARIATIONS: usize = 6;

/// The list of pictures that a training left out.
const SKIPPED: &str = "skipped.csv";

/// What an image has room for.
const NAME_BYTES: usize = compiler::image::NAME_BYTES;

/// Options of `postern train`.
#[derive(Clone, clap::Args)]
pub struct Args {
    /// A folder of people, each a folder of pictures: FOLDER/NAME/1.jpg
    folder: PathBuf,

    /// The folder of the training [default: train/NAME in the data folder]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// The encoder's name, 32 bytes at most [default: the folder's name]
    #[arg(long)]
    name: Option<String>,

    /// Resume an interrupted training; it gives the same weights
    #[arg(long)]
    resume: bool,

    /// Replace another training in the same folder
    #[arg(long, conflicts_with = "resume")]
    over: bool,

    /// Only draw a sheet of augmented faces into this file
    #[arg(long, value_name = "PNG")]
    show_augmentation: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    faces: FaceArgs,

    #[command(flatten)]
    split: SplitArgs,

    #[command(flatten)]
    network: NetworkArgs,

    #[command(flatten)]
    loss: LossArgs,

    #[command(flatten)]
    search: SearchArgs,
}

/// Options of `postern distill`.
#[derive(Clone, clap::Args)]
pub struct DistillArgs {
    #[command(flatten)]
    train: Args,
}

/// Learns from a teacher: `postern train` with other defaults.
pub fn distill(args: DistillArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut args = args.train;
    // A training of the same people has their folder's name already.
    if args.name.is_none() {
        args.name = Some(distilled(&faces::name_of(&args.folder)?));
    }
    args.loss.teacher.get_or_insert_with(|| "sface".into());
    args.loss.loss.get_or_insert(objective::Loss::None);
    run(&args, output)
}

/// The name of a network that a teacher made of people with this name, at most [`NAME_BYTES`].
fn distilled(name: &str) -> String {
    const MARK: &str = "-distilled";
    let room = NAME_BYTES - MARK.len();
    let end = (0..=room.min(name.len())).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    format!("{}{MARK}", &name[..end])
}

/// Trains, and writes the results.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let objective = args.loss.settings()?;
    let schedule = args.search.schedule(objective.identity)?;
    let name = args.name.clone().map_or_else(|| faces::name_of(&args.folder), Ok)?;
    ensure!(name.len() <= NAME_BYTES, "the name {name} is longer than 32 bytes: give a shorter --name");
    models::plain_name(&name).context("give another --name")?;
    let out = args.out.clone().map_or_else(|| models::training(&name), Ok)?;
    // A training that ended before its first checkpoint has left the list of pictures.
    OutputFolder::new(&out, args.over || args.force.force, &[CHECKPOINT, SKIPPED], [&args.folder])?;
    let sheet = args.force.check_any(args.show_augmentation.as_ref(), [&args.folder])?;
    if let Some(sheet) = &sheet {
        Photo::check_extension(sheet)?;
    }
    let resume = args.resumes(&out)?;
    let is_taught_alone = objective.identity == Identity::None;
    ensure!(
        args.split.unlabelled.is_empty() || is_taught_alone,
        "--unlabelled faces have no names, so that only a teacher can tell about them: postern distill, with --loss none"
    );
    let mut faces = args.faces.find(&args.folder)?;
    std::fs::create_dir_all(&out).with_context(|| format!("cannot write to {}", out.display()))?;
    replace(&out.join(SKIPPED), faces.skipped().as_bytes())?;
    if let Some(file) = &sheet {
        show_augmentation(&faces, args.search.seed)?.save(file)?;
        note!("drew {}", file.path().display());
        return Ok(Outcome::Done);
    }
    let needs_pairs = !matches!(objective.identity, Identity::None | Identity::ArcFace { .. });
    faces.check(needs_pairs)?;
    let unlabelled = faces.add_unlabelled(&args.split.unlabelled)?;
    if unlabelled > 0 {
        note!("{unlabelled} faces without names");
    }
    let mut people: Vec<usize> = faces.pictures.iter().map(|picture| picture.person).collect();
    let (train, held_out) = split(&people, args.split.held_out(), args.search.seed)?;
    let morphs = args.split.morphs as usize;
    let fingerprint = fingerprint(&faces, &held_out, morphs);
    let crops = Morphs::new(faces.store, &people, &train, morphs, args.search.seed);
    let morphs = people.len()..people.len() + crops.people().len();
    people.extend(crops.people().iter().map(|number| faces.names.len() + number));
    let (mut encoder, network) = args.network.build(args.search.seed)?;
    let teacher = match &args.loss.teacher {
        Some(name) => Some(teacher::embeddings(name, &crops, people.len())?),
        None => None,
    };
    if let Some(teacher) = teacher.as_ref().filter(|_| objective.embedding > 0.0) {
        let (own, its) = (args.network.dimension(&encoder), teacher.columns);
        ensure!(
            own == its,
            "the teacher's embeddings have {its} values and the network's {own}: give --dimension {its}, or \
             --embedding 0 to learn its distances alone"
        );
    }
    let settings = Settings {
        seed: args.search.seed,
        epochs: args.search.epochs as usize,
        people: args.search.batch_people as usize,
        pictures: args.search.batch_pictures as usize,
        schedule,
        objective,
        augment: !args.search.no_augmentation,
        network,
        data: fingerprint,
    };
    let data = Data { crops: Box::new(crops), people, train, morphs, held_out, teacher };
    note!(
        "{name}: {} pictures to train on, {} of people between these, {} of others to validate with; results \
         go to {}",
        data.train.len(),
        data.morphs.len(),
        data.held_out.len(),
        out.display()
    );
    let start = args.network.finish(&mut encoder, &data, args.search.seed, (&out, resume))?;
    let before = train::run::embed(&encoder, &data, &data.held_out, &mut |_| ())?;
    let mut progress = Progress::new()?;
    let run = Run { folder: &out, resume, interval: args.search.interval() };
    let end = args.search.train(&mut encoder, &data, &settings, run, &mut progress);
    progress.finish();
    if end? == End::Interrupted {
        bail!("broken off; the same command with --resume goes on from {}", out.display());
    }
    args.network.mix(&mut encoder, start.as_ref())?;
    let training = result::Training {
        name: &name,
        folder: &out,
        settings: &settings,
        teacher: args.loss.teacher.as_deref(),
        side: encoder.input().0,
        is_rounded: args.search.rounding > 0,
        before: &before,
    };
    let result = result::write(&training, &encoder, &data)?;
    output.print(&result, |to| result.print(to))?;
    Ok(Outcome::Done)
}

impl Args {
    /// Whether to go on from a checkpoint in `out`.
    fn resumes(&self, out: &Path) -> anyhow::Result<bool> {
        let path = out.join(CHECKPOINT);
        if !path.is_file() {
            if self.resume {
                note!("{} is missing: starting again", path.display());
            }
            return Ok(false);
        }
        ensure!(
            self.resume || self.over || self.show_augmentation.is_some(),
            "there is a training in {} already: --resume continues it, --over replaces it, --out puts this one \
             elsewhere",
            out.display()
        );
        Ok(self.resume)
    }
}

/// Identifies the pictures and the split: a training is resumed only with the same ones.
fn fingerprint(faces: &Faces, held_out: &[usize], morphs: usize) -> String {
    let mut digest = Sha256::new();
    for picture in &faces.pictures {
        digest.update(picture.digest);
        digest.update(&faces.names[picture.person]);
    }
    held_out.iter().for_each(|&picture| digest.update((picture as u64).to_le_bytes()));
    let digest: [u8; 32] = digest.finalize().into();
    let more = if morphs == 0 { String::new() } else { format!(" and {morphs} morphs") };
    format!("{} pictures{more}, SHA-256 {}", faces.pictures.len(), hex::encode(digest))
}

/// A sheet of a few faces, each as it is and varied.
fn show_augmentation(faces: &Faces, seed: u64) -> anyhow::Result<Photo> {
    let step = faces.pictures.len().div_ceil(SHEET_FACES);
    let mut tiles = Vec::new();
    let mut tile = |face: Vec<u8>, label: String| {
        let photo = Photo::from_rgb(SIDE as u32, SIDE as u32, face).context("a face has no pixels")?;
        tiles.push(Tile { photo, label });
        anyhow::Ok(())
    };
    for picture in (0..faces.pictures.len()).step_by(step) {
        let face = faces.store.read(picture)?;
        let varied: Vec<Vec<u8>> = (1..SHEET_VARIATIONS as u64)
            .map(|number| augment::augment(&face, seed ^ (picture as u64) << 32 ^ number))
            .collect();
        tile(face, "as it is".into())?;
        for face in varied {
            tile(face, String::new())?;
        }
    }
    Ok(imaging::sheet(&tiles, SIDE as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distilled_network_has_another_name_than_the_training_of_the_same_people() {
        assert_eq!(distilled("people"), "people-distilled");
        let long = distilled(&"å".repeat(30));
        assert!(long.len() <= NAME_BYTES && long.ends_with("-distilled"), "{long}");
    }
}
