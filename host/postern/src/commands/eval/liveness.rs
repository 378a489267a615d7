//! `postern eval liveness`: how often a picture is taken for a person, and a person for a picture.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use eval::presentation::{Seen, Visit};
use imaging::Photo;
use liveness::{STEPS, order};
use models::{Arena, ImageFile, Manifest};
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Liveness, Recognizer};
use synthetic_attacks::{
    Actor, Answer, AttackType, Reacting, Subject, answer, draw, sequence_at, walking_at,
};
use template::Template;
use train::augment::Condition;

use super::crops::{self, CropArgs};
use super::liveness_report::{Reported, report};
use super::meeting::Meeting;
use super::people::PeopleArgs;
use super::presentations::{Door, Sight, progress, recorded, subject};
use super::samples::{self, Presentation};
use crate::numbers::{count, positive};
use crate::output::{Outcome, Output};
use crate::output_args::ForceArgs;
use crate::picture::spread;

/// Options of `postern eval liveness`.
#[derive(clap::Args)]
pub struct Args {
    /// Photographs, folders of them, or one folder for each person, to make presentations from [default: those that
    /// setup fetched]
    #[arg(long, value_name = "PHOTO|FOLDER", num_args = 1.., conflicts_with = "recorded")]
    photos: Vec<PathBuf>,

    /// A folder of recorded presentations: {bona-fide,ATTACK}/SEQUENCE/*.png; and, for IAPAR,
    /// enrolled/PERSON.png, where the names of PERSON's sequences begin with PERSON. Or one of recorded faces, cut
    /// out: {live,ATTACK}/PERSON/RECORDING_FRAME.jpg
    #[arg(long, value_name = "FOLDER")]
    recorded: Option<PathBuf>,

    #[command(flatten)]
    people: PeopleArgs,

    /// Assess the samples that an earlier run wrote with --write-samples, instead of new presentations
    #[arg(long, value_name = "FILE", conflicts_with_all = ["photos", "recorded"])]
    samples: Option<PathBuf>,

    /// Number of photographs, spread evenly over all photographs
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = count::<usize>)]
    limit: usize,

    /// The door asks for movements, as `postern settings --liveness challenge`. Presented are heads that follow, and
    /// attacks that try to. With --samples, assesses those samples with the challenge; without this option, by the
    /// passive checks alone
    #[arg(long, conflicts_with = "recorded")]
    challenge: bool,

    /// With --challenge: a head, and whoever holds a picture, see what the door asks for and do it then, and do more where it
    /// is still asked. Without it their movements are made before the door asks
    #[arg(long, requires = "challenge", conflicts_with = "samples")]
    reacting: bool,

    /// Present these alone, by the names in the first column
    #[arg(long, value_name = "NAME", num_args = 1.., conflicts_with_all = ["recorded", "samples"])]
    only: Vec<String>,

    /// Pictures in each presentation [default: 16; 64 with --challenge]
    #[arg(long, value_name = "N", value_parser = count::<usize>)]
    pictures: Option<usize>,

    /// Pictures in a second. With two numbers, each presentation has a rate of its own between them, and lasts as long as
    /// --pictures at five a second
    #[arg(long, value_name = "N", num_args = 1..=2, default_value = "5", value_parser = positive::<f32>, conflicts_with_all = ["challenge", "recorded"])]
    rate: Vec<f32>,

    /// Heads walk up to the door and then stand, and whoever holds a picture does so
    #[arg(long, conflicts_with_all = ["challenge", "recorded", "samples"])]
    walking: bool,

    /// Present all in little light: `postern eval conditions` says what it is
    #[arg(long, value_name = "LIGHT", conflicts_with = "samples")]
    light: Option<Light>,

    /// Look for faces in each whole picture, as a door without tracking
    #[arg(long)]
    untracked: bool,

    /// Consecutive pictures that must agree, as `postern settings --agreement`
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = count::<usize>)]
    agreement: usize,

    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// The encoder that recognises the same face in the next picture: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::ENCODER)]
    encoder: String,

    /// The liveness network: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::LIVENESS)]
    liveness: String,

    /// Also run the published liveness network in float on the same crops
    #[arg(long)]
    float: bool,

    /// Write every sample of a face to this file, a line of JSON for each presentation
    #[arg(long, value_name = "FILE")]
    write_samples: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    crops: CropArgs,
}

/// Little light.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Light {
    /// Values times 0.4, with noise
    Dim,
    /// Values times 0.15, with more noise
    Dark,
}

impl Args {
    /// Pictures in a presentation.
    fn pictures(&self) -> usize {
        self.pictures.unwrap_or(if self.challenge { 64 } else { 16 })
    }

    /// Pictures a second, and their number, of the presentation with this seed.
    fn pace(&self, seed: u64) -> (f32, usize) {
        let [low, high] = self.rate[..] else { return (self.rate[0], self.pictures()) };
        // The golden ratio spreads them evenly.
        let share = (seed as f64 * 0.618_033_988_75).fract() as f32;
        // Whole milliseconds, as the samples have them.
        let rate = 1000.0 / (1000.0 / (low + (high - low) * share)).round();
        (rate, (self.pictures() as f32 * rate / 5.0).ceil() as usize)
    }

    /// The door that is reported.
    fn door(&self) -> Reported {
        let Self { agreement, challenge, .. } = *self;
        Reported { agreement, challenge, is_recorded: self.recorded.is_some() }
    }

    /// Whether presentations of this name are asked for.
    fn presents(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// What makes a presentation's pictures, by subject, attack type, seed, count and rate.
type Presenter = fn(&Subject, AttackType, u64, usize, f32) -> Vec<Photo>;

/// Presents and prints.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(path) = &args.samples {
        let mut assessed = samples::read(path)?;
        if let Some(names) = args.people.names()? {
            assessed.retain(|one| names.contains(&one.person()));
        }
        ensure!(
            !args.challenge || samples::show_eyes(&assessed),
            "{} was written before doors asked to close the eyes: present again with --write-samples",
            path.display()
        );
        return report(&assessed, &args.door(), output);
    }
    let samples = args.force.check_any(args.write_samples.as_ref(), args.people.people.iter())?;
    ensure!(args.pictures() >= args.agreement, "a presentation needs at least {} pictures", args.agreement);
    let image = ImageFile::read(&models::image(&args.liveness)?)?;
    let liveness = Liveness::new(image.model().with_context(|| args.liveness.clone())?)
        .with_context(|| args.liveness.clone())?;
    if let Some(folder) = args.recorded.as_ref().filter(|folder| crops::are_in(folder)) {
        return crops::run(folder, &args.liveness, &liveness, &args.crops, &args.force, output);
    }
    let (detector, encoder) = images(&args.encoder)?;
    let recognizer = Recognizer::new(detector.model()?, encoder.model()?, DEFAULT_MIN_SCORE)?;
    let network =
        if args.float { Some(reference::Liveness::open(&Manifest::read(models::LIVENESS)?)?) } else { None };
    let float = |pixels: &[u8]| network.as_ref().map_or(0.0, |network| network.score(pixels));
    let door = Door {
        recognizer: &recognizer,
        liveness: &liveness,
        float: network.as_ref().map(|_| &float as _),
        step_ms: (1000.0 / args.rate[0]).round() as u64,
        tracks: !args.untracked,
        light: args.light.map_or(Condition::Plain, |light| match light {
            Light::Dim => Condition::Dim,
            Light::Dark => Condition::Dark,
        }),
        encodes_all: args.challenge,
    };
    let assessed = match &args.recorded {
        Some(folder) => of_recorded(&door, folder)?,
        None => of_photographs(&door, args)?,
    };
    if let Some(path) = &samples {
        samples::write(path, &assessed)?;
    }
    report(&assessed, &args.door(), output)
}

/// The images of the detector and of an encoder.
pub fn images(encoder: &str) -> anyhow::Result<(ImageFile, ImageFile)> {
    let [detector, encoder] =
        [models::DETECTOR, encoder].map(|name| models::image(name).and_then(|path| ImageFile::read(&path)));
    Ok((detector?, encoder?))
}

/// Presentations made of photographs.
fn of_photographs(door: &Door, args: &Args) -> anyhow::Result<Vec<Presentation>> {
    let mut sources =
        if args.photos.is_empty() { vec![models::data("pictures")] } else { args.photos.clone() };
    if let Some(names) = args.people.names()? {
        let folders = sources.iter().flat_map(|source| names.iter().map(|name| source.join(name)));
        sources = folders.filter(|folder| folder.is_dir()).collect();
        ensure!(!sources.is_empty(), "no person of the list has a folder among the photographs");
    }
    let photos = spread(&sources, args.limit)?;
    let bar = progress(photos.len());
    let assessed = photos
        .par_iter()
        .enumerate()
        .map_init(
            || door.arena(),
            |arena, (number, path)| {
                let seed = args.seed.wrapping_add(number as u64);
                let photo = Photo::open(path)?;
                let (subject, enrolled) =
                    (subject(door.recognizer, &photo, arena), door.enrol(&photo, arena)?);
                let mut assessed = Vec::new();
                if let Some(subject) = &subject {
                    let of = Of { door, args, subject, enrolled: enrolled.as_ref(), seed };
                    assessed = match (args.challenge, args.reacting) {
                        (true, true) => of.reacting(arena)?,
                        (true, false) => of.answers(arena)?,
                        (false, _) => of.passive(arena)?,
                    };
                    assessed.iter_mut().for_each(|one| one.origin.clone_from(path));
                }
                bar.inc(1);
                Ok(assessed)
            },
        )
        .collect::<anyhow::Result<Vec<_>>>()?;
    bar.finish_and_clear();
    let assessed: Vec<Presentation> = assessed.into_iter().flatten().collect();
    ensure!(!assessed.is_empty(), "no photograph shows a face that is good enough");
    Ok(assessed)
}

/// One person, whose presentations are assessed.
struct Of<'a> {
    door: &'a Door<'a>,
    args: &'a Args,
    subject: &'a Subject,
    enrolled: Option<&'a Template>,
    seed: u64,
}

impl Of<'_> {
    /// A living head, and attacks, before a door that asks for nothing.
    fn passive(&self, arena: &mut Arena) -> anyhow::Result<Vec<Presentation>> {
        let mut assessed = Vec::new();
        for (at, attack_type) in AttackType::ALL.into_iter().enumerate() {
            let (present, name) = match self.args.walking {
                true => (walking_at as Presenter, attack_type.walking_name()),
                false => (sequence_at as Presenter, attack_type.name()),
            };
            if self.args.presents(name) {
                let (rate, count) = self.args.pace(self.seed.wrapping_mul(8).wrapping_add(at as u64));
                let pictures = present(self.subject, attack_type, self.seed, count, rate);
                assessed.push(self.judge(name, &pictures, None, (1000.0 / rate).round() as u64, arena)?);
            }
        }
        Ok(assessed)
    }

    /// Movements that are made before the door asks for them.
    fn answers(&self, arena: &mut Arena) -> anyhow::Result<Vec<Presentation>> {
        let asked = draw(self.seed);
        let mut assessed = Vec::new();
        for kind in Answer::ALL.into_iter().filter(|kind| self.args.presents(kind.name())) {
            let pictures = answer(self.subject, kind, &order(asked), self.seed, self.args.pictures());
            assessed.push(self.judge(kind.name(), &pictures, Some(asked), self.door.step_ms, arena)?);
        }
        Ok(assessed)
    }

    /// Movements that are made when the door asks for them.
    fn reacting(&self, arena: &mut Arena) -> anyhow::Result<Vec<Presentation>> {
        let asked = Some(draw(self.seed));
        let mut assessed = Vec::new();
        for actor in Actor::ALL.into_iter().filter(|actor| self.args.presents(actor.name())) {
            let mut reacting = Meeting {
                actor: Reacting::new(self.subject, actor, self.seed, self.args.pictures() as f32),
                sight: Sight::new(*self.door, self.enrolled),
                visit: Visit::new(self.args.agreement, asked),
            };
            let seen = reacting.run(self.args.pictures(), |shown| shown, arena)?;
            assessed.push(self.presentation(actor.name(), seen, asked, self.door.step_ms));
        }
        Ok(assessed)
    }

    /// What the door sees in these pictures.
    fn judge(
        &self,
        name: &str,
        pictures: &[Photo],
        asked: Option<[u8; STEPS]>,
        step_ms: u64,
        arena: &mut Arena,
    ) -> anyhow::Result<Presentation> {
        let seen = Door { step_ms, ..*self.door }.see(pictures, self.enrolled, arena)?;
        Ok(self.presentation(name, seen, asked, step_ms))
    }

    fn presentation(
        &self,
        name: &str,
        seen: Vec<Seen>,
        asked: Option<[u8; STEPS]>,
        step_ms: u64,
    ) -> Presentation {
        Presentation { attack_type: name.to_owned(), origin: PathBuf::new(), seen, asked, step_ms }
    }
}

/// Recorded presentations.
fn of_recorded(door: &Door, folder: &Path) -> anyhow::Result<Vec<Presentation>> {
    let recorded = recorded(folder)?;
    let bar = progress(recorded.len());
    let assessed = recorded
        .par_iter()
        .map_init(
            || door.arena(),
            |arena, one| {
                let pictures = one.pictures.iter().map(Photo::open).collect::<Result<Vec<_>, _>>()?;
                let person = one.person.as_ref().map(Photo::open).transpose()?;
                let enrolled = match person {
                    Some(person) => door.enrol(&person, arena)?,
                    None => None,
                };
                let seen = door.see(&pictures, enrolled.as_ref(), arena)?;
                let origin = one.pictures.first().cloned();
                bar.inc(1);
                Ok(Presentation {
                    attack_type: one.attack_type.clone(),
                    origin: origin.unwrap_or_default(),
                    seen,
                    asked: None,
                    step_ms: door.step_ms,
                })
            },
        )
        .collect();
    bar.finish_and_clear();
    assessed
}
