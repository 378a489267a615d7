//! `postern embed`: the template of a face.
//!
//! Board and host run the same code on the same pixels, so that both give the same bytes; the
//! tests of the emulated boards hold one against the other by this command.

use std::path::PathBuf;

use anyhow::{Context, bail};
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};

use crate::answers::{Sorted, door};
use crate::device::DeviceArgs;
use crate::encoding::Encoding;
use crate::output::{Outcome, Output};
use crate::picture::{Shot, note_faces};
use models::{Arena, ImageFile};

/// Options of `postern embed`.
#[derive(clap::Args)]
pub struct Args {
    /// Photographs; the largest face of each is used
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,

    /// Where to compute the template; both give the same bytes
    #[arg(long, default_value = "device", value_enum)]
    on: Place,

    /// The encoder, on the host: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::ENCODER)]
    encoder: String,

    /// The detector, on the host: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::DETECTOR)]
    detector: String,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Place {
    /// On the board, with its models
    Device,
    /// On this computer
    Host,
}

/// The template of the largest face in a photograph.
struct Embedded {
    encoder: String,
    template: Vec<i8>,
    faces: u8,
    /// What it cost the board; nothing is counted on the host.
    instructions: Option<u64>,
}

/// Prints a line a photograph.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    match args.on {
        Place::Device => {
            let mut device = args.device.connect()?;
            each(&args.photos, output, |shot| {
                let embedding = args.device.show(&mut device, shot, |device, source| device.embed(source))?;
                Ok(Embedded {
                    encoder: hex::encode(embedding.encoder),
                    template: embedding.template,
                    faces: embedding.faces,
                    instructions: Some(embedding.instructions),
                })
            })
        }
        Place::Host => {
            let detector = ImageFile::read(&models::image(&args.detector)?)?;
            let encoder = ImageFile::read(&models::image(&args.encoder)?)?;
            let encoder = encoder.model().with_context(|| args.encoder.clone())?;
            let recognizer = Recognizer::new(
                detector.model().with_context(|| args.detector.clone())?,
                encoder,
                DEFAULT_MIN_SCORE,
            )?;
            let encoding = Encoding::of(&encoder)?;
            let mut arena = Arena::new(recognizer.arena_len());
            each(&args.photos, output, |shot| here(&recognizer, &encoding, &mut arena, shot))
        }
    }
}

/// Embeds the largest face of `shot` on the host.
fn here(
    recognizer: &Recognizer,
    encoding: &Encoding,
    arena: &mut Arena,
    shot: &Shot,
) -> anyhow::Result<Embedded> {
    let frame = shot.frame.view()?;
    let faces = recognizer.detect(&frame, arena.bytes())?;
    let Some(face) = vision::largest(&faces) else {
        bail!("{}: no face in the picture", shot.path.display());
    };
    let template = recognizer
        .align(&frame, face, arena.bytes())
        .map_err(anyhow::Error::from)
        .and_then(|face| encoding.encode(face))
        .with_context(|| shot.path.display().to_string())?;
    Ok(Embedded {
        encoder: hex::encode(recognizer.encoder_hash().0),
        template: template.values().to_vec(),
        faces: faces.len() as u8,
        instructions: None,
    })
}

/// Embeds and prints every photograph.
fn each(
    photos: &[PathBuf],
    output: &Output,
    mut embed: impl FnMut(&Shot) -> anyhow::Result<Embedded>,
) -> anyhow::Result<Outcome> {
    for path in photos {
        let shot = Shot::open(path)?;
        let embedded = embed(&shot)?;
        note_faces(&shot, embedded.faces);
        let report = door::Embedded {
            photo: shot.path.clone(),
            encoder: embedded.encoder,
            template: embedded.template.clone(),
            faces: embedded.faces,
            instructions: embedded.instructions,
        };
        output.print(&Sorted(report), |out| {
            let bytes: Vec<u8> = embedded.template.iter().map(|value| *value as u8).collect();
            writeln!(out, "{}  {}", hex::encode(bytes), shot.path.display())
        })?;
    }
    Ok(Outcome::Done)
}
