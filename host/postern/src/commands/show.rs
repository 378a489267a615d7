//! `postern show`: shows photographs to the camera of an emulated board.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use client::Device;
use client::protocol::FrameResult;
use emulator::{Decision, Doorstep};
use imaging::{Annotation, Photo, annotate};
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};

use crate::answers::{Sorted, door};
use crate::commands::eval::liveness::images;
use crate::commands::eval::presentations::subject;
use crate::cost::Cost;
use crate::device::{BoardArgs, real, rounded};
use crate::liveness;
use crate::output::{Outcome, Output, note};
use crate::output_args::ForceArgs;
use crate::picture::{Shot, files, note_faces, seen};
use crate::why::{Why, seen_text};
use crate::zone::Names;
use models::Arena;

/// Pictures after which a presentation ends if the door does not open.
const PATIENCE: usize = 16;

/// Options of `postern show`.
#[derive(clap::Args)]
pub struct Args {
    /// Photos or folders. Each is animated as a moving, blinking head in front of the emulated camera, until the door
    /// has decided
    #[arg(required = true, value_name = "PHOTO|FOLDER")]
    pictures: Vec<PathBuf>,

    /// Show the photographs without animation
    #[arg(long, conflicts_with = "sequence")]
    still: bool,

    /// Show the pictures of each folder one after the other, as one presentation
    #[arg(long)]
    sequence: bool,

    /// Seed of the movement
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Write the frames, annotated with faces and names, to PNG files in this folder
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    board: BoardArgs,
}

/// Shows each picture and prints the door's decision.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let paths = if args.sequence { args.pictures.clone() } else { files(&args.pictures)? };
    let models = if args.still || args.sequence { None } else { Some(images(models::ENCODER)?) };
    check_readable(&paths, args.sequence)?;
    let recognizer = match &models {
        Some((detector, encoder)) => {
            Some(Recognizer::new(detector.model()?, encoder.model()?, DEFAULT_MIN_SCORE)?)
        }
        None => None,
    };
    if let Some(folder) = &args.save {
        args.check(folder, &paths)?;
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let board = args.board.open()?;
    let names = Names::of(board.folder().path());
    let mut doorstep = Doorstep::new(&board)?;
    let empty = Shot::empty()?;
    let width = paths.iter().map(|path| shown_name(path).chars().count()).max();
    let width = width.unwrap_or(0).max("picture".len());
    output.heading(format_args!(
        "{:<width$}  door    live  similarity  threshold  {:>14}  who, or why not",
        "picture",
        Cost::column(Some(board.machine()), output.verbose)
    ))?;
    let mut opened = false;
    let mut drawn = Vec::new();
    for path in &paths {
        let shots = if args.sequence { in_turn(path)? } else { vec![Shot::open(path)?] };
        let shots = match &recognizer {
            Some(recognizer) => living(recognizer, shots, args.seed)?,
            None => shots,
        };
        let pictures = shots.iter().map(Shot::picture).collect::<anyhow::Result<Vec<_>>>()?;
        let (first, others) =
            pictures.split_first().with_context(|| format!("{} is empty", path.display()))?;
        note!("{} is before the camera; the door looks at it, for seconds or longer …", shown_name(path));
        doorstep.leave(&empty.picture()?)?;
        let decision = doorstep.show(first, others).with_context(|| path.display().to_string())?;
        let last = (decision.pictures as usize).clamp(1, shots.len()) - 1;
        let shot = Shot { path: path.clone(), ..shots.into_iter().nth(last).context("a picture was shown")? };
        note_faces(&shot, decision.faces);
        let why = match decision.result {
            _ if decision.opened => None,
            FrameResult::Unable => Some(unable(&mut board.connect()?)?),
            _ => Why::of_decision(&decision, &mut board.connect()?, &names),
        };
        let cost =
            Cost { count: decision.instructions, machine: Some(board.machine()), verbose: output.verbose };
        let saved = match &args.save {
            Some(folder) => Some(save(folder, &shot, (&decision, cost), why.as_ref())?),
            None => None,
        };
        tell(&shot, (&decision, cost), why.as_ref(), width, saved.as_deref(), output)?;
        opened |= decision.opened;
        drawn.extend(saved);
    }
    for path in drawn {
        note!("drew {}", path.display());
    }
    doorstep.leave(&empty.picture()?)?;
    Ok(if opened { Outcome::Done } else { Outcome::NoMatch })
}

/// Why the door assesses no picture.
fn unable(device: &mut Device) -> anyhow::Result<Why> {
    ensure!(
        device.status()?.cover_open,
        "the door cannot assess pictures: a model is missing (`postern flash models`), or the people were enrolled with another \
         encoder (`postern board status`)"
    );
    Ok(Why::Cover)
}

impl Args {
    /// Fails if an annotated frame would replace an input, another frame, or a file that is there already.
    fn check(&self, folder: &Path, paths: &[PathBuf]) -> anyhow::Result<()> {
        let mut names = BTreeSet::new();
        for path in paths {
            let file = saved_as(folder, path);
            ensure!(
                names.insert(file.clone()),
                "two of the pictures would be drawn into {}: rename one, or show them in two commands",
                file.display()
            );
            self.force.check(file, paths)?;
        }
        Ok(())
    }
}

/// Fails if one of several pictures cannot be read, before the door sees the first.
fn check_readable(paths: &[PathBuf], sequence: bool) -> anyhow::Result<()> {
    for path in if paths.len() > 1 { paths } else { &[] } {
        if sequence {
            in_turn(path)?;
        } else {
            Photo::open(path)?;
        }
    }
    Ok(())
}

/// The pictures of a presentation.
fn in_turn(folder: &Path) -> anyhow::Result<Vec<Shot>> {
    files(&[folder.to_owned()])?.iter().map(|path| Shot::open(path)).collect()
}

/// Animates the face of a photograph; without a face that is good enough, the photograph is shown unchanged.
fn living(recognizer: &Recognizer, shots: Vec<Shot>, seed: u64) -> anyhow::Result<Vec<Shot>> {
    let Some(path) = shots.first().map(|shot| shot.path.clone()) else { return Ok(shots) };
    let photo = Photo::open(&path)?;
    let Some(subject) = subject(recognizer, &photo, &mut Arena::new(recognizer.arena_len())) else {
        return Ok(shots);
    };
    let pictures =
        synthetic_attacks::sequence(&subject, synthetic_attacks::AttackType::BonaFide, seed, PATIENCE);
    let frame = |picture: &Photo| picture.to_frame(vision::PixelFormat::Yuyv);
    Ok(pictures.iter().map(|picture| Shot { path: path.clone(), frame: frame(picture), faces: 0 }).collect())
}

fn tell(
    shot: &Shot,
    (decision, cost): (&Decision, Cost),
    why: Option<&Why>,
    width: usize,
    saved: Option<&Path>,
    output: &Output,
) -> anyhow::Result<()> {
    let best = match &decision.result {
        FrameResult::Known(best) => Some(best),
        FrameResult::Stranger(best) => best.as_ref(),
        _ => None,
    };
    let known = matches!(decision.result, FrameResult::Known(_));
    let report = door::Shown {
        picture: shot.path.clone(),
        door: if decision.opened { "open" } else { "locked" },
        known,
        name: best.filter(|_| known).map(|best| best.name.to_string()),
        most_similar: best.map(|best| best.name.to_string()),
        similarity: best.map(|best| rounded(best.similarity)),
        threshold: decision.threshold.map(rounded),
        liveness: liveness::report(decision.liveness.as_ref()),
        sees: seen_text(&decision.result),
        reason: why.map(Why::word),
        why: why.map(ToString::to_string),
        faces: decision.faces,
        pictures: decision.pictures,
        instructions: decision.instructions,
        saved: saved.map(Path::to_owned),
    };
    let number = |value: Option<i16>| match value {
        Some(value) => format!("{:.3}", real(value)),
        None => "-".to_owned(),
    };
    output.print(&Sorted(report), |out| {
        writeln!(
            out,
            "{:<width$}  {:<6}  {:>4}  {:>10}  {:>9}  {:>14}  {}",
            shown_name(&shot.path),
            if decision.opened { "OPEN" } else { "locked" },
            liveness::column(decision.liveness.as_ref()),
            number(best.map(|best| best.similarity)),
            number(decision.threshold),
            cost.cell(),
            why.map_or_else(|| seen_text(&decision.result), ToString::to_string)
        )
    })
}

/// Writes the picture with what the door saw, and returns where.
fn save(
    folder: &Path,
    shot: &Shot,
    (decision, cost): (&Decision, Cost),
    why: Option<&Why>,
) -> anyhow::Result<PathBuf> {
    let colour = match &decision.result {
        _ if decision.opened => imaging::Decision::Granted,
        FrameResult::Known(_) | FrameResult::Stranger(_) | FrameResult::NotLive(_) => {
            imaging::Decision::Refused
        }
        _ => imaging::Decision::NotAssessed,
    };
    let label = match &decision.result {
        FrameResult::Known(best) => format!("{}\n{:.3}", best.name, real(best.similarity)),
        FrameResult::Stranger(Some(best)) => {
            format!("stranger\n{:.3} to {}", real(best.similarity), best.name)
        }
        other => seen_text(other),
    };
    let annotations: Vec<Annotation> = decision
        .face
        .iter()
        .map(|face| Annotation { face: seen(face), label: label.clone(), decision: colour })
        .collect();
    let caption = format!(
        "{}: {}\nthreshold {}, {}",
        shown_name(&shot.path),
        why.map_or_else(|| "the door opens".to_owned(), |why| format!("the door stays locked: {why}")),
        decision.threshold.map_or("-".to_owned(), |threshold| format!("{:.3}", real(threshold))),
        cost
    );
    let frame = shot.frame.view().context("the frame is not whole")?;
    let drawn = annotate(&Photo::from_frame(&frame), &annotations, &caption);
    let path = saved_as(folder, &shot.path);
    drawn.save_png(&path)?;
    Ok(path)
}

/// Where the annotated frame of a picture goes.
fn saved_as(folder: &Path, picture: &Path) -> PathBuf {
    folder.join(Path::new(&shown_name(picture).replace('/', "-")).with_extension("png"))
}

/// The name of a file, or of a presentation with that of its attack_type.
fn shown_name(path: &Path) -> String {
    let name = |path: Option<&Path>| {
        path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    if path.is_dir() { format!("{}/{}", name(path.parent()), name(Some(path))) } else { name(Some(path)) }
}
