//! A board embeds some of the pictures: its templates must be those computed here, byte for byte.

use anyhow::{Context, ensure};
use client::Device;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use schemars::JsonSchema;
use serde::Serialize;

use crate::commands::eval::material::{Material, MaterialArgs, name};
use crate::device::DeviceArgs;
use crate::picture::Shot;
use crate::progress::Bar;
use models::{Arena, ImageFile};

/// What a board computed of some of the pictures.
#[derive(JsonSchema, Serialize)]
pub struct Check {
    /// The board's name.
    pub board: String,
    /// The encoder.
    pub encoder: String,
    /// Pictures that both embedded.
    pub pictures: usize,
    /// How many of them gave the same bytes.
    pub equal: usize,
    /// What the board spent on a picture, in the mean.
    #[schemars(extend("unit" = "instructions"))]
    pub instructions: u64,
}

/// Shows `count` of the pictures, evenly spread, to the board.
///
/// # Errors
/// The board runs another encoder, or cannot be asked.
pub fn check(
    args: &DeviceArgs,
    options: &MaterialArgs,
    material: &Material,
    encoder: &str,
    count: usize,
) -> anyhow::Result<Check> {
    ensure!(count > 0, "--on-board takes at least one picture");
    let [detector_file, encoder_file] =
        [&options.detector, encoder].map(|name| models::image(name).and_then(|path| ImageFile::read(&path)));
    let (detector_file, encoder_file) = (detector_file?, encoder_file?);
    let recognizer = Recognizer::new(detector_file.model()?, encoder_file.model()?, DEFAULT_MIN_SCORE)?;
    let mut arena = Arena::new(recognizer.arena_len());
    let mut device = args.connect()?;
    let board = device.status()?.board.to_string();
    let step = material.pictures.len().div_ceil(count).max(1);
    let chosen: Vec<_> = material.pictures.iter().step_by(step).collect();
    let bar = Bar::counted(chosen.len(), "pictures");
    let mut check = Check { board, encoder: name(encoder), pictures: 0, equal: 0, instructions: 0 };
    for picture in chosen {
        let shot = Shot::open(&options.images.join(picture.path()))?;
        let frame = shot.frame.view()?;
        let faces = recognizer.detect(&frame, arena.bytes())?;
        bar.inc(1);
        let Some(face) = vision::largest(&faces) else { continue };
        let expected = recognizer.align(&frame, face, arena.bytes())?.encode()?;
        let answer = args.show(&mut device, &shot, Device::embed)?;
        ensure!(
            answer.encoder == recognizer.encoder_hash().0,
            "the board runs the encoder {}, not {}: `postern flash models` puts it there",
            hex::encode(answer.encoder),
            name(encoder)
        );
        check.pictures += 1;
        check.equal += usize::from(answer.template.as_slice() == expected.values());
        check.instructions += answer.instructions;
    }
    bar.finish_and_clear();
    check.instructions =
        check.instructions.checked_div(check.pictures as u64).context("no picture has a face")?;
    Ok(check)
}
