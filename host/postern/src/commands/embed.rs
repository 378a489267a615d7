//! `postern embed`: the template of a face.

use std::path::PathBuf;

use serde_json::json;

use crate::device::{DeviceArgs, hex};
use crate::output::{Outcome, Output};
use crate::picture::{Shot, note_faces};

/// Options of `postern embed`.
#[derive(clap::Args)]
pub struct Args {
    /// Photographs; of several faces the largest counts
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,

    /// Where to compute it; both give the same bytes
    #[arg(long, default_value = "device", value_enum)]
    on: Place,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Place {
    /// On the board
    Device,
    /// Here
    Host,
}

/// Prints a line a photograph.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    if args.on == Place::Host {
        anyhow::bail!("this build cannot embed on the host yet");
    }
    let mut device = args.device.connect()?;
    for path in &args.photos {
        let shot = Shot::open(path)?;
        let embedding = args.device.show(&mut device, &shot, |device, source| device.embed(source))?;
        note_faces(&shot, embedding.faces);
        let report = json!({
            "photo": shot.path,
            "encoder": hex(&embedding.encoder),
            "template": embedding.template,
            "faces": embedding.faces,
            "instructions": embedding.instructions,
        });
        output.print(&report, |out| {
            let bytes: Vec<u8> = embedding.template.iter().map(|value| *value as u8).collect();
            writeln!(out, "{}  {}", hex(&bytes), shot.path.display())
        })?;
    }
    Ok(Outcome::Done)
}
