//! `postern enroll`: one person, from photographs.

use std::path::PathBuf;

use client::protocol::Enrolment;
use imaging::Photo;
use serde_json::json;

use crate::device::{DeviceArgs, instructions};
use crate::output::{Outcome, Output};
use crate::picture::{Shot, note_faces};
use crate::portraits::Portraits;

/// Options of `postern enroll`.
#[derive(clap::Args)]
pub struct Args {
    /// The person's name, 1 to 64 bytes of UTF-8
    name: String,

    /// Photographs of the person. One is enough; the largest face of each is used
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,

    /// Add these photographs to a person who is enrolled already
    #[arg(long)]
    add: bool,

    /// Paint a portrait from the first photograph in the style of this picture. It stays on this computer;
    /// `postern users --sheet` shows it
    #[arg(long, value_name = "STYLE")]
    avatar: Option<PathBuf>,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Enrols the person.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    // All photographs are read before the first one changes anything.
    let shots: Vec<Shot> = args.photos.iter().map(|path| Shot::open(path)).collect::<anyhow::Result<_>>()?;
    if let Some(style) = &args.avatar {
        // A style that cannot be read is reported before anybody is enrolled.
        Photo::open(style)?;
    }
    let mut device = args.device.connect()?;
    for (place, shot) in shots.iter().enumerate() {
        let enrolment = if place > 0 || args.add { Enrolment::AddTemplate } else { Enrolment::NewPerson };
        let enrolled = args
            .device
            .show(&mut device, shot, |device, source| device.enrol(&args.name, source, enrolment))?;
        note_faces(shot, enrolled.faces);
        let report = json!({
            "name": args.name,
            "person": enrolled.person,
            "photo": shot.path,
            "templates": enrolled.templates,
            "faces": enrolled.faces,
            "instructions": enrolled.instructions,
            "alive": enrolled.alive,
        });
        output.print(&report, |out| {
            writeln!(
                out,
                "{} is enrolled as number {} from {} (template {}, {})",
                args.name,
                enrolled.person,
                shot.name(),
                enrolled.templates,
                instructions(enrolled.instructions)
            )?;
            match enrolled.alive {
                Some(false) => writeln!(out, "  the liveness network takes this picture for an attack; the log says so"),
                _ => Ok(()),
            }
        })?;
    }
    if let (Some(style), Some(photo)) = (&args.avatar, args.photos.first()) {
        let painted = Portraits::of(&args.device)?.paint(&args.name, &Photo::open(photo)?, style)?;
        let report = json!({ "name": args.name, "portrait": painted });
        output.print(&report, |out| writeln!(out, "{}'s portrait: {}", args.name, painted.display()))?;
    }
    Ok(Outcome::Done)
}
