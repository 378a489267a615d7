//! `postern eval liveness`: how often a picture is taken for a person, and a person for a picture.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use eval::presentation::{Ending, Rates, Share, present, rates};
use imaging::Photo;
use liveness::{Gesture, order};
use models::{ImageFile, Manifest};
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Liveness, Recognizer};
use synthetic_attacks::{Answer, AttackType, Subject, answer, draw, sequence_at, walking_at};

use super::crops::{self, CropArgs};
use super::people::people;
use super::presentations::{Door, progress, recorded, subject};
use super::samples::{self, Presentation};
use crate::numbers::{count, positive};
use crate::output::{Outcome, Output, note};
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

    /// Use only people of these parts of --people
    #[arg(long, value_name = "N", num_args = 1.., requires = "people", value_parser = count::<usize>)]
    folds: Vec<usize>,

    /// A list of people in parts, as people.txt of LFW: the number of parts, then for each part the number of people,
    /// and one name a line
    #[arg(long, value_name = "FILE", requires = "folds")]
    people: Option<PathBuf>,

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

    /// The people asked for; none if all are.
    fn names(&self) -> anyhow::Result<Option<Vec<String>>> {
        self.people.as_ref().map(|list| people(list, &self.folds)).transpose()
    }
}

/// What makes a presentation's pictures, by subject, attack type, seed, count and rate.
type Presenter = fn(&Subject, AttackType, u64, usize, f32) -> Vec<Photo>;

/// Presents and prints.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(path) = &args.samples {
        let mut assessed = samples::read(path)?;
        if let Some(names) = args.names()? {
            assessed.retain(|one| names.contains(&one.person()));
        }
        ensure!(
            !args.challenge || samples::show_eyes(&assessed),
            "{} was written before doors asked to close the eyes: present again with --write-samples",
            path.display()
        );
        return report(&assessed, args, output);
    }
    let samples = args.force.check_any(args.write_samples.as_ref(), args.people.iter())?;
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
    };
    let assessed = match &args.recorded {
        Some(folder) => of_recorded(&door, folder)?,
        None => of_photographs(&door, args)?,
    };
    if let Some(path) = &samples {
        samples::write(path, &assessed)?;
    }
    report(&assessed, args, output)
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
    if let Some(names) = args.names()? {
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
                    let mut judge = |attack_type: &str, pictures: &[Photo], asked, step_ms| {
                        let seen = Door { step_ms, ..*door }.see(pictures, enrolled.as_ref(), arena)?;
                        let (attack_type, origin) = (attack_type.to_owned(), path.clone());
                        assessed.push(Presentation { attack_type, origin, seen, asked, step_ms });
                        anyhow::Ok(())
                    };
                    if args.challenge {
                        let asked = draw(seed);
                        for kind in Answer::ALL {
                            let pictures = answer(subject, kind, &order(asked), seed, args.pictures());
                            judge(kind.name(), &pictures, Some(asked), door.step_ms)?;
                        }
                    } else {
                        for (at, attack_type) in AttackType::ALL.into_iter().enumerate() {
                            let (rate, count) = args.pace(seed.wrapping_mul(8).wrapping_add(at as u64));
                            let (present, name) = match args.walking {
                                true => (walking_at as Presenter, attack_type.walking_name()),
                                false => (sequence_at as Presenter, attack_type.name()),
                            };
                            let pictures = present(subject, attack_type, seed, count, rate);
                            judge(name, &pictures, None, (1000.0 / rate).round() as u64)?;
                        }
                    }
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

/// Prints the rates of every attack_type.
fn report(assessed: &[Presentation], args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut attack_type: BTreeMap<&str, Vec<Ending>> = BTreeMap::new();
    for one in assessed {
        let asked = one.asked.filter(|_| args.challenge);
        attack_type.entry(&one.attack_type).or_default().push(present(&one.seen, args.agreement, asked));
    }
    let table: Vec<Rates> =
        attack_type.iter().map(|(name, endings)| rates(name, !AttackType::is_alive(name), endings)).collect();
    output.print(&table, |out| {
        writeln!(
            out,
            "{:<18} {:>13} {:>26} {:>26} {:>26} {:>6}",
            "attack_type", "presentations", "non-response", "taken for the other", "door opens", "looks"
        )?;
        for rates in &table {
            let names = if AttackType::is_alive(&rates.attack_type) {
                ["BPNRR", "BPCER", ""]
            } else {
                ["APNRR", "APCER", "IAPAR"]
            };
            let [silent, wrong, opened] =
                [rates.non_response, rates.classification_error, rates.opened].map(share);
            writeln!(
                out,
                "{:<18} {:>13} {:>26} {:>26} {:>26} {:>6}",
                rates.attack_type,
                rates.non_response.of,
                format!("{} {silent}", names[0]),
                format!("{} {wrong}", names[1]),
                format!("{} {opened}", names[2]),
                rates.looks.map_or("-".to_owned(), |looks| looks.to_string()),
            )?;
        }
        if args.challenge {
            let columns =
                |cells: [String; Gesture::ALL.len()]| cells.map(|cell| format!("{cell:>10}")).concat();
            let names = Gesture::ALL.map(|gesture| format!("{gesture:?}").to_lowercase());
            writeln!(out, "{:<14} {}   made, of those asked for", "movement", columns(names))?;
            for rates in &table {
                let made = rates.movements.map(|one| format!("{} of {}", one.made, one.asked));
                writeln!(out, "{:<14} {}", rates.attack_type, columns(made))?;
            }
        }
        let attacks = table.iter().filter(|rates| !AttackType::is_alive(&rates.attack_type));
        let worst = attacks.max_by(|a, b| {
            let rate = |rates: &Rates| rates.classification_error.rate.unwrap_or(0.0);
            rate(a).total_cmp(&rate(b))
        });
        match worst {
            Some(worst) => writeln!(out, "the worst attack_type is {}", worst.attack_type),
            None => Ok(()),
        }
    })?;
    if args.recorded.is_none() {
        note!(
            "These presentations are made, not recorded: they show what a rule is blind to, not how a door \
             fares (docs/liveness.md)."
        );
    }
    Ok(Outcome::Done)
}

/// A share in percent with its interval.
fn share(share: Share) -> String {
    let percent = |value: f64| 100.0 * value;
    match share.rate {
        Some(rate) => {
            let [low, high] = share.interval.map(percent);
            format!("{:.1} % ({low:.0} to {high:.0})", percent(rate))
        }
        None => "-".to_owned(),
    }
}
