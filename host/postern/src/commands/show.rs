//! `postern show`: hold pictures before the camera of an emulated board.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use client::protocol::Judgement;
use client::{Decision, Doorstep};
use pictures::{Annotation, Photo, annotate};
use serde_json::json;

use crate::commands::watch::judgement_text;
use crate::device::{BoardArgs, real, rounded};
use crate::liveness;
use crate::output::{Outcome, Output};
use crate::picture::{Shot, files, note_faces, seen};

/// Options of `postern show`.
#[derive(clap::Args)]
pub struct Args {
    /// Photographs, or folders of them; each stands before the camera until the door has decided
    #[arg(required = true, value_name = "PHOTO|FOLDER")]
    pictures: Vec<PathBuf>,

    /// Write what the door saw, with faces and names drawn in, to PNG files in this folder
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,

    #[command(flatten)]
    board: BoardArgs,
}

/// Shows each picture and tells what the door did.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let paths = files(&args.pictures)?;
    if let Some(folder) = &args.save {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let board = args.board.open()?;
    let mut doorstep = Doorstep::new(&board)?;
    let empty = Shot::empty()?;
    let width = paths.iter().map(|path| shown_name(path).chars().count()).max();
    let width = width.unwrap_or(0).max("picture".len());
    if !output.json {
        println!("{:<width$}  door    live  similarity  threshold  M instructions  sees", "picture");
    }
    let mut opened = false;
    let mut drawn = Vec::new();
    for path in &paths {
        let shot = Shot::open(path)?;
        doorstep.leave(&empty.picture()?)?;
        let decision = doorstep.show(&shot.picture()?).with_context(|| path.display().to_string())?;
        if decision.judgement == Judgement::Unable {
            bail!(
                "the door cannot judge pictures: a model is missing (`postern flash models`), or \
                 the people were enrolled with another encoder (`postern board status`)"
            );
        }
        note_faces(&shot, decision.faces);
        let saved = match &args.save {
            Some(folder) => Some(save(folder, &shot, &decision)?),
            None => None,
        };
        tell(&shot, &decision, width, saved.as_deref(), output)?;
        opened |= decision.opened;
        drawn.extend(saved);
    }
    for path in drawn {
        eprintln!("drew {}", path.display());
    }
    doorstep.leave(&empty.picture()?)?;
    Ok(if opened { Outcome::Done } else { Outcome::NoMatch })
}

fn tell(
    shot: &Shot,
    decision: &Decision,
    width: usize,
    saved: Option<&Path>,
    output: &Output,
) -> anyhow::Result<()> {
    let best = match &decision.judgement {
        Judgement::Known(best) => Some(best),
        Judgement::Stranger(best) => best.as_ref(),
        _ => None,
    };
    let known = matches!(decision.judgement, Judgement::Known(_));
    let report = json!({
        "picture": shot.path,
        "door": if decision.opened { "open" } else { "locked" },
        "known": known,
        "name": best.map(|best| best.name.as_str()),
        "similarity": best.map(|best| rounded(best.similarity)),
        "threshold": decision.threshold.map(rounded),
        "liveness": liveness::to_json(decision.liveness.as_ref()),
        "sees": judgement_text(&decision.judgement),
        "faces": decision.faces,
        "pictures": decision.pictures,
        "instructions": decision.instructions,
        "saved": saved,
    });
    let number = |value: Option<i16>| match value {
        Some(value) => format!("{:.3}", real(value)),
        None => "-".to_owned(),
    };
    output.print(&report, |out| {
        writeln!(
            out,
            "{:<width$}  {:<6}  {:>4}  {:>10}  {:>9}  {:>14}  {}",
            shot.name(),
            if decision.opened { "OPEN" } else { "locked" },
            liveness::column(decision.liveness.as_ref()),
            number(best.map(|best| best.similarity)),
            number(decision.threshold),
            decision.instructions / 1_000_000,
            judgement_text(&decision.judgement)
        )
    })
}

/// Writes the picture with what the door saw, and returns where.
fn save(folder: &Path, shot: &Shot, decision: &Decision) -> anyhow::Result<PathBuf> {
    let colour = match &decision.judgement {
        _ if decision.opened => pictures::Decision::Granted,
        Judgement::Known(_) | Judgement::Stranger(_) | Judgement::NotLive(_) => pictures::Decision::Refused,
        _ => pictures::Decision::Unjudged,
    };
    let label = match &decision.judgement {
        Judgement::Known(best) => format!("{}\n{:.3}", best.name, real(best.similarity)),
        Judgement::Stranger(Some(best)) => {
            format!("stranger\n{:.3} to {}", real(best.similarity), best.name)
        }
        other => judgement_text(other),
    };
    let annotations: Vec<Annotation> = decision
        .face
        .iter()
        .map(|face| Annotation { face: seen(face), label: label.clone(), decision: colour })
        .collect();
    let caption = format!(
        "{}: {}\nthreshold {}, {} M instructions",
        shot.name(),
        if decision.opened { "the door opens" } else { "the door stays locked" },
        decision.threshold.map_or("-".to_owned(), |threshold| format!("{:.3}", real(threshold))),
        decision.instructions / 1_000_000
    );
    let frame = shot.frame.view().context("the frame is not whole")?;
    let drawn = annotate(&Photo::from_frame(&frame), &annotations, &caption);
    let stem = shot.path.file_stem().unwrap_or_default().to_string_lossy();
    let path = folder.join(format!("{stem}.png"));
    drawn.save_png(&path)?;
    Ok(path)
}

fn shown_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
